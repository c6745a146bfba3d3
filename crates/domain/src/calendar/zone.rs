//! Time zones, and the local clock where it jumps.

use std::sync::LazyLock;

use jiff::{
    Timestamp, civil,
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};

use crate::yaml::did_you_mean;

/// The database that is built in, not the machine's: the same input has to give the same output everywhere.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Why a text is not a time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a time zone: expected an IANA name such as `Europe/Berlin`{hint}")]
pub struct UnknownTimeZone {
    name: String,
    hint: String,
}

/// The time zone of that IANA name (`America/New_York`, `UTC`), in any case.
pub fn time_zone(name: &str) -> Result<TimeZone, UnknownTimeZone> {
    ZONES.get(name).map_err(|_| {
        let known: Vec<_> = ZONES.available().map(|zone| zone.as_str().to_owned()).collect();
        UnknownTimeZone { name: name.to_owned(), hint: did_you_mean(name, known.iter().map(String::as_str)) }
    })
}

/// The first moment at which the local clock shows `local` or, where it skips that, the moment of the jump.
pub(super) fn first_moment(zone: &TimeZone, local: civil::DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(local).ok()
        }
        AmbiguousOffset::Gap { before, .. } => last_jump(zone, before.to_timestamp(local).ok()?),
    }
}

/// The latest time that the local clock has shown up to `at`. While an hour runs for the second time the clock counts as
/// standing still at its end: so what is derived from it never goes back.
pub(super) fn latest_shown(zone: &TimeZone, at: Timestamp) -> civil::DateTime {
    let local = zone.to_datetime(at);
    if let AmbiguousOffset::Fold { before, after } = zone.to_ambiguous_timestamp(local).offset()
        && zone.to_offset(at) == after
        && let Some(jump) = last_jump(zone, at)
    {
        return before.to_datetime(jump);
    }
    local
}

/// The last change of the zone's offset at or before `at`.
fn last_jump(zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
    let behind = Timestamp::from_second(at.as_second() + 1).ok()?;
    zone.preceding(behind).next().map(|transition| transition.timestamp())
}
