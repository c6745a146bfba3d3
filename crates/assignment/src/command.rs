//! Commands: everything that can change who owns a lead.

use std::sync::Arc;

use api::{convert::command::LeadCommand, v1};
use domain::{
    identity::IdentityKey,
    ids::{Epoch, LeadId, TenantId},
    lead::Lead,
    lifecycle::Fired,
    ownership::TimerKind,
    score::Score,
};
use uuid::Uuid;

/// One change that somebody asked for.
#[derive(Debug)]
pub(crate) struct Command {
    pub tenant: TenantId,
    /// The caller's request id with a digest of what was asked; the response is kept under it.
    pub request: Option<RequestKey>,
    pub actor: Arc<str>,
    pub note: Option<String>,
    /// W3C traceparent of the request.
    pub traceparent: Option<String>,
    pub action: Action,
}

/// The name under which a response is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestKey {
    pub id: Uuid,
    /// Digest of the request: another one under the same id is refused.
    pub fingerprint: Uuid,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Action {
    /// Give a new lead its first owner, or find the lead that it duplicates: the one that has one of its `keys`. A preview
    /// decides and writes nothing.
    Route { lead: Arc<Lead>, keys: Vec<IdentityKey>, score: Score, preview: bool },
    /// Change the assignment that the caller saw. The score is there where the lead may be routed again.
    Change { command: LeadCommand, score: Option<Score> },
    /// Do what a due timer says.
    Fire { lead: LeadId, kind: TimerKind, epoch: Epoch, score: Score },
    /// Route the lead again, whose owner the directory shows as inactive.
    Drain { lead: LeadId, score: Score },
}

/// What a command answers.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Routed(Box<v1::RouteLeadResponse>),
    Lead(Box<v1::Lead>),
    Fired(Fired),
}

impl Command {
    /// The caller's request id.
    pub(crate) fn request_id(&self) -> Option<Uuid> {
        self.request.map(|request| request.id)
    }

    /// The keys by which a new lead may be known already.
    pub(crate) fn identity_keys(&self) -> &[IdentityKey] {
        match &self.action {
            Action::Route { keys, .. } => keys,
            Action::Change { .. } | Action::Fire { .. } | Action::Drain { .. } => &[],
        }
    }

    /// The lead that the command changes, if it exists already.
    pub(crate) fn lead(&self) -> Option<LeadId> {
        match &self.action {
            Action::Route { .. } => None,
            Action::Change { command, .. } => Some(command.lead),
            Action::Fire { lead, .. } | Action::Drain { lead, .. } => Some(*lead),
        }
    }
}
