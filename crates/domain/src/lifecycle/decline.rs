//! A rep says no: the lead is routed again, without that rep.

use std::sync::Arc;

use super::{Command, Context, LeadCase, Refusal, hand_over::Successor};
use crate::{
    decide::{Clocks, Counters, DecisionRecord, Occasion, Question, Verdict, chain_step_due, decide, plan},
    ids::RepId,
    lead::Lead,
    ownership::{AssignmentState, Cause, Owner},
    score::Score,
};

impl LeadCase {
    /// The owner declines an offer. `reason`: a word of the API's list.
    pub fn decline(
        &mut self,
        context: &Context<'_>,
        rep: Option<&RepId>,
        reason: &str,
        score: &Score,
        counters: &mut Counters,
    ) -> Result<(), Refusal> {
        self.permits(Command::Decline, rep)?;
        self.let_go(context, (AssignmentState::Declined, Some(reason)), Cause::Declined, score, counters);
        Ok(())
    }

    /// Routes the lead again without the rep who has it.
    pub(super) fn let_go(
        &mut self,
        context: &Context<'_>,
        ended: (AssignmentState, Option<&str>),
        cause: Cause,
        score: &Score,
        counters: &mut Counters,
    ) {
        // The chain that goes on is one that runs.
        self.start_clocks(context);
        self.exclude_owner();
        let excluded = self.ownership.tried.clone();
        let lead = Arc::clone(&self.lead);
        let question = question(&lead, score, &excluded, Occasion::LetGo, context);
        let plan = plan(context.snapshot, &question);
        let verdict = decide(context.snapshot, &plan, &question, counters);
        if self.same_chain(context, &verdict) {
            let next = self.successor_in_chain(context, cause, &verdict);
            let decision = Some(DecisionRecord::new(context.snapshot, &question, &verdict));
            self.hand_over(context, counters, ended.0, ended.1, Successor { decision, ..next });
            self.note_verdict(context, &verdict, score.grade());
        } else {
            self.hand_over_by(context, counters, ended, cause, (&question, &verdict));
        }
    }

    pub(super) fn exclude_owner(&mut self) {
        if let Owner::Rep(rep) = &self.ownership.owner
            && !self.ownership.tried.contains(rep)
        {
            self.ownership.tried.push(rep.clone());
        }
    }

    /// The person who asked has one clock: it does not start anew because one rep said no to another.
    fn same_chain(&self, context: &Context<'_>, verdict: &Verdict) -> bool {
        matches!(verdict.owner, Owner::Rep(_))
            && verdict.sla.is_some()
            && verdict.sla.as_ref().map(|sla| &sla.name) == self.ownership.sla.as_ref()
            && self.ownership.policy_revision == context.snapshot.policy_revision
    }

    /// The next owner's part of a chain that goes on: a new acceptance window, the chain's next step.
    fn successor_in_chain(&self, context: &Context<'_>, cause: Cause, verdict: &Verdict) -> Successor {
        let calendar = calendar_of(context, &verdict.owner);
        let pauses = self.pauses();
        let step = |sla: &crate::policy::SlaPolicy| {
            chain_step_due(sla, self.ownership.chain_step, self.ownership.chain_since, calendar, &pauses)
        };
        Successor {
            owner: verdict.owner.clone(),
            state: verdict.state,
            cause,
            keep_chain: true,
            sla: verdict.sla.clone(),
            clocks: Clocks {
                accept_by: verdict.clocks.accept_by,
                escalate_at: self.sla.as_deref().and_then(step),
                ..Clocks::default()
            },
            decision: None,
        }
    }
}

/// The question of who gets a lead that somebody has had.
pub(super) fn question<'a>(
    lead: &'a Lead,
    score: &'a Score,
    excluded: &'a [RepId],
    occasion: Occasion,
    context: &Context<'_>,
) -> Question<'a> {
    Question { lead, score, existing_owner: None, excluded, occasion, now: context.now }
}

/// The working hours by which an owner's business time runs.
pub(super) fn calendar_of<'a>(context: &Context<'a>, owner: &Owner) -> &'a crate::calendar::Calendar {
    match owner {
        Owner::Rep(rep) => context.snapshot.directory.rep(rep).map(|entry| entry.calendar.as_ref()),
        Owner::Queue(_) => None,
    }
    .unwrap_or(&context.snapshot.queue_calendar)
}
