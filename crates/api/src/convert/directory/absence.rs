//! Absences.

use domain::{directory::Absence, ids::AbsenceId};
use jiff::Timestamp;

use super::{Itemised, mask::maskable, required_reference};
use crate::{
    Path, Violations,
    convert::{fields::optional_text, time},
    etag,
    names::Resource as _,
    v1,
};

maskable!(v1::Absence { rep, start_time, end_time, reason, stops_clocks });

impl Itemised for v1::Absence {
    fn items(&self, _: &str) -> Vec<&str> {
        Vec::new()
    }
}

/// Reads an absence.
pub fn read(wire: v1::Absence, id: AbsenceId, path: &Path<'_>, violations: &mut Violations) -> Option<Absence> {
    let v = violations;
    let rep = required_reference(&wire.rep, &path.field("rep"), v);
    let start = time::required(wire.start_time, &path.field("start_time"), v);
    let end = time::required(wire.end_time, &path.field("end_time"), v);
    let reason = optional_text(wire.reason, &path.field("reason"), v);
    if let Some((start, end)) = start.zip(end)
        && end <= start
    {
        v.add(&path.field("end_time"), format!("is {end}: expected later than `start_time`, {start}"));
    }
    let (start, end) = (start.unwrap_or(Timestamp::MIN), end.unwrap_or(Timestamp::MAX));
    Some(Absence { id, reason, rep: rep?, start, end, stops_clocks: wire.stops_clocks.unwrap_or(false) })
}

/// The wire form of an absence that was last changed at that version.
pub fn to_wire(absence: &Absence, version: i64) -> v1::Absence {
    v1::Absence {
        name: absence.id.to_name(),
        rep: absence.rep.to_name(),
        start_time: Some(time::to_wire(absence.start)),
        end_time: Some(time::to_wire(absence.end)),
        reason: absence.reason.clone(),
        stops_clocks: Some(absence.stops_clocks),
        etag: etag::of_entry(version),
    }
}
