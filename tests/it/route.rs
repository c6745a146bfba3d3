//! Routing: who gets a lead, what is told about it, and what is refused.

use api::v1::{
    AssignmentCause, BatchRouteLeadsRequest, GetDecisionRequest, LeadState, RouteLeadRequest, RouteOutcome, Signal,
    batch_route_result,
};
use leadrouter_tests::{NOW, World, company};
use tonic::Code;
use tonic_types::StatusExt as _;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_gets_an_owner_a_deadline_and_a_reason() {
    let world = World::of(&company::directory(&[("ana", 1, "")]), company::POLICY).await;
    let answer = world.route(company::lead(1)).await.unwrap();
    assert_eq!(answer.outcome(), RouteOutcome::Offered);
    assert!(!answer.reason.is_empty());
    let lead = answer.lead.unwrap();
    assert_eq!((lead.owner.as_str(), lead.state(), lead.epoch), ("reps/ana", LeadState::Offered, 1));
    assert_eq!(lead.respond_by.unwrap().seconds, NOW.as_second() + 900);
    assert_eq!(lead.accept_by.unwrap().seconds, NOW.as_second() + 600);
    assert_eq!(world.lead(&lead.name).await, lead);
    assert_eq!(world.history(&lead.name).await, [("reps/ana".to_owned(), AssignmentCause::Routed)]);

    let request = GetDecisionRequest { name: answer.decision };
    let decision = world.clients.assignment.clone().get_decision(request).await.unwrap().into_inner().decision.unwrap();
    assert_eq!(decision.owner, "reps/ana");
    assert_eq!(decision.reason, answer.reason);
    assert!(decision.destinations[0].candidates.iter().any(|candidate| candidate.picked));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_gets_the_same_answer_and_does_nothing() {
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let request = RouteLeadRequest {
        lead: Some(company::lead(1)),
        request_id: Uuid::from_u128(7).to_string(),
        validate_only: false,
    };
    let mut client = world.clients.assignment.clone();
    let first = client.route_lead(request.clone()).await.unwrap().into_inner();
    let second = client.route_lead(request.clone()).await.unwrap().into_inner();
    assert_eq!(first, second);
    let other = RouteLeadRequest { lead: Some(company::lead(2)), ..request };
    let status = client.route_lead(other).await.unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists);
    assert_eq!(status.get_details_error_info().unwrap().reason, "REQUEST_ID_REUSED");
    assert_eq!(world.leads("").await.len(), 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_again_keeps_the_owner_whatever_the_spelling() {
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let first = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    let again = api::v1::LeadProfile { email: Some("  PERSON1@Company1.Example ".to_owned()), ..company::lead(9) };
    let answer = world.route(again).await.unwrap();
    assert_eq!(answer.outcome(), RouteOutcome::Duplicate);
    assert_eq!(answer.lead.unwrap(), first);
    assert_eq!(world.leads("").await.len(), 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_gives_every_entry_its_own_answer() {
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let spam = api::v1::LeadProfile { industry: Some("spam".to_owned()), ..company::lead(3) };
    let wrong = api::v1::LeadProfile { country: Some("Atlantis".to_owned()), ..company::lead(4) };
    let leads = [company::lead(1), company::lead(2), company::lead(1), spam, wrong];
    let requests = leads.map(|lead| RouteLeadRequest { lead: Some(lead), ..RouteLeadRequest::default() }).into();
    let answer = world.clients.assignment.clone().batch_route_leads(BatchRouteLeadsRequest { requests }).await.unwrap();
    let told: Vec<String> = answer
        .into_inner()
        .results
        .into_iter()
        .map(|result| match result.result.unwrap() {
            batch_route_result::Result::Response(response) => {
                format!("{} {}", response.outcome().as_str_name(), response.lead.unwrap().owner)
            }
            batch_route_result::Result::Error(error) => error.field_violations[0].field.clone(),
        })
        .collect();
    let expected = [
        "ROUTE_OUTCOME_OFFERED reps/ana",
        "ROUTE_OUTCOME_OFFERED reps/ben",
        "ROUTE_OUTCOME_DUPLICATE reps/ana",
        "ROUTE_OUTCOME_DISQUALIFIED queues/disqualified",
        "requests[4].lead.country",
    ];
    assert_eq!(told, expected);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_a_lead_is_told_at_once_and_nothing_is_kept() {
    let world = World::of(&company::directory(&[("ana", 1, "")]), company::POLICY).await;
    let lead = api::v1::LeadProfile {
        email: Some("no address".to_owned()),
        country: Some("Atlantis".to_owned()),
        employees: Some(-1),
        signals: vec![Signal { kind: String::new(), at: None }],
        ..api::v1::LeadProfile::default()
    };
    let request = RouteLeadRequest { lead: Some(lead), request_id: "x".to_owned(), validate_only: false };
    let status = world.clients.assignment.clone().route_lead(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let mut fields: Vec<String> =
        status.get_details_bad_request().unwrap().field_violations.into_iter().map(|v| v.field).collect();
    fields.sort();
    let expected =
        ["lead.country", "lead.email", "lead.employees", "lead.signals[0].at", "lead.signals[0].kind", "request_id"];
    assert_eq!(fields, expected);
    assert!(world.leads("").await.is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_decides_and_leaves_nothing_behind() {
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let mut client = world.clients.assignment.clone();
    for _ in 0..3 {
        let request = RouteLeadRequest { lead: Some(company::lead(1)), validate_only: true, ..Default::default() };
        let answer = client.route_lead(request).await.unwrap().into_inner();
        let lead = answer.lead.unwrap();
        // The same each time: the fairness state does not move.
        assert_eq!((lead.name.as_str(), lead.owner.as_str()), ("", "reps/ana"));
    }
    assert!(world.leads("").await.is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_policy_nothing_is_routed_and_the_error_says_so() {
    let world = World::empty().await;
    let status = world.route(company::lead(1)).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.get_details_error_info().unwrap().reason, "NO_ACTIVE_POLICY");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_know_nothing_of_each_other() {
    let world = World::of(&company::directory(&[("ana", 1, "")]), company::POLICY).await;
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    let other = world.tenant("other").await;
    let request = api::v1::GetLeadRequest { name: lead.name };
    assert_eq!(other.assignment.clone().get_lead(request).await.unwrap_err().code(), Code::NotFound);
    assert!(leadrouter_tests::leads(&other, "").await.is_empty());
    let nobody = leadrouter_tests::clients_of(&world.app, "nobody");
    let status = leadrouter_tests::route(&nobody, company::lead(2)).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    world.end().await;
}
