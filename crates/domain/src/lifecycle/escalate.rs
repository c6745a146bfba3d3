//! A step of the escalation chain is due.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Command, Context, LeadCase, Refusal,
    decline::calendar_of,
    hand_over::Successor,
    recipient::{For, Found, Search},
    table::Presence,
};
use crate::{
    decide::{Clocks, Counters, chain_step_due, step_holds},
    ids::RepId,
    ownership::{
        AssignmentState, Cause, Escalation, EscalationAction, Event, EventKind, LeadState, Owner, Ownership, Queue,
        TimerKind,
    },
    policy::{SlaPolicy, Step, StepAction},
    score::Score,
    snapshot::RepEntry,
};

/// Number of the "step" that is the end of the acceptance window.
const ACCEPT: u16 = u16::MAX;

/// What came of a step.
enum Attempt {
    Done(EscalationAction, Owner),
    /// Its condition does not hold.
    Skipped,
    /// Nobody is there for it, before that time if one is told.
    Empty(Option<Timestamp>),
}

/// Whether the next step is done at once, because the one ahead of it found nobody.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hurry {
    No,
    /// If it is for people: there are some for the step ahead of it, but not at work in time.
    ToPeople,
    ToAll,
}

impl LeadCase {
    /// The offer ran out. To the rep's backup, else to whom routing finds.
    pub(super) fn not_accepted(
        &mut self,
        context: &Context<'_>,
        due_at: Timestamp,
        score: &Score,
        counters: &mut Counters,
    ) {
        let before = self.ownership.clone();
        let search = Search { context, score, counters, purpose: For::Owning, urgent: false };
        match self.own_backup(&search) {
            Found::Now(backup) => self.pass_on(context, &backup, Cause::Expired, false, counters),
            Found::From(_) | Found::Nobody => {
                self.let_go(context, (AssignmentState::Expired, None), Cause::Expired, score, counters);
            }
        }
        let target = Some(self.ownership.owner.clone());
        self.note_escalation(&before, ACCEPT, EscalationAction::Offer, target, due_at, context);
    }

    /// Does the chain's next step.
    ///
    /// One that finds nobody falls through to the one after it, at once. One that finds somebody who is not at work waits for that
    /// one's hours, unless the next step is due before: then it gives way to whoever is at work, at once, but a queue comes at its
    /// time. And nobody loses the lead before the time to answer is over.
    pub(super) fn escalate(
        &mut self,
        context: &Context<'_>,
        due_at: Timestamp,
        score: &Score,
        counters: &mut Counters,
    ) {
        self.do_next_step(context, due_at, false, score, counters);
    }

    /// Does the chain's next step before its time, because somebody asks for it: whatever the hour, and however long the owner
    /// has to answer. The steps behind it keep their time.
    pub fn escalate_now(
        &mut self,
        context: &Context<'_>,
        rep: Option<&RepId>,
        score: &Score,
        counters: &mut Counters,
    ) -> Result<(), Refusal> {
        self.permits(Command::Escalate, rep)?;
        self.expect_running()?;
        let next = usize::from(self.ownership.chain_step);
        if self.sla.as_ref().is_none_or(|sla| sla.steps.len() <= next) {
            return Err(Refusal::NoStep { what: "no step of its chain is left" });
        }
        let due_at = self.timers.get(&TimerKind::Escalate).map_or(context.now, |timer| timer.due_at);
        self.changes.dirty = true;
        self.do_next_step(context, due_at, true, score, counters);
        Ok(())
    }

    fn do_next_step(
        &mut self,
        context: &Context<'_>,
        due_at: Timestamp,
        by_hand: bool,
        score: &Score,
        counters: &mut Counters,
    ) {
        let Some(sla) = self.sla.clone() else { return };
        let before = self.ownership.clone();
        let mut hurry = Hurry::No;
        while let Some(step) = sla.steps.get(usize::from(self.ownership.chain_step)) {
            let has_time = !by_hand && self.ownership.respond_by.is_some_and(|respond_by| respond_by > context.now);
            let is_early = match hurry {
                Hurry::No => false,
                Hurry::ToPeople => matches!(step.action, StepAction::Queue(_)) || has_time && step.action.hands_on(),
                Hurry::ToAll => has_time && step.action.hands_on(),
            };
            if is_early {
                break;
            }
            let index = self.ownership.chain_step;
            // Whoever is handed the lead goes on with the step behind this one.
            self.ownership.chain_step += 1;
            let attempt = self.attempt(context, step, by_hand || step.urgent, score, counters);
            let emptiness = match attempt {
                Attempt::Empty(there_at) => Some(there_at),
                Attempt::Done(..) | Attempt::Skipped => None,
            };
            if let Some(Some(there_at)) = emptiness
                && self.step_due(context, &sla, index + 1).is_none_or(|next| there_at < next)
            {
                self.ownership.chain_step = index;
                self.set_timer(TimerKind::Escalate, there_at, context);
                return;
            }
            let (action, target) = match attempt {
                Attempt::Done(action, target) => (action, Some(target)),
                Attempt::Skipped => (EscalationAction::Skipped, None),
                Attempt::Empty(_) => (EscalationAction::FellThrough, None),
            };
            self.note_escalation(&before, index, action, target, due_at, context);
            hurry = match emptiness {
                Some(Some(_)) => Hurry::ToPeople,
                Some(None) if hurry == Hurry::ToPeople => Hurry::ToPeople,
                Some(None) => Hurry::ToAll,
                None => break,
            };
        }
        self.await_next_step(context);
    }

    fn attempt(
        &mut self,
        context: &Context<'_>,
        step: &Step,
        urgent: bool,
        score: &Score,
        counters: &mut Counters,
    ) -> Attempt {
        if let Some(condition) = &step.when
            && !step_holds(context.snapshot, &self.lead, score, context.now, condition)
        {
            return Attempt::Skipped;
        }
        let (recipient, action) = match &step.action {
            StepAction::Remind => {
                return match self.owner_there(context, urgent) {
                    Ok(()) => Attempt::Done(EscalationAction::Remind, self.ownership.owner.clone()),
                    Err(later) => Attempt::Empty(later),
                };
            }
            StepAction::Queue(queue) if self.ownership.owner == Owner::Queue(*queue) => return Attempt::Empty(None),
            StepAction::Queue(queue) => {
                self.move_to_queue(context, *queue, Cause::Escalated, counters);
                return Attempt::Done(EscalationAction::Queue, Owner::Queue(*queue));
            }
            StepAction::Notify(recipient) => (recipient, EscalationAction::Notify),
            StepAction::Offer(recipient) => (recipient, EscalationAction::Offer),
            StepAction::Reassign(recipient) => (recipient, EscalationAction::Reassign),
        };
        let purpose = if step.action.hands_on() { For::Owning } else { For::Knowing };
        let found = self.find(recipient, &Search { context, score, counters, purpose, urgent });
        let entry = match found {
            Found::Now(entry) => entry,
            Found::From(at) => return Attempt::Empty(Some(at)),
            Found::Nobody => return Attempt::Empty(None),
        };
        if purpose == For::Owning {
            self.pass_on(context, &entry, Cause::Escalated, action == EscalationAction::Reassign, counters);
        }
        Attempt::Done(action, Owner::Rep(entry.rep.id.clone()))
    }

    fn step_due(&self, context: &Context<'_>, sla: &SlaPolicy, step: u16) -> Option<Timestamp> {
        let calendar = calendar_of(context, &self.ownership.owner);
        chain_step_due(sla, step, self.ownership.chain_since, calendar, &self.pauses())
    }

    /// The timer of the chain's next step, if the chain goes on with this assignment.
    pub(super) fn await_next_step(&mut self, context: &Context<'_>) {
        let runs = self.place().timer(TimerKind::Escalate) != Presence::Never;
        let sla = self.sla.clone().filter(|_| runs);
        match sla.and_then(|sla| self.step_due(context, &sla, self.ownership.chain_step)) {
            Some(due) => self.set_timer(TimerKind::Escalate, due, context),
            None => self.clear_timer(TimerKind::Escalate),
        }
    }

    /// Hands the lead to a rep within the running chain. `accepted`: nobody has to say yes.
    fn pass_on(
        &mut self,
        context: &Context<'_>,
        to: &Arc<RepEntry>,
        cause: Cause,
        accepted: bool,
        counters: &mut Counters,
    ) {
        self.exclude_owner();
        let rep = to.rep.id.clone();
        counters.load_mut(&rep).take(to.calendar.day_of(context.now), context.now, false);
        let sla = self.sla.clone();
        let accept = sla.as_ref().and_then(|sla| sla.accept.as_ref()).filter(|_| !accepted);
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
            state: if accepted { LeadState::Accepted } else { LeadState::Offered },
            cause,
            keep_chain: true,
            sla,
            clocks,
            decision: None,
        };
        self.hand_over(context, counters, AssignmentState::Expired, None, next);
        if accepted {
            self.ownership.accepted_at = Some(context.now);
            self.assignment.accepted_at = Some(context.now);
        }
    }

    pub(super) fn move_to_queue(&mut self, context: &Context<'_>, queue: Queue, cause: Cause, counters: &mut Counters) {
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
        step: u16,
        action: EscalationAction,
        target: Option<Owner>,
        due_at: Timestamp,
        context: &Context<'_>,
    ) {
        let kind = if action == EscalationAction::Remind { EventKind::Reminded } else { EventKind::Escalated };
        self.changes.events.push(Event { step: Some(step), ..Event::of(before, kind) });
        let (lead, epoch) = (self.lead.id, before.epoch);
        let done = Escalation { lead, epoch, step, action, target, due_at, done_at: context.now, acknowledged: None };
        self.changes.escalations.push(done);
    }
}
