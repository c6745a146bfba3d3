//! What people do with leads: accept, decline, answer, reassign, claim, give back, close.

use api::v1::{
    AcceptLeadRequest, AssignmentCause, ClaimLeadRequest, CloseLeadRequest, CloseOutcome, DeclineLeadRequest,
    DeclineReason, Lead, LeadState, ReassignLeadRequest, RecordFirstResponseRequest, ReturnLeadRequest, ReturnReason,
};
use futures::future::join_all;
use leadrouter_tests::{NOW, World, company};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

fn reason(status: &Status) -> String {
    status.get_details_error_info().unwrap().reason
}

async fn two_reps() -> (World, Lead) {
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    assert_eq!(lead.owner, "reps/ana");
    (world, lead)
}

fn accept(lead: &Lead) -> AcceptLeadRequest {
    AcceptLeadRequest { name: lead.name.clone(), etag: lead.etag.clone(), ..AcceptLeadRequest::default() }
}

fn decline(lead: &Lead) -> DeclineLeadRequest {
    DeclineLeadRequest {
        name: lead.name.clone(),
        etag: lead.etag.clone(),
        reason: DeclineReason::NoCapacity.into(),
        ..DeclineLeadRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_accepted_answered_and_won() {
    let (world, lead) = two_reps().await;
    let mut client = world.clients.assignment.clone();
    let lead = client.accept_lead(accept(&lead)).await.unwrap().into_inner().lead.unwrap();
    assert_eq!((lead.state(), lead.epoch), (LeadState::Accepted, 1));
    // Saying it again changes nothing.
    assert_eq!(client.accept_lead(accept(&lead)).await.unwrap().into_inner().lead.unwrap(), lead);

    let request = RecordFirstResponseRequest {
        name: lead.name.clone(),
        etag: lead.etag.clone(),
        ..RecordFirstResponseRequest::default()
    };
    let lead = client.record_first_response(request).await.unwrap().into_inner().lead.unwrap();
    assert_eq!((lead.state(), lead.first_response_time.unwrap().seconds), (LeadState::Working, NOW.as_second()));

    let request = CloseLeadRequest {
        name: lead.name.clone(),
        etag: lead.etag.clone(),
        outcome: CloseOutcome::Won.into(),
        value: Some(1200),
        ..CloseLeadRequest::default()
    };
    let lead = client.close_lead(request.clone()).await.unwrap().into_inner().lead.unwrap();
    assert_eq!(
        (lead.state(), lead.close_outcome(), lead.close_value),
        (LeadState::Closed, CloseOutcome::Won, Some(1200))
    );
    let request =
        CloseLeadRequest { etag: lead.etag.clone(), outcome: CloseOutcome::Lost.into(), value: None, ..request };
    let status = client.close_lead(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "LEAD_CLOSED"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_lead_goes_to_somebody_else_and_waits_when_nobody_is_left() {
    let (world, lead) = two_reps().await;
    let mut client = world.clients.assignment.clone();
    let lead = client.decline_lead(decline(&lead)).await.unwrap().into_inner().lead.unwrap();
    assert_eq!((lead.owner.as_str(), lead.epoch), ("reps/ben", 2));
    let lead = client.decline_lead(decline(&lead)).await.unwrap().into_inner().lead.unwrap();
    assert_eq!((lead.owner.as_str(), lead.state()), ("queues/waiting", LeadState::Queued));
    let history = world.history(&lead.name).await;
    let expected = [
        ("reps/ana", AssignmentCause::Routed),
        ("reps/ben", AssignmentCause::Declined),
        ("queues/waiting", AssignmentCause::Declined),
    ];
    assert_eq!(history, expected.map(|(owner, cause)| (owner.to_owned(), cause)));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_what_has_changed_since_is_refused_and_says_who_has_it_now() {
    let (world, lead) = two_reps().await;
    let mut client = world.clients.assignment.clone();
    client.decline_lead(decline(&lead)).await.unwrap();
    let status = client.accept_lead(accept(&lead)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Aborted, "STALE_ETAG"));
    assert!(status.message().contains("reps/ben"), "{}", status.message());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_claim_one_lead_one_gets_it() {
    let reps: Vec<String> = (0..16).map(|n| format!("rep{n}")).collect();
    let reps: Vec<(&str, u32, &str)> = reps.iter().map(|rep| (rep.as_str(), 1, "accepting: false")).collect();
    let world = World::of(&company::directory(&reps), company::POLICY).await;
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    assert_eq!(lead.owner, "queues/waiting");
    let claims = reps.iter().map(|(rep, ..)| {
        let mut client = world.clients.assignment.clone();
        let request = ClaimLeadRequest {
            name: lead.name.clone(),
            etag: lead.etag.clone(),
            rep: format!("reps/{rep}"),
            ..ClaimLeadRequest::default()
        };
        async move { client.claim_lead(request).await }
    });
    let answers = join_all(claims).await;
    let winners = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(winners, 1);
    assert!(answers.iter().filter_map(|answer| answer.as_ref().err()).all(|status| reason(status) == "STALE_ETAG"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reassignment_minds_caps_unless_it_is_told_not_to() {
    let directory = company::directory(&[("ana", 1, ""), ("ben", 1, "max_open: 1")]);
    let world = World::of(&directory, company::POLICY).await;
    let first = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    let second = world.route(company::lead(2)).await.unwrap().lead.unwrap();
    assert_eq!((first.owner.as_str(), second.owner.as_str()), ("reps/ana", "reps/ben"));
    let mut client = world.clients.assignment.clone();
    let request = ReassignLeadRequest {
        name: first.name.clone(),
        etag: first.etag.clone(),
        owner: "reps/ben".to_owned(),
        note: "ben knows them".to_owned(),
        ..ReassignLeadRequest::default()
    };
    let status = client.reassign_lead(request.clone()).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "REP_AT_CAP"));
    let request = ReassignLeadRequest { ignore_caps: true, ..request };
    let lead = client.reassign_lead(request).await.unwrap().into_inner().lead.unwrap();
    assert_eq!((lead.owner.as_str(), lead.epoch), ("reps/ben", 2));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_is_given_back_sleeps_until_it_is_woken() {
    let (world, lead) = two_reps().await;
    let mut client = world.clients.assignment.clone();
    let lead = client.accept_lead(accept(&lead)).await.unwrap().into_inner().lead.unwrap();
    let wake = NOW + jiff::SignedDuration::from_hours(48);
    let request = ReturnLeadRequest {
        name: lead.name.clone(),
        etag: lead.etag.clone(),
        reason: ReturnReason::ProjectPostponed.into(),
        wake_time: Some(prost_types::Timestamp { seconds: wake.as_second(), nanos: 0 }),
        ..ReturnLeadRequest::default()
    };
    let lead = client.return_lead(request).await.unwrap().into_inner().lead.unwrap();
    assert_eq!((lead.owner.as_str(), lead.wake_time.unwrap().seconds), ("queues/nurture", wake.as_second()));
    let day = std::time::Duration::from_hours(48);
    let lead = world.advance_until(day, &lead.name, |lead| lead.owner != "queues/nurture").await;
    assert_eq!(lead.state(), LeadState::Offered);
    assert_eq!(world.history(&lead.name).await.last().unwrap().1, AssignmentCause::Woken);
    world.end().await;
}
