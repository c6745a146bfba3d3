//! What happens when nobody acts. The clock is moved; the scheduler finds what is due and has it fired over gRPC.

use std::time::Duration;

use api::v1::{
    AcceptLeadRequest, AssignmentCause, GetLeadSlaRequest, LeadState, ListEscalationsRequest, ListTimersRequest,
};
use leadrouter_tests::{World, company};

const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_is_not_accepted_in_time_goes_to_somebody_else() {
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    assert_eq!(lead.owner, "reps/ana");
    let lead = world.advance_until(minutes(10), &lead.name, |lead| lead.epoch == 2).await;
    assert_eq!(lead.owner, "reps/ben");
    assert_eq!(world.history(&lead.name).await[1].1, AssignmentCause::Expired);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_accepts_and_does_not_answer_is_escalated_step_by_step() {
    let directory = company::directory(&[("ana", 1, "backup: ben"), ("ben", 1, "accepting: false")]);
    let world = World::of(&directory, company::POLICY).await;
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    let request =
        AcceptLeadRequest { name: lead.name.clone(), etag: lead.etag.clone(), ..AcceptLeadRequest::default() };
    let lead = world.clients.assignment.clone().accept_lead(request).await.unwrap().into_inner().lead.unwrap();
    assert_eq!(lead.state(), LeadState::Accepted);

    // 15 min: a reminder. 30 min: the backup. 45 min: the manager. 60 min: the review queue.
    let at_last = world.advance_until(minutes(61), &lead.name, |lead| lead.owner == "queues/review").await;
    assert_eq!(at_last.state(), LeadState::Queued);
    let owners: Vec<String> = world.history(&lead.name).await.into_iter().map(|(owner, _)| owner).collect();
    assert_eq!(owners.first().unwrap(), "reps/ana");
    assert_eq!(owners.last().unwrap(), "queues/review");
    let request = ListEscalationsRequest { parent: lead.name.clone(), ..ListEscalationsRequest::default() };
    let answer = world.clients.escalation.clone().list_escalations(request).await.unwrap().into_inner();
    assert_eq!(answer.escalations.len(), 4, "{:?}", answer.escalations);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_is_routed_when_capacity_opens() {
    let world = World::of(&company::directory(&[("ana", 1, "max_open: 1")]), company::POLICY).await;
    let first = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    let second = world.route(company::lead(2)).await.unwrap().lead.unwrap();
    assert_eq!((first.owner.as_str(), second.owner.as_str()), ("reps/ana", "queues/waiting"));
    let request = api::v1::CloseLeadRequest {
        name: first.name.clone(),
        etag: first.etag.clone(),
        outcome: api::v1::CloseOutcome::Lost.into(),
        ..api::v1::CloseLeadRequest::default()
    };
    world.clients.assignment.clone().close_lead(request).await.unwrap();
    // Not by the retry in five minutes: at once.
    let second = world.until(&second.name, |lead| lead.owner == "reps/ana").await;
    assert_eq!(world.history(&second.name).await[1].1, AssignmentCause::Retried);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_too_long_is_looked_at_by_a_person() {
    let world = World::of(&company::directory(&[("ana", 1, "accepting: false")]), company::POLICY).await;
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    assert_eq!(lead.owner, "queues/waiting");
    let lead = world.advance_until(minutes(120), &lead.name, |lead| lead.owner == "queues/review").await;
    assert_eq!(world.history(&lead.name).await.last().unwrap().1, AssignmentCause::WaitedOut);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deadlines_and_timers_can_be_asked_for() {
    let world = World::of(&company::directory(&[("ana", 1, "")]), company::POLICY).await;
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    let mut client = world.clients.escalation.clone();
    let request = GetLeadSlaRequest { name: lead.name.clone() };
    let sla = client.get_lead_sla(request).await.unwrap().into_inner().lead_sla.unwrap();
    assert_eq!(sla.state(), api::v1::LeadSlaState::Running);
    assert_eq!(sla.remaining.unwrap().seconds, 900);
    let timers = client
        .list_timers(ListTimersRequest { parent: "leads/-".to_owned(), ..ListTimersRequest::default() })
        .await
        .unwrap()
        .into_inner()
        .timers;
    assert_eq!(timers.len(), 2, "{timers:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_outlive_the_process() {
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    let World { app, clock, database, .. } = world;
    app.kill().await;
    let world = World::on(database, clock).await;
    let lead = world.advance_until(minutes(10), &lead.name, |lead| lead.epoch == 2).await;
    assert_eq!(lead.owner, "reps/ben");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_schedulers_fire_a_timer_once() {
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let (second, _) = world.replica().await;
    let (third, _) = world.replica().await;
    let mut names = Vec::new();
    for number in 0..20 {
        names.push(world.route(company::lead(number)).await.unwrap().lead.unwrap().name);
    }
    world.clock.advance(minutes(10));
    for name in &names {
        world.until(name, |lead| lead.epoch == 2).await;
    }
    for name in &names {
        assert_eq!(world.history(name).await.len(), 2);
    }
    second.stop().await;
    third.stop().await;
    world.end().await;
}
