//! Teams.

use domain::{directory::Team, ids::TeamId};

use super::{Itemised, mask::maskable, reference, required_reference};
use crate::{Path, Violations, convert::fields::required_text, etag, names::Resource, v1};

maskable!(v1::Team { display_name, manager, calendar });

impl Itemised for v1::Team {
    fn items(&self, _: &str) -> Vec<&str> {
        Vec::new()
    }
}

/// Reads a team.
pub fn read(wire: v1::Team, id: TeamId, path: &Path<'_>, violations: &mut Violations) -> Option<Team> {
    let display_name = required_text(wire.display_name, &path.field("display_name"), violations);
    let manager = reference(wire.manager.as_ref(), &path.field("manager"), violations);
    let calendar = required_reference(&wire.calendar, &path.field("calendar"), violations);
    Some(Team { id, manager, name: display_name.unwrap_or_default(), calendar: calendar? })
}

/// The wire form of a team that was last changed at that version.
pub fn to_wire(team: &Team, version: i64) -> v1::Team {
    v1::Team {
        name: team.id.to_name(),
        display_name: team.name.clone(),
        manager: team.manager.as_ref().map(Resource::to_name),
        calendar: team.calendar.to_name(),
        etag: etag::of_entry(version),
    }
}
