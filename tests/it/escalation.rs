//! Chains in full, over gRPC: whom steps reach, what people can do about them, who waits for an answer, and the report.

use std::time::Duration;

use api::v1::{
    ErrorReason, EscalationAction as Done, GetLeadSlaRequest, GetSlaReportRequest, LeadSla, ListDueLeadsRequest,
    ListEscalationsRequest, OwnershipChangeKind as Kind, SlaReport, SlaReportGroup as Group, SlaReportRow,
    WatchOwnershipRequest,
};
use cli::{commands::due, documents};
use jiff::Timestamp;
use leadrouter_tests::{NOW, World, company, requests::Request, watch};
use tonic::Status;
use tonic_types::StatusExt as _;

const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

/// Ana is the only one in the pool; Nia and Noa have the late desk.
const DIRECTORY: &str = r#"
calendars:
  - { id: always, name: Always, time_zone: America/New_York, hours: { mon: ["00:00-24:00"], tue: ["00:00-24:00"], wed: ["00:00-24:00"], thu: ["00:00-24:00"], fri: ["00:00-24:00"], sat: ["00:00-24:00"], sun: ["00:00-24:00"] } }
territories: [{ id: usa, name: USA, countries: [US] }]
teams:
  - { id: sales, name: Sales, manager: max, calendar: always }
  - { id: late, name: Late, calendar: always }
reps:
  - { id: ana, name: Ana, team: sales }
  - { id: max, name: Max, team: sales, seniority: director }
  - { id: nia, name: Nia, team: late }
  - { id: noa, name: Noa, team: late }
pools: [{ id: inbound, name: Inbound, members: [ana] }]
"#;

const POLICY: &str = "
name: in-full
time_zone: America/New_York
sla:
  quick:
    respond: 15m@wall
    escalate:
      - { after: 5m@wall, do: remind, repeat: { every: 2m@wall, times: 3 } }
      - { after: 15m@wall, do: notify, to: manager }
      - { after: 20m@wall, do: reassign, to: { team: late }, when: 'lead.deal_value > 1000' }
      - { after: 25m@wall, do: offer, to: { team: late }, urgent: true }
      - { after: 60m@wall, do: queue, queue: review }
rules: []
default: { to: { pool: inbound }, sla: quick }
";

async fn world() -> World {
    World::of(DIRECTORY, POLICY).await
}

async fn route(world: &World, number: usize, deal_value: i64) -> api::v1::Lead {
    let profile = api::v1::LeadProfile { deal_value: Some(deal_value), ..company::lead(number) };
    world.route(profile).await.unwrap().lead.unwrap()
}

async fn sla(world: &World, lead: &str) -> LeadSla {
    let request = GetLeadSlaRequest { name: lead.to_owned() };
    world.clients.escalation.clone().get_lead_sla(request).await.unwrap().into_inner().lead_sla.unwrap()
}

/// What was done, as `0 remind reps/ana`.
async fn done(world: &World, lead: &str) -> Vec<String> {
    let request = ListEscalationsRequest { parent: lead.to_owned(), ..ListEscalationsRequest::default() };
    let answer = world.clients.escalation.clone().list_escalations(request).await.unwrap().into_inner();
    let told = answer.escalations.iter().map(|done| {
        let action = done.action().as_str_name().trim_start_matches("ESCALATION_ACTION_").to_lowercase();
        format!("{} {action} {}", done.step.unwrap_or(-1), done.target).trim_end().to_owned()
    });
    told.collect()
}

fn reason(status: &Status) -> ErrorReason {
    api::error::reason_of(status).unwrap_or_default()
}

/// The fields that are wrong.
fn fields(status: &Status) -> Vec<String> {
    let violations = status.get_details_bad_request().unwrap().field_violations;
    violations.into_iter().map(|violation| violation.field).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_reach_whom_they_name() {
    let world = world().await;
    let (small, large) = (route(&world, 1, 10).await, route(&world, 2, 5_000).await);
    let large = world.advance_until(minutes(21), &large.name, |lead| lead.epoch == 2).await;
    assert_eq!((large.owner.as_str(), large.state()), ("reps/nia", api::v1::LeadState::Accepted));
    Request::respond(&large.name, large.etag.clone(), "reps/nia").send(&world.clients).await.unwrap();
    // Now Noa has fewer.
    let last = world.advance_until(minutes(5), &small.name, |lead| lead.epoch == 2).await;
    assert_eq!((last.owner.as_str(), last.state()), ("reps/noa", api::v1::LeadState::Offered));
    let reminders = ["0 remind reps/ana", "1 remind reps/ana", "2 remind reps/ana", "3 remind reps/ana"];
    let expected: Vec<&str> =
        reminders.into_iter().chain(["4 notify reps/max", "5 skipped", "6 offer reps/noa"]).collect();
    assert_eq!(done(&world, &small.name).await, expected);
    assert_eq!(done(&world, &large.name).await[5], format!("5 reassign {}", large.owner));

    let steps = sla(&world, &small.name).await.sla.unwrap().steps;
    assert_eq!((steps.len(), steps[1].repetition, steps[6].urgent), (8, true, true));
    assert_eq!((steps[4].action(), steps[4].to.as_str()), (Done::Notify, "manager"));
    assert_eq!((steps[5].to.as_str(), steps[5].when.as_str()), ("teams/late", "lead.deal_value > 1000"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_is_not_said_again() {
    let world = world().await;
    let (first, _) = watch::watch(&world.clients, WatchOwnershipRequest::default()).await.unwrap();
    let lead = route(&world, 1, 10).await;
    let early = Request::acknowledge(&lead.name, lead.etag.clone(), "reps/ana").send(&world.clients).await;
    assert_eq!(reason(&early.unwrap_err()), ErrorReason::NoEscalationStep);
    world.clock.advance(minutes(6));
    while done(&world, &lead.name).await.is_empty() {
        world.clock.advance(Duration::from_millis(250));
    }
    let request = Request::acknowledge(&lead.name, lead.etag.clone(), "reps/ana");
    let answer = request.send(&world.clients).await.unwrap();
    assert_eq!(request.send(&world.clients).await.unwrap(), answer, "sent again, it is done once");
    let stranger = Request::acknowledge(&lead.name, lead.etag.clone(), "reps/max").send(&world.clients).await;
    assert_eq!(reason(&stranger.unwrap_err()), ErrorReason::NotTheOwner);

    world.advance_until(minutes(25), &lead.name, |lead| lead.epoch == 2).await;
    let expected = ["0 remind reps/ana", "4 notify reps/max", "5 skipped", "6 offer reps/nia"];
    assert_eq!(done(&world, &lead.name).await, expected);
    let request = ListEscalationsRequest { parent: lead.name.clone(), ..ListEscalationsRequest::default() };
    let steps = world.clients.escalation.clone().list_escalations(request).await.unwrap().into_inner().escalations;
    assert!(steps[0].acknowledge_time.is_some() && !steps[0].acknowledged_by.is_empty(), "{steps:?}");
    assert!(steps[1..].iter().all(|step| step.acknowledge_time.is_none()));

    // A stream of escalations is one of those kinds.
    let kinds = [Kind::Reminded, Kind::Escalated, Kind::Acknowledged].map(i32::from).to_vec();
    let request = WatchOwnershipRequest { resume_token: first.resume_token, kinds, ..WatchOwnershipRequest::default() };
    let (told, _) = watch::watch(&world.clients, request).await.unwrap();
    let told: Vec<Kind> = told.changes.iter().map(api::v1::OwnershipChange::kind).collect();
    assert_eq!(told, [Kind::Reminded, Kind::Acknowledged, Kind::Escalated, Kind::Escalated, Kind::Escalated]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_escalates_before_the_time() {
    let world = world().await;
    let lead = route(&world, 1, 5_000).await;
    let mut etag = lead.etag.clone();
    for _ in 0..6 {
        let answer = Request::escalate(&lead.name, etag, "").send(&world.clients).await.unwrap();
        etag = answer.lead.etag;
    }
    let last = world.lead(&lead.name).await;
    assert!(last.owner == "reps/nia" || last.owner == "reps/noa", "{}", last.owner);
    assert_eq!(done(&world, &lead.name).await.len(), 6);
    let stale = Request::escalate(&lead.name, lead.etag, "").send(&world.clients).await;
    assert_eq!(reason(&stale.unwrap_err()), ErrorReason::StaleEtag);
    // The steps behind it keep their time.
    let timers = sla(&world, &lead.name).await.timers;
    assert_eq!(timers[0].due_time.unwrap().seconds, NOW.as_second() + 25 * 60);
    let last = world.advance_until(minutes(61), &lead.name, |lead| lead.owner == "queues/review").await;
    let over = Request::escalate(&lead.name, last.etag, "").send(&world.clients).await;
    assert_eq!(reason(&over.unwrap_err()), ErrorReason::NoEscalationStep);
    world.end().await;
}

async fn due(world: &World, request: ListDueLeadsRequest) -> (Vec<String>, String) {
    let answer = world.clients.escalation.clone().list_due_leads(request).await.unwrap().into_inner();
    (answer.due_leads.into_iter().map(|due| due.lead).collect(), answer.next_page_token)
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_wait_are_listed_by_when_their_answer_is_due() {
    let world = world().await;
    let mut leads = Vec::new();
    for number in 0..5 {
        leads.push(route(&world, number, 10).await);
        world.clock.advance(minutes(1));
    }
    let names: Vec<String> = leads.iter().map(|lead| lead.name.clone()).collect();
    Request::respond(&names[1], leads[1].etag.clone(), "reps/ana").send(&world.clients).await.unwrap();
    Request::pause(&names[2], leads[2].etag.clone(), "reps/ana", None).send(&world.clients).await.unwrap();
    let waiting = [names[0].clone(), names[3].clone(), names[4].clone()];

    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListDueLeadsRequest { page_size: 2, page_token, ..ListDueLeadsRequest::default() };
        let (page, next) = due(&world, request).await;
        found.extend(page);
        page_token = next;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found, waiting);
    let of_nobody = ListDueLeadsRequest { owner: "reps/max".to_owned(), ..ListDueLeadsRequest::default() };
    assert_eq!(due(&world, of_nobody).await.0, [""; 0]);
    // Eleven minutes later the first is late, and no other.
    world.clock.advance(minutes(11));
    let overdue = ListDueLeadsRequest { overdue: true, ..ListDueLeadsRequest::default() };
    assert_eq!(due(&world, overdue).await.0, waiting[..1]);
    let args = due::DueArgs { owner: None, before: None, overdue: true, limit: 9 };
    let told = due::due(&args, &world.clients).await.unwrap();
    assert!(told.contains("overdue") && told.contains(&waiting[0]) && !told.contains(&waiting[1]), "{told}");

    let wrong = ListDueLeadsRequest { owner: "ana".to_owned(), page_token: "x".to_owned(), ..Default::default() };
    let refused = world.clients.escalation.clone().list_due_leads(wrong).await.unwrap_err();
    assert_eq!(fields(&refused), ["owner", "page_token"]);
    world.end().await;
}

async fn report(world: &World, group: Group) -> SlaReport {
    let time = |at: Timestamp| Some(api::convert::time::to_wire(at));
    let request = GetSlaReportRequest {
        start_time: time(NOW),
        end_time: time(NOW + jiff::SignedDuration::from_hours(24)),
        group_by: group.into(),
    };
    world.clients.escalation.clone().get_sla_report(request).await.unwrap().into_inner().report.unwrap()
}

/// Key, kept, missed, running, overdue, withdrawn, and half of the answers within so many seconds.
type Line = (String, [i64; 5], Option<i64>);

fn lines(report: &SlaReport) -> Vec<Line> {
    report.rows.iter().map(line).collect()
}

fn line(row: &SlaReportRow) -> Line {
    let counts = [row.kept_count, row.missed_count, row.running_count, row.overdue_count, row.withdrawn_count];
    (row.key.clone(), counts, row.response_time_p50.map(|time| time.seconds))
}

fn row(key: &str, counts: [i64; 5], half: Option<i64>) -> Line {
    (key.to_owned(), counts, half)
}

/// One is answered in time, one late by whoever got it after it was missed, one closed in time, one waits for too long, and one has
/// just come.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_counts_each_clock_once_for_whoever_missed_it() {
    let world = world().await;
    let mut leads = Vec::new();
    for number in 0..4 {
        leads.push(route(&world, number, if number == 1 { 5_000 } else { 10 }).await);
    }
    let etag = |number: usize| leads[number].etag.clone();
    world.clock.advance(minutes(3));
    Request::respond(&leads[0].name, etag(0), "reps/ana").send(&world.clients).await.unwrap();
    let lost = Request::close(&leads[2].name, etag(2), "reps/ana", api::v1::CloseOutcome::Lost);
    lost.send(&world.clients).await.unwrap();
    let handed = world.advance_until(minutes(18), &leads[1].name, |lead| lead.epoch == 2).await;
    let answered = Request::respond(&leads[1].name, handed.etag, &handed.owner).send(&world.clients).await.unwrap();
    let since = api::convert::time::to_wire(NOW).seconds;
    let second = answered.lead.first_response_time.unwrap().seconds - since;
    route(&world, 9, 10).await;

    let found = report(&world, Group::Owner).await;
    assert_eq!(lines(&found), [row("reps/ana", [1, 1, 1, 1, 1], Some(180))]);
    let total = found.total.as_ref().unwrap();
    assert_eq!(line(total), row("", [1, 1, 1, 1, 1], Some(180)));
    assert_eq!(total.kept_share, Some(1.0 / 3.0));
    assert_eq!(total.response_time_p90.map(|time| time.seconds), Some(second));
    assert_eq!(lines(&report(&world, Group::Team).await), [row("teams/sales", [1, 1, 1, 1, 1], Some(180))]);
    assert_eq!(lines(&report(&world, Group::Territory).await), [row("territories/usa", [1, 1, 1, 1, 1], Some(180))]);
    assert_eq!(lines(&report(&world, Group::LeadType).await), [row("unspecified", [1, 1, 1, 1, 1], Some(180))]);
    assert_eq!(lines(&report(&world, Group::SlaPolicy).await), [row("quick", [1, 1, 1, 1, 1], Some(180))]);
    assert_eq!(lines(&report(&world, Group::Hour).await), [row("10", [1, 1, 1, 1, 1], Some(180))]);

    let request = GetSlaReportRequest::default();
    let refused = world.clients.escalation.clone().get_sla_report(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["start_time", "group_by"]);
    let args = due::ReportArgs { by: Group::Owner, from: Some(NOW), to: None };
    let told = due::report(&args, &world.clients, world.clock.now()).await.unwrap();
    assert!(told.contains("reps/ana") && told.contains("33.3 %"), "{told}");
    world.end().await;
}

/// What a policy says of a team that there is not is a mistake, and a team that a policy names stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_names_teams_that_there_are() {
    let world = world().await;
    let wrong = documents::Document::new("policy", POLICY.replace("team: late", "team: lat"));
    let refused = documents::install_policy(&world.clients, &wrong).await.unwrap_err();
    let told = format!("{refused:#}");
    assert!(told.contains("the directory has no team `lat`; did you mean `late`?"), "{told}");
    world.end().await;
}
