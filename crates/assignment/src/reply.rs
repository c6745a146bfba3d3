//! What a command answers, in the words of the API, and how it is kept for the same request coming again.

use api::{
    Error, convert,
    names::{DecisionName, Resource as _},
    v1,
};
use domain::{
    ids::LeadId,
    lead::Lead,
    lifecycle::LeadCase,
    ownership::{LeadState, Owner},
    score::Score,
};
use prost::{DecodeError, Message as _};
use store::StoredResponse;

use crate::command::{Action, Reply, RequestKey};

/// The answer for a new lead.
pub(crate) fn routed(case: &LeadCase, score: &Score, reason: String) -> v1::RouteLeadResponse {
    let outcome = match (&case.ownership.owner, case.ownership.state) {
        (_, LeadState::Closed) => v1::RouteOutcome::Disqualified,
        (Owner::Rep(_), _) => v1::RouteOutcome::Offered,
        (Owner::Queue(_), _) => v1::RouteOutcome::Queued,
    };
    v1::RouteLeadResponse {
        lead: Some(convert::lead::to_wire(Lead::clone(&case.lead), &case.ownership)),
        outcome: outcome.into(),
        reason,
        score: Some(convert::score::summary(score)),
        decision: DecisionName(case.id(), Some(case.ownership.epoch)).to_name(),
    }
}

/// The answer for a lead that is known: the one that exists, with its owner.
pub(crate) fn duplicate(case: &LeadCase) -> v1::RouteLeadResponse {
    v1::RouteLeadResponse {
        lead: Some(convert::lead::to_wire(Lead::clone(&case.lead), &case.ownership)),
        outcome: v1::RouteOutcome::Duplicate.into(),
        reason: format!("The same person is known already; {} has the lead.", case.ownership.owner),
        score: None,
        decision: DecisionName(case.id(), None).to_name(),
    }
}

/// The bytes under which an answer is kept; firing a timer answers for itself. What is told of the lead is left out: it is kept once,
/// where it can be erased.
pub(crate) fn encode(reply: &mut Reply) -> Option<Vec<u8>> {
    let profile = reply.lead()?.profile.take();
    let bytes = match &*reply {
        Reply::Routed(response) => response.encode_to_vec(),
        Reply::Lead(lead) => lead.encode_to_vec(),
        Reply::Fired(_) => return None,
    };
    reply.lead()?.profile = profile;
    Some(bytes)
}

/// The lead that a kept answer is about.
pub(crate) fn lead_of(kept: &StoredResponse, action: &Action) -> Option<LeadId> {
    LeadId::from_name(&decode(kept, action).ok()?.lead()?.name)
}

/// The kept answer of a request that came again, with what is known of the `lead`s now; refused when it asks for something else under
/// the same id.
pub(crate) fn replay<'a>(
    kept: &StoredResponse,
    request: RequestKey,
    action: &Action,
    lead: impl FnOnce(LeadId) -> Option<&'a Lead>,
) -> Result<Reply, Error> {
    if kept.fingerprint != request.fingerprint {
        return Err(Error::RequestIdReused { request_id: request.id });
    }
    let mut reply = decode(kept, action).map_err(|error| {
        tracing::error!(%error, request_id = %request.id, "a kept response can't be read");
        Error::Internal
    })?;
    if let Some(told) = reply.lead()
        && let Some(Lead { profile, .. }) = LeadId::from_name(&told.name).and_then(lead)
    {
        told.erase_time = profile.erased_at.map(convert::time::to_wire);
        told.profile = Some(profile.clone().into());
    }
    Ok(reply)
}

fn decode(kept: &StoredResponse, action: &Action) -> Result<Reply, DecodeError> {
    let bytes = kept.response.as_slice();
    match action {
        Action::Route { .. } => v1::RouteLeadResponse::decode(bytes).map(|response| Reply::Routed(Box::new(response))),
        Action::Change { .. } | Action::Fire { .. } | Action::Drain { .. } => {
            v1::Lead::decode(bytes).map(|lead| Reply::Lead(Box::new(lead)))
        }
    }
}

impl Reply {
    fn lead(&mut self) -> Option<&mut v1::Lead> {
        match self {
            Self::Routed(response) => response.lead.as_mut(),
            Self::Lead(lead) => Some(lead),
            Self::Fired(_) => None,
        }
    }
}
