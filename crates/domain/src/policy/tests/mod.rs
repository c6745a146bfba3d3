//! A policy is read or refused as a whole, and finds its rule.
#![allow(clippy::unwrap_used, reason = "tests")]

mod mistakes;

use jiff::{Timestamp, civil};
use proptest::prelude::*;

use super::*;
use crate::{
    directory::{DirectoryDocument, Seniority},
    expr::{Facts, ProgramBuilder, Schema, Truth},
    lead::Profile,
    ownership::Queue,
};

const DIRECTORY: &str = r#"
calendars: [{ id: office, name: Office, time_zone: America/New_York, hours: { mon: ["09:00-17:00"] } }]
teams: [{ id: sales, name: Sales, calendar: office }]
reps: [{ id: anna, name: Anna, team: sales }, { id: ben, name: Ben, team: sales }, { id: pat, name: Pat, team: sales, external: true }]
pools:
  - { id: enterprise, name: Enterprise, members: [anna] }
  - { id: central, name: Central, members: [anna, ben] }
  - { id: abroad, name: Abroad, partner: true, members: [pat] }
"#;

const GOOD: &str = r#"
name: acme-routing
description: Who gets what at Acme
time_zone: America/New_York
calendar: office
attributes: { course: text, visits: number, agreed: flag }
sla:
  demo-request:
    respond: 15m@wall
    accept: 10m@wall
    escalate:
      - { after: 10m@wall, do: remind }
      - { after: 30m@wall, do: backup }
      - { after: 45m@wall, do: manager }
      - { after: 60m@wall, do: queue, queue: review }
  slow: { respond: 4h@business }
waiting: { retry_every: 10m@wall, deadline: 2d@business, then: nurture }
rules:
  - name: strategic-accounts
    when: account.tier == "strategic"
    to: { queue: review }
    sla: slow
  - name: named-accounts
    when: account.named
    to: account_owner
    otherwise: [{ pool: enterprise }, { rep: anna }]
    sla: demo-request
  - name: large-deals
    when: lead.deal_value >= 20000 && lead.country in ["US", "CA"]
    to: { pool: enterprise }
    require: { skills: [gtx], skill_of: lead.product, language: true, territory: true, seniority: senior }
    otherwise: [{ pool: central }, { queue: review }]
    sla: high-intent
  - name: abroad
    when: lead.country != "US"
    to: { partner: abroad }
  - name: no-customers
    when: lead.attributes.course == "none"
    to: { disqualify: "no product of ours" }
default: { to: existing_owner, otherwise: [{ queue: nurture }] }
"#;

fn directory() -> DirectoryDocument {
    DirectoryDocument::parse(DIRECTORY).unwrap()
}

fn facts(lead: &Profile) -> Facts<'_> {
    Facts {
        lead,
        created_at: Timestamp::UNIX_EPOCH,
        account: None,
        existing_owner: None,
        score: None,
        local: civil::datetime(2026, 11, 22, 9, 0, 0, 0),
        company_domain: None,
    }
}

#[test]
fn a_good_policy_is_read() {
    let policy = Policy::parse(GOOD, &directory()).unwrap();
    let large = &policy.rules[2];
    assert_eq!((large.line, policy.rule(Some(2)).map(|rule| rule.name.as_str())), (28, Some("large-deals")));
    let to: Vec<String> = large.route.destinations.iter().map(ToString::to_string).collect();
    assert_eq!(to, ["pool enterprise", "pool central", "queue review"]);
    assert_eq!(large.route.require.min_seniority, Some(Seniority::Senior));
    assert_eq!(large.route.require.skill_of, Some(LeadField::Product));
    assert_eq!(large.route.sla.as_ref().unwrap().respond, "4h@wall".parse().unwrap());
    let demo = policy.rules[1].route.sla.as_ref().unwrap();
    assert_eq!((demo.steps.len(), &demo.steps[3].action), (4, &StepAction::Queue(Queue::Review)));
    assert_eq!((policy.waiting.then, policy.slas.len()), (Queue::Nurture, 6));
    assert_eq!(policy.route(None).destinations[0], Destination::ExistingOwner);
}

#[test]
fn what_is_left_out_has_its_default() {
    let policy =
        Policy::parse("{ name: a, time_zone: UTC, rules: [], default: { to: { queue: review } } }", &directory());
    let policy = policy.unwrap();
    assert_eq!(policy.waiting, Waiting::default());
    assert_eq!(policy.slas.keys().collect::<Vec<_>>(), ["content", "demo-request", "event", "high-intent", "review"]);
    assert_eq!(policy.evaluate(&facts(&Profile::default())), Matched { rule: None });
}

/// The document's checks hold for what is built in too.
#[test]
fn the_built_in_slas_keep_the_rules_of_the_document() {
    let mut text = "name: a\ntime_zone: UTC\nrules: []\ndefault: { to: { pool: central } }\nsla:\n".to_owned();
    for sla in SlaPolicy::built_in() {
        let accept = sla.accept.map(|accept| format!("accept: {accept}, ")).unwrap_or_default();
        let steps = sla.steps.iter().map(|step| {
            let action = match &step.action {
                StepAction::Queue(queue) => format!("queue, queue: {}", queue.name()),
                StepAction::Offer(to) => format!("{to:?}").to_lowercase(),
                action => format!("{action:?}").to_lowercase(),
            };
            format!("{{ after: {}, do: {action} }}", step.after)
        });
        let steps = steps.collect::<Vec<_>>().join(", ");
        text +=
            &[" ", &sla.name, ": { respond: ", &sla.respond.to_string(), ", ", &accept, "escalate: [", &steps, "] }\n"]
                .concat();
    }
    let policy = Policy::parse(&text, &directory()).unwrap();
    assert!(SlaPolicy::built_in().iter().all(|sla| policy.slas[&sla.name] == *sla));
}

#[test]
fn the_examples_are_good() {
    macro_rules! example {
        ($name:literal) => {
            (
                include_str!(concat!("../../../../../examples/", $name, "/directory.yaml")),
                include_str!(concat!("../../../../../examples/", $name, "/policy.yaml")),
            )
        };
    }
    for (directory, policy) in [example!("maven"), example!("olist"), example!("x_education")] {
        let directory = DirectoryDocument::parse(directory).unwrap();
        assert_eq!(directory.warnings(), []);
        Policy::parse(policy, &directory).unwrap();
    }
}

#[test]
fn a_trace_tells_what_kept_each_rule_from_matching() {
    let policy = Policy::parse(GOOD, &directory()).unwrap();
    let lead = Profile { deal_value: Some(30_000), country: Some("FR".into()), ..Profile::default() };
    assert_eq!(policy.evaluate(&facts(&lead)), Matched { rule: Some(3) });
    let trace = policy.trace(&facts(&lead));
    let told: Vec<_> =
        trace.iter().map(|tried| (tried.rule, tried.truth, tried.failed.as_ref().map(|f| f.text))).collect();
    assert_eq!(
        told,
        [
            (0, Truth::Unknown, Some(r#"account.tier == "strategic""#)),
            (1, Truth::False, Some("account.named")),
            (2, Truth::False, Some(r#"lead.country in ["US", "CA"]"#)),
            (3, Truth::True, None),
        ]
    );
}

#[test]
fn a_last_rule_without_condition_matches_the_rest() {
    let all = "  - { name: everything, to: { pool: central } }\ndefault:";
    let policy = Policy::parse(&GOOD.replace("default:", all), &directory()).unwrap();
    let lead = Profile { country: Some("US".into()), ..Profile::default() };
    assert_eq!(policy.evaluate(&facts(&lead)), Matched { rule: Some(5) });
    assert_eq!(policy.trace(&facts(&lead)).last().map(|tried| (tried.rule, tried.truth)), Some((5, Truth::True)));
}

prop_compose! {
    fn condition()(field in 0..4, number in 0..6_i64, letter in "[A-C]") -> String {
        match field {
            0 => format!("lead.employees >= {number}"),
            1 => format!("lead.employees == {number} && lead.city != \"{letter}\""),
            2 => format!("lead.city == \"{letter}\" || lead.deal_value < {number}"),
            _ => format!("lead.deal_value == {number} && has(lead.city)"),
        }
    }
}

proptest! {
    #[test]
    fn the_first_rule_that_matches_decides(
        conditions in prop::collection::hash_set(condition(), 0..20),
        catch_all: bool,
        employees in prop::option::of(0..6_i64),
        deal_value in prop::option::of(0..6_i64),
        city in prop::option::of("[A-C]"),
    ) {
        let lead = Profile { employees, city, deal_value, ..Profile::default() };
        let mut text = "name: a\ntime_zone: UTC\ndefault: { to: { pool: central } }\nrules:\n".to_owned();
        let mut expected = None;
        for (index, condition) in conditions.iter().enumerate() {
            text.extend([format!("  - {{ name: r{index}, when: '{condition}', to: {{ pool: central }} }}\n")]);
            let mut one = ProgramBuilder::new(Schema::for_policy(&BTreeMap::new()));
            let id = one.add(condition).unwrap();
            let program = one.build();
            if expected.is_none() && program.eval(id, &program.bind(&facts(&lead))).is_true() {
                expected = Some(u32::try_from(index).unwrap());
            }
        }
        if catch_all {
            text += "  - { name: rest, to: { pool: central } }\n";
            expected = expected.or(u32::try_from(conditions.len()).ok());
        } else if conditions.is_empty() {
            text += "  []\n";
        }
        let policy = Policy::parse(&text, &directory()).unwrap();
        let matched = policy.evaluate(&facts(&lead)).rule;
        prop_assert_eq!(matched, expected);
        let matched_by_trace = policy.trace(&facts(&lead)).last().filter(|tried| tried.truth.is_true()).map(|tried| tried.rule);
        prop_assert_eq!(matched_by_trace, expected);
    }

    #[test]
    fn nothing_makes_it_panic(cut in 0..GOOD.len(), insert in "[-?:,\\[\\]{}\"' \\na-z0-9@&=]{0,12}") {
        let _ = Policy::parse(&format!("{}{insert}{}", &GOOD[..cut], &GOOD[cut..]), &directory());
    }
}
