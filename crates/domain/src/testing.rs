//! A small company for tests of decisions and life cycles.
#![expect(clippy::unwrap_used, reason = "test fixtures are known to be right")]

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    directory::DirectoryDocument,
    ids::LeadId,
    lead::{Lead, LeadType, Profile},
    policy::Policy,
    score::{FitLevel, IntentLevel, ModelRevision, Score},
    snapshot::{DirectoryIndex, Snapshot},
};

/// Three reps in one pool (weights 1, 2, 3), a boss, an account with an owner, a pool of one with a cap.
pub(crate) const DIRECTORY: &str = r#"
calendars:
  - { id: office, name: Office, time_zone: Europe/Paris, hours: { mon: ["09:00-17:00"], tue: ["09:00-17:00"], wed: ["09:00-17:00"], thu: ["09:00-17:00"], fri: ["09:00-17:00"] } }
teams:
  - { id: sales, name: Sales, manager: boss, calendar: office }
reps:
  - { id: ann, name: Ann, team: sales, seniority: senior, skills: [gtx], languages: [en, fr], backup: bob }
  - { id: bob, name: Bob, team: sales, seniority: mid, skills: [gtx], languages: [en] }
  - { id: cat, name: Cat, team: sales, languages: [en, de] }
  - { id: dan, name: Dan, team: sales, max_open: 2 }
  - { id: eve, name: Eve, team: sales, max_per_day: 3 }
  - { id: boss, name: Boss, team: sales, seniority: director }
pools:
  - { id: all, name: All, hours: ignored, members: [{ rep: ann, weight: 1 }, { rep: bob, weight: 2 }, { rep: cat, weight: 3 }] }
  - { id: graded, name: Graded, hours: ignored, rotate_per_grade: true, members: [{ rep: ann, weight: 3 }, { rep: bob, weight: 2 }, { rep: cat, weight: 2 }] }
  - { id: small, name: Small, hours: ignored, strategy: least_loaded, members: [dan, eve] }
  - { id: day-shift, name: Day shift, hours: required, members: [ann, bob] }
accounts:
  - { id: acme, name: Acme Inc, domains: [acme.example], owner: cat, tier: key }
"#;

/// A rule for each pool, one for the account's owner.
pub(crate) const POLICY: &str = r#"
name: test
time_zone: Europe/Paris
sla:
  fast:
    respond: 15m@wall
    accept: 10m@wall
    escalate:
      - { after: 15m@wall, do: remind }
      - { after: 30m@wall, do: backup }
      - { after: 45m@wall, do: manager }
      - { after: 60m@wall, do: queue, queue: review }
waiting: { retry_every: 5m@wall, deadline: 8h@wall, then: review }
rules:
  - { name: named, when: account.named, to: account_owner, otherwise: [{ pool: all }], sla: fast }
  - { name: shift, when: lead.source == "shift", to: { pool: day-shift }, sla: fast }
  - { name: small, when: lead.source == "small", to: { pool: small }, sla: fast }
  - { name: graded, when: lead.source == "graded", to: { pool: graded }, sla: fast }
  - { name: french, when: lead.language == "fr", to: { pool: all }, require: { language: true }, sla: fast }
  - { name: junk, when: lead.source == "junk", to: { disqualify: "a test lead" } }
  - { name: later, when: lead.source == "later", to: { queue: nurture } }
default: { to: { pool: all }, sla: fast }
"#;

/// Wednesday 2026-11-18, 12:00 in Paris.
pub(crate) fn noon() -> Timestamp {
    "2026-11-18T11:00:00Z".parse().unwrap()
}

pub(crate) fn snapshot() -> &'static Snapshot {
    static SNAPSHOT: LazyLock<Snapshot> = LazyLock::new(|| {
        let document = DirectoryDocument::parse(DIRECTORY).unwrap();
        let policy = Policy::parse(POLICY, &document).unwrap();
        let index = DirectoryIndex::compile(1, document, noon()).unwrap();
        Snapshot::new(Arc::new(index), Arc::new(policy), 1)
    });
    &SNAPSHOT
}

/// A lead with that number and source.
pub(crate) fn lead(number: u128, source: &str) -> Lead {
    let profile = Profile {
        email: Some(format!("p{number}@some.example")),
        source: Some(source.to_owned()),
        lead_type: LeadType::DemoRequest,
        ..Profile::default()
    };
    Lead { id: LeadId(Uuid::from_u128(number)), created_at: noon(), profile }
}

/// A score of that grade, `0` to `8`.
pub(crate) fn score(grade: usize) -> Score {
    let fit = [FitLevel::A, FitLevel::B, FitLevel::C][grade / 3 % 3];
    let intent = [IntentLevel::High, IntentLevel::Medium, IntentLevel::Low][grade % 3];
    Score { model: ModelRevision(1), fit_points: 0, intent_points: 0, fit, intent, contributions: Vec::new() }
}
