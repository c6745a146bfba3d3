//! Moments and days.

use jiff::Timestamp;

use crate::{Path, Violations};

/// The wire form of a moment.
pub fn to_wire(time: Timestamp) -> prost_types::Timestamp {
    // The wire counts nanoseconds forward from the second, also before 1970.
    let (mut seconds, mut nanos) = (time.as_second(), time.subsec_nanosecond());
    if nanos < 0 {
        seconds -= 1;
        nanos += 1_000_000_000;
    }
    prost_types::Timestamp { seconds, nanos }
}

/// A moment between the years 1970 and 9999.
pub fn from_wire(time: prost_types::Timestamp, path: &Path<'_>, violations: &mut Violations) -> Option<Timestamp> {
    let read = || {
        let nanos = (0..1_000_000_000).contains(&time.nanos).then_some(time.nanos)?;
        (time.seconds >= 0).then(|| Timestamp::new(time.seconds, nanos).ok()).flatten()
    };
    let moment = read();
    if moment.is_none() {
        let (seconds, nanos) = (time.seconds, time.nanos);
        violations.add(path, format!("{seconds} s {nanos} ns is out of range: expected a time from 1970 to 9999"));
    }
    moment
}

/// The same for a moment that may be absent, in whole microseconds as the store keeps it.
pub fn optional(
    time: Option<prost_types::Timestamp>,
    path: &Path<'_>,
    violations: &mut Violations,
) -> Option<Timestamp> {
    from_wire(time?, path, violations).and_then(|time| Timestamp::from_microsecond(time.as_microsecond()).ok())
}

/// The same for a moment that must be there.
pub fn required(
    time: Option<prost_types::Timestamp>,
    path: &Path<'_>,
    violations: &mut Violations,
) -> Option<Timestamp> {
    if time.is_none() {
        violations.add(path, "is absent: a time is required");
    }
    optional(time, path, violations)
}
