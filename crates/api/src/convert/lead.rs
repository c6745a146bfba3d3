//! Leads with their ownership.

use domain::{
    lead::Lead,
    ownership::{CloseOutcome, LeadState, Owner, Ownership, Queue},
};

use super::time;
use crate::{
    etag,
    names::{PolicyName, Resource as _},
    v1,
};

/// A lead as it stands.
pub fn to_wire(lead: Lead, ownership: &Ownership) -> v1::Lead {
    // The one stored time means what the queue makes of it.
    let wake_in = |queue| ownership.wake_at.filter(|_| ownership.owner == Owner::Queue(queue)).map(time::to_wire);
    v1::Lead {
        erase_time: lead.profile.erased_at.map(time::to_wire),
        name: lead.id.to_name(),
        profile: Some(lead.profile.into()),
        create_time: Some(time::to_wire(lead.created_at)),
        owner: ownership.owner.to_name(),
        state: v1::LeadState::from(ownership.state).into(),
        epoch: ownership.epoch.0,
        etag: etag::of_lead(ownership.epoch),
        grade: ownership.grade.to_string(),
        rule: ownership.rule.clone().unwrap_or_default(),
        policy: PolicyName(Some(ownership.policy_revision)).to_name(),
        respond_by: ownership.respond_by.map(time::to_wire),
        accept_by: ownership.accept_by.map(time::to_wire),
        wait_until: wake_in(Queue::Waiting),
        wake_time: wake_in(Queue::Nurture),
        accept_time: ownership.accepted_at.map(time::to_wire),
        first_response_time: ownership.first_response_at.map(time::to_wire),
        close_time: ownership.closed_at.map(time::to_wire),
        close_outcome: ownership.close_outcome.map_or(v1::CloseOutcome::Unspecified, Into::into).into(),
        close_value: ownership.close_value,
    }
}

impl From<LeadState> for v1::LeadState {
    fn from(state: LeadState) -> Self {
        match state {
            LeadState::Offered => Self::Offered,
            LeadState::Accepted => Self::Accepted,
            LeadState::Working => Self::Working,
            LeadState::Queued => Self::Queued,
            LeadState::Closed => Self::Closed,
        }
    }
}

/// A wire value that says nothing: `UNSPECIFIED`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unspecified;

impl TryFrom<v1::LeadState> for LeadState {
    type Error = Unspecified;

    fn try_from(state: v1::LeadState) -> Result<Self, Unspecified> {
        match state {
            v1::LeadState::Unspecified => Err(Unspecified),
            v1::LeadState::Offered => Ok(Self::Offered),
            v1::LeadState::Accepted => Ok(Self::Accepted),
            v1::LeadState::Working => Ok(Self::Working),
            v1::LeadState::Queued => Ok(Self::Queued),
            v1::LeadState::Closed => Ok(Self::Closed),
        }
    }
}

impl From<CloseOutcome> for v1::CloseOutcome {
    fn from(outcome: CloseOutcome) -> Self {
        match outcome {
            CloseOutcome::Won => Self::Won,
            CloseOutcome::Lost => Self::Lost,
            CloseOutcome::Disqualified => Self::Disqualified,
        }
    }
}

impl TryFrom<v1::CloseOutcome> for CloseOutcome {
    type Error = Unspecified;

    fn try_from(outcome: v1::CloseOutcome) -> Result<Self, Unspecified> {
        match outcome {
            v1::CloseOutcome::Unspecified => Err(Unspecified),
            v1::CloseOutcome::Won => Ok(Self::Won),
            v1::CloseOutcome::Lost => Ok(Self::Lost),
            v1::CloseOutcome::Disqualified => Ok(Self::Disqualified),
        }
    }
}
