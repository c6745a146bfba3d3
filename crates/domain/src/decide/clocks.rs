//! When something must have happened.

use jiff::{Timestamp, fmt::serde::timestamp::microsecond};
use serde::{Deserialize, Serialize};

use crate::{
    calendar::Calendar,
    policy::{SlaPolicy, Waiting},
    sla::Pauses,
};

/// The clocks that start with an assignment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// First response is due.
    #[serde(with = "microsecond::optional")]
    pub respond_by: Option<Timestamp>,
    /// Acceptance is due.
    #[serde(with = "microsecond::optional")]
    pub accept_by: Option<Timestamp>,
    /// The first step of the escalation chain is due.
    #[serde(with = "microsecond::optional")]
    pub escalate_at: Option<Timestamp>,
    /// A waiting lead is routed again.
    #[serde(with = "microsecond::optional")]
    pub retry_at: Option<Timestamp>,
    /// A waiting lead leaves the waiting queue.
    #[serde(with = "microsecond::optional")]
    pub wait_until: Option<Timestamp>,
}

impl Clocks {
    /// The clocks of a rep's assignment; business time is the rep's own.
    pub fn start(sla: &SlaPolicy, since: Timestamp, calendar: &Calendar) -> Self {
        Self {
            accept_by: sla.accept.as_ref().and_then(|span| span.deadline(since, calendar)),
            ..Self::start_in_queue(sla, since, calendar)
        }
    }

    /// The clocks of a lead in a queue: nobody has to accept.
    pub fn start_in_queue(sla: &SlaPolicy, since: Timestamp, calendar: &Calendar) -> Self {
        Self {
            respond_by: sla.respond.deadline(since, calendar),
            escalate_at: chain_step_due(sla, 0, since, calendar, &Pauses::default()),
            ..Self::default()
        }
    }

    /// The clocks of a waiting lead: routed again at the next shift or after `retry_every`, whichever comes first, until
    /// the deadline.
    pub fn waiting(waiting: &Waiting, now: Timestamp, calendar: &Calendar, next_shift: Option<Timestamp>) -> Self {
        // A calendar that ends before the deadline does must not make a lead wait for ever.
        let wait_until = waiting.deadline.deadline(now, calendar).unwrap_or(now);
        Self { wait_until: Some(wait_until), ..Self::default() }.retry(waiting, now, calendar, next_shift)
    }

    /// The same for a lead that goes on waiting: its deadline stays.
    #[must_use]
    pub fn retry(self, waiting: &Waiting, now: Timestamp, calendar: &Calendar, next_shift: Option<Timestamp>) -> Self {
        let moments =
            [waiting.retry_every.deadline(now, calendar), next_shift.filter(|shift| *shift > now), self.wait_until];
        Self { retry_at: moments.into_iter().flatten().min(), ..self }
    }
}

/// When step `step` of a chain that began at `since` is due; `None` past the last step, or when the calendar knows no
/// such moment. In `pauses` its clock stood.
pub fn chain_step_due(
    sla: &SlaPolicy,
    step: u16,
    since: Timestamp,
    calendar: &Calendar,
    pauses: &Pauses,
) -> Option<Timestamp> {
    sla.steps.get(usize::from(step))?.after.due(since, calendar, pauses)
}
