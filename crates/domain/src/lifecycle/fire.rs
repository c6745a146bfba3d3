//! A timer is due: its effect, in the same commit that removes it.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Command, Context, LeadCase,
    decline::{calendar_of, question},
    hand_over::Successor,
    table::Presence,
};
use crate::{
    decide::{Clocks, Counters, Occasion, Removal, chain_step_due, decide, plan},
    ids::{Epoch, RepId},
    ownership::{
        AssignmentState, Cause, Escalation, EscalationAction, Event, EventKind, LeadState, Owner, Ownership, Queue,
        TimerKind,
    },
    policy::StepAction,
    score::Score,
    snapshot::RepEntry,
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

    /// The offer ran out. To the rep's backup, else to whom routing finds.
    fn not_accepted(&mut self, context: &Context<'_>, due_at: Timestamp, score: &Score, counters: &mut Counters) {
        let before = self.ownership.clone();
        match self.backup(context, counters) {
            Some(backup) => self.pass_on(context, &backup, Cause::Expired, counters),
            None => self.let_go(context, (AssignmentState::Expired, None), Cause::Expired, score, counters),
        }
        let target = Some(self.ownership.owner.clone());
        self.note_escalation(&before, Step::Accept, EscalationAction::Backup, target, due_at, context);
    }

    /// Does the chain's next step; one that has no target falls through to the one after it, at once.
    fn escalate(&mut self, context: &Context<'_>, due_at: Timestamp, score: &Score, counters: &mut Counters) {
        let Some(sla) = self.sla.clone() else { return };
        let before = self.ownership.clone();
        while let Some(step) = sla.steps.get(usize::from(self.ownership.chain_step)) {
            let index = self.ownership.chain_step;
            self.ownership.chain_step += 1;
            let done = match step.action {
                StepAction::Remind => Some((EscalationAction::Remind, self.ownership.owner.clone())),
                StepAction::Backup => self.escalate_to_backup(context, score, counters),
                StepAction::Manager => self.manager(context, counters).map(|manager| {
                    self.pass_on(context, &manager, Cause::Escalated, counters);
                    (EscalationAction::Manager, self.ownership.owner.clone())
                }),
                StepAction::Queue(queue) if self.ownership.owner == Owner::Queue(queue) => None,
                StepAction::Queue(queue) => {
                    self.move_to_queue(context, queue, Cause::Escalated, counters);
                    Some((EscalationAction::Queue, Owner::Queue(queue)))
                }
            };
            let (action, target) =
                done.map_or((EscalationAction::FellThrough, None), |(action, to)| (action, Some(to)));
            self.note_escalation(&before, Step::Chain(index), action, target, due_at, context);
            if action != EscalationAction::FellThrough {
                break;
            }
        }
        self.await_next_step(context);
    }

    fn escalate_to_backup(
        &mut self,
        context: &Context<'_>,
        score: &Score,
        counters: &mut Counters,
    ) -> Option<(EscalationAction, Owner)> {
        let backup = self.backup(context, counters).or_else(|| self.another(context, score, counters))?;
        self.pass_on(context, &backup, Cause::Escalated, counters);
        Some((EscalationAction::Backup, self.ownership.owner.clone()))
    }

    /// Another rep whom routing would find, if it would find a rep. Counts nothing.
    fn another(&mut self, context: &Context<'_>, score: &Score, counters: &Counters) -> Option<Arc<RepEntry>> {
        let mut excluded = self.ownership.tried.clone();
        if let Owner::Rep(rep) = &self.ownership.owner {
            excluded.push(rep.clone());
        }
        let question = question(&self.lead, score, &excluded, Occasion::LetGo, context);
        let plan = plan(context.snapshot, &question);
        let verdict = decide(context.snapshot, &plan, &question, &mut counters.clone());
        match &verdict.owner {
            Owner::Rep(rep) => context.snapshot.directory.rep(rep).cloned(),
            Owner::Queue(_) => None,
        }
    }

    /// The timer of the chain's next step, if the chain goes on with this assignment.
    fn await_next_step(&mut self, context: &Context<'_>) {
        let runs = self.place().timer(TimerKind::Escalate) != Presence::Never;
        let calendar = calendar_of(context, &self.ownership.owner);
        let step = self.ownership.chain_step;
        let (since, pauses) = (self.ownership.chain_since, self.pauses());
        match self.sla.as_deref().filter(|_| runs).and_then(|sla| chain_step_due(sla, step, since, calendar, &pauses)) {
            Some(due) => self.set_timer(TimerKind::Escalate, due, context),
            None => self.clear_timer(TimerKind::Escalate),
        }
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

    /// The owner's backup, if it is free.
    fn backup(&self, context: &Context<'_>, counters: &Counters) -> Option<Arc<RepEntry>> {
        let Owner::Rep(owner) = &self.ownership.owner else { return None };
        let backup = context.snapshot.directory.rep(owner)?.rep.backup.as_ref()?;
        self.free(context, backup, counters)
    }

    /// The manager of the owner's team, if there.
    fn manager(&self, context: &Context<'_>, counters: &Counters) -> Option<Arc<RepEntry>> {
        let Owner::Rep(owner) = &self.ownership.owner else { return None };
        let manager = context.snapshot.directory.rep(owner)?.manager.as_ref()?;
        self.free(context, manager, counters)
    }

    fn free(&self, context: &Context<'_>, rep: &RepId, counters: &Counters) -> Option<Arc<RepEntry>> {
        let entry = context.snapshot.directory.rep(rep)?;
        let removed: Option<Removal> =
            crate::decide::not_free(entry, &self.ownership.tried, counters.load(rep), context.now);
        removed.is_none().then(|| Arc::clone(entry))
    }

    /// Hands the lead to a rep within the running chain.
    fn pass_on(&mut self, context: &Context<'_>, to: &RepEntry, cause: Cause, counters: &mut Counters) {
        self.exclude_owner();
        let rep = to.rep.id.clone();
        counters.load_mut(&rep).take(to.calendar.day_of(context.now), context.now, false);
        let sla = self.sla.clone();
        let accept = sla.as_ref().and_then(|sla| sla.accept.as_ref());
        let step = self.ownership.chain_step;
        let (since, pauses) = (self.ownership.chain_since, self.pauses());
        let escalate_at = sla.as_ref().and_then(|sla| chain_step_due(sla, step, since, &to.calendar, &pauses));
        let clocks = Clocks {
            accept_by: accept.and_then(|span| span.deadline(context.now, &to.calendar)),
            escalate_at,
            ..Clocks::default()
        };
        let next = Successor {
            owner: Owner::Rep(rep),
            state: LeadState::Offered,
            cause,
            keep_chain: true,
            sla,
            clocks,
            decision: None,
        };
        self.hand_over(context, counters, AssignmentState::Expired, None, next);
    }

    fn move_to_queue(&mut self, context: &Context<'_>, queue: Queue, cause: Cause, counters: &mut Counters) {
        let next = Successor {
            owner: Owner::Queue(queue),
            state: LeadState::Queued,
            cause,
            keep_chain: false,
            sla: None,
            clocks: Clocks::default(),
            decision: None,
        };
        self.hand_over(context, counters, AssignmentState::Expired, None, next);
    }

    /// Of the lead as it stood when the clock ran out.
    fn note_escalation(
        &mut self,
        before: &Ownership,
        step: Step,
        action: EscalationAction,
        target: Option<Owner>,
        due_at: Timestamp,
        context: &Context<'_>,
    ) {
        let step = match step {
            Step::Accept => u16::MAX,
            Step::Chain(index) => index,
        };
        let kind = if action == EscalationAction::Remind { EventKind::Reminded } else { EventKind::Escalated };
        self.changes.events.push(Event { step: Some(step), ..Event::of(before, kind) });
        let (lead, epoch) = (self.lead.id, before.epoch);
        let done = Escalation { lead, epoch, step, action, target, due_at, done_at: context.now };
        self.changes.escalations.push(done);
    }
}

/// Which clock ran out.
#[derive(Clone, Copy)]
enum Step {
    Accept,
    Chain(u16),
}
