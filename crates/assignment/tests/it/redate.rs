//! Working hours change while clocks run.

use std::collections::{BTreeMap, BTreeSet};

use api::v1::{
    self, assignment_service_server::AssignmentService as _, directory_service_server::DirectoryService as _,
    policy_service_server::PolicyService as _,
};
use domain::{
    directory::DirectoryDocument,
    ids::LeadId,
    ownership::{EventKind, Owner, Position, TimerKind, Told},
    sla::Span,
    snapshot::DirectoryIndex,
};
use jiff::Timestamp;
use store::LeadFilter;

use crate::support::{NOW, Services, ask, reason, request_id};

const POLICY: &str = "
name: business
time_zone: UTC
sla:
  slow:
    respond: 4h@business
    accept: 2h@business
    escalate: [{ after: 3h@business, do: remind }, { after: 1d@business, do: manager }]
rules: []
default: { to: { pool: inbound }, sla: slow }
";

/// Open from 9 to 17 on Mondays, and on Sundays until 13:00: an hour from now.
fn shorter(clocks: v1::RunningClocks) -> v1::UpdateCalendarRequest {
    let open = |weekday: v1::Weekday, start: &str, end: &str| v1::OpenHours {
        weekday: weekday.into(),
        start: start.to_owned(),
        end: end.to_owned(),
    };
    v1::UpdateCalendarRequest {
        calendar: Some(v1::Calendar {
            name: "calendars/office".to_owned(),
            hours: vec![open(v1::Weekday::Monday, "09:00", "17:00"), open(v1::Weekday::Sunday, "00:00", "13:00")],
            ..Default::default()
        }),
        running_clocks: clocks.into(),
        ..Default::default()
    }
}

/// Every clock of every lead, as it is stored: response, acceptance, next step.
type Clocks = BTreeMap<LeadId, [Option<Timestamp>; 3]>;

async fn clocks(services: &Services) -> Clocks {
    let leads = services.store.leads(services.tenant, &LeadFilter::default(), None, 10_000).await.unwrap();
    let ids: Vec<LeadId> = leads.iter().map(|(lead, _)| lead.id).collect();
    let mut tx = services.store.begin("test").await.unwrap();
    let rows = tx.leads(services.tenant, &ids).await.unwrap();
    tx.rollback().await.unwrap();
    let of_row = |row: store::LeadRow| {
        let timer = |kind| row.timers.iter().find(|timer| timer.kind == kind).map(|timer| timer.due_at);
        assert!(row.timers.iter().all(|timer| timer.epoch == row.ownership.epoch));
        (row.lead.id, [row.ownership.respond_by, timer(TimerKind::Accept), timer(TimerKind::Escalate)])
    };
    rows.into_iter().map(of_row).collect()
}

/// The same by the pure function, from the directory as it stands: for leads that are offered, in their first step.
async fn expected(services: &Services) -> Clocks {
    expected_by(services, ["4h@business", "2h@business", "3h@business"]).await
}

/// The same for other spans; a blank one is none.
async fn expected_by(services: &Services, spans: [&str; 3]) -> Clocks {
    let (version, entities) = services.store.directory(services.tenant).await.unwrap();
    let index = DirectoryIndex::compile(version, DirectoryDocument::from_entities(entities), NOW).unwrap();
    let leads = services.store.leads(services.tenant, &LeadFilter::default(), None, 10_000).await.unwrap();
    let of_lead = |(lead, ownership): (domain::lead::Lead, domain::ownership::Ownership)| {
        let Owner::Rep(rep) = &ownership.owner else { panic!("{ownership:?}") };
        let calendar = &index.rep(rep).unwrap().calendar;
        let due = |span: &str| span.parse::<Span>().ok()?.deadline(ownership.since, calendar);
        (lead.id, spans.map(due))
    };
    leads.into_iter().map(of_lead).collect()
}

async fn started(leads: usize) -> Services {
    let services = Services::with_directory().await;
    services.put_in_force(POLICY).await;
    for person in 0..leads {
        let lead = services.route(&format!("person-{person}")).await;
        assert!(["reps/ann", "reps/ben"].contains(&lead.owner.as_str()), "{}", lead.owner);
    }
    services
}

async fn update(services: &Services, request: v1::UpdateCalendarRequest) -> v1::UpdateCalendarResponse {
    services.directory.update_calendar(ask(request)).await.unwrap().into_inner()
}

/// Of which leads it was told since then that their clocks moved, and until when they must be answered and accepted; and by how
/// many commits.
async fn told_since(services: &Services, since: Position) -> (Vec<(LeadId, [Option<Timestamp>; 2])>, usize) {
    let read = services.store.events(services.tenant, since, 100_000).await.unwrap().unwrap();
    let of_event = |told: &Told| {
        assert_eq!(told.event.kind, EventKind::ClocksMoved);
        (told.event.lead, [told.event.respond_by, told.event.until])
    };
    let commits: BTreeSet<i64> = read.events.iter().map(|told| told.position.commit).collect();
    (read.events.iter().map(of_event).collect(), commits.len())
}

async fn now(services: &Services) -> Position {
    services.store.position(services.tenant).await.unwrap()
}

/// Response and acceptance of leads.
fn two_of(clocks: &Clocks) -> Vec<(LeadId, [Option<Timestamp>; 2])> {
    clocks.iter().map(|(lead, [respond_by, accept_by, _])| (*lead, [*respond_by, *accept_by])).collect()
}

async fn nothing_is_broken(services: &Services) {
    let audit = services.store.audit(services.tenant, |_, _| Some(2)).await.unwrap();
    assert_eq!(audit.violations(), 0, "{audit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_keep_their_deadlines_unless_they_are_to_be_dated_anew() {
    let services = started(4).await;
    let before = clocks(&services).await;
    assert_eq!(before, expected(&services).await);
    let start = now(&services).await;

    // What would become of them: two hours and more do not fit into the hour that is left, so they end on Monday.
    let checked = v1::UpdateCalendarRequest { validate_only: true, ..shorter(v1::RunningClocks::Redate) };
    let told = update(&services, checked).await.redated_clocks.unwrap();
    assert_eq!((told.lead_count, told.clock_count, told.examples.len()), (4, 12, 10));
    let shift = prost_types::Duration { seconds: 20 * 3_600, nanos: 0 };
    assert_eq!((told.earliest_shift, told.latest_shift), (Some(shift), Some(shift)));
    assert_eq!(told.examples[0].clock(), v1::ClockKind::Response);
    assert_eq!((clocks(&services).await, services.version().await), (before.clone(), 1));

    // By default they stay.
    let kept = update(&services, shorter(v1::RunningClocks::Unspecified)).await;
    assert_eq!((kept.redated_clocks, clocks(&services).await), (None, before.clone()));
    assert_eq!((services.version().await, told_since(&services, start).await), (2, (Vec::new(), 0)));
    // A clock that starts now goes by the new hours.
    services.route("newcomer").await;
    let with_newcomer = clocks(&services).await;
    let by_new_hours = expected(&services).await;
    let newcomer: Vec<_> = with_newcomer.keys().filter(|lead| !before.contains_key(lead)).collect();
    assert_eq!((newcomer.len(), &with_newcomer[newcomer[0]]), (1, &by_new_hours[newcomer[0]]));
    assert_ne!(with_newcomer, by_new_hours);
    nothing_is_broken(&services).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_are_dated_anew_in_the_transaction_of_the_change() {
    let services = started(5).await;
    let answered = services.route("quick").await;
    let request = v1::RecordFirstResponseRequest {
        name: answered.name.clone(),
        etag: answered.etag.clone(),
        ..Default::default()
    };
    services.assignment.record_first_response(ask(request)).await.unwrap();
    let answered = LeadId(answered.name.strip_prefix("leads/").unwrap().parse().unwrap());
    let before = clocks(&services).await;
    let start = now(&services).await;

    let request = v1::UpdateCalendarRequest { request_id: request_id(1), ..shorter(v1::RunningClocks::Redate) };
    let done = update(&services, request.clone()).await;
    assert_eq!(done.redated_clocks.as_ref().map(|told| (told.lead_count, told.clock_count)), Some((5, 15)));
    let (after, mut by_new_hours) = (clocks(&services).await, expected(&services).await);
    // Whoever was answered has no clock that runs.
    by_new_hours.insert(answered, before[&answered]);
    assert_eq!(after, by_new_hours);
    assert_eq!(update(&services, request).await, done, "the same request again");
    // Whoever watches hears of each lead once, in one commit.
    by_new_hours.remove(&answered);
    assert_eq!(told_since(&services, start).await, (two_of(&by_new_hours), 1));

    // Nobody gets other hours: nothing moves, and that is what is told.
    let named =
        v1::Calendar { name: "calendars/night".to_owned(), display_name: "Nobody's".to_owned(), ..Default::default() };
    let request = v1::UpdateCalendarRequest {
        calendar: Some(named),
        running_clocks: v1::RunningClocks::Redate.into(),
        ..Default::default()
    };
    assert_eq!(update(&services, request).await.redated_clocks, Some(v1::RedatedClocks::default()));
    assert_eq!(clocks(&services).await, after);

    let unknown = v1::UpdateCalendarRequest { running_clocks: 7, ..shorter(v1::RunningClocks::Keep) };
    assert_eq!(reason(services.directory.update_calendar(ask(unknown)).await), "INVALID_REQUEST");
    nothing_is_broken(&services).await;
}

/// A policy whose SLA policy of the same name says something else, and one that has none of that name.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_is_put_in_force_dates_clocks_anew_if_asked_to() {
    let services = started(4).await;
    let (before, start) = (clocks(&services).await, now(&services).await);
    let other =
        POLICY.replace("respond: 4h", "respond: 6h").replace("    accept: 2h@business\n", "").replace("3h", "5h");
    let revision = services.create_policy(&other, "").await.unwrap().name;
    let activate = |clocks: v1::RunningClocks, validate_only: bool| v1::ActivatePolicyRequest {
        name: revision.clone(),
        running_clocks: clocks.into(),
        validate_only,
        ..Default::default()
    };
    let done = async |request| services.policies.activate_policy(ask(request)).await.unwrap().into_inner();

    let checked = done(activate(v1::RunningClocks::Redate, true)).await;
    let told = checked.redated_clocks.unwrap();
    assert_eq!((told.lead_count, told.clock_count), (4, 12));
    let two_hours = Some(prost_types::Duration { seconds: 2 * 3_600, nanos: 0 });
    assert_eq!((told.earliest_shift, told.latest_shift), (two_hours, two_hours));
    let ended = told.examples.iter().find(|clock| clock.clock() == v1::ClockKind::Acceptance).unwrap();
    assert!(ended.old_due_time.is_some() && ended.due_time.is_none(), "{ended:?}");
    assert!(!checked.policy.unwrap().active);
    assert_eq!(clocks(&services).await, before);

    let kept = done(activate(v1::RunningClocks::Unspecified, false)).await;
    assert!(kept.redated_clocks.is_none() && kept.policy.unwrap().active);
    assert_eq!((clocks(&services).await, told_since(&services, start).await), (before, (Vec::new(), 0)));

    let request = activate(v1::RunningClocks::Redate, false);
    let request = v1::ActivatePolicyRequest { request_id: request_id(1), ..request };
    let first = done(request.clone()).await;
    assert_eq!(first.redated_clocks.as_ref(), Some(&told));
    let after = clocks(&services).await;
    assert_eq!(after, expected_by(&services, ["6h@business", "", "5h@business"]).await);
    assert_eq!(told_since(&services, start).await, (two_of(&after), 1));
    assert_eq!(done(request).await, first, "the same request again");
    nothing_is_broken(&services).await;

    // No lead has an SLA policy of that name: all keep what they have.
    let revision = services.create_policy(&other.replace("slow", "fast"), "").await.unwrap().name;
    let request = v1::ActivatePolicyRequest {
        name: revision,
        running_clocks: v1::RunningClocks::Redate.into(),
        ..Default::default()
    };
    assert_eq!(done(request).await.redated_clocks, Some(v1::RedatedClocks::default()));
    assert_eq!(clocks(&services).await, after);
    // The chain that runs is that of the second revision, whoever is asked.
    let leads = services.store.leads(services.tenant, &LeadFilter::default(), None, 10).await.unwrap();
    assert!(leads.iter().all(|(_, ownership)| ownership.policy_revision == 2), "{leads:?}");
    nothing_is_broken(&services).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rep_who_gets_another_calendar_has_other_clocks() {
    let services = started(4).await;
    let ann =
        v1::Rep { name: "reps/ann".to_owned(), calendar: Some("calendars/night".to_owned()), ..Default::default() };
    let request =
        v1::UpdateRepRequest { rep: Some(ann), running_clocks: v1::RunningClocks::Redate.into(), ..Default::default() };
    let done = services.directory.update_rep(ask(request)).await.unwrap().into_inner();
    assert_eq!(done.redated_clocks.map(|told| (told.lead_count, told.clock_count)), Some((2, 6)));
    assert_eq!(clocks(&services).await, expected(&services).await);
    let other =
        v1::Team { name: "teams/north".to_owned(), calendar: "calendars/night".to_owned(), ..Default::default() };
    let request = v1::UpdateTeamRequest {
        team: Some(other),
        running_clocks: v1::RunningClocks::Redate.into(),
        ..Default::default()
    };
    // Ann has hours of her own: only Ben's clocks move.
    let done = services.directory.update_team(ask(request)).await.unwrap().into_inner();
    assert_eq!(done.redated_clocks.map(|told| (told.lead_count, told.clock_count)), Some((2, 6)));
    assert_eq!(clocks(&services).await, expected(&services).await);
    nothing_is_broken(&services).await;
}

/// More leads than are read at once.
#[tokio::test(flavor = "multi_thread")]
async fn all_leads_are_dated_however_many_there_are() {
    let services = started(3).await;
    let route = |person: usize| v1::RouteLeadRequest {
        lead: Some(v1::LeadProfile { email: Some(format!("crowd-{person}@example.com")), ..Default::default() }),
        ..Default::default()
    };
    let request = v1::BatchRouteLeadsRequest { requests: (0..1_000).map(route).collect() };
    services.assignment.batch_route_leads(ask(request)).await.unwrap();
    let start = now(&services).await;
    let told = update(&services, shorter(v1::RunningClocks::Redate)).await.redated_clocks.unwrap();
    assert_eq!((told.lead_count, told.clock_count), (1_003, 3_009));
    let after = clocks(&services).await;
    assert_eq!(after, expected(&services).await);
    // Each chunk counts as a commit; they are made together.
    assert_eq!(told_since(&services, start).await, (two_of(&after), 2));
    nothing_is_broken(&services).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_that_stops_clocks_moves_those_of_its_rep() {
    let services = started(4).await;
    let before = clocks(&services).await;
    let moment = |hour: i64| prost_types::Timestamp { seconds: NOW.as_second() + hour * 3_600, nanos: 0 };
    let absence = |stops: bool| v1::Absence {
        rep: "reps/ann".to_owned(),
        start_time: Some(moment(1)),
        end_time: Some(moment(2)),
        stops_clocks: Some(stops),
        ..Default::default()
    };
    let create = |id: &str, stops: bool| v1::CreateAbsenceRequest {
        absence: Some(absence(stops)),
        absence_id: id.to_owned(),
        running_clocks: v1::RunningClocks::Redate.into(),
        ..Default::default()
    };
    // One that does not stop clocks changes nothing for them.
    let told = services.directory.create_absence(ask(create("runs", false))).await.unwrap().into_inner();
    assert_eq!((told.redated_clocks, clocks(&services).await), (Some(v1::RedatedClocks::default()), before.clone()));

    let told = services.directory.create_absence(ask(create("stops", true))).await.unwrap().into_inner();
    let hour = prost_types::Duration { seconds: 3_600, nanos: 0 };
    let effect = told.redated_clocks.unwrap();
    assert_eq!(
        (effect.lead_count, effect.clock_count, effect.earliest_shift, effect.latest_shift),
        (2, 6, Some(hour), Some(hour))
    );
    assert_eq!(clocks(&services).await, expected(&services).await);
    assert_ne!(clocks(&services).await, before);

    let update = v1::UpdateAbsenceRequest {
        absence: Some(v1::Absence {
            name: "absences/stops".to_owned(),
            end_time: Some(moment(3)),
            ..Default::default()
        }),
        running_clocks: v1::RunningClocks::Redate.into(),
        ..Default::default()
    };
    let effect = services.directory.update_absence(ask(update)).await.unwrap().into_inner().redated_clocks.unwrap();
    // What was to be accepted within two hours of noon, and stood one, is due an hour later; so are the others.
    assert_eq!((effect.clock_count, effect.latest_shift), (6, Some(hour)));
    assert_eq!(clocks(&services).await, expected(&services).await);

    let delete = v1::DeleteAbsenceRequest {
        name: "absences/stops".to_owned(),
        running_clocks: v1::RunningClocks::Redate.into(),
        ..Default::default()
    };
    let effect = services.directory.delete_absence(ask(delete)).await.unwrap().into_inner().redated_clocks.unwrap();
    assert_eq!((effect.clock_count, effect.earliest_shift.unwrap().seconds), (6, -7_200));
    assert_eq!(clocks(&services).await, before);
    nothing_is_broken(&services).await;
}
