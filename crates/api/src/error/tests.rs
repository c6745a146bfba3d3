#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use domain::{
    ids::{Epoch, LeadId},
    lifecycle::Refusal,
    ownership::{LeadState, Owner},
    yaml::Problem,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use super::{Error, Precondition, reason_of};
use crate::{Path, Violations, v1, v1::ErrorReason};

fn lead() -> LeadId {
    LeadId(Uuid::from_u128(7))
}

fn wrong(count: usize) -> Error {
    let mut violations = Violations::default();
    for index in 0..count {
        let requests = Path::Request.field("requests");
        violations.add(&requests.item(index).field("employees"), "is -4: expected 0 to 100,000,000");
    }
    Error::InvalidArgument(violations)
}

fn wrong_field(field: &str) -> Error {
    let mut violations = Violations::default();
    violations.add(&Path::Request.field(field), "?");
    violations.into()
}

#[test]
fn every_violation_is_in_bad_request() {
    let status = Status::from(wrong(3));
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(reason_of(&status), Some(ErrorReason::InvalidRequest));
    let fields = status.get_details_bad_request().unwrap().field_violations;
    assert_eq!(
        fields.iter().map(|v| v.field.as_str()).collect::<Vec<_>>(),
        ["requests[0].employees", "requests[1].employees", "requests[2].employees"]
    );
    assert_eq!(status.message(), "requests[0].employees: is -4: expected 0 to 100,000,000 (and 2 more)");
}

#[test]
fn details_stay_small_enough_for_a_header_block() {
    let status = Status::from(wrong(5_000));
    assert!(status.details().len() < 6_000, "{}", status.details().len());
    assert!(status.message().contains("4999 more"));
    let entry = v1::Error::from(wrong(5_000));
    assert!((10..100).contains(&entry.field_violations.len()));
}

#[test]
fn a_stale_etag_tells_how_things_stand() {
    let error = Error::Aborted {
        resource: format!("leads/{}", lead()),
        etag: "4".to_owned(),
        owner: Some("reps/ben".parse::<Owner>().unwrap()),
    };
    let status = Status::from(error);
    assert_eq!(status.code(), Code::Aborted);
    let info = status.get_details_error_info().unwrap();
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("STALE_ETAG", "leadrouter"));
    assert_eq!(info.metadata["etag"], "4");
    assert_eq!(info.metadata["owner"], "reps/ben");
    let resource = status.get_details_resource_info().unwrap();
    assert_eq!(resource.resource_type, "leadrouter.v1.Lead");
    assert_eq!(resource.resource_name, format!("leads/{}", lead()));
}

#[test]
fn an_overload_says_when_to_come_back() {
    let error = Error::ResourceExhausted { retry_after: Duration::from_millis(250) };
    let status = Status::from(error.clone());
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(Duration::from_millis(250)));
    assert_eq!(v1::Error::from(error).retry_delay.unwrap().nanos, 250_000_000);
}

#[test]
fn obstacles_are_precondition_failures() {
    let closed = Precondition::WrongLeadState { lead: lead(), state: LeadState::Queued, command: "accepted" };
    let status = Status::from(Error::from(closed));
    assert_eq!(status.code(), Code::FailedPrecondition);
    let obstacle = &status.get_details_precondition_failure().unwrap().violations[0];
    assert_eq!(obstacle.r#type, "WRONG_LEAD_STATE");
    assert_eq!(obstacle.subject, format!("leads/{}", lead()));
    assert_eq!(status.get_details_error_info().unwrap().metadata["state"], "QUEUED");
}

#[test]
fn problems_of_a_document_keep_their_place() {
    let problem = Problem {
        line: 12,
        column: 7,
        field: "rules[3].when".to_owned(),
        message: "there is no `lead.emploees`".to_owned(),
    };
    let status = Status::from(Error::InvalidDocument { field: "policy.source", problems: vec![problem] });
    assert_eq!(reason_of(&status), Some(ErrorReason::InvalidDocument));
    let violation = &status.get_details_bad_request().unwrap().field_violations[0];
    assert_eq!(violation.field, "policy.source");
    assert_eq!(violation.description, "12:7: rules[3].when: there is no `lead.emploees`");
}

/// Each reason has one code, and every error that can be made carries its reason to the other side.
#[test]
fn the_table_is_whole() {
    let rep = "anna".parse::<domain::ids::RepId>().unwrap();
    let errors = [
        (wrong(1), Code::InvalidArgument, ErrorReason::InvalidRequest),
        (
            Error::InvalidDocument { field: "source", problems: Vec::new() },
            Code::InvalidArgument,
            ErrorReason::InvalidDocument,
        ),
        (wrong_field("filter"), Code::InvalidArgument, ErrorReason::InvalidFilter),
        (wrong_field("page_token"), Code::InvalidArgument, ErrorReason::InvalidPageToken),
        (wrong_field("page_size"), Code::InvalidArgument, ErrorReason::InvalidRequest),
        (Error::NotFound { resource: "reps/x".to_owned() }, Code::NotFound, ErrorReason::ResourceNotFound),
        (
            Error::AlreadyExists { resource: "reps/x".to_owned() },
            Code::AlreadyExists,
            ErrorReason::ResourceAlreadyExists,
        ),
        (Error::RequestIdReused { request_id: Uuid::nil() }, Code::AlreadyExists, ErrorReason::RequestIdReused),
        (Precondition::LeadClosed { lead: lead() }.into(), Code::FailedPrecondition, ErrorReason::LeadClosed),
        (
            Precondition::NotTheOwner { lead: lead(), rep: rep.clone(), owner: Owner::Rep(rep.clone()) }.into(),
            Code::FailedPrecondition,
            ErrorReason::NotTheOwner,
        ),
        (Precondition::RepInactive { rep: rep.clone() }.into(), Code::FailedPrecondition, ErrorReason::RepInactive),
        (
            Precondition::RepAtCap { rep: rep.clone(), cap: "5 open leads".to_owned() }.into(),
            Code::FailedPrecondition,
            ErrorReason::RepAtCap,
        ),
        (
            Precondition::RepHasOpenLeads { rep, open_leads: 2 }.into(),
            Code::FailedPrecondition,
            ErrorReason::RepHasOpenLeads,
        ),
        (
            Precondition::ResourceInUse { resource: "teams/x".to_owned(), users: Vec::new() }.into(),
            Code::FailedPrecondition,
            ErrorReason::ResourceInUse,
        ),
        (Precondition::NoActivePolicy.into(), Code::FailedPrecondition, ErrorReason::NoActivePolicy),
        (Precondition::NoActiveScoringModel.into(), Code::FailedPrecondition, ErrorReason::NoActiveScoringModel),
        (
            Precondition::PolicyDoesNotFit { revision: 3, problems: Vec::new() }.into(),
            Code::FailedPrecondition,
            ErrorReason::PolicyDoesNotFit,
        ),
        (Error::PermissionDenied { tenant: "acme".to_owned() }, Code::PermissionDenied, ErrorReason::TenantDenied),
        (Error::StoreUnavailable, Code::Unavailable, ErrorReason::StoreUnavailable),
        (Error::ServiceUnavailable, Code::Unavailable, ErrorReason::ServiceUnavailable),
        (Error::DeadlineExceeded, Code::DeadlineExceeded, ErrorReason::DeadlineExceeded),
        (Error::Internal, Code::Internal, ErrorReason::Internal),
    ];
    for (error, code, reason) in errors {
        let entry = v1::Error::from(error.clone());
        let status = Status::from(error);
        assert_eq!((status.code(), reason_of(&status)), (code, Some(reason)));
        assert_eq!((entry.code, entry.reason()), (i32::from(code), reason));
        assert!(!status.message().is_empty());
    }
}

#[test]
fn refusals_of_the_life_cycle_keep_their_data() {
    let owner: Owner = "queues/review".parse().unwrap();
    let moved = Refusal::EpochMoved { seen: Epoch(1), now: Epoch(2), owner: owner.clone() };
    let resource = format!("leads/{}", lead());
    let expected = Error::Aborted { resource, etag: "2".to_owned(), owner: Some(owner) };
    assert_eq!(Error::refused(lead(), moved), expected);

    let closed = Refusal::WrongState { command: "accepted", state: LeadState::Closed };
    assert_eq!(Error::refused(lead(), closed), Precondition::LeadClosed { lead: lead() }.into());

    let late = Error::refused(lead(), Refusal::Time { field: "wake_time", expected: "lie in the future" });
    assert_eq!(late.to_string(), "wake_time: must lie in the future");
}

#[test]
fn an_error_from_elsewhere_has_no_reason() {
    assert_eq!(reason_of(&Status::unavailable("connection refused")), None);
}
