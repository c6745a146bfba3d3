//! The one place where a lead changes hands.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Context, LeadCase, table::Presence};
use crate::{
    decide::{Clocks, Counters, DecisionRecord, Question, Verdict},
    ownership::{Assignment, AssignmentState, Cause, EventKind, LeadState, Owner, TimerKind},
    policy::SlaPolicy,
};

/// How the next owner comes to the lead.
pub(super) struct Successor {
    pub owner: Owner,
    pub state: LeadState,
    pub cause: Cause,
    /// The chain goes on: its clocks keep running from where they began.
    pub keep_chain: bool,
    pub sla: Option<Arc<SlaPolicy>>,
    pub clocks: Clocks,
    pub decision: Option<DecisionRecord>,
}

impl LeadCase {
    /// Ends the current assignment as `ended` and begins the next one. Counts the lead off its owner; whoever gives it to
    /// a rep has counted it there already.
    pub(super) fn hand_over(
        &mut self,
        context: &Context<'_>,
        counters: &mut Counters,
        ended: AssignmentState,
        end_reason: Option<&str>,
        next: Successor,
    ) {
        self.start_clocks(context);
        if !next.keep_chain {
            self.end_response_clock(context.now, None);
        }
        self.release_owner(counters);
        self.assignment.state = ended;
        self.assignment.ended_at = Some(context.now);
        self.assignment.end_reason = end_reason.map(str::to_owned);

        let ownership = &mut self.ownership;
        ownership.epoch = ownership.epoch.next();
        let begun = Assignment {
            lead: self.lead.id,
            epoch: ownership.epoch,
            owner: next.owner.clone(),
            state: begin_state(next.state),
            cause: next.cause,
            started_at: context.now,
            ended_at: None,
            accepted_at: None,
            first_response_at: None,
            actor: context.actor.to_owned(),
            note: context.note.map(str::to_owned),
            end_reason: None,
            traceparent: context.traceparent.map(str::to_owned),
            decision: next.decision.as_ref().map(DecisionRecord::encode),
        };
        let before = std::mem::replace(&mut self.assignment, begun);
        self.changes.ended.push(before);
        self.changes.dirty = true;

        ownership.owner = next.owner;
        ownership.state = next.state;
        ownership.since = context.now;
        ownership.accepted_at = None;
        ownership.first_response_at = None;
        ownership.waiting_pool = None;
        if !next.keep_chain {
            ownership.chain_since = context.now;
            ownership.chain_step = 0;
            ownership.respond_by = next.clocks.respond_by;
            ownership.sla = next.sla.as_ref().map(|sla| sla.name.clone());
            self.sla = next.sla;
        }
        ownership.accept_by = next.clocks.accept_by;
        ownership.wake_at = next.clocks.wait_until;
        self.start_timers(context, next.clocks);
        self.tell(begin_event(next.state, next.cause));
    }

    /// Sets the timers of the clocks that run here, and removes all others.
    pub(super) fn start_timers(&mut self, context: &Context<'_>, clocks: Clocks) {
        let place = self.place();
        let wanted = [
            (TimerKind::Accept, clocks.accept_by),
            (TimerKind::Escalate, clocks.escalate_at),
            (TimerKind::Retry, clocks.retry_at),
            (TimerKind::Wake, clocks.wait_until),
        ];
        for (kind, due) in wanted {
            match due.filter(|_| place.timer(kind) != Presence::Never) {
                Some(due) => self.set_timer(kind, due, context),
                None => self.clear_timer(kind),
            }
        }
    }

    /// Begins the next assignment with what a decision found.
    pub(super) fn hand_over_by(
        &mut self,
        context: &Context<'_>,
        counters: &mut Counters,
        (ended, end_reason): (AssignmentState, Option<&str>),
        cause: Cause,
        (question, verdict): (&Question<'_>, &Verdict),
    ) {
        let next = Successor {
            owner: verdict.owner.clone(),
            state: verdict.state,
            cause,
            keep_chain: false,
            sla: verdict.sla.clone(),
            clocks: verdict.clocks,
            decision: Some(DecisionRecord::new(context.snapshot, question, verdict)),
        };
        let grade = question.score.grade();
        self.hand_over(context, counters, ended, end_reason, next);
        self.note_verdict(context, verdict, grade);
    }

    /// Copies what a decision found into the ownership row.
    pub(super) fn note_verdict(&mut self, context: &Context<'_>, verdict: &Verdict, grade: crate::score::Grade) {
        let ownership = &mut self.ownership;
        ownership.rule = context.snapshot.policy.rule(verdict.rule).map(|rule| rule.name.clone());
        ownership.policy_revision = context.snapshot.policy_revision;
        ownership.grade = grade;
        ownership.waiting_pool.clone_from(&verdict.waiting_pool);
        if verdict.state == LeadState::Closed {
            self.mark_closed(context.now, crate::ownership::CloseOutcome::Disqualified, None);
        }
    }

    /// Counts the lead off the rep who has it, if a rep has it and it is open.
    pub(super) fn release_owner(&mut self, counters: &mut Counters) {
        if let Owner::Rep(rep) = &self.ownership.owner
            && self.ownership.is_open()
        {
            counters.load_mut(rep).release();
            self.changes.freed.push(rep.clone());
        }
    }

    pub(super) fn mark_closed(&mut self, now: Timestamp, outcome: crate::ownership::CloseOutcome, value: Option<i64>) {
        self.ownership.state = LeadState::Closed;
        self.ownership.closed_at = Some(now);
        self.ownership.close_outcome = Some(outcome);
        self.ownership.close_value = value;
        self.assignment.state = AssignmentState::Closed;
        self.assignment.ended_at = Some(now);
        self.changes.dirty = true;
    }
}

/// What others are told when an assignment begins with the lead in that state.
pub(super) fn begin_event(state: LeadState, cause: Cause) -> EventKind {
    match state {
        LeadState::Closed => EventKind::Closed,
        LeadState::Queued if cause == Cause::Returned => EventKind::Returned,
        LeadState::Queued => EventKind::Queued,
        LeadState::Offered | LeadState::Accepted | LeadState::Working => EventKind::Assigned,
    }
}

/// The state of an assignment that begins with the lead in that state.
pub(super) fn begin_state(state: LeadState) -> AssignmentState {
    match state {
        LeadState::Offered => AssignmentState::Offered,
        LeadState::Accepted => AssignmentState::Accepted,
        LeadState::Working => AssignmentState::Working,
        LeadState::Queued => AssignmentState::Queued,
        LeadState::Closed => AssignmentState::Closed,
    }
}
