//! What is wrong with a policy is told all at once, each with its place.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::directory;
use crate::policy::{MAX_BYTES, MAX_RULES, Policy};

const BAD: &str = r#"
naem: acme
name: acme-routing
time_zone: America/New_Yrok
calendar: ofice
attributes: { course: text, visits: txt, "two words": text }
sla:
  demo-request:
    respond: 15m@wall
    accept: 20m@wall
    escalate:
      - { after: 10m@wall, do: backup }
      - { after: 5m@wall, do: remind }
      - { after: 60m@wall, do: queue }
      - { after: 61m@wall, do: queue, queue: revue }
      - { after: 62m@wall, do: remnd, queue: review }
      - { after: 63, do: manager, queue: review }
  slow: { respond: 4h@business }
waiting: { retry_every: 9h@wall, then: waiting }
rules:
  - name: strategic
    when: account.teir == "strategic" && lead.deal_value > "20"
    to: { pool: enterprize }
    otherwise: [{ queue: review }, { rep: bne }]
    sla: demo-requests
  - name: folded
    when: >
      lead.country == "US" &&
      lead.employes > 10
    to: enterprise
    require: { skils: [gtx], skills: [GTX], seniority: boss, language: yes please }
  - name: strategic
    when: lead.attributes.course == "b"
    to: { pool: abroad }
    otherwise: [{ partner: central }, { pool: abroad }]
  - name: Same condition
    when: lead.attributes.course  ==  "b"
    to: { queue: waiting }
  - name: nurtured
    when: lead.source == "newsletter"
    to: { queue: nurture }
    require: { language: true }
    sla: slow
  - name: disqualified
    when: lead.source == "jobs"
    to: { queue: disqualified }
  - to: [{ pool: central }]
  - name: after-all
    when: account.known
    to: { pool: central, rep: anna }
    otherwise: { queue: review }
  - name: review
    when: lead.source ==
    to: { queue: review }
    sla: slow
default: { when: account.known, sla: review }
"#;

/// The problems of a policy, one a line.
fn problems(text: &str) -> String {
    let problems = Policy::parse(text, &directory()).unwrap_err();
    problems.iter().map(|problem| problem.to_string() + "\n").collect()
}

#[test]
fn every_mistake_is_told_with_its_place() {
    insta::assert_snapshot!(problems(BAD), @r#"
    2:1: document: unknown key `naem`; did you mean `name`? (known: name, description, time_zone, calendar, attributes, sla, waiting, rules, default)
    4:12: time_zone: `America/New_Yrok` is not a time zone: expected an IANA name such as `Europe/Berlin`; did you mean `America/New_York`?
    5:11: calendar: the directory has no calendar `ofice`; did you mean `office`?
    6:37: attributes.visits: expected one of text, number, flag, found `txt`; did you mean `text`?
    6:42: attributes: `two words` can't be written in a condition: expected a letter or _, then letters, digits and _, and no word of the condition language
    10:13: sla.demo-request.accept: is later than `respond` (15m@wall): who must have answered has accepted
    12:9: sla.demo-request.escalate[0]: takes the lead away before its owner has to answer, which is after 15m@wall
    13:9: sla.demo-request.escalate[1]: is earlier than the step ahead of it, which is after 10m@wall
    14:9: sla.demo-request.escalate[2]: `queue` is missing
    15:46: sla.demo-request.escalate[3].queue: expected one of review, nurture, self-service, found `revue`
    16:32: sla.demo-request.escalate[4].do: expected one of remind, notify, offer, reassign, backup, manager, queue, found `remnd`; did you mean `remind`?
    17:18: sla.demo-request.escalate[5].after: `63` is not a span of time: it names no clock, expected `15m@wall` (all time counts) or `15m@business` (opening hours only)
    17:42: sla.demo-request.escalate[5].queue: belongs to `do: queue` only
    19:10: waiting: `retry_every` (9h@wall) is later than `deadline` (8h@wall)
    19:40: waiting.then: leads come to the waiting queue by themselves, when nobody of a pool is free
    22:11: rules[0].when: there is no `account.teir`; did you mean account.tier?
    22:42: rules[0].when: `lead.deal_value` is a number, and `"20"` is text: they can't be compared
    23:17: rules[0].to.pool: the directory has no pool `enterprize`; did you mean `enterprise`?
    24:36: rules[0].otherwise[1]: is never reached: queue review ahead of it takes every lead
    24:43: rules[0].otherwise[1].rep: the directory has no rep `bne`; did you mean `ben`?
    25:10: rules[0].sla: there is no SLA policy `demo-requests`; did you mean `demo-request`? (known: content, demo-request, event, high-intent, review, slow)
    29:7: rules[1].when: there is no `lead.employes`; did you mean lead.employees?
    30:9: rules[1].to: expected a destination; did you mean { pool: enterprise }?
    31:16: rules[1].require: unknown key `skils`; did you mean `skills`? (known: skills, skill_of, language, territory, seniority)
    31:39: rules[1].require.skills[0]: skills are lower-case words, found `GTX`
    31:56: rules[1].require.seniority: expected one of junior, mid, senior, director, found `boss`
    31:72: rules[1].require.language: expected `true` or `false`, found `yes please`
    32:11: rules[2].name: the rule on line 21 has this name already
    34:17: rules[2].to.pool: is a partner pool: write { partner: abroad }
    35:28: rules[2].otherwise[0].partner: is not a partner pool: write { pool: central }
    35:39: rules[2].otherwise[1]: has been tried already
    35:47: rules[2].otherwise[1].pool: is a partner pool: write { partner: abroad }
    36:11: rules[3].name: `Same condition` is not a name: expected 1 to 63 characters of a-z, 0-9 and -
    37:11: rules[3].when: never decides: the rule on line 32 has the same condition
    38:18: rules[3].to.queue: leads come to the waiting queue by themselves, when nobody of a pool is free
    42:14: rules[4].require: nothing is asked of anybody here: requirements filter the reps of pools
    43:10: rules[4].sla: no clock runs here: only reps and the review queue are waited for
    46:18: rules[5].to.queue: give a reason: { disqualify: "a reason" }
    47:5: rules[6]: `name` is missing
    47:9: rules[6].to: expected a map with the keys rep, pool, partner, queue, disqualify, found a list
    48:5: rules[7]: is never reached: the rule on line 47 matches every lead
    50:9: rules[7].to: expected one destination; further ones go into the list `otherwise`
    51:16: rules[7].otherwise: expected a list, found a map
    52:5: rules[8]: is never reached: the rule on line 47 matches every lead
    53:25: rules[8].when: the condition ends too early: something is missing here
    56:10: default: `to` is missing
    56:12: default: unknown key `when` (known: to, otherwise, require, sla)
    "#);
}

#[test]
fn too_much_is_refused() {
    let rules = "  - { name: a, to: { pool: central } }\n".repeat(MAX_RULES + 1);
    let text = format!("name: a\ntime_zone: UTC\ndefault: {{ to: {{ pool: central }} }}\nrules:\n{rules}");
    assert_eq!(problems(&text), "5:3: rules: there are 5001 rules, and at most 5000 are read\n");
    let text = " ".repeat(MAX_BYTES + 1);
    assert_eq!(problems(&text), "1:1: document: has 1048577 bytes, and at most 1048576 are read\n");
}

/// Queues work by no rep's calendar, and "8 business hours" by none would silently be 8 hours of the wall.
#[test]
fn business_time_of_queues_needs_a_calendar() {
    let text = "
name: a
time_zone: UTC
sla: { slow: { respond: 4h@business } }
waiting: { deadline: 8h@business }
rules: [{ name: reps, to: { pool: central }, sla: slow }]
default: { to: { pool: central }, otherwise: [{ queue: review }], sla: slow }
";
    let told = "counts business time, and a queue has none unless the policy names a `calendar`";
    assert_eq!(problems(text), format!("5:22: waiting.deadline: {told}\n7:72: default.sla: {told}\n"));
    Policy::parse(&format!("{text}calendar: office\n"), &directory()).unwrap();
}

#[test]
fn mistakes_in_steps_are_told_with_their_places() {
    let text = r#"
name: a
time_zone: UTC
attributes: { stage: text }
sla:
  s:
    respond: 15m@wall
    escalate:
      - { after: 5m@wall, do: notify }
      - { after: 6m@wall, do: notify, to: { team: salse } }
      - { after: 7m@wall, do: notify, to: owner }
      - { after: 8m@wall, do: remind, to: manager }
      - { after: 9m@wall, do: remind, when: lead.attributes.stge == "new" }
      - { after: 10m@wall, do: remind, repeat: { every: 1h@business, times: 3 } }
      - { after: 11m@wall, do: remind, repeat: { every: 1h@wall, times: 11 } }
      - { after: 12m@wall, do: remind, repeat: { every: 2m@wall, times: 3 } }
      - { after: 13m@wall, do: offer, to: manager, repeat: { every: 5m@wall, times: 3 } }
      - { after: 60m@wall, do: queue, queue: review, urgent: true, repeat: { every: 5m@wall, times: 3 } }
rules: []
default: { to: { queue: review } }
"#;
    insta::assert_snapshot!(problems(text), @"
    9:9: sla.s.escalate[0]: `to` is missing
    10:51: sla.s.escalate[1].to.team: the directory has no team `salse`; did you mean `sales`?
    11:43: sla.s.escalate[2].to: expected one of backup, another, manager, found `owner`
    12:43: sla.s.escalate[3].to: belongs to `do: notify`, `offer` and `reassign` only
    13:45: sla.s.escalate[4].when: there is no `lead.attributes.stge`; did you mean lead.attributes.stage?
    14:57: sla.s.escalate[5].repeat.every: can't be added to 10m@wall: expected the same clock, and days to days or hours to hours
    15:73: sla.s.escalate[6].repeat.times: expected a whole number from 1 to 10, found `11`
    17:9: sla.s.escalate[8]: is earlier than the step ahead of it, which is after 18m@wall
    17:9: sla.s.escalate[8]: takes the lead away before its owner has to answer, which is after 15m@wall
    18:62: sla.s.escalate[9].urgent: a queue is there at any hour
    18:76: sla.s.escalate[9].repeat: a lead is moved to a queue once
    ");
}
