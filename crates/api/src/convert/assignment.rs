//! The history of a lead.

use domain::ownership::{Assignment, AssignmentState, Cause};

use super::time;
use crate::{
    names::{AssignmentName, DecisionName, PolicyName, Resource as _},
    v1,
};

/// What the decision behind an assignment read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecidedBy<'a> {
    /// Revision of the policy.
    pub policy_revision: i64,
    /// Name of the rule that matched; `None`: the policy's default.
    pub rule: Option<&'a str>,
}

/// One assignment; `decided_by` when it was decided and not chosen by a person.
pub fn to_wire(assignment: &Assignment, decided_by: Option<DecidedBy<'_>>) -> v1::Assignment {
    let (lead, epoch) = (assignment.lead, assignment.epoch);
    let decided = assignment.decision.is_some();
    v1::Assignment {
        name: AssignmentName(lead, epoch).to_name(),
        lead: lead.to_name(),
        epoch: epoch.0,
        owner: assignment.owner.to_name(),
        state: v1::AssignmentState::from(assignment.state).into(),
        cause: v1::AssignmentCause::from(assignment.cause).into(),
        start_time: Some(time::to_wire(assignment.started_at)),
        end_time: assignment.ended_at.map(time::to_wire),
        accept_time: assignment.accepted_at.map(time::to_wire),
        first_response_time: assignment.first_response_at.map(time::to_wire),
        actor: assignment.actor.clone(),
        note: assignment.note.clone().unwrap_or_default(),
        end_reason: end_reason(assignment.end_reason.as_deref()),
        trace_id: trace_id(assignment.traceparent.as_deref()),
        policy: decided_by.map(|by| PolicyName(Some(by.policy_revision)).to_name()).unwrap_or_default(),
        rule: decided_by.and_then(|by| by.rule).unwrap_or_default().to_owned(),
        decision: if decided { DecisionName(lead, Some(epoch)).to_name() } else { String::new() },
    }
}

/// The name of the reason that was given.
pub(super) fn end_reason(reason: Option<&str>) -> String {
    reason.map(str::to_uppercase).unwrap_or_default()
}

/// The trace id in a W3C traceparent (`00-{trace id}-{span id}-{flags}`); blank when there is none.
pub(super) fn trace_id(traceparent: Option<&str>) -> String {
    let id = traceparent.and_then(|text| text.split('-').nth(1));
    id.filter(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())).unwrap_or_default().to_owned()
}

impl From<AssignmentState> for v1::AssignmentState {
    fn from(state: AssignmentState) -> Self {
        match state {
            AssignmentState::Offered => Self::Offered,
            AssignmentState::Accepted => Self::Accepted,
            AssignmentState::Working => Self::Working,
            AssignmentState::Queued => Self::Queued,
            AssignmentState::Declined => Self::Declined,
            AssignmentState::Expired => Self::Expired,
            AssignmentState::Returned => Self::Returned,
            AssignmentState::Reassigned => Self::Reassigned,
            AssignmentState::Claimed => Self::Claimed,
            AssignmentState::Routed => Self::Routed,
            AssignmentState::Closed => Self::Closed,
        }
    }
}

impl From<Cause> for v1::AssignmentCause {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Routed => Self::Routed,
            Cause::Declined => Self::Declined,
            Cause::Expired => Self::Expired,
            Cause::Escalated => Self::Escalated,
            Cause::Woken => Self::Woken,
            Cause::Reassigned => Self::Reassigned,
            Cause::Claimed => Self::Claimed,
            Cause::Returned => Self::Returned,
            Cause::Retried => Self::Retried,
            Cause::WaitedOut => Self::WaitedOut,
            Cause::Drained => Self::Drained,
            Cause::Rerouted => Self::Rerouted,
        }
    }
}
