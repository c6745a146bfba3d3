//! The directory as a whole.

use domain::directory::EntityKind;
use jiff::Timestamp;

use crate::{convert::time, names::DIRECTORY, v1};

/// The wire form of a directory: its version, when that came to be, and how many entries of each kind it has.
pub fn to_wire(version: i64, updated_at: Option<Timestamp>, count: impl Fn(EntityKind) -> usize) -> v1::Directory {
    let count = |kind| i32::try_from(count(kind)).unwrap_or(i32::MAX);
    v1::Directory {
        name: DIRECTORY.to_owned(),
        version,
        update_time: updated_at.map(time::to_wire),
        rep_count: count(EntityKind::Rep),
        team_count: count(EntityKind::Team),
        pool_count: count(EntityKind::Pool),
        account_count: count(EntityKind::Account),
        territory_count: count(EntityKind::Territory),
        calendar_count: count(EntityKind::Calendar),
        absence_count: count(EntityKind::Absence),
    }
}
