use api::v1::{EscalationAction, Sla};

use super::*;

const LEAD: &str = "leads/01890a5d-ac96-774b-bcce-b302099a8057";

#[expect(clippy::unnecessary_wraps, reason = "as messages have it")]
fn second(second: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: 1_795_426_200 + second, nanos: 0 })
}

#[test]
fn a_time_is_told_by_its_two_largest_units() {
    let told = [0, 59, 60, 3_661, 86_400, 90_061, -125].map(|seconds| short(SignedDuration::from_secs(seconds)));
    assert_eq!(told, ["0s", "59s", "1m", "1h 1m", "1d", "1d 1h", "-2m 5s"]);
}

#[test]
fn an_overdue_lead_says_by_how_much_and_what_comes() {
    let escalate = Timer {
        lead: LEAD.to_owned(),
        kind: TimerKind::Escalate.into(),
        epoch: 2,
        due_time: second(1_800),
        ..Timer::default()
    };
    let lead = LeadSla {
        lead: LEAD.to_owned(),
        epoch: 2,
        owner: "reps/anna-berg".to_owned(),
        state: LeadSlaState::Overdue.into(),
        sla: Some(Sla {
            sla_policy: "demo-request".to_owned(),
            respond_within: "15m@wall".to_owned(),
            respond_by_local: "Mon 2026-11-23 10:45 CET".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            ..Sla::default()
        }),
        remaining: Some(prost_types::Duration { seconds: -754, nanos: 0 }),
        first_response_time: None,
        timers: vec![escalate],
        ..LeadSla::default()
    };
    insta::assert_snapshot!(sla_told(&lead));
}

#[test]
fn escalations_tell_how_late_they_were() {
    let done = |step, action: EscalationAction, target: &str| Escalation {
        lead: LEAD.to_owned(),
        epoch: 1,
        step,
        action: action.into(),
        target: target.to_owned(),
        due_time: second(0),
        done_time: second(2),
        ..Escalation::default()
    };
    let items = vec![
        done(Some(0), EscalationAction::Remind, "reps/anna-berg"),
        done(None, EscalationAction::Offer, "reps/ben-okoro"),
    ];
    insta::assert_snapshot!(escalation_table(&Listed { items, more: false }, &TimeZone::UTC));
    assert_eq!(escalation_table(&Listed::default(), &TimeZone::UTC), "there are none");
}
