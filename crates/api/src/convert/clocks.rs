//! What became of running clocks when working hours or the policy changed.

use domain::{
    ids::LeadId,
    lifecycle::{ClockKind, Moved},
};

use crate::{convert::time, names::Resource as _, v1};

/// Examples that are told.
const EXAMPLES: usize = 10;

/// Clocks that moved, told lead by lead in ascending order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Redated(v1::RedatedClocks);

impl Redated {
    /// Adds the clocks of the next lead that moved.
    pub fn add(&mut self, lead: LeadId, moved: &[Moved]) {
        let told = &mut self.0;
        told.lead_count = told.lead_count.saturating_add(i32::from(!moved.is_empty()));
        for clock in moved {
            told.clock_count = told.clock_count.saturating_add(1);
            if told.examples.len() < EXAMPLES {
                told.examples.push(to_wire(lead, clock));
            }
            let Some((from, to)) = clock.from.zip(clock.to) else { continue };
            let shift = to.duration_since(from);
            let shift = prost_types::Duration { seconds: shift.as_secs(), nanos: shift.subsec_nanos() };
            let order = |shift: &prost_types::Duration| (shift.seconds, shift.nanos);
            if told.earliest_shift.as_ref().is_none_or(|earliest| order(&shift) < order(earliest)) {
                told.earliest_shift = Some(shift);
            }
            if told.latest_shift.as_ref().is_none_or(|latest| order(&shift) > order(latest)) {
                told.latest_shift = Some(shift);
            }
        }
    }

    /// The wire form.
    pub fn to_wire(&self) -> v1::RedatedClocks {
        self.0.clone()
    }
}

fn to_wire(lead: LeadId, moved: &Moved) -> v1::RedatedClock {
    let clock = match moved.clock {
        ClockKind::Response => v1::ClockKind::Response,
        ClockKind::Acceptance => v1::ClockKind::Acceptance,
        ClockKind::Escalation => v1::ClockKind::Escalation,
        ClockKind::Waiting => v1::ClockKind::Waiting,
    };
    v1::RedatedClock {
        lead: lead.to_name(),
        clock: clock.into(),
        old_due_time: moved.from.map(time::to_wire),
        due_time: moved.to.map(time::to_wire),
    }
}
