//! Pauses of a lead, and what is left of its clocks while they stand.

use domain::{
    calendar::Calendar,
    ownership::{LeadPause, Ownership, PauseReason},
    policy::SlaPolicy,
    sla::{Pauses, RunningClock, Span},
};
use jiff::Timestamp;

use super::{lead::Unspecified, sla::duration, time};
use crate::v1;

pub(super) fn to_wire(pause: &LeadPause) -> v1::Pause {
    v1::Pause {
        epoch: pause.epoch.0,
        reason: v1::PauseReason::from(pause.reason).into(),
        note: pause.note.clone().unwrap_or_default(),
        actor: pause.actor.clone(),
        start_time: Some(time::to_wire(pause.started_at)),
        resume_time: pause.until.map(time::to_wire),
        end_time: pause.ended_at.map(time::to_wire),
    }
}

/// The clocks that stand in this pause, by the hours of whoever has the lead. One of which the SLA policy says nothing any more has
/// what was left of it on the wall.
pub(super) fn clocks(
    pause: &LeadPause,
    ownership: &Ownership,
    policy: Option<&SlaPolicy>,
    pauses: &Pauses,
    calendar: &Calendar,
    now: Timestamp,
) -> Vec<v1::PausedClock> {
    let stood = &pause.stood;
    let step = policy.and_then(|policy| policy.steps.get(usize::from(ownership.chain_step)));
    let chain = ownership.chain_since;
    let clocks = [
        (v1::ClockKind::Response, stood.respond_by, policy.map(|policy| policy.respond), chain),
        (v1::ClockKind::Acceptance, stood.accept_by, policy.and_then(|policy| policy.accept), ownership.since),
        (v1::ClockKind::Escalation, stood.escalate_at, step.map(|step| step.after), chain),
    ];
    let stands = clocks.into_iter().filter_map(|(clock, due, span, since)| {
        let due = due?;
        let running = span.and_then(|span: Span| RunningClock::new(span, since, calendar, pauses));
        let remaining = running.map_or(due.duration_since(pause.started_at), |running| running.remaining(now));
        Some(v1::PausedClock {
            clock: clock.into(),
            remaining: Some(duration(remaining)),
            old_due_time: Some(time::to_wire(due)),
        })
    });
    stands.collect()
}

impl From<PauseReason> for v1::PauseReason {
    fn from(reason: PauseReason) -> Self {
        match reason {
            PauseReason::WaitingForLead => Self::WaitingForLead,
            PauseReason::LegalHold => Self::LegalHold,
            PauseReason::Other => Self::Other,
        }
    }
}

impl TryFrom<v1::PauseReason> for PauseReason {
    type Error = Unspecified;

    fn try_from(reason: v1::PauseReason) -> Result<Self, Unspecified> {
        match reason {
            v1::PauseReason::Unspecified => Err(Unspecified),
            v1::PauseReason::WaitingForLead => Ok(Self::WaitingForLead),
            v1::PauseReason::LegalHold => Ok(Self::LegalHold),
            v1::PauseReason::Other => Ok(Self::Other),
        }
    }
}
