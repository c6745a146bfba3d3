//! A command for each lead, and what came of it.

use std::{collections::BTreeMap, sync::Arc};

use api::{
    Error,
    convert::{bulk::Target, command::LeadCommand},
    names::Resource as _,
    v1,
};
use domain::{
    ids::{Epoch, LeadId, TenantId},
    ownership::Owner,
    score::Score,
};
use store::{Outcome, Selected, Why};
use uuid::Uuid;

use crate::{
    command::{Action, Command, Reply, RequestKey},
    committer::Answer,
    grpc::{Inner, request_key},
    scores::TenantSlug,
};

/// What is to be done to each lead of an operation.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub tenant: TenantId,
    pub slug: TenantSlug,
    pub target: Target,
    /// The operation, under whose id answers are kept; `None`: for a preview.
    pub operation: Option<Uuid>,
    pub actor: Arc<str>,
    pub note: Option<String>,
    /// W3C traceparent of the request that started it.
    pub traceparent: Option<String>,
}

impl Order {
    /// The commands for those leads, in order.
    pub(super) async fn commands(&self, inner: &Inner, leads: &[Selected]) -> Result<Vec<Command>, store::StoreError> {
        let mut scores = self.scores(inner, leads).await?;
        let commands = leads.iter().map(|selected| Command {
            tenant: self.tenant,
            request: self.operation.map(|operation| key(operation, selected)),
            actor: Arc::clone(&self.actor),
            note: self.note.clone(),
            traceparent: self.traceparent.clone(),
            action: Action::Change {
                command: LeadCommand {
                    lead: selected.lead,
                    seen: selected.epoch,
                    seen_state: Some(selected.state),
                    request_id: None,
                    rep: None,
                    note: None,
                    action: self.target.action(),
                },
                score: scores.remove(&selected.lead),
            },
        });
        Ok(commands.collect())
    }

    /// The scores as of now, of leads that are routed again.
    async fn scores(&self, inner: &Inner, leads: &[Selected]) -> Result<BTreeMap<LeadId, Score>, store::StoreError> {
        if self.target != Target::RouteAgain {
            return Ok(BTreeMap::new());
        }
        let ids: Vec<LeadId> = leads.iter().map(|selected| selected.lead).collect();
        let profiles = inner.store.profiles(self.tenant, &ids).await?;
        let ids: Vec<LeadId> = profiles.iter().map(|lead| lead.id).collect();
        let found = inner.scores.of(&self.slug, profiles.into_iter().map(Arc::new)).await;
        Ok(ids.into_iter().zip(found).collect())
    }
}

/// The name under which the answer for a lead is kept: it follows from the operation and from the lead as it was selected.
fn key(operation: Uuid, selected: &Selected) -> RequestKey {
    let lead = [&selected.lead.0.into_bytes()[..], &selected.epoch.0.to_be_bytes()].concat();
    let key = request_key(operation, "bulk_reassign", &[&operation.into_bytes()[..], &lead].concat());
    RequestKey { id: uuid::Builder::from_custom_bytes(key.fingerprint.into_bytes()).into_uuid(), ..key }
}

/// What came of a lead; the error, if that is not known yet, because trying again may help.
pub(super) fn outcome(selected: &Selected, answer: Answer) -> Result<Outcome, Error> {
    match answer {
        Ok(Reply::Lead(lead)) => Ok(after(selected, &lead)),
        Ok(Reply::Routed(_) | Reply::Fired(_)) => Ok(Outcome::Refused(why(Error::Internal))),
        Err(
            error @ (Error::ResourceExhausted { .. }
            | Error::StoreUnavailable
            | Error::ServiceUnavailable
            | Error::DeadlineExceeded),
        ) => Err(error),
        Err(error @ Error::Aborted { .. }) => Ok(Outcome::ChangedMeanwhile(why(error))),
        Err(error) => Ok(Outcome::Refused(why(error))),
    }
}

fn after(selected: &Selected, lead: &v1::Lead) -> Outcome {
    let epoch = Epoch(lead.epoch);
    match Owner::from_name(&lead.owner) {
        _ if epoch == selected.epoch => Outcome::Unchanged,
        Some(owner) => Outcome::Moved { owner, epoch },
        None => Outcome::Refused(why(Error::Internal)),
    }
}

fn why(error: Error) -> Why {
    let error = v1::Error::from(error);
    Why { reason: error.reason, message: error.message }
}
