//! A timer is due: its effect, in the same commit that removes it.

use std::sync::Arc;

use super::{Command, Context, LeadCase, decline::question};
use crate::{
    decide::{Clocks, Counters, Occasion, decide, plan},
    ids::Epoch,
    ownership::{AssignmentState, Cause, EventKind, Owner, Queue, TimerKind},
    score::Score,
};

/// What firing a timer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fired {
    /// Its effect is done.
    Done,
    /// There is no such timer any more, or the lead has moved on: nothing was done.
    Stale,
    /// It is set, but for later.
    NotDue,
}

impl LeadCase {
    /// Fires the timer of that kind and epoch.
    pub fn fire(
        &mut self,
        context: &Context<'_>,
        kind: TimerKind,
        epoch: Epoch,
        score: &Score,
        counters: &mut Counters,
    ) -> Fired {
        let Some(timer) = self.timers.get(&kind).filter(|timer| timer.epoch == epoch) else { return Fired::Stale };
        if timer.epoch != self.ownership.epoch {
            return Fired::Stale;
        }
        if timer.due_at > context.now {
            return Fired::NotDue;
        }
        let due_at = timer.due_at;
        self.clear_timer(kind);
        self.changes.dirty = true;
        if self.permits(Command::Fire(kind), None) == Ok(true) {
            match kind {
                TimerKind::Accept => self.not_accepted(context, due_at, score, counters),
                TimerKind::Escalate => self.escalate(context, due_at, score, counters),
                TimerKind::Retry => self.retry(context, score, counters),
                TimerKind::Resume => self.run_again(context),
                TimerKind::Wake => self.route_again(context, (Occasion::Again, Cause::Woken), score, counters),
            }
        }
        Fired::Done
    }

    /// A waiting lead is routed again, or leaves the queue if its deadline has passed.
    fn retry(&mut self, context: &Context<'_>, score: &Score, counters: &mut Counters) {
        if self.ownership.wake_at.is_some_and(|deadline| deadline <= context.now) {
            let then = context.snapshot.policy.waiting.then;
            self.move_to_queue(context, then, Cause::WaitedOut, counters);
            return;
        }
        self.route_again(context, (Occasion::Waiting, Cause::Retried), score, counters);
    }

    fn route_again(
        &mut self,
        context: &Context<'_>,
        (occasion, cause): (Occasion, Cause),
        score: &Score,
        counters: &mut Counters,
    ) {
        let lead = Arc::clone(&self.lead);
        let tried = self.ownership.tried.clone();
        let question = question(&lead, score, &tried, occasion, context);
        let plan = plan(context.snapshot, &question);
        let verdict = decide(context.snapshot, &plan, &question, counters);
        if verdict.owner == self.ownership.owner {
            if verdict.owner == Owner::Queue(Queue::Waiting) {
                // Still nobody: it waits on, in the same assignment and until the same deadline.
                let clocks = Clocks { wait_until: self.ownership.wake_at, ..Clocks::default() };
                let waiting = &context.snapshot.policy.waiting;
                let retry =
                    clocks.retry(waiting, context.now, &context.snapshot.queue_calendar, verdict.clocks.retry_at);
                self.start_timers(context, retry);
            } else {
                // It woke, and the policy lets it sleep on: without a date.
                self.ownership.wake_at = None;
                self.tell(EventKind::SleepsOn);
            }
            return;
        }
        let ended = (AssignmentState::Routed, None);
        self.hand_over_by(context, counters, ended, cause, (&question, &verdict));
    }
}
