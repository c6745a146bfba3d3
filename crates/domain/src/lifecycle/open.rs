//! A new lead gets its first owner.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    CaseChanges, Context, LeadCase,
    hand_over::{begin_event, begin_state},
};
use crate::{
    decide::{DecisionRecord, Question, Verdict},
    ids::Epoch,
    lead::Lead,
    ownership::{Assignment, Cause, Ownership},
};

/// The case of a new lead, as the verdict has it.
pub fn open(context: &Context<'_>, lead: Arc<Lead>, question: &Question<'_>, verdict: &Verdict) -> LeadCase {
    let clocks = verdict.clocks;
    let decision = DecisionRecord::new(context.snapshot, question, verdict).encode();
    let ownership = Ownership {
        lead: lead.id,
        epoch: Epoch::FIRST,
        state: verdict.state,
        owner: verdict.owner.clone(),
        since: context.now,
        chain_since: context.now,
        chain_step: 0,
        sla: verdict.sla.as_ref().map(|sla| sla.name.clone()),
        respond_by: clocks.respond_by,
        accept_by: clocks.accept_by,
        wake_at: clocks.wait_until,
        waiting_pool: None,
        accepted_at: None,
        first_response_at: None,
        closed_at: None,
        close_outcome: None,
        close_value: None,
        grade: question.score.grade(),
        rule: None,
        policy_revision: context.snapshot.policy_revision,
        tried: Vec::new(),
    };
    let assignment = Assignment {
        lead: lead.id,
        epoch: Epoch::FIRST,
        owner: verdict.owner.clone(),
        state: begin_state(verdict.state),
        cause: Cause::Routed,
        started_at: context.now,
        ended_at: None,
        accepted_at: None,
        first_response_at: None,
        actor: context.actor.to_owned(),
        note: context.note.map(str::to_owned),
        end_reason: None,
        traceparent: context.traceparent.map(str::to_owned),
        decision: Some(decision),
    };
    let changes = CaseChanges { dirty: true, ..CaseChanges::default() };
    let (timers, pauses, sla) = (BTreeMap::new(), Vec::new(), verdict.sla.clone());
    let mut case = LeadCase { lead, ownership, assignment, timers, pauses, sla, changes };
    case.note_verdict(context, verdict, question.score.grade());
    case.start_timers(context, clocks);
    case.tell(begin_event(verdict.state, Cause::Routed));
    case
}
