//! The SLA policies that come with the program, fast-forwarded: who has the lead and who hears what, at each minute. One behaviour a file.

mod absent_owner;
mod answered_in_time;
mod declined;
mod empty_backup;
mod late;
mod whole_chain;

use std::time::Duration;

use api::v1::{
    Absence, BatchFireTimersRequest, CreateAbsenceRequest, FireOutcome, Lead, LeadProfile, LeadType, ListTimersRequest,
    OwnershipChange, OwnershipChangeKind as Kind, TimerRef, WatchOwnershipRequest,
};
use jiff::{SignedDuration, Timestamp};
use kit::clock::Clock;
use leadrouter_tests::{World, requests::Request, watch};
use store::testing::Database;

/// A row of the SLA table.
#[derive(Clone, Copy)]
struct Row {
    lead_type: LeadType,
    sla: &'static str,
    /// When the lead comes: a moment from which on its whole chain falls into working hours.
    arrives: &'static str,
    /// Minutes from there: an answer is due; the offer is to be accepted; reminder, backup, manager, queue.
    respond: i64,
    accept: Option<i64>,
    steps: [i64; 4],
}

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// New York, where the office is open from nine to half past five, and from Monday to Friday; 5 business days are a week.
const ROWS: [Row; 4] = [
    Row {
        lead_type: LeadType::DemoRequest,
        sla: "demo-request",
        arrives: "2026-11-18T15:00:00Z",
        respond: 15,
        accept: Some(15),
        steps: [15, 20, 30, 45],
    },
    Row {
        lead_type: LeadType::MarketingQualified,
        sla: "high-intent",
        arrives: "2026-11-18T14:00:00Z",
        respond: 4 * HOUR,
        accept: Some(30),
        // Eight hours are over at 17:00; twelve at 21:00, and a queue is there at any hour.
        steps: [4 * HOUR, 6 * HOUR, 8 * HOUR, 12 * HOUR],
    },
    Row {
        lead_type: LeadType::Event,
        sla: "event",
        // Monday, 9:00: Tuesday 9:00, Wednesday 21:00 - the backup is there on Thursday at 9:00, just when the manager's turn has come.
        arrives: "2026-11-16T14:00:00Z",
        respond: 48 * HOUR,
        accept: None,
        steps: [24 * HOUR, 60 * HOUR, 72 * HOUR, 96 * HOUR],
    },
    Row {
        lead_type: LeadType::ContentDownload,
        sla: "content",
        arrives: "2026-11-16T15:00:00Z",
        respond: 7 * DAY,
        accept: None,
        steps: [7 * DAY, 10 * DAY, 14 * DAY, 21 * DAY],
    },
];

/// Ana has the leads; Ben stands in for her, and Max leads both.
fn directory(ana: &str, ben: &str) -> String {
    format!(
        r#"
calendars:
  - id: office
    name: Office
    time_zone: America/New_York
    hours: {{ mon: ["09:00-17:30"], tue: ["09:00-17:30"], wed: ["09:00-17:30"], thu: ["09:00-17:30"], fri: ["09:00-17:30"] }}
teams: [{{ id: sales, name: Sales, manager: max, calendar: office }}]
reps:
  - {{ id: ana, name: Ana, team: sales{ana} }}
  - {{ id: ben, name: Ben, team: sales{ben} }}
  - {{ id: max, name: Max, team: sales, seniority: director }}
pools: [{{ id: inbound, name: Inbound, members: [{{ rep: ana, weight: 1000 }}, {{ rep: ben, weight: 1 }}] }}]
"#
    )
}

const POLICY: &str = r#"
name: by-lead-type
time_zone: America/New_York
calendar: office
rules:
  - { name: demo, when: 'lead.lead_type == "demo_request"', to: { pool: inbound }, sla: demo-request }
  - { name: qualified, when: 'lead.lead_type == "marketing_qualified"', to: { pool: inbound }, sla: high-intent }
  - { name: event, when: 'lead.lead_type == "event"', to: { pool: inbound }, sla: event }
default: { to: { pool: inbound }, sla: content }
"#;

/// What happened to a lead: minute since it came, and what, of whom.
type Told = (i64, String);

/// One lead, and the time since it came.
struct Story {
    world: World,
    lead: Lead,
    arrived: Timestamp,
    start: String,
}

impl Story {
    /// A lead of that row has just come to Ana. `ana`, `ben`: what else is told of them.
    async fn begin(row: &Row, ana: &str, ben: &str) -> Self {
        let arrived: Timestamp = row.arrives.parse().unwrap();
        let world = World::on(Database::create().await, Clock::manual(arrived)).await;
        world.install(&directory(ana, ben), POLICY).await;
        let (first, _) = watch::watch(&world.clients, WatchOwnershipRequest::default()).await.unwrap();
        let start = first.resume_token;
        let profile = LeadProfile {
            email: Some("cleo@client.example".to_owned()),
            lead_type: row.lead_type.into(),
            ..LeadProfile::default()
        };
        let lead = world.route(profile).await.unwrap().lead.unwrap();
        assert_eq!(lead.owner, "reps/ana", "{}", row.sla);
        Self { world, lead, arrived, start }
    }

    /// The owner does something so many minutes after the lead came, and after all that was due before.
    async fn at(&mut self, minute: i64, act: impl FnOnce(&str, String) -> Request) {
        self.forward(minute).await;
        let seen = self.world.lead(&self.lead.name).await;
        let request = act(&self.lead.name, seen.etag);
        request.send(&self.world.clients).await.unwrap();
    }

    /// Lets time pass until then: from timer to timer, each fired when it is due and no second later.
    async fn forward(&mut self, minute: i64) {
        let until = self.arrived + SignedDuration::from_mins(minute);
        loop {
            let request = ListTimersRequest { parent: self.lead.name.clone(), ..ListTimersRequest::default() };
            let timers = self.world.clients.escalation.clone().list_timers(request).await.unwrap().into_inner().timers;
            let first = timers.first().and_then(|timer| Some((timer.clone(), instant(timer.due_time?))));
            let Some((timer, due)) = first.filter(|(_, due)| *due <= until) else { break };
            self.set(due);
            let fired =
                TimerRef { lead: timer.lead.clone(), kind: timer.kind, epoch: timer.epoch, due_time: timer.due_time };
            let request = BatchFireTimersRequest { timers: vec![fired] };
            let answer = self.world.clients.assignment.clone().batch_fire_timers(request).await.unwrap().into_inner();
            // The scheduler may have been quicker, and another of the kind be set.
            let outcomes: Vec<FireOutcome> = answer.results.iter().map(api::v1::FireTimerResult::outcome).collect();
            assert!(
                matches!(outcomes[..], [FireOutcome::Fired | FireOutcome::Stale | FireOutcome::NotDue]),
                "{outcomes:?}"
            );
        }
        self.set(until);
    }

    /// A rep is away in that time.
    async fn away(&self, rep: &str, from: &str, to: &str) {
        let time = |text: &str| Some(api::convert::time::to_wire(text.parse().unwrap()));
        let absence =
            Absence { rep: format!("reps/{rep}"), start_time: time(from), end_time: time(to), ..Absence::default() };
        let request = CreateAbsenceRequest {
            absence: Some(absence),
            absence_id: "away".to_owned(),
            ..CreateAbsenceRequest::default()
        };
        self.world.clients.directory.clone().create_absence(request).await.unwrap();
    }

    fn set(&self, at: Timestamp) {
        let ahead = at.duration_since(self.world.clock.now());
        self.world.clock.advance(Duration::try_from(ahead).unwrap());
    }

    /// All that happens until `minute`, in order.
    async fn told(&mut self, minute: i64) -> Vec<Told> {
        self.forward(minute).await;
        let last = self.world.lead(&self.lead.name).await;
        // One response tells of 500 changes.
        let (response, _) = watch::resume(&self.world.clients, &self.start).await.unwrap();
        let changes = response.changes;
        let told = changes.iter().map(|change| (self.minute(change), told(change))).collect();
        let owner = changes.iter().rev().find(|change| change.epoch == last.epoch).unwrap();
        assert_eq!(owner.owner, last.owner, "what was told is what is");
        told
    }

    fn minute(&self, change: &OwnershipChange) -> i64 {
        let since = instant(change.change_time.unwrap()).duration_since(self.arrived);
        assert_eq!(since.as_secs() % 60, 0, "{change:?} happened at {since:#}");
        since.as_mins()
    }
}

fn instant(time: prost_types::Timestamp) -> Timestamp {
    Timestamp::new(time.seconds, time.nanos).unwrap()
}

/// `assigned reps/ben`, `reminded reps/ana`, `escalated offer reps/ben`.
fn told(change: &OwnershipChange) -> String {
    let word = change.kind().as_str_name().trim_start_matches("OWNERSHIP_CHANGE_KIND_").to_lowercase();
    match (change.kind(), &change.escalation) {
        (Kind::Escalated | Kind::Reminded, Some(step)) => {
            let action = step.action().as_str_name().trim_start_matches("ESCALATION_ACTION_").to_lowercase();
            format!("{action} {}", step.target).trim_end().to_owned()
        }
        _ => format!("{word} {}", change.owner),
    }
}

/// What is expected, as `(minute, what)`.
fn expected(lines: &[(i64, &str)]) -> Vec<Told> {
    lines.iter().map(|(minute, what)| (*minute, (*what).to_owned())).collect()
}
