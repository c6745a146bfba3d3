//! Clocks that run are dated anew, because the hours or the policy by which they run have changed.

use jiff::Timestamp;

use super::{Context, LeadCase, decline::calendar_of, table::Presence};
use crate::{
    ownership::{EventKind, LeadState, Owner, Ownership, Queue, TimerKind},
    policy::Waiting,
    sla::Span,
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

/// A clock that is due at another moment now, begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Which one.
    pub clock: ClockKind,
    /// When it was due; `None`: it did not run.
    pub from: Option<Timestamp>,
    /// When it is due; `None`: it does not run any more.
    pub to: Option<Timestamp>,
}

impl LeadCase {
    /// Dates every clock that runs as if it had been started, when it was, by the hours in `context` of whoever has the lead
    /// now: those that moved. `waiting` is what the policy that routed the lead says of leads that wait.
    ///
    /// What has been answered, accepted or closed stays as it was, what stands is dated when it runs again, and so does what a person set: when a lead wakes. A clock
    /// for which the calendar knows no moment keeps the one that it has. Epoch and history stay too: nobody else owns the
    /// lead than before.
    pub fn redate(&mut self, context: &Context<'_>, waiting: &Waiting) -> Vec<Moved> {
        let moved: Vec<Moved> = self.dates(context, waiting).filter(|clock| clock.from != clock.to).collect();
        for clock in &moved {
            self.put_off(context, *clock);
        }
        if !moved.is_empty() {
            self.changes.dirty = true;
            self.tell(EventKind::ClocksMoved);
        }
        moved
    }

    /// The same by the policy in `context`: its SLA policy of the same name takes the place of the one by which the clocks
    /// run. The chain goes on with the step that comes next in it; what is not in the other one begins or ends. A lead
    /// whose SLA policy has no namesake there, or of which no clock runs, stays as it is.
    pub fn adopt_policy(&mut self, context: &Context<'_>) -> Vec<Moved> {
        let policy = &context.snapshot.policy;
        let sla = self.ownership.sla.as_ref().and_then(|name| policy.slas.get(name));
        if !self.waits() && (sla.is_none() || !self.awaits_response()) {
            return Vec::new();
        }
        self.changes.dirty |= self.ownership.policy_revision != context.snapshot.policy_revision;
        self.sla = sla.cloned();
        self.ownership.policy_revision = context.snapshot.policy_revision;
        self.redate(context, &policy.waiting)
    }

    fn waits(&self) -> bool {
        self.ownership.owner == Owner::Queue(Queue::Waiting)
    }

    /// Neither does a chain that a person cut off by choosing a queue, nor one that stands.
    fn awaits_response(&self) -> bool {
        let Ownership { respond_by, first_response_at, .. } = self.ownership;
        self.ownership.is_open() && respond_by.is_some() && first_response_at.is_none()
    }

    /// The clocks that run, or should, with when they are due and when they would be.
    fn dates(&self, context: &Context<'_>, waiting: &Waiting) -> impl Iterator<Item = Moved> + use<> {
        let (calendar, pauses) = (calendar_of(context, &self.ownership.owner), self.pauses());
        let Ownership { state, since, chain_since, chain_step, respond_by, accept_by, wake_at, .. } = self.ownership;
        let dated = |clock, from: Option<Timestamp>, span: Option<Span>, since| Moved {
            clock,
            from,
            to: span.and_then(|span| span.due(since, calendar, &pauses).or(from)),
        };
        let sla = self.sla.as_deref().filter(|_| self.awaits_response());
        let response = sla.map(|sla| dated(ClockKind::Response, respond_by, Some(sla.respond), chain_since));
        let offered = sla.filter(|_| state == LeadState::Offered);
        let acceptance = offered.map(|sla| dated(ClockKind::Acceptance, accept_by, sla.accept, since));
        let chain = sla.filter(|_| self.place().timer(TimerKind::Escalate) != Presence::Never);
        let escalation = chain.map(|sla| {
            let due = self.timers.get(&TimerKind::Escalate).map(|timer| timer.due_at);
            let step = sla.steps.get(usize::from(chain_step)).map(|step| step.after);
            dated(ClockKind::Escalation, due, step, chain_since)
        });
        let wait = self.waits().then(|| dated(ClockKind::Waiting, wake_at, Some(waiting.deadline), since));
        [response, acceptance, wait, escalation].into_iter().flatten()
    }

    /// Writes down when the clock is due, with the timer that makes sure of it.
    fn put_off(&mut self, context: &Context<'_>, moved: Moved) {
        let (kind, due) = match moved.clock {
            ClockKind::Response => {
                self.ownership.respond_by = moved.to;
                return;
            }
            ClockKind::Acceptance => {
                self.ownership.accept_by = moved.to;
                (TimerKind::Accept, moved.to)
            }
            ClockKind::Escalation => (TimerKind::Escalate, moved.to),
            ClockKind::Waiting => {
                self.ownership.wake_at = moved.to;
                // It is routed again when it was to be, but not behind the end of its wait.
                let retry = self.timers.get(&TimerKind::Retry).map(|timer| timer.due_at);
                (TimerKind::Retry, retry.into_iter().chain(moved.to).min())
            }
        };
        match due {
            Some(due) => self.set_timer(kind, due, context),
            None => self.clear_timer(kind),
        }
    }
}
