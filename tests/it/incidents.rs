//! A real log of incidents as leads, in virtual time: each is to be answered within a working day, is reminded of then, and goes to the
//! manager after three. A computation that steps from minute to minute says which of them must have been escalated, and when.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    time::Duration,
};

use api::v1::{
    BatchFireTimersRequest, BatchRouteLeadsRequest, FireOutcome, GetLeadRequest, LeadProfile,
    RecordFirstResponseRequest, RouteLeadRequest, TimerRef, batch_route_result::Result as Routed,
};
use flate2::read::GzDecoder;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{Timestamp, ToSpan as _, Unit, civil::Weekday, fmt::strtime, tz::TimeZone};
use kit::clock::Clock;
use leadrouter_tests::World;
use sqlx::Connection as _;
use store::testing::Database;
use uuid::Uuid;

use crate::examples::shared;

const ZONE: &str = "Europe/Lisbon";
/// What happens within so many minutes is taken to happen at their end, all at once.
const TICK: i64 = 180;

const DIRECTORY: &str = r#"
calendars:
  - id: office
    name: Office
    time_zone: Europe/Lisbon
    hours: { mon: ["09:00-18:00"], tue: ["09:00-18:00"], wed: ["09:00-18:00"], thu: ["09:00-18:00"], fri: ["09:00-18:00"] }
teams: [{ id: desk, name: Desk, manager: boss, calendar: office }]
reps:
  - { id: boss, name: Boss, team: desk, seniority: director }
  - { id: ann, name: Ann, team: desk }
  - { id: ben, name: Ben, team: desk }
  - { id: cho, name: Cho, team: desk }
# The clock runs from the report on, also when nobody is there.
pools: [{ id: desk, name: Desk, hours: ignored, members: [ann, ben, cho] }]
"#;

const POLICY: &str = "
name: incidents
time_zone: Europe/Lisbon
sla:
  day:
    respond: 9h@business
    escalate:
      - { after: 9h@business, do: remind, urgent: true }
      - { after: 27h@business, do: manager, urgent: true }
rules: []
default: { to: { pool: desk }, sla: day }
";

/// Open minutes until each step.
const STEPS: [usize; 2] = [9 * 60, 27 * 60];

/// From when to when somebody waited for an answer; the end of the log where none is known.
struct Incident {
    number: String,
    opened: Timestamp,
    answered: Option<Timestamp>,
}

/// The minute as it is written, at the end of its tick.
fn moment(text: &str) -> Option<Timestamp> {
    let time = strtime::parse("%d/%m/%Y %H:%M", text).ok()?.to_datetime().unwrap();
    let minute = time.to_zoned(TimeZone::get(ZONE).unwrap()).unwrap().timestamp().as_second() / 60;
    Some(Timestamp::from_second((minute / TICK + 1) * TICK * 60).unwrap())
}

fn incidents(file: &std::path::Path) -> Vec<Incident> {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let header = rows.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let (number, opened, resolved) = (column("number"), column("opened_at"), column("resolved_at"));
    let mut incidents = BTreeMap::new();
    for row in rows.records() {
        let row = row.unwrap();
        let opened = moment(&row[opened]).unwrap();
        // Some are resolved in the tick in which they were opened, and a few before.
        let answered = moment(&row[resolved]).map(|at| at.max(opened));
        incidents.insert(row[number].to_owned(), Incident { number: row[number].to_owned(), opened, answered });
    }
    incidents.into_values().collect()
}

/// Every minute of those years, and whether the office is open.
struct Minutes {
    first: Timestamp,
    open: Vec<bool>,
}

impl Minutes {
    fn new(first: Timestamp, last: Timestamp) -> Self {
        let zone = TimeZone::get(ZONE).unwrap();
        let minutes = last.since((Unit::Minute, first)).unwrap().get_minutes();
        let is_open = |minute: i64| {
            let local = (first + minute.minutes()).to_zoned(zone.clone());
            !matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday) && (9..18).contains(&local.hour())
        };
        Self { first, open: (0..minutes).map(is_open).collect() }
    }

    /// When the office has been open for so many minutes; `None`: not within the years.
    fn after(&self, from: Timestamp, minutes: usize) -> Option<Timestamp> {
        let start = usize::try_from((from.as_second() - self.first.as_second()) / 60).unwrap();
        let last = (start..self.open.len()).filter(|minute| self.open[*minute]).nth(minutes - 1)?;
        Some(self.first + i64::try_from(last + 1).unwrap().minutes())
    }
}

/// Lead, step, and when it was due.
type Steps = BTreeSet<(Uuid, i32, i64)>;

#[tokio::test(flavor = "multi_thread")]
async fn a_real_log_is_escalated_as_a_naive_computation_says() {
    let Some(file) = shared("servicenow_incidents/incident_event_log.csv.gz") else { return };
    let incidents = incidents(&file);
    assert!(incidents.len() > 10_000, "{} incidents", incidents.len());
    let first = incidents.iter().map(|incident| incident.opened).min().unwrap();
    let last =
        incidents.iter().flat_map(|incident| [Some(incident.opened), incident.answered]).flatten().max().unwrap();

    let world = World::on(Database::create().await, Clock::manual(first - 1.hour())).await;
    world.install(DIRECTORY, POLICY).await;
    let mut ticks: BTreeMap<Timestamp, (Vec<&Incident>, Vec<&Incident>)> = BTreeMap::new();
    for incident in &incidents {
        ticks.entry(incident.opened).or_default().0.push(incident);
        if let Some(answered) = incident.answered {
            ticks.entry(answered).or_default().1.push(incident);
        }
    }
    ticks.entry(last + 30.hours() * 24).or_default();

    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    for (now, (opened, answered)) in &ticks {
        fire_until(&world, *now).await;
        for part in opened.chunks(500) {
            names.extend(part.iter().map(|incident| incident.number.as_str()).zip(route(&world, part).await));
        }
        let names: Vec<&String> = answered.iter().map(|incident| &names[incident.number.as_str()]).collect();
        stream::iter(names).map(|name| answer(&world, name)).buffer_unordered(32).try_collect::<()>().await.unwrap();
    }

    let minutes = Minutes::new(first - 1.hour(), last + 30.hours() * 24);
    let mut expected = Steps::new();
    for incident in &incidents {
        let lead = Uuid::try_parse(names[incident.number.as_str()].strip_prefix("leads/").unwrap()).unwrap();
        for (step, minutes_of_step) in (0..).zip(STEPS) {
            let due = minutes.after(incident.opened, minutes_of_step);
            if let Some(due) = due.filter(|due| incident.answered.is_none_or(|answered| *due <= answered)) {
                expected.insert((lead, step, due.as_second()));
            }
        }
    }
    let found = escalations(&world).await;
    let (missing, wrong): (Vec<_>, Vec<_>) =
        (expected.difference(&found).collect(), found.difference(&expected).collect());
    assert!(missing.is_empty() && wrong.is_empty(), "missing: {missing:?}, wrong: {wrong:?}");
    assert!(expected.len() > incidents.len() / 2, "{} steps", expected.len());
    world.end().await;
}

/// Moves the clock, and has what is due fired in its order, beside the scheduler that does the same.
async fn fire_until(world: &World, moment: Timestamp) {
    let ahead = Duration::try_from(moment.duration_since(world.clock.now())).unwrap();
    world.clock.advance(ahead);
    loop {
        let timers: Vec<TimerRef> = world.due().await.iter().map(|(_, timer)| timer.into()).collect();
        if timers.is_empty() {
            return;
        }
        let request = BatchFireTimersRequest { timers };
        let answer = world.clients.assignment.clone().batch_fire_timers(request).await.unwrap().into_inner();
        assert!(answer.results.iter().all(|result| result.outcome() != FireOutcome::Failed), "{answer:?}");
    }
}

async fn route(world: &World, part: &[&Incident]) -> Vec<String> {
    let lead = |incident: &&Incident| LeadProfile {
        external_id: Some(incident.number.clone()),
        company_name: Some("Caller".to_owned()),
        ..LeadProfile::default()
    };
    let requests =
        part.iter().map(|incident| RouteLeadRequest { lead: Some(lead(incident)), ..RouteLeadRequest::default() });
    let request = BatchRouteLeadsRequest { requests: requests.collect() };
    let results = world.clients.assignment.clone().batch_route_leads(request).await.unwrap().into_inner().results;
    let name = |result| match result {
        Some(Routed::Response(routed)) => routed.lead.unwrap().name,
        other => panic!("{other:?}"),
    };
    results.into_iter().map(|result| name(result.result)).collect()
}

async fn answer(world: &World, name: &str) -> Result<(), tonic::Status> {
    let mut client = world.clients.assignment.clone();
    let lead = client.get_lead(GetLeadRequest { name: name.to_owned() }).await?.into_inner().lead.unwrap();
    let request =
        RecordFirstResponseRequest { name: lead.name, etag: lead.etag, ..RecordFirstResponseRequest::default() };
    client.record_first_response(request).await.map(drop)
}

async fn escalations(world: &World) -> Steps {
    let mut connection = sqlx::PgConnection::connect(&world.database.url()).await.unwrap();
    let steps = "SELECT lead_id, step, extract(epoch FROM due_at)::bigint FROM escalation";
    sqlx::query_as(steps).fetch_all(&mut connection).await.unwrap().into_iter().collect()
}
