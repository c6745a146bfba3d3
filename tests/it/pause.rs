//! The clocks of a lead stand for a time, and run again.

use std::time::Duration;

use api::v1::{
    ClockKind, CloseOutcome, EraseLeadRequest, ErrorReason, GetLeadSlaRequest, LeadSla, LeadSlaState, LeadState,
    OwnershipChangeKind as Kind, PauseReason, PauseSlaRequest, TimerKind, WatchOwnershipRequest,
};
use cli::{
    Clients,
    commands::lead::{Change, LeadCommand, run},
};
use jiff::{SignedDuration, Timestamp};
use leadrouter_tests::{
    NOW, World, company,
    requests::Request,
    watch::{judge, until, watch},
};

fn reps() -> String {
    company::directory(&[("ana", 1, ""), ("ben", 1, "")])
}

fn after(minutes: i64) -> Timestamp {
    NOW + SignedDuration::from_mins(minutes)
}

/// In minutes from the beginning.
fn minute(at: Option<prost_types::Timestamp>) -> Option<i64> {
    at.map(|at| (at.seconds - NOW.as_second()) / 60)
}

async fn sla(clients: &Clients, lead: &str) -> LeadSla {
    let request = GetLeadSlaRequest { name: lead.to_owned() };
    clients.escalation.clone().get_lead_sla(request).await.unwrap().into_inner().lead_sla.unwrap()
}

fn timers(sla: &LeadSla) -> Vec<(TimerKind, Option<i64>)> {
    sla.timers.iter().map(|timer| (timer.kind(), minute(timer.due_time))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_stands_still_is_left_alone_until_it_runs_again() {
    let world = World::of(&reps(), company::POLICY).await;
    let start = watch(&world.clients, WatchOwnershipRequest::default()).await.unwrap().0.resume_token;
    let (clients, minutes) = (&world.clients, Duration::from_mins);
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    let name = lead.name.as_str();
    world.clock.advance(minutes(4));
    let pause = Request::pause(name, lead.etag.clone(), &lead.owner, None);
    let paused = pause.send(clients).await.unwrap();
    assert_eq!((paused.lead.respond_by, paused.lead.accept_by, paused.lead.epoch), (None, None, 1));
    world.audit().await;

    // Past everything that was due.
    world.clock.advance(minutes(120));
    let told = sla(clients, name).await;
    assert_eq!((told.state(), told.remaining, timers(&told)), (LeadSlaState::Paused, None, vec![]));
    let left: Vec<_> =
        told.paused_clocks.iter().map(|clock| (clock.clock(), clock.remaining.unwrap().seconds)).collect();
    assert_eq!(left, [(ClockKind::Response, 660), (ClockKind::Acceptance, 360), (ClockKind::Escalation, 660)]);
    assert_eq!(world.leads(&format!("due_before = \"{}\"", after(10_000))).await, []);

    let resumed = Request::resume(name, lead.etag.clone(), "").send(clients).await.unwrap();
    assert_eq!((minute(resumed.lead.respond_by), minute(resumed.lead.accept_by)), (Some(135), Some(130)));
    // The same request again, and another one of what runs: nothing changes.
    assert_eq!(pause.send(clients).await.unwrap(), paused);
    Request::resume(name, lead.etag.clone(), "").send(clients).await.unwrap();
    let told = sla(clients, name).await;
    assert_eq!(timers(&told), [(TimerKind::Accept, Some(130)), (TimerKind::Escalate, Some(135))]);
    assert_eq!(
        (told.state(), told.pauses.len(), told.pauses[0].reason()),
        (LeadSlaState::Running, 1, PauseReason::WaitingForLead)
    );
    assert_eq!((minute(told.pauses[0].start_time), minute(told.pauses[0].end_time)), (Some(4), Some(124)));
    world.audit().await;

    // Nobody accepts: it goes on, six minutes later.
    let next = world.advance_until(minutes(6), name, |lead| lead.epoch == 2).await;
    assert_ne!(next.owner, lead.owner);
    let changes = until(clients, &start, |change| change.epoch == 2).await;
    let kinds: Vec<_> = changes.iter().map(api::v1::OwnershipChange::kind).collect();
    assert_eq!(kinds, [Kind::Assigned, Kind::Paused, Kind::Resumed, Kind::Escalated, Kind::Assigned]);
    assert_eq!((changes[1].respond_by, changes[1].resume_time), (None, None));
    assert_eq!((minute(changes[2].respond_by), minute(changes[2].accept_by)), (Some(135), Some(130)));
    assert_eq!(judge(clients, &changes).await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snooze_ends_by_itself() {
    let world = World::of(&reps(), company::POLICY).await;
    let start = watch(&world.clients, WatchOwnershipRequest::default()).await.unwrap().0.resume_token;
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    let (name, minutes) = (lead.name.as_str(), Duration::from_mins);
    Request::pause(name, lead.etag.clone(), "", Some(after(30))).send(&world.clients).await.unwrap();
    let told = sla(&world.clients, name).await;
    assert_eq!(timers(&told), [(TimerKind::Resume, Some(30))]);
    world.audit().await;

    let runs = world.advance_until(minutes(31), name, |lead| lead.respond_by.is_some()).await;
    // It ran from its end on, not from when that was found.
    assert_eq!((minute(runs.respond_by), minute(runs.accept_by), runs.epoch), (Some(45), Some(40), 1));
    world.audit().await;
    let changes = until(&world.clients, &start, |change| change.kind() == Kind::Resumed).await;
    assert_eq!((changes[1].kind(), minute(changes[1].resume_time)), (Kind::Paused, Some(30)));
    assert_eq!((changes[1].accept_by, minute(changes[2].accept_by)), (None, Some(40)));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_stand_still_is_refused_with_its_reason() {
    let world = World::of(&reps(), company::POLICY).await;
    let clients = &world.clients;
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    let (name, etag) = (lead.name.as_str(), lead.etag.clone());
    let other = if lead.owner == "reps/ana" { "reps/ben" } else { "reps/ana" };
    let refused = async |request: Request| api::reason_of(&request.send(clients).await.unwrap_err()).unwrap();
    assert_eq!(refused(Request::pause(name, etag.clone(), other, None)).await, ErrorReason::NotTheOwner);
    assert_eq!(refused(Request::resume(name, etag.clone(), other)).await, ErrorReason::NotTheOwner);
    assert_eq!(refused(Request::pause(name, "9".to_owned(), "", None)).await, ErrorReason::StaleEtag);
    assert_eq!(refused(Request::pause(name, etag.clone(), "", Some(NOW))).await, ErrorReason::InvalidRequest);
    Request::respond(name, etag.clone(), "").send(clients).await.unwrap();
    assert_eq!(refused(Request::pause(name, etag.clone(), "", None)).await, ErrorReason::WrongLeadState);
    Request::close(name, etag.clone(), "", CloseOutcome::Lost).send(clients).await.unwrap();
    assert_eq!(refused(Request::pause(name, etag.clone(), "", None)).await, ErrorReason::LeadClosed);
    assert_eq!(refused(Request::resume(name, etag.clone(), "")).await, ErrorReason::LeadClosed);
    assert_eq!(sla(clients, name).await.pauses, []);
    world.end().await;
}

/// A pause ends with its assignment and stays in the history; its note goes when the lead is erased.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_ends_when_the_lead_goes_to_somebody_else_or_is_closed() {
    let world = World::of(&reps(), company::POLICY).await;
    let clients = &world.clients;
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    let (name, other) = (lead.name.as_str(), if lead.owner == "reps/ana" { "reps/ben" } else { "reps/ana" });
    let pause = |etag: &str, note: &str| PauseSlaRequest {
        name: name.to_owned(),
        etag: etag.to_owned(),
        reason: PauseReason::Other.into(),
        note: note.to_owned(),
        ..PauseSlaRequest::default()
    };
    clients.assignment.clone().pause_sla(pause("1", "asked us to wait")).await.unwrap();
    Request::reassign(name, "1".to_owned(), other).send(clients).await.unwrap();
    let told = sla(clients, name).await;
    assert_eq!((told.state(), told.timers.len(), told.pauses[0].end_time.is_some()), (LeadSlaState::Running, 2, true));
    clients.assignment.clone().pause_sla(pause("2", "and again")).await.unwrap();
    let closed = Request::close(name, "2".to_owned(), "", CloseOutcome::Lost).send(clients).await.unwrap().lead;
    assert_eq!(closed.state(), LeadState::Closed);
    let notes = |told: LeadSla| told.pauses.into_iter().map(|pause| (pause.epoch, pause.note)).collect::<Vec<_>>();
    let told = sla(clients, name).await;
    assert_eq!(told.state(), LeadSlaState::NoTarget);
    assert_eq!(notes(told), [(1, "asked us to wait".to_owned()), (2, "and again".to_owned())]);
    world.audit().await;

    let erase = EraseLeadRequest { name: name.to_owned(), etag: closed.etag, request_id: String::new() };
    clients.assignment.clone().erase_lead(erase).await.unwrap();
    assert_eq!(notes(sla(clients, name).await), [(1, String::new()), (2, String::new())]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_pauses_and_resumes() {
    let world = World::of(&reps(), company::POLICY).await;
    let lead = world.route(company::lead(1)).await.unwrap().lead.unwrap();
    let id: cli::commands::LeadRef = lead.name.parse().unwrap();
    let change = Change { lead: id, rep: None, note: "is on holiday".to_owned(), etag: None };
    let pause = LeadCommand::Pause { change, reason: PauseReason::WaitingForLead, until: Some(after(60)) };
    run(pause, &world.clients).await.unwrap();
    let told = run(LeadCommand::Sla { lead: id }, &world.clients).await.unwrap();
    for expected in
        ["stands still", "Standing clocks", "acceptance", "waiting for lead", "is on holiday", "its clocks run again"]
    {
        assert!(told.contains(expected), "{expected}:\n{told}");
    }
    let shown = run(LeadCommand::Resume { lead: id, rep: None, etag: None }, &world.clients).await.unwrap();
    assert!(shown.contains("reps/"), "{shown}");
    let told = run(LeadCommand::Sla { lead: id }, &world.clients).await.unwrap();
    assert!(told.contains("left") && !told.contains("Standing clocks"), "{told}");
    world.end().await;
}
