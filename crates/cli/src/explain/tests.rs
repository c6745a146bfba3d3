#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use api::v1::{
    Assignment, AssignmentCause, AssignmentState, Candidate, CandidateFilter, Contribution, Decision,
    DestinationResult, DestinationTrial, EscalationAction, EscalationStep, FitLevel, IntentLevel, Lead, LeadProfile,
    LeadState, RuleTrial, Score, ScoreSide, Sla, Truth,
};
use jiff::{Timestamp, tz::TimeZone};

use super::Explanation;

const LEAD: &str = "leads/01890a5d-ac96-774b-bcce-b302099a8057";
const BERLIN: &str = "Europe/Berlin";

#[expect(clippy::unnecessary_wraps, reason = "as messages have them")]
fn at(text: &str) -> Option<prost_types::Timestamp> {
    let time: Timestamp = text.parse().unwrap();
    Some(prost_types::Timestamp { seconds: time.as_second(), nanos: 0 })
}

fn local(text: &str) -> String {
    api::convert::sla::local(text.parse().unwrap(), &TimeZone::get(BERLIN).unwrap())
}

fn rule(rule: &str, condition: &str, outcome: Truth, failed_part: &str) -> RuleTrial {
    let (rule, condition) = (rule.to_owned(), condition.to_owned());
    RuleTrial { rule, condition, outcome: outcome.into(), failed_part: failed_part.to_owned() }
}

fn given(criterion: &str, side: ScoreSide, points: i32, why: &str) -> Contribution {
    let (criterion, why) = (criterion.to_owned(), why.to_owned());
    Contribution { criterion, side: side.into(), points, why, ..Contribution::default() }
}

fn candidate(rep: &str, credit: f64, removed_by: CandidateFilter, detail: &str) -> Candidate {
    Candidate {
        rep: format!("reps/{rep}"),
        weight: 2,
        open_leads: 4,
        leads_today: 1,
        credit,
        removed_by: removed_by.into(),
        detail: detail.to_owned(),
        picked: rep == "anna-berg",
    }
}

fn score() -> Score {
    let group = |contribution: Contribution| Contribution { group: "visits".to_owned(), ..contribution };
    Score {
        scoring_model: "scoringModels/2".to_owned(),
        fit_points: 4500,
        intent_points: 3725,
        fit: FitLevel::A.into(),
        intent: IntentLevel::High.into(),
        grade: "A1".to_owned(),
        chance: None,
        contributions: vec![
            given("large", ScoreSide::Fit, 5000, "lead.employees >= 200"),
            given("public sector", ScoreSide::Fit, -500, "lead.industry == \"government\""),
            given("demo", ScoreSide::Intent, 3000, "1 signal demo_request, the latest 0.5 days old"),
            group(given("pricing", ScoreSide::Intent, 1225, "2 signals pricing_page, the latest 3.0 days old")),
            group(given("", ScoreSide::Intent, -500, "at most 7.25 points")),
        ],
    }
}

fn destinations() -> Vec<DestinationTrial> {
    let owner = DestinationTrial {
        destination: "account_owner".to_owned(),
        result: DestinationResult::NoSuchRep.into(),
        detail: "the lead has no account_owner".to_owned(),
        candidates: Vec::new(),
    };
    let pool = DestinationTrial {
        destination: "pool: enterprise".to_owned(),
        result: DestinationResult::Taken.into(),
        detail: String::new(),
        candidates: vec![
            candidate("anna-berg", 0.75, CandidateFilter::Unspecified, ""),
            candidate("ben-okoro", -0.5, CandidateFilter::Unspecified, ""),
            candidate("carla-ruiz", 1.0, CandidateFilter::Absent, "absent until Mon 2026-11-30 09:00 CET"),
            candidate("dan-li", 2.25, CandidateFilter::OpenCap, "has 4 open leads, the most allowed"),
        ],
    };
    vec![owner, pool]
}

fn sla() -> Sla {
    let step = |action: EscalationAction, to: &str, after: &str, due: &str| EscalationStep {
        action: action.into(),
        queue: if to.starts_with("queues/") { to.to_owned() } else { String::new() },
        to: if to.starts_with("queues/") { String::new() } else { to.to_owned() },
        after: after.to_owned(),
        due_time: at(due),
        due_local: local(due),
        urgent: to == "manager",
        when: if to == "backup" { "lead.deal_value > 100".to_owned() } else { String::new() },
        repetition: false,
        done: false,
    };
    Sla {
        sla_policy: "demo-request".to_owned(),
        respond_within: "15m@wall".to_owned(),
        respond_by: at("2026-11-23T09:30:00Z"),
        respond_by_local: local("2026-11-23T09:30:00Z"),
        accept_by: at("2026-11-23T09:20:00Z"),
        accept_by_local: local("2026-11-23T09:20:00Z"),
        steps: vec![
            step(EscalationAction::Remind, "", "15m@wall", "2026-11-23T09:30:00Z"),
            step(EscalationAction::Offer, "backup", "30m@wall", "2026-11-23T09:45:00Z"),
            step(EscalationAction::Offer, "manager", "45m@wall", "2026-11-23T10:00:00Z"),
            step(EscalationAction::Queue, "queues/review", "1h@wall", "2026-11-23T10:15:00Z"),
        ],
        time_zone: BERLIN.to_owned(),
    }
}

fn explanation() -> Explanation {
    let profile = LeadProfile {
        person_name: Some("Jane Doe".to_owned()),
        email: Some("jane@acme.example".to_owned()),
        company_name: Some("Acme".to_owned()),
        ..LeadProfile::default()
    };
    let lead = Lead {
        name: LEAD.to_owned(),
        profile: Some(profile),
        owner: "reps/anna-berg".to_owned(),
        state: LeadState::Offered.into(),
        epoch: 1,
        respond_by: at("2026-11-23T09:30:00Z"),
        ..Lead::default()
    };
    let decision = Decision {
        name: format!("{LEAD}/decisions/1"),
        lead: LEAD.to_owned(),
        epoch: 1,
        decide_time: at("2026-11-23T09:15:00Z"),
        policy: "policies/3".to_owned(),
        directory_version: 12,
        score: Some(score()),
        account: "accounts/acme".to_owned(),
        existing_owner: String::new(),
        rules: vec![
            rule("strategic", "account.tier == \"strategic\"", Truth::Unknown, "account.tier == \"strategic\" (account.tier is blank)"),
            rule("huge", "lead.employees >= 5000", Truth::False, "lead.employees >= 5000 (lead.employees is 450)"),
            rule("large-deals", "lead.deal_value >= 20000 && score.grade in [\"A1\", \"A2\"]", Truth::True, ""),
        ],
        matched_rule: "large-deals".to_owned(),
        destinations: destinations(),
        owner: "reps/anna-berg".to_owned(),
        reason: "Rule \"large-deals\" applies; there was no account_owner; in pool enterprise 2 of 4 reps were free and anna-berg was owed most.".to_owned(),
        sla: Some(sla()),
    };
    let history = vec![Assignment {
        epoch: 1,
        owner: "reps/anna-berg".to_owned(),
        state: AssignmentState::Offered.into(),
        cause: AssignmentCause::Routed.into(),
        start_time: at("2026-11-23T09:15:00Z"),
        actor: "web-forms".to_owned(),
        rule: "large-deals".to_owned(),
        ..Assignment::default()
    }];
    Explanation { lead, decision, owner_name: "Anna Berg".to_owned(), history }
}

#[test]
fn a_pick_is_explained_from_the_score_to_the_clocks() {
    insta::assert_snapshot!(explanation());
}

#[test]
fn a_lead_that_nobody_took_is_explained() {
    let mut told = explanation();
    told.owner_name = String::new();
    told.lead.owner = "reps/ben-okoro".to_owned();
    told.lead.epoch = 2;
    told.lead.state = LeadState::Working.into();
    told.lead.first_response_time = at("2026-11-23T11:00:00Z");
    let decision = &mut told.decision;
    decision.owner = "queues/waiting".to_owned();
    decision.reason =
        "No rule applies, so the default does; nobody was free at pool: central; it waits until somebody is free."
            .to_owned();
    decision.rules.truncate(2);
    decision.matched_rule = String::new();
    decision.destinations.truncate(1);
    decision.score = Some(Score { grade: "B2".to_owned(), ..Score::default() });
    decision.sla = Some(Sla { time_zone: "America/New_York".to_owned(), ..Sla::default() });
    let first = &mut told.history[0];
    first.owner = "queues/waiting".to_owned();
    first.state = AssignmentState::Claimed.into();
    told.history.push(Assignment {
        epoch: 2,
        owner: "reps/ben-okoro".to_owned(),
        state: AssignmentState::Working.into(),
        cause: AssignmentCause::Claimed.into(),
        start_time: at("2026-11-23T10:50:00Z"),
        first_response_time: at("2026-11-23T11:00:00Z"),
        actor: "ben".to_owned(),
        note: "met them at the fair".to_owned(),
        ..Assignment::default()
    });
    insta::assert_snapshot!(told);
}

#[test]
fn what_a_newer_server_leaves_out_does_no_harm() {
    assert!(Explanation::default().to_string().contains("Score: none"));
}
