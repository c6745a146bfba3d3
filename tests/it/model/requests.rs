//! Requests of one kind or another, each with an id of its own.

use api::{v1, v1::LeadProfile};
use cli::Clients;
use jiff::Timestamp;
use tonic::Status;

#[derive(Debug, Clone)]
pub(super) enum Request {
    Route(Box<v1::RouteLeadRequest>),
    Accept(v1::AcceptLeadRequest),
    Decline(v1::DeclineLeadRequest),
    Respond(v1::RecordFirstResponseRequest),
    Reassign(v1::ReassignLeadRequest),
    Claim(v1::ClaimLeadRequest),
    Return(v1::ReturnLeadRequest),
    Close(v1::CloseLeadRequest),
}

/// What was answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub lead: v1::Lead,
    /// All of it.
    pub whole: String,
}

fn id() -> String {
    uuid::Uuid::new_v4().to_string()
}

macro_rules! call {
    ($client:expr, $method:ident, $request:expr) => {{
        let response = $client.$method(($request).clone()).await?.into_inner();
        Ok(Answer { whole: format!("{response:?}"), lead: response.lead.unwrap() })
    }};
}

impl Request {
    pub(super) fn route(lead: LeadProfile) -> Self {
        Self::Route(Box::new(v1::RouteLeadRequest { lead: Some(lead), request_id: id(), validate_only: false }))
    }

    pub(super) fn accept(name: &str, etag: String, rep: &str) -> Self {
        let (name, rep, request_id) = (name.to_owned(), rep.to_owned(), id());
        Self::Accept(v1::AcceptLeadRequest { name, etag, request_id, rep, note: String::new() })
    }

    pub(super) fn decline(name: &str, etag: String, rep: &str, reason: v1::DeclineReason) -> Self {
        let (name, rep, request_id, reason) = (name.to_owned(), rep.to_owned(), id(), reason.into());
        Self::Decline(v1::DeclineLeadRequest { name, etag, request_id, rep, reason, note: String::new() })
    }

    pub(super) fn respond(name: &str, etag: String, rep: &str) -> Self {
        let (name, rep, request_id) = (name.to_owned(), rep.to_owned(), id());
        let first_response_time = None;
        let note = String::new();
        Self::Respond(v1::RecordFirstResponseRequest { name, etag, request_id, rep, note, first_response_time })
    }

    pub(super) fn reassign(name: &str, etag: String, owner: &str) -> Self {
        let (name, owner, request_id) = (name.to_owned(), owner.to_owned(), id());
        Self::Reassign(v1::ReassignLeadRequest { name, etag, request_id, owner, ..v1::ReassignLeadRequest::default() })
    }

    pub(super) fn claim(name: &str, etag: String, rep: &str) -> Self {
        let (name, rep, request_id) = (name.to_owned(), rep.to_owned(), id());
        Self::Claim(v1::ClaimLeadRequest { name, etag, request_id, rep, note: String::new() })
    }

    pub(super) fn give_back(
        name: &str,
        etag: String,
        rep: &str,
        reason: v1::ReturnReason,
        wake: Option<Timestamp>,
    ) -> Self {
        let (name, rep, request_id, reason) = (name.to_owned(), rep.to_owned(), id(), reason.into());
        let wake_time = wake.map(|wake| prost_types::Timestamp { seconds: wake.as_second(), nanos: 0 });
        Self::Return(v1::ReturnLeadRequest { name, etag, request_id, rep, reason, note: String::new(), wake_time })
    }

    pub(super) fn close(name: &str, etag: String, rep: &str, outcome: v1::CloseOutcome) -> Self {
        let (name, rep, request_id, outcome) = (name.to_owned(), rep.to_owned(), id(), outcome.into());
        let (value, note) = (None, String::new());
        Self::Close(v1::CloseLeadRequest { name, etag, request_id, rep, outcome, value, note })
    }

    /// Another one under the same id.
    pub(super) fn otherwise(&self) -> Self {
        let mut other = self.clone();
        match &mut other {
            Self::Route(request) => request.lead.get_or_insert_default().city = Some("Elsewhere".to_owned()),
            Self::Accept(request) => request.note.push('!'),
            Self::Decline(request) => request.note.push('!'),
            Self::Respond(request) => request.note.push('!'),
            Self::Reassign(request) => request.note.push('!'),
            Self::Claim(request) => request.note.push('!'),
            Self::Return(request) => request.note.push('!'),
            Self::Close(request) => request.note.push('!'),
        }
        other
    }

    pub(super) async fn send(&self, clients: &Clients) -> Result<Answer, Status> {
        let mut client = clients.assignment.clone();
        match self {
            Self::Route(request) => call!(client, route_lead, **request),
            Self::Accept(request) => call!(client, accept_lead, request),
            Self::Decline(request) => call!(client, decline_lead, request),
            Self::Respond(request) => call!(client, record_first_response, request),
            Self::Reassign(request) => call!(client, reassign_lead, request),
            Self::Claim(request) => call!(client, claim_lead, request),
            Self::Return(request) => call!(client, return_lead, request),
            Self::Close(request) => call!(client, close_lead, request),
        }
    }
}
