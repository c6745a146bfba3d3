//! When a response target can't be met with the shifts that are known.

use api::v1::{Absence, CreateAbsenceRequest, ErrorReason, GetSlaCoverageRequest, SlaCoverage};
use cli::commands::coverage::{CoverageArgs, run};
use leadrouter_tests::{NOW, World};
use tonic_types::StatusExt as _;

const DIRECTORY: &str = r#"
calendars:
  - id: office
    name: Office
    time_zone: America/New_York
    hours: { mon: ["09:00-17:00"], tue: ["09:00-17:00"], wed: ["09:00-17:00"], thu: ["09:00-17:00"], fri: ["09:00-17:00"] }
    holidays: [2026-11-20]
  - { id: evening, name: Evening, time_zone: America/New_York, hours: { thu: ["16:00-22:00"] } }
teams: [{ id: sales, name: Sales, calendar: office }]
reps:
  - { id: ann, name: Ann, team: sales }
  - { id: eve, name: Eve, team: sales, calendar: evening }
pools: [{ id: day, name: Day, members: [ann] }, { id: both, name: Both, members: [ann, eve] }]
"#;

const POLICY: &str = "
name: quick
time_zone: America/New_York
sla: { quick: { respond: 30m@wall }, slow: { respond: 2h@business } }
rules: []
default: { to: { pool: both }, sla: quick }
";

async fn coverage(world: &World, parent: &str, sla: &str, days: i64) -> SlaCoverage {
    let request = GetSlaCoverageRequest {
        parent: parent.to_owned(),
        sla_policy: sla.to_owned(),
        start_time: None,
        horizon: Some(prost_types::Duration { seconds: days * 86_400, nanos: 0 }),
    };
    let answer = world.clients.escalation.clone().get_sla_coverage(request).await.unwrap().into_inner();
    answer.coverage.unwrap()
}

fn gaps(found: &SlaCoverage) -> Vec<(&str, &str)> {
    found.gaps.iter().map(|gap| (gap.start_local.as_str(), gap.end_local.as_str())).collect()
}

/// From a Wednesday at ten in the morning on.
#[tokio::test(flavor = "multi_thread")]
async fn hours_in_which_nobody_is_there_in_time_are_told() {
    let world = World::of(DIRECTORY, POLICY).await;
    let day = coverage(&world, "pools/day", "quick", 3).await;
    assert_eq!(
        (day.respond_within.as_str(), day.rep_count, day.time_zone.as_str()),
        ("30m@wall", 1, "America/New_York")
    );
    assert_eq!(
        gaps(&day),
        [
            ("Wed 2026-11-18 17:00 EST", "Thu 2026-11-19 08:30 EST"),
            // Friday is a holiday, and three days end on Saturday at ten.
            ("Thu 2026-11-19 17:00 EST", "Sat 2026-11-21 10:00 EST"),
        ]
    );
    assert_eq!(day.uncovered.unwrap().seconds, 3_600 * 15 + 1_800 + 3_600 * 41);
    // The evening of Thursday is somebody else's.
    for parent in ["pools/both", "teams/sales"] {
        let both = coverage(&world, parent, "quick", 3).await;
        assert_eq!((both.rep_count, gaps(&both)[1].0), (2, "Thu 2026-11-19 22:00 EST"), "{parent}");
    }
    // Business time does not pass where nobody is; it does when somebody is away.
    assert_eq!(gaps(&coverage(&world, "pools/day", "slow", 3).await), []);
    let moment = |hours: i64| Some(prost_types::Timestamp { seconds: NOW.as_second() + hours * 3_600, nanos: 0 });
    let absence =
        Absence { rep: "reps/ann".to_owned(), start_time: moment(2), end_time: moment(6), ..Absence::default() };
    let request = CreateAbsenceRequest {
        absence: Some(absence),
        absence_id: "noon".to_owned(),
        ..CreateAbsenceRequest::default()
    };
    world.clients.directory.clone().create_absence(request).await.unwrap();
    let away = coverage(&world, "pools/day", "slow", 3).await;
    assert_eq!(gaps(&away), [("Wed 2026-11-18 12:00 EST", "Wed 2026-11-18 14:00 EST")]);

    let args = CoverageArgs { parent: "pools/day".to_owned(), sla: "slow".to_owned(), from: None, days: 3 };
    let told = run(&args, &world.clients).await.unwrap();
    assert!(told.starts_with("pools/day (1 rep), slow: respond within 2h@business\n"), "{told}");
    assert!(told.contains("can't be met by leads that come in 2:00 h:"), "{told}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_told_at_once() {
    let world = World::of(DIRECTORY, POLICY).await;
    let mut client = world.clients.escalation.clone();
    let asked = |parent: &str, sla: &str| GetSlaCoverageRequest {
        parent: parent.to_owned(),
        sla_policy: sla.to_owned(),
        ..GetSlaCoverageRequest::default()
    };
    let wrong = GetSlaCoverageRequest { horizon: Some(prost_types::Duration::default()), ..asked("reps/ann", "") };
    let status = client.get_sla_coverage(wrong).await.unwrap_err();
    assert_eq!(api::reason_of(&status), Some(ErrorReason::InvalidRequest));
    let violations = status.get_details_bad_request().unwrap().field_violations;
    let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["parent", "sla_policy", "horizon"]);
    for missing in [asked("pools/night", "quick"), asked("pools/day", "never")] {
        let status = client.get_sla_coverage(missing).await.unwrap_err();
        assert_eq!(api::reason_of(&status), Some(ErrorReason::ResourceNotFound));
    }
    world.end().await;
}
