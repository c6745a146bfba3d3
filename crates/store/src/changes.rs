//! Everything that one commit writes, in the shape of the tables.

use std::collections::BTreeMap;

use domain::{
    decide::RepLoad,
    identity::IdentityKey,
    ids::{Epoch, LeadId, PoolId, RepId},
    lead::Lead,
    ownership::{
        Acknowledgement, Assignment, Escalation, Event, LeadPause, Ownership, ResponseClock, Timer, TimerKind,
    },
    rotation::RotationState,
    score::Grade,
};
use jiff::Timestamp;
use uuid::Uuid;

/// The changes of one batch of commands of one tenant. Each row stands here at most once, in its final form.
#[derive(Debug, Default)]
pub struct Changes {
    /// Leads that are new.
    pub new_leads: Vec<NewLead>,
    /// Ownership of leads that existed, each with the epoch it was read at: the compare of the compare-and-set.
    pub ownerships: Vec<(Epoch, Ownership)>,
    /// Assignments that began, of leads that existed.
    pub new_assignments: Vec<Assignment>,
    /// Assignments that existed and were accepted, answered or ended.
    pub assignments: Vec<Assignment>,
    /// Timers of new leads.
    pub new_timers: Vec<Timer>,
    /// Timers of leads that existed, to set (or set again), by their key.
    pub set_timers: Vec<Timer>,
    /// Timers to remove.
    pub cleared_timers: Vec<(LeadId, TimerKind)>,
    /// Identity keys that no lead had, and the lead that has them now.
    pub new_identities: Vec<(IdentityKey, LeadId)>,
    /// Identity keys that existed and now point at another lead (the lead they named is closed).
    pub moved_identities: Vec<MovedIdentity>,
    /// Escalation steps that were done.
    pub escalations: Vec<Escalation>,
    /// Steps that were done before, and that somebody is on now.
    pub acknowledgements: Vec<Acknowledgement>,
    /// Clocks of first responses that ended.
    pub response_clocks: Vec<ResponseClock>,
    /// Pauses that began, and those that ended.
    pub pauses: Vec<LeadPause>,
    /// Responses to keep.
    pub responses: Vec<StoredResponse>,
    /// Counter rows, final values.
    pub loads: BTreeMap<RepId, RepLoad>,
    /// Rotation rows, final values.
    pub rotations: BTreeMap<(PoolId, Option<Grade>), RotationState>,
    /// What others are told of all this; there is something to write besides it.
    pub happened: Option<Happened>,
}

/// What happened to leads at one moment, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// What, at least one.
    pub events: Vec<Event>,
}

impl Changes {
    /// True when there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.new_leads.is_empty()
            && self.ownerships.is_empty()
            && self.responses.is_empty()
            && self.loads.is_empty()
            && self.rotations.is_empty()
    }

    /// Whether a lead waits for a place in a pool once this is written, that did not before or does again.
    pub fn waits(&self) -> bool {
        let new = self.new_leads.iter().map(|new| &new.ownership);
        let mut all = self.ownerships.iter().map(|(_, ownership)| ownership).chain(new);
        all.any(|ownership| ownership.waiting_pool.is_some())
    }
}

/// A lead as it begins.
#[derive(Debug)]
pub struct NewLead {
    /// What was told.
    pub lead: Lead,
    /// Who has it.
    pub ownership: Ownership,
    /// Its first assignment.
    pub assignment: Assignment,
}

impl NewLead {
    /// Whether it is as leads are when nothing has happened to them but the first decision, which may have closed it: the write leaves
    /// out what follows from that.
    pub(crate) fn is_new(&self) -> bool {
        let Self { lead, ownership, assignment } = self;
        let ids = [ownership.lead, assignment.lead] == [lead.id; 2];
        let epochs = [ownership.epoch, assignment.epoch] == [Epoch::FIRST; 2];
        let times = [ownership.chain_since, assignment.started_at] == [ownership.since; 2]
            && assignment.ended_at == ownership.closed_at;
        let untouched = ownership.chain_step == 0
            && ownership.tried.is_empty()
            && ownership.accepted_at.or(ownership.first_response_at).is_none()
            && assignment.accepted_at.or(assignment.first_response_at).is_none()
            && ownership.close_value.is_none()
            && assignment.end_reason.is_none();
        ids && epochs && times && untouched && assignment.owner == ownership.owner
    }
}

/// An identity key that leaves a closed lead for a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovedIdentity {
    /// The key.
    pub key: IdentityKey,
    /// The lead that it named when it was looked up: the compare of the compare-and-set, without which two commits that
    /// saw the same closed lead would each open a new one.
    pub from: LeadId,
    /// The lead that it names from now on.
    pub to: LeadId,
}

/// What was answered to a request, kept so that the same request gets the same answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponse {
    /// The caller's id.
    pub request_id: Uuid,
    /// Digest of the request's content: another content under the same id is refused.
    pub fingerprint: Uuid,
    /// The encoded response message.
    pub response: Vec<u8>,
}
