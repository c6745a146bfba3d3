//! Commands to the assignment service, each with a request id of its own.

use api::{v1, v1::LeadProfile};
use cli::Clients;
use jiff::Timestamp;
use tonic::Status;

/// A request that may have an effect.
#[derive(Debug, Clone)]
pub enum Request {
    /// A lead comes in.
    Route(Box<v1::RouteLeadRequest>),
    /// The rep says yes.
    Accept(v1::AcceptLeadRequest),
    /// The rep says no.
    Decline(v1::DeclineLeadRequest),
    /// The rep has answered.
    Respond(v1::RecordFirstResponseRequest),
    /// Another owner.
    Reassign(v1::ReassignLeadRequest),
    /// Out of a queue.
    Claim(v1::ClaimLeadRequest),
    /// Back to marketing.
    Return(v1::ReturnLeadRequest),
    /// It is over.
    Close(v1::CloseLeadRequest),
    /// Its clocks stand.
    Pause(v1::PauseSlaRequest),
    /// They run again.
    Resume(v1::ResumeSlaRequest),
    /// Somebody is on it.
    Acknowledge(v1::AcknowledgeEscalationRequest),
    /// The next step of its chain, now.
    Escalate(v1::EscalateLeadRequest),
}

/// What was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The lead as it is then.
    pub lead: v1::Lead,
    /// Of a route: what became of it.
    pub outcome: Option<v1::RouteOutcome>,
    /// All of it.
    pub whole: String,
}

fn id() -> String {
    uuid::Uuid::new_v4().to_string()
}

macro_rules! call {
    ($client:expr, $method:ident, $request:expr, $outcome:expr) => {{
        let response = $client.$method(($request).clone()).await?.into_inner();
        let (whole, outcome) = (format!("{response:?}"), $outcome(&response));
        Ok(Answer { whole, outcome, lead: response.lead.unwrap() })
    }};
    ($client:expr, $method:ident, $request:expr) => {
        call!($client, $method, $request, |_| None)
    };
}

impl Request {
    /// A lead comes in.
    pub fn route(lead: LeadProfile) -> Self {
        Self::Route(Box::new(v1::RouteLeadRequest { lead: Some(lead), request_id: id(), validate_only: false }))
    }

    /// The rep says yes; `rep` may be blank.
    pub fn accept(name: &str, etag: String, rep: &str) -> Self {
        let (name, rep, request_id) = (name.to_owned(), rep.to_owned(), id());
        Self::Accept(v1::AcceptLeadRequest { name, etag, request_id, rep, note: String::new() })
    }

    /// The rep says no.
    pub fn decline(name: &str, etag: String, rep: &str, reason: v1::DeclineReason) -> Self {
        let (name, rep, request_id, reason) = (name.to_owned(), rep.to_owned(), id(), reason.into());
        Self::Decline(v1::DeclineLeadRequest { name, etag, request_id, rep, reason, note: String::new() })
    }

    /// The rep has answered the lead.
    pub fn respond(name: &str, etag: String, rep: &str) -> Self {
        let (name, rep, request_id) = (name.to_owned(), rep.to_owned(), id());
        let first_response_time = None;
        let note = String::new();
        Self::Respond(v1::RecordFirstResponseRequest { name, etag, request_id, rep, note, first_response_time })
    }

    /// Somebody gives it to another owner.
    pub fn reassign(name: &str, etag: String, owner: &str) -> Self {
        let (name, owner, request_id) = (name.to_owned(), owner.to_owned(), id());
        Self::Reassign(v1::ReassignLeadRequest { name, etag, request_id, owner, ..v1::ReassignLeadRequest::default() })
    }

    /// A rep takes it from a queue.
    pub fn claim(name: &str, etag: String, rep: &str) -> Self {
        let (name, rep, request_id) = (name.to_owned(), rep.to_owned(), id());
        Self::Claim(v1::ClaimLeadRequest { name, etag, request_id, rep, note: String::new() })
    }

    /// The rep gives it back to marketing, until a time or for good.
    pub fn give_back(name: &str, etag: String, rep: &str, reason: v1::ReturnReason, wake: Option<Timestamp>) -> Self {
        let (name, rep, request_id, reason) = (name.to_owned(), rep.to_owned(), id(), reason.into());
        let wake_time = wake.map(|wake| prost_types::Timestamp { seconds: wake.as_second(), nanos: 0 });
        Self::Return(v1::ReturnLeadRequest { name, etag, request_id, rep, reason, note: String::new(), wake_time })
    }

    /// It is over.
    pub fn close(name: &str, etag: String, rep: &str, outcome: v1::CloseOutcome) -> Self {
        let (name, rep, request_id, outcome) = (name.to_owned(), rep.to_owned(), id(), outcome.into());
        let (value, note) = (None, String::new());
        Self::Close(v1::CloseLeadRequest { name, etag, request_id, rep, outcome, value, note })
    }

    /// Its clocks stand, until a time or until somebody says so.
    pub fn pause(name: &str, etag: String, rep: &str, until: Option<Timestamp>) -> Self {
        let (name, rep, request_id, reason) =
            (name.to_owned(), rep.to_owned(), id(), v1::PauseReason::WaitingForLead.into());
        let resume_time = until.map(|until| prost_types::Timestamp { seconds: until.as_second(), nanos: 0 });
        Self::Pause(v1::PauseSlaRequest { name, etag, request_id, rep, reason, resume_time, note: String::new() })
    }

    /// They run again.
    pub fn resume(name: &str, etag: String, rep: &str) -> Self {
        let (name, rep, request_id) = (name.to_owned(), rep.to_owned(), id());
        Self::Resume(v1::ResumeSlaRequest { name, etag, request_id, rep })
    }

    /// Somebody is on it.
    pub fn acknowledge(name: &str, etag: String, rep: &str) -> Self {
        let (name, rep, request_id) = (name.to_owned(), rep.to_owned(), id());
        Self::Acknowledge(v1::AcknowledgeEscalationRequest { name, etag, request_id, rep })
    }

    /// The next step of its chain is done now.
    pub fn escalate(name: &str, etag: String, rep: &str) -> Self {
        let (name, rep, request_id) = (name.to_owned(), rep.to_owned(), id());
        Self::Escalate(v1::EscalateLeadRequest { name, etag, request_id, rep, note: String::new() })
    }

    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Route(request) => &request.request_id,
            Self::Accept(request) => &request.request_id,
            Self::Decline(request) => &request.request_id,
            Self::Respond(request) => &request.request_id,
            Self::Reassign(request) => &request.request_id,
            Self::Claim(request) => &request.request_id,
            Self::Return(request) => &request.request_id,
            Self::Close(request) => &request.request_id,
            Self::Pause(request) => &request.request_id,
            Self::Resume(request) => &request.request_id,
            Self::Acknowledge(request) => &request.request_id,
            Self::Escalate(request) => &request.request_id,
        }
    }

    /// Another one under the same id.
    #[must_use]
    pub fn otherwise(&self) -> Self {
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
            Self::Pause(request) => request.note.push('!'),
            Self::Resume(request) => request.etag.push('0'),
            Self::Acknowledge(request) => request.etag.push('0'),
            Self::Escalate(request) => request.note.push('!'),
        }
        other
    }

    /// Sends it. Errors: the call did not come to a good end.
    pub async fn send(&self, clients: &Clients) -> Result<Answer, Status> {
        let mut client = clients.assignment.clone();
        match self {
            Self::Route(request) => call!(client, route_lead, **request, |r: &v1::RouteLeadResponse| Some(r.outcome())),
            Self::Accept(request) => call!(client, accept_lead, request),
            Self::Decline(request) => call!(client, decline_lead, request),
            Self::Respond(request) => call!(client, record_first_response, request),
            Self::Reassign(request) => call!(client, reassign_lead, request),
            Self::Claim(request) => call!(client, claim_lead, request),
            Self::Return(request) => call!(client, return_lead, request),
            Self::Close(request) => call!(client, close_lead, request),
            Self::Pause(request) => call!(client, pause_sla, request),
            Self::Resume(request) => call!(client, resume_sla, request),
            Self::Acknowledge(request) => call!(client, acknowledge_escalation, request),
            Self::Escalate(request) => call!(client, escalate_lead, request),
        }
    }
}
