//! Working hours change while clocks run.

use std::sync::Arc;

use super::*;
use crate::{
    directory::DirectoryDocument,
    ownership::{Event, EventKind, Timer},
    policy::Policy,
    sla::Span,
    snapshot::DirectoryIndex,
};

const POLICY: &str = r#"
name: business
time_zone: Europe/Paris
calendar: office
sla:
  slow:
    respond: 6h@business
    accept: 90m@business
    escalate:
      - { after: 2h@business, do: remind }
      - { after: 1d@business, do: backup }
      - { after: 2d@business, do: manager }
waiting: { retry_every: 30m@wall, deadline: 3h@business, then: review }
rules:
  - { name: looked-at, when: lead.source == "looked-at", to: { queue: review }, sla: slow }
  - { name: nobody, when: lead.source == "nobody", to: { pool: day-shift }, require: { skills: [nothing] }, sla: slow }
  - { name: sleeps, when: lead.source == "sleeps", to: { queue: nurture } }
default: { to: { pool: all }, sla: slow }
"#;

/// The company by those hours from Monday to Friday.
fn by_hours(hours: &str) -> Snapshot {
    company(hours, POLICY, 1)
}

/// The usual hours, and a second revision of the policy with that in the place of its SLA policy.
fn by_policy(sla: &str) -> Snapshot {
    let (before, after) = (POLICY.find("sla:").unwrap(), POLICY.find("waiting:").unwrap());
    let policy = format!("{}sla:\n  slow: {sla}\n{}", &POLICY[..before], &POLICY[after..].replace("3h", "5h"));
    company("09:00-17:00", &policy, 2)
}

fn company(hours: &str, policy: &str, revision: i64) -> Snapshot {
    let directory = testing::DIRECTORY.replace("09:00-17:00", hours);
    let document = DirectoryDocument::parse(&directory).unwrap();
    let policy = Policy::parse(policy, &document).unwrap();
    let index = DirectoryIndex::compile(1, document, testing::noon()).unwrap();
    Snapshot::new(Arc::new(index), Arc::new(policy), revision)
}

/// The case as the store would give it back.
fn as_read(case: &LeadCase) -> LeadCase {
    let LeadCase { lead, ownership, assignment, timers, pauses, sla, .. } = case.clone();
    let timers: Vec<Timer> = timers.into_values().collect();
    LeadCase { sla, ..LeadCase::read(lead.as_ref().clone(), ownership, assignment, timers, pauses) }
}

fn span(text: &str) -> Span {
    text.parse().unwrap()
}

/// What each running clock must be by those hours, from the definition.
fn expected(case: &LeadCase, snapshot: &Snapshot) -> Vec<(&'static str, Option<Timestamp>)> {
    let calendar = match &case.ownership.owner {
        Owner::Rep(rep) => snapshot.directory.rep(rep).unwrap().calendar.as_ref(),
        Owner::Queue(_) => &snapshot.queue_calendar,
    };
    let ownership = &case.ownership;
    let mut clocks = Vec::new();
    let (chain, since) = (ownership.chain_since, ownership.since);
    if ownership.respond_by.is_some() && ownership.first_response_at.is_none() && ownership.is_open() {
        clocks.push(("respond", span("6h@business").deadline(chain, calendar)));
    }
    if case.timers.contains_key(&TimerKind::Accept) {
        clocks.push(("accept", span("90m@business").deadline(since, calendar)));
    }
    if case.timers.contains_key(&TimerKind::Escalate) {
        let step = ["2h@business", "1d@business", "2d@business"][usize::from(ownership.chain_step)];
        clocks.push(("escalate", span(step).deadline(chain, calendar)));
    }
    if ownership.owner == Owner::Queue(Queue::Waiting) {
        clocks.push(("wait", span("3h@business").deadline(since, calendar)));
    }
    clocks
}

/// What is written down of the same clocks.
fn written(case: &LeadCase) -> Vec<(&'static str, Option<Timestamp>)> {
    let ownership = &case.ownership;
    let due = |kind| case.timers.get(&kind).map(|timer| timer.due_at);
    let mut clocks = Vec::new();
    if ownership.respond_by.is_some() && ownership.first_response_at.is_none() && ownership.is_open() {
        clocks.push(("respond", ownership.respond_by));
    }
    if let Some(due) = due(TimerKind::Accept) {
        assert_eq!(ownership.accept_by, Some(due));
        clocks.push(("accept", Some(due)));
    }
    if let Some(due) = due(TimerKind::Escalate) {
        clocks.push(("escalate", Some(due)));
    }
    if ownership.owner == Owner::Queue(Queue::Waiting) {
        assert!(due(TimerKind::Retry) <= ownership.wake_at);
        clocks.push(("wait", ownership.wake_at));
    }
    clocks
}

#[test]
fn clocks_move_to_where_the_new_hours_have_them() {
    let (before, after) = (by_hours("09:00-17:00"), by_hours("14:00-18:00"));
    let mut counters = Counters::default();
    // Wednesday noon in Paris.
    let mut case = as_read(&opened(&before, "web", &mut counters));
    assert_eq!((due(&case, TimerKind::Accept), due(&case, TimerKind::Escalate)), (Some(90), Some(120)));
    let moved = case.redate(&at(&after, 10), &after.policy.waiting);
    let told: Vec<_> = moved
        .iter()
        .map(|moved| (moved.clock, moved.to.unwrap().duration_since(moved.from.unwrap()).as_mins()))
        .collect();
    // 6 hours end on Thursday at 16:00 now and not at 10:00; from 14:00 on, 90 minutes and 2 hours are two hours later.
    assert_eq!(told, [(ClockKind::Response, 360), (ClockKind::Acceptance, 120), (ClockKind::Escalation, 120)]);
    assert_eq!((due(&case, TimerKind::Accept), due(&case, TimerKind::Escalate)), (Some(210), Some(240)));
    assert!(case.changes.dirty && case.changes.cleared.is_empty() && case.changes.ended.is_empty());
    assert_eq!(case.timers[&TimerKind::Accept].epoch, case.ownership.epoch);
    // Once more, nothing moves.
    let mut again = as_read(&case);
    assert_eq!(again.redate(&at(&after, 20), &after.policy.waiting), []);
    assert!(!again.changes.dirty);
}

#[test]
fn what_has_come_to_an_end_stays() {
    let (before, after) = (by_hours("09:00-17:00"), by_hours("14:00-18:00"));
    let mut counters = Counters::default();
    let mut case = opened(&before, "web", &mut counters);
    case.accept(&at(&before, 1), None).unwrap();
    let accept_by = case.ownership.accept_by;
    let mut accepted = as_read(&case);
    let moved = accepted.redate(&at(&after, 10), &after.policy.waiting);
    let clocks: Vec<_> = moved.iter().map(|moved| moved.clock).collect();
    assert_eq!(
        (clocks.as_slice(), accepted.ownership.accept_by),
        ([ClockKind::Response, ClockKind::Escalation].as_slice(), accept_by)
    );
    case.record_first_response(&at(&before, 5), None, None).unwrap();
    assert_eq!(as_read(&case).redate(&at(&after, 10), &after.policy.waiting), []);
    let mut sleeping = opened(&before, "sleeps", &mut counters);
    assert_eq!(sleeping.redate(&at(&after, 10), &after.policy.waiting), []);
}

#[test]
fn the_clocks_of_queues_go_by_the_hours_of_the_policy() {
    let (before, after) = (by_hours("09:00-17:00"), by_hours("14:00-18:00"));
    let mut counters = Counters::default();
    let mut reviewed = as_read(&opened(&before, "looked-at", &mut counters));
    let mut waiting = as_read(&opened(&before, "nobody", &mut counters));
    assert_eq!((owner(&reviewed).as_str(), owner(&waiting).as_str()), ("queues/review", "queues/waiting"));
    let clocks = |moved: Vec<Moved>| moved.into_iter().map(|moved| moved.clock).collect::<Vec<_>>();
    let of_reviewed = clocks(reviewed.redate(&at(&after, 1), &after.policy.waiting));
    assert_eq!(of_reviewed, [ClockKind::Response, ClockKind::Escalation]);
    // The deadline moves on; the next try stays where it was.
    assert_eq!(clocks(waiting.redate(&at(&after, 1), &after.policy.waiting)), [ClockKind::Waiting]);
    assert_eq!(due(&waiting, TimerKind::Retry), Some(30));
    // Hours that end the wait earlier bring the try forward.
    let early = by_hours("00:00-24:00");
    let mut late = as_read(&opened(&by_hours("16:45-17:00"), "nobody", &mut counters));
    late.redate(&at(&early, 1), &early.policy.waiting);
    assert_eq!(late.ownership.wake_at, Some(testing::noon() + SignedDuration::from_hours(3)));
}

/// What moved: the clock, and in minutes from noon when it was due and is.
fn told(moved: &[Moved]) -> Vec<(ClockKind, Option<i64>, Option<i64>)> {
    let minutes = |at: Option<Timestamp>| at.map(|at| at.duration_since(testing::noon()).as_mins());
    moved.iter().map(|moved| (moved.clock, minutes(moved.from), minutes(moved.to))).collect()
}

#[test]
fn the_namesake_in_another_policy_takes_over_the_clocks() {
    let (before, mut counters) = (by_hours("09:00-17:00"), Counters::default());
    let opened = opened(&before, "web", &mut counters);
    let mut case = as_read(&opened);

    // Longer, without a window, and with another chain.
    let longer = "{ respond: 12h@wall, escalate: [{ after: 5h@wall, do: remind }] }";
    let after = by_policy(longer);
    let moved = case.adopt_policy(&at(&after, 10));
    assert_eq!(
        told(&moved),
        [
            (ClockKind::Response, Some(22 * 60), Some(12 * 60)),
            (ClockKind::Acceptance, Some(90), None),
            (ClockKind::Escalation, Some(120), Some(300)),
        ]
    );
    assert_eq!((case.ownership.policy_revision, case.ownership.accept_by), (2, None));
    assert_eq!(case.timers.keys().collect::<Vec<_>>(), [&TimerKind::Escalate]);
    assert!(case.changes.cleared.contains(&TimerKind::Accept) && case.changes.dirty);
    // Once more, nothing is to be done.
    let mut again = as_read(&case);
    assert_eq!((again.adopt_policy(&at(&after, 20)), again.changes.dirty), (Vec::new(), false));

    // Back: the window begins, when it would have begun.
    let back = company("09:00-17:00", POLICY, 3);
    let moved = case.adopt_policy(&at(&back, 30));
    assert_eq!(told(&moved)[1], (ClockKind::Acceptance, None, Some(90)));
    assert_eq!((due(&case, TimerKind::Accept), due(&case, TimerKind::Escalate)), (Some(90), Some(120)));

    // The chain goes on with the step that comes next, if there is one.
    let mut reminded = as_read(&opened);
    fire(&mut reminded, &before, 120, TimerKind::Escalate, &mut counters);
    assert_eq!(reminded.ownership.chain_step, 1);
    let mut ended = as_read(&reminded);
    assert_eq!(told(&ended.adopt_policy(&at(&after, 130)))[2], (ClockKind::Escalation, Some(1_440), None));
    assert_eq!(due(&ended, TimerKind::Escalate), None);
    let moved = as_read(&ended).adopt_policy(&at(&back, 140));
    assert_eq!(told(&moved).last(), Some(&(ClockKind::Escalation, None, Some(1_440))));
}

#[test]
fn another_policy_leaves_alone_what_does_not_run() {
    let (before, mut counters) = (by_hours("09:00-17:00"), Counters::default());
    let after = by_policy("{ respond: 1h@wall }");
    let untouched = |case: &LeadCase| {
        let mut case = as_read(case);
        let moved = case.adopt_policy(&at(&after, 10));
        moved.is_empty() && !case.changes.dirty && case.ownership.policy_revision == 1
    };
    let mut answered = opened(&before, "web", &mut counters);
    assert!(!untouched(&answered));
    answered.record_first_response(&at(&before, 5), None, None).unwrap();
    assert!(untouched(&answered));
    answered.close(&at(&before, 6), None, CloseOutcome::Lost, None, &mut counters).unwrap();
    assert!(untouched(&answered));
    assert!(untouched(&opened(&before, "sleeps", &mut counters)));
    // A person chose the queue: its chain is over.
    let mut chosen = opened(&before, "web", &mut counters);
    chosen.reassign(&at(&before, 1), &Owner::Queue(Queue::Review), false, &mut counters).unwrap();
    assert!(untouched(&chosen));
    // Without a namesake.
    let mut nameless = as_read(&opened(&before, "web", &mut counters));
    nameless.ownership.sla = Some("gone".to_owned());
    assert!(untouched(&nameless));

    let mut waiting = as_read(&opened(&before, "nobody", &mut counters));
    assert_eq!(told(&waiting.adopt_policy(&at(&after, 10))), [(ClockKind::Waiting, Some(180), Some(300))]);
    assert_eq!(waiting.ownership.policy_revision, 2);
}

fn hours() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["09:00-17:00", "14:00-18:00", "00:00-24:00", "06:00-07:30", "11:55-12:05", "08:00-20:00"])
}

proptest! {
    /// Whatever has happened to a lead: after its clocks were dated anew each of them is where the pure function has it, and
    /// the lead has the timers that it had, of its epoch.
    #[test]
    fn every_running_clock_is_where_the_new_hours_have_it(
        (before, after) in (hours(), hours()),
        source in prop::sample::select(vec!["web", "looked-at", "nobody", "sleeps"]),
        steps in prop::collection::vec((0u8..6, 1i64..600), 0..8),
    ) {
        let (before, after) = (by_hours(before), by_hours(after));
        let mut counters = Counters::default();
        let mut case = opened(&before, source, &mut counters);
        let mut now = 0;
        for (step, minutes) in steps {
            now += minutes;
            let context = at(&before, now);
            let score = testing::score(0);
            match step {
                0 => drop(case.accept(&context, None)),
                1 => drop(case.record_first_response(&context, None, None)),
                2 => drop(case.decline(&context, None, "too_busy", &score, &mut counters)),
                3 => drop(fire(&mut case, &before, now, TimerKind::Accept, &mut counters)),
                4 => drop(fire(&mut case, &before, now, TimerKind::Escalate, &mut counters)),
                _ => drop(fire(&mut case, &before, now, TimerKind::Retry, &mut counters)),
            }
        }
        let mut case = as_read(&case);
        let (kinds, epoch): (Vec<TimerKind>, _) = (case.timers.keys().copied().collect(), case.ownership.epoch);
        let was = written(&case);
        let moved = case.redate(&at(&after, now), &after.policy.waiting);
        prop_assert_eq!(written(&case), expected(&case, &after));
        let changed = was.iter().zip(written(&case)).filter(|(was, is)| **was != *is).count();
        prop_assert_eq!(moved.len(), changed);
        prop_assert_eq!(case.changes.dirty, !moved.is_empty());
        let told = (!moved.is_empty()).then(|| Event::of(&case.ownership, EventKind::ClocksMoved));
        prop_assert_eq!(&case.changes.events, &Vec::from_iter(told));
        prop_assert_eq!(case.timers.keys().copied().collect::<Vec<_>>(), kinds);
        prop_assert!(case.timers.values().all(|timer| timer.epoch == epoch && case.ownership.epoch == epoch));
    }
}
