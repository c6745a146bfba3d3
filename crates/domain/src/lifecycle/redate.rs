//! Clocks that run are dated anew, because the hours by which they run have changed.

use jiff::Timestamp;

use super::{Context, LeadCase, decline::calendar_of};
use crate::{
    decide::chain_step_due,
    ownership::{EventKind, LeadState, Owner, Queue, TimerKind},
    policy::Waiting,
};

/// A clock of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockKind {
    /// Until the first response.
    Response,
    /// Until the offer is accepted.
    Acceptance,
    /// Until the next step of the escalation chain.
    Escalation,
    /// Until a waiting lead leaves the waiting queue.
    Waiting,
}

/// A clock that is due at another moment now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Which one.
    pub clock: ClockKind,
    /// When it was due.
    pub from: Timestamp,
    /// When it is due.
    pub to: Timestamp,
}

impl LeadCase {
    /// Dates every clock that runs as if it had been started, when it was, by the hours in `context` of whoever has the lead
    /// now: those that moved. `waiting` is what the policy that routed the lead says of leads that wait.
    ///
    /// What has been answered, accepted or closed stays as it was, and so does what a person set: when a lead wakes. A clock
    /// for which the calendar knows no moment keeps the one that it has. Epoch and history stay too: nobody else owns the
    /// lead than before.
    pub fn redate(&mut self, context: &Context<'_>, waiting: &Waiting) -> Vec<Moved> {
        let calendar = calendar_of(context, &self.ownership.owner);
        let (state, since) = (self.ownership.state, self.ownership.since);
        let (chain_since, step) = (self.ownership.chain_since, self.ownership.chain_step);
        let sla = self.sla.as_deref();
        let unanswered = self.ownership.is_open() && self.ownership.first_response_at.is_none();
        let waits = self.ownership.owner == Owner::Queue(Queue::Waiting);
        let offered = state == LeadState::Offered;
        let step_due = self.timers.get(&TimerKind::Escalate).map(|timer| timer.due_at);
        let clocks = [
            (ClockKind::Response, self.ownership.respond_by, unanswered, sla.map(|sla| (sla.respond, chain_since))),
            (ClockKind::Acceptance, self.ownership.accept_by, offered, sla.and_then(|sla| Some((sla.accept?, since)))),
            (ClockKind::Waiting, self.ownership.wake_at, waits, Some((waiting.deadline, since))),
        ];
        let spans = clocks.into_iter().filter_map(|(clock, due, runs, span)| {
            let (span, since) = span.filter(|_| runs)?;
            Some((clock, due?, span.deadline(since, calendar)?))
        });
        let chain = step_due.zip(sla.and_then(|sla| chain_step_due(sla, step, chain_since, calendar)));
        let chain = chain.map(|(due, anew)| (ClockKind::Escalation, due, anew));
        let moved = spans.chain(chain).filter(|(_, from, to)| from != to);
        let moved: Vec<_> = moved.map(|(clock, from, to)| Moved { clock, from, to }).collect();
        for clock in &moved {
            self.put_off(context, *clock);
        }
        if !moved.is_empty() {
            self.changes.dirty = true;
            self.tell(EventKind::ClocksMoved);
        }
        moved
    }

    /// Writes down when the clock is due, with the timer that makes sure of it.
    fn put_off(&mut self, context: &Context<'_>, moved: Moved) {
        match moved.clock {
            ClockKind::Response => self.ownership.respond_by = Some(moved.to),
            ClockKind::Acceptance => {
                self.ownership.accept_by = Some(moved.to);
                self.set_timer(TimerKind::Accept, moved.to, context);
            }
            ClockKind::Escalation => self.set_timer(TimerKind::Escalate, moved.to, context),
            ClockKind::Waiting => {
                self.ownership.wake_at = Some(moved.to);
                // It is routed again when it was to be, but not behind the end of its wait.
                let retry = self.timers.get(&TimerKind::Retry).map_or(moved.to, |timer| timer.due_at.min(moved.to));
                self.set_timer(TimerKind::Retry, retry, context);
            }
        }
    }
}
