//! The one table: kind of error -> reason -> code, with message and details.

use std::{fmt::Display, time::Duration};

use domain::{ids::LeadId, ownership::LeadState, yaml::Problem};
use tonic::Code;

use super::{Error, Precondition};
use crate::{
    Violations,
    names::{DIRECTORY, PolicyName, Resource as _, shorten},
    v1::{ErrorReason, LeadState as WireLeadState},
    violations::Violation,
};

/// An error as a caller sees it, before it takes the form of a status or of an entry in a batch.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) reason: ErrorReason,
    pub(super) message: String,
    pub(super) metadata: Vec<(&'static str, String)>,
    /// Wrong fields of the request.
    pub(super) fields: Vec<Violation>,
    /// Subject and description of what stands in the way.
    pub(super) preconditions: Vec<Violation>,
    /// Name of the resource that is meant.
    pub(super) resource: Option<String>,
    pub(super) retry_after: Option<Duration>,
}

/// The canonical code of each reason.
pub(super) const fn code(reason: ErrorReason) -> Code {
    use ErrorReason as R;
    match reason {
        R::InvalidRequest | R::InvalidDocument | R::InvalidFilter | R::InvalidPageToken | R::InvalidMetadata => {
            Code::InvalidArgument
        }
        R::ResourceNotFound => Code::NotFound,
        R::ResourceAlreadyExists | R::RequestIdReused => Code::AlreadyExists,
        R::StaleEtag => Code::Aborted,
        R::LeadClosed
        | R::LeadErased
        | R::WrongLeadState
        | R::NotTheOwner
        | R::RepInactive
        | R::RepAtCap
        | R::RepHasOpenLeads
        | R::NobodyFree
        | R::NoEscalationStep
        | R::OperationRuns
        | R::TooManySubscriptions
        | R::ResourceInUse
        | R::NoActivePolicy
        | R::NoActiveScoringModel
        | R::PolicyDoesNotFit => Code::FailedPrecondition,
        R::TenantDenied | R::MethodDenied => Code::PermissionDenied,
        R::CredentialMissing | R::CredentialExpired | R::CredentialInvalid => Code::Unauthenticated,
        R::Overloaded | R::QuotaExceeded => Code::ResourceExhausted,
        R::StoreUnavailable | R::ServiceUnavailable => Code::Unavailable,
        R::DeadlineExceeded => Code::DeadlineExceeded,
        R::NotSupported => Code::Unimplemented,
        R::MessageTooLarge | R::ResumeTokenLost => Code::OutOfRange,
        R::Unspecified | R::Internal | R::MalformedCall => Code::Internal,
    }
}

impl Report {
    pub(super) fn of(error: &Error) -> Self {
        use ErrorReason as R;
        match error {
            Error::InvalidArgument(violations) => {
                let fields: Vec<Violation> = violations.iter().cloned().collect();
                let message = told(fields.first(), violations.len());
                Self { fields, ..Self::new(reason(violations), message) }
            }
            Error::InvalidDocument { field, problems } => {
                let fields = violations_of(field, problems);
                let message = counted(&fields);
                Self { fields, ..Self::new(R::InvalidDocument, message) }
            }
            Error::NotFound { resource } => {
                Self::new(R::ResourceNotFound, format!("`{}` does not exist", shorten(resource))).about(resource)
            }
            Error::AlreadyExists { resource } => {
                Self::new(R::ResourceAlreadyExists, format!("`{}` exists already", shorten(resource))).about(resource)
            }
            Error::RequestIdReused { request_id } => Self::new(
                R::RequestIdReused,
                format!("request id {request_id} was used for another request: a new request needs an id of its own"),
            )
            .with("request_id", request_id),
            Error::Aborted { resource, etag, owner } => {
                let now = owner.as_ref().map_or_else(String::new, |owner| format!(": {owner} has it"));
                let message = format!("`{resource}` has changed since it was read{now}; nothing was done");
                let report = Self::new(R::StaleEtag, message).about(resource).with("etag", etag);
                match owner {
                    Some(owner) => report.with("owner", owner),
                    None => report,
                }
            }
            Error::FailedPrecondition(precondition) => Self::of_precondition(precondition),
            Error::PermissionDenied { tenant } => {
                let tenant = shorten(tenant);
                Self::new(R::TenantDenied, format!("tenant `{tenant}` does not exist or is not the caller's"))
            }
            Error::ResourceExhausted { retry_after } => Self {
                retry_after: Some(*retry_after),
                ..Self::new(
                    R::Overloaded,
                    "more is asked than can be done now; try again after the delay in RetryInfo, with jitter",
                )
            },
            Error::ResumeTokenLost => Self::new(
                R::ResumeTokenLost,
                "what followed the resume token is not kept: begin without a token, and read what you keep copies of anew",
            ),
            Error::StoreUnavailable => Self::new(
                R::StoreUnavailable,
                "the store can't be reached; whether the call had an effect is open: send it again with the same `request_id`",
            ),
            Error::ServiceUnavailable => {
                Self::new(R::ServiceUnavailable, "the service is not ready; nothing was done: try again")
            }
            Error::DeadlineExceeded => Self::new(
                R::DeadlineExceeded,
                "the deadline passed before there was an answer; whether the call had an effect is open: send it again with the same `request_id`",
            ),
            Error::Internal => Self::new(R::Internal, "internal error; the server's log has more, by trace id"),
        }
    }

    fn of_precondition(precondition: &Precondition) -> Self {
        use ErrorReason as R;
        match precondition {
            Precondition::LeadClosed { lead } => Self::lead(R::LeadClosed, *lead, "is closed: it changes no more"),
            Precondition::LeadErased { lead } => {
                Self::lead(R::LeadErased, *lead, "was erased: what the decision was made of is gone")
            }
            Precondition::WrongLeadState { lead, state, command } => {
                let state = state_name(*state);
                Self::lead(R::WrongLeadState, *lead, format!("is {state}: it can't be {command}")).with("state", state)
            }
            Precondition::NotTheOwner { lead, rep, owner } => {
                Self::lead(R::NotTheOwner, *lead, format!("belongs to {owner}, not to reps/{rep}")).with("owner", owner)
            }
            Precondition::RepInactive { rep } => {
                Self::stands_in_the_way(R::RepInactive, rep.to_name(), "is not an active rep: it can own nothing")
            }
            Precondition::RepAtCap { rep, cap } => {
                Self::stands_in_the_way(R::RepAtCap, rep.to_name(), format!("has reached the cap of {cap}"))
            }
            Precondition::RepHasOpenLeads { rep, open_leads } => {
                let why = format!("owns {open_leads} open leads: DeactivateRep with `drain` routes them again");
                Self::stands_in_the_way(R::RepHasOpenLeads, rep.to_name(), why).with("open_leads", open_leads)
            }
            Precondition::NobodyFree { pool } => {
                Self::stands_in_the_way(R::NobodyFree, pool.to_name(), "has nobody who can take the lead now")
            }
            Precondition::NoEscalationStep { lead, what } => {
                Self::stands_in_the_way(R::NoEscalationStep, lead.to_name(), *what)
            }
            Precondition::TooManySubscriptions { most } => {
                let why = format!("has {most} subscriptions, and may have no more: delete one that is not needed");
                Self::stands_in_the_way(R::TooManySubscriptions, "subscriptions".to_owned(), why)
            }
            Precondition::OperationRuns { operation } => {
                let why = "has not ended: cancel it first, and wait for its end";
                Self::stands_in_the_way(R::OperationRuns, operation.clone(), why)
            }
            Precondition::ResourceInUse { resource, users } => {
                let message = format!("`{resource}` is in use: {}", counted(users));
                Self { preconditions: users.clone(), ..Self::new(R::ResourceInUse, message).about(resource) }
            }
            Precondition::NoActivePolicy => Self::stands_in_the_way(
                R::NoActivePolicy,
                "policies/active".to_owned(),
                "does not exist: create a policy and activate it",
            ),
            Precondition::NoActiveScoringModel => Self::stands_in_the_way(
                R::NoActiveScoringModel,
                "scoringModels/active".to_owned(),
                "does not exist: create a points model and activate it",
            ),
            Precondition::PolicyDoesNotFit { revision, problems } => {
                let policy = PolicyName(Some(*revision)).to_name();
                let places = violations_of(&policy, problems);
                let message = format!("`{policy}` does not fit the {DIRECTORY} as it is now: {}", counted(&places));
                Self { preconditions: places, ..Self::new(R::PolicyDoesNotFit, message).about(&policy) }
            }
        }
    }

    fn new(reason: ErrorReason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            metadata: Vec::new(),
            fields: Vec::new(),
            preconditions: Vec::new(),
            resource: None,
            retry_after: None,
        }
    }

    fn lead(reason: ErrorReason, lead: LeadId, why: impl Into<String>) -> Self {
        Self::stands_in_the_way(reason, lead.to_name(), why)
    }

    /// One resource whose state is the obstacle.
    fn stands_in_the_way(reason: ErrorReason, resource: String, why: impl Into<String>) -> Self {
        let description = why.into();
        let message = format!("`{resource}` {description}");
        let obstacle = Violation { field: resource.clone(), description };
        Self { preconditions: vec![obstacle], resource: Some(resource), ..Self::new(reason, message) }
    }

    fn about(self, resource: &str) -> Self {
        Self { resource: Some(resource.to_owned()), ..self }
    }

    fn with(mut self, key: &'static str, value: impl Display) -> Self {
        self.metadata.push((key, value.to_string()));
        self
    }
}

/// Two fields of listings have a reason of their own, when nothing else is wrong: a program can react to those.
fn reason(violations: &Violations) -> ErrorReason {
    match violations.iter().as_slice() {
        [only] if only.field == "filter" => ErrorReason::InvalidFilter,
        [only] if only.field == "page_token" => ErrorReason::InvalidPageToken,
        _ => ErrorReason::InvalidRequest,
    }
}

/// `field: description`, and how many more there are.
fn counted(violations: &[Violation]) -> String {
    told(violations.first(), violations.len())
}

/// The same for a list of which only the first few are at hand.
fn told(first: Option<&Violation>, count: usize) -> String {
    const MOST: usize = 400;
    let Some(first) = first else { return "something is wrong".to_owned() };
    let mut text = format!("{}: {}", first.field, first.description);
    if let Some((end, _)) = text.char_indices().nth(MOST) {
        text.truncate(end);
        text.push_str("...");
    }
    match count.saturating_sub(1) {
        0 => text,
        more => format!("{text} (and {more} more)"),
    }
}

/// Problems of a document as violations of the field that holds it.
fn violations_of(field: &str, problems: &[Problem]) -> Vec<Violation> {
    let describe = |problem: &Problem| Violation { field: field.to_owned(), description: problem.to_string() };
    problems.iter().map(describe).collect()
}

/// The name of a state as the contract has it, without prefix: `OFFERED`.
fn state_name(state: LeadState) -> &'static str {
    let wire = WireLeadState::from(state).as_str_name();
    wire.strip_prefix("LEAD_STATE_").unwrap_or(wire)
}
