#![expect(clippy::unwrap_used, reason = "a test that fails may say so bluntly")]

mod drawing;
mod escalate;
mod pause;
mod redate;
mod table;

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::{
    decide::{Counters, Occasion, Question, decide, plan},
    ids::{Epoch, RepId},
    ownership::{AssignmentState, CloseOutcome, EscalationAction, LeadState, Owner, Queue, TimerKind},
    snapshot::Snapshot,
    testing,
};

fn rep(id: &str) -> RepId {
    id.parse().unwrap()
}

fn at(snapshot: &Snapshot, minutes: i64) -> Context<'_> {
    let now = testing::noon() + SignedDuration::from_mins(minutes);
    Context { snapshot, now, actor: "test", note: None, traceparent: None }
}

fn opened(snapshot: &Snapshot, source: &str, counters: &mut Counters) -> LeadCase {
    let context = at(snapshot, 0);
    let (lead, score) = (testing::lead(7, source), testing::score(0));
    let question = Question {
        lead: &lead,
        score: &score,
        existing_owner: None,
        excluded: &[],
        occasion: Occasion::New,
        now: context.now,
    };
    let plan = plan(snapshot, &question);
    let verdict = decide(snapshot, &plan, &question, counters);
    open(&context, std::sync::Arc::new(lead.clone()), &question, &verdict)
}

fn fire(case: &mut LeadCase, snapshot: &Snapshot, minutes: i64, kind: TimerKind, counters: &mut Counters) -> Fired {
    let epoch = case.ownership.epoch;
    case.fire(&at(snapshot, minutes), kind, epoch, &testing::score(0), counters)
}

fn due(case: &LeadCase, kind: TimerKind) -> Option<i64> {
    let timer = case.timers.get(&kind)?;
    Some(timer.due_at.duration_since(testing::noon()).as_mins())
}

fn owner(case: &LeadCase) -> String {
    case.ownership.owner.to_string()
}

#[test]
fn the_whole_chain_to_the_queue() {
    let snapshot = testing::snapshot();
    let mut counters = Counters::default();
    let mut case = opened(snapshot, "web", &mut counters);
    assert_eq!(
        (owner(&case).as_str(), due(&case, TimerKind::Accept), due(&case, TimerKind::Escalate)),
        ("reps/cat", Some(10), Some(15))
    );
    case.accept(&at(snapshot, 1), None).unwrap();
    assert_eq!(due(&case, TimerKind::Accept), None);

    assert_eq!(fire(&mut case, snapshot, 15, TimerKind::Escalate, &mut counters), Fired::Done);
    assert_eq!((owner(&case).as_str(), due(&case, TimerKind::Escalate)), ("reps/cat", Some(30)));
    // Cat has no backup: the one whom routing would pick next.
    assert_eq!(fire(&mut case, snapshot, 30, TimerKind::Escalate, &mut counters), Fired::Done);
    assert_eq!((owner(&case).as_str(), due(&case, TimerKind::Escalate)), ("reps/bob", Some(45)));
    assert_eq!(fire(&mut case, snapshot, 45, TimerKind::Escalate, &mut counters), Fired::Done);
    assert_eq!((owner(&case).as_str(), due(&case, TimerKind::Escalate)), ("reps/boss", Some(60)));
    assert_eq!(fire(&mut case, snapshot, 60, TimerKind::Escalate, &mut counters), Fired::Done);
    assert_eq!((owner(&case).as_str(), due(&case, TimerKind::Escalate)), ("queues/review", None));

    let done: Vec<_> = case.changes.escalations.iter().map(|done| (done.epoch.0, done.step, done.action)).collect();
    let expected = [
        (1, 0, EscalationAction::Remind),
        (1, 1, EscalationAction::Offer),
        (2, 2, EscalationAction::Offer),
        (3, 3, EscalationAction::Queue),
    ];
    assert_eq!(done, expected);
    assert!(counters.loads.values().all(|load| load.open == 0), "{:?}", counters.loads);
}

#[test]
fn a_drained_lead_goes_on_to_somebody_else_with_its_clock() {
    let snapshot = testing::snapshot();
    let mut counters = Counters::default();
    let mut case = opened(snapshot, "web", &mut counters);
    case.accept(&at(snapshot, 1), None).unwrap();
    case.drain(&at(snapshot, 5), &testing::score(0), &mut counters);
    assert_ne!(owner(&case), "reps/cat");
    assert_eq!((case.ownership.state, case.ownership.tried.as_slice()), (LeadState::Offered, [rep("cat")].as_slice()));
    assert_eq!((due(&case, TimerKind::Accept), due(&case, TimerKind::Escalate)), (Some(15), Some(15)));
    let ended = &case.changes.ended[0];
    assert_eq!((ended.state, ended.end_reason.as_deref()), (AssignmentState::Reassigned, Some("rep_deactivated")));
    assert_eq!(case.assignment.cause, crate::ownership::Cause::Drained);
    assert!(case.assignment.decision.is_some());
    assert_eq!(counters.load(&rep("cat")).open, 0);

    case.close(&at(snapshot, 6), None, CloseOutcome::Lost, None, &mut counters).unwrap();
    let epoch = case.ownership.epoch;
    case.drain(&at(snapshot, 7), &testing::score(0), &mut counters);
    assert_eq!(case.ownership.epoch, epoch);
}

#[test]
fn an_empty_step_falls_through_at_once_and_says_so() {
    let snapshot = testing::snapshot();
    let mut counters = Counters::default();
    let mut case = opened(snapshot, "web", &mut counters);
    case.ownership.chain_step = 2;
    case.reassign(&at(snapshot, 1), &Owner::Rep(rep("boss")), false, &mut counters).unwrap();
    case.ownership.chain_step = 2;
    // The boss has no manager: the manager step falls through to the queue.
    assert_eq!(fire(&mut case, snapshot, 61, TimerKind::Escalate, &mut counters), Fired::Done);
    assert_eq!(owner(&case), "queues/review");
    let actions: Vec<_> = case.changes.escalations.iter().map(|done| done.action).collect();
    assert_eq!(actions, [EscalationAction::FellThrough, EscalationAction::Queue]);
}

#[test]
fn not_accepted_in_its_window_goes_to_the_backup() {
    let snapshot = testing::snapshot();
    let mut counters = Counters::default();
    let mut case = opened(snapshot, "web", &mut counters);
    case.reassign(&at(snapshot, 0), &Owner::Rep(rep("ann")), false, &mut counters).unwrap();
    assert_eq!(fire(&mut case, snapshot, 9, TimerKind::Accept, &mut counters), Fired::NotDue);
    assert_eq!(fire(&mut case, snapshot, 10, TimerKind::Accept, &mut counters), Fired::Done);
    assert_eq!(owner(&case), "reps/bob");
    // The person waits since the start: the chain's clock goes on, the acceptance window is new.
    assert_eq!((due(&case, TimerKind::Accept), due(&case, TimerKind::Escalate)), (Some(20), Some(15)));
    let refused = case.accept(&at(snapshot, 11), Some(&rep("ann"))).unwrap_err();
    assert_eq!(refused.to_string(), "reps/ann can't do this: reps/bob has the lead");
}

#[test]
fn a_stale_timer_does_nothing() {
    let snapshot = testing::snapshot();
    let mut counters = Counters::default();
    let mut case = opened(snapshot, "web", &mut counters);
    case.decline(&at(snapshot, 1), None, "other", &testing::score(0), &mut counters).unwrap();
    let before = case.ownership.clone();
    let late = case.fire(&at(snapshot, 90), TimerKind::Escalate, Epoch::FIRST, &testing::score(0), &mut counters);
    assert_eq!((late, &case.ownership), (Fired::Stale, &before));
}

#[test]
fn a_returned_lead_wakes_and_is_routed_again() {
    let snapshot = testing::snapshot();
    let mut counters = Counters::default();
    let mut case = opened(snapshot, "web", &mut counters);
    let wake_at = Some(testing::noon() + SignedDuration::from_hours(48));
    let what = GiveBack { reason: "too_early".to_owned(), wake_at };
    case.give_back(&at(snapshot, 5), None, &what, &mut counters).unwrap();
    assert_eq!((owner(&case).as_str(), due(&case, TimerKind::Wake)), ("queues/nurture", Some(48 * 60)));
    assert_eq!(case.timers.len(), 1);
    assert_eq!(fire(&mut case, snapshot, 48 * 60, TimerKind::Wake, &mut counters), Fired::Done);
    assert_eq!(case.ownership.state, LeadState::Offered);
    let ended: Vec<_> = case.changes.ended.iter().map(|assignment| assignment.state).collect();
    assert_eq!(ended, [AssignmentState::Returned, AssignmentState::Routed]);
}

#[test]
fn a_waiting_lead_is_retried_and_leaves_at_its_deadline() {
    let snapshot = testing::snapshot();
    let mut counters = Counters::default();
    counters.loads.entry(rep("dan")).or_default().open = 2;
    let eve = counters.loads.entry(rep("eve")).or_default();
    (eve.day, eve.day_leads) = ("2026-11-18".parse().unwrap(), 3);
    let mut case = opened(snapshot, "small", &mut counters);
    assert_eq!((owner(&case).as_str(), due(&case, TimerKind::Retry)), ("queues/waiting", Some(5)));
    assert_eq!(fire(&mut case, snapshot, 5, TimerKind::Retry, &mut counters), Fired::Done);
    assert_eq!(
        (case.ownership.epoch, due(&case, TimerKind::Retry)),
        (Epoch::FIRST, Some(10)),
        "it waits on in the same assignment"
    );
    counters.loads.entry(rep("dan")).or_default().open = 1;
    let mut lucky = case.clone();
    assert_eq!(fire(&mut lucky, snapshot, 10, TimerKind::Retry, &mut counters.clone()), Fired::Done);
    assert_eq!(owner(&lucky), "reps/dan");
    assert_eq!(fire(&mut case, snapshot, 8 * 60, TimerKind::Retry, &mut counters), Fired::Done);
    assert_eq!(owner(&case), "queues/review");
}

#[test]
fn claiming_from_review_accepts() {
    let snapshot = testing::snapshot();
    let mut counters = Counters::default();
    let mut case = opened(snapshot, "later", &mut counters);
    case.claim(&at(snapshot, 3), &rep("dan"), &mut counters).unwrap();
    assert_eq!((owner(&case).as_str(), case.ownership.state), ("reps/dan", LeadState::Accepted));
    let refused = case.claim(&at(snapshot, 4), &rep("eve"), &mut counters).unwrap_err();
    assert!(matches!(refused, Refusal::NotTheOwner { .. }), "{refused}");
    counters.loads.entry(rep("dan")).or_default().open = 2;
    let mut other = opened(snapshot, "later", &mut counters);
    let refused = other.claim(&at(snapshot, 3), &rep("dan"), &mut counters).unwrap_err();
    assert_eq!(refused.to_string(), "reps/dan has reached the cap of 2 open leads");
}

#[test]
fn a_pool_shares_what_a_person_gives_it_among_the_others_and_minds_their_caps() {
    let snapshot = testing::snapshot();
    let (all, small) = ("all".parse().unwrap(), "small".parse().unwrap());
    let mut counters = Counters::default();
    let mut case = opened(snapshot, "web", &mut counters);
    assert_eq!(owner(&case), "reps/cat");
    case.accept(&at(snapshot, 1), None).unwrap();
    case.reassign_to_pool(&at(snapshot, 5), &all, &mut counters).unwrap();
    assert_eq!((owner(&case).as_str(), case.ownership.state), ("reps/bob", LeadState::Offered));
    assert_eq!((due(&case, TimerKind::Accept), due(&case, TimerKind::Escalate)), (Some(15), Some(20)));
    assert!(case.assignment.decision.is_none());
    assert_eq!(case.changes.ended[0].state, AssignmentState::Reassigned);
    assert_eq!((counters.load(&rep("cat")).open, counters.load(&rep("bob")).open), (0, 1));

    counters.loads.entry(rep("dan")).or_default().open = 2;
    let eve = counters.loads.entry(rep("eve")).or_default();
    (eve.day, eve.day_leads) = ("2026-11-18".parse().unwrap(), 3);
    let before = (case.ownership.clone(), counters.clone());
    let refused = case.reassign_to_pool(&at(snapshot, 6), &small, &mut counters).unwrap_err();
    assert_eq!(refused.to_string(), "pools/small has nobody who can take the lead now");
    assert_eq!((case.ownership.clone(), counters), before);
}

#[test]
fn routing_again_moves_a_lead_only_to_somebody_else() {
    let snapshot = testing::snapshot();
    let mut counters = Counters::default();
    let mut case = opened(snapshot, "small", &mut counters);
    assert_eq!(owner(&case), "reps/dan");
    // Dan is at the cap with it, and has less than Eve without it: it stays, and no turn is used up.
    counters.loads.entry(rep("dan")).or_default().open = 2;
    counters.loads.entry(rep("eve")).or_default().open = 2;
    let (before, counted) = (case.clone(), counters.clone());
    case.reroute(&at(snapshot, 5), &testing::score(3), &mut counters).unwrap();
    assert_eq!((&case.ownership, &counters), (&before.ownership, &counted));

    case.reassign(&at(snapshot, 6), &Owner::Rep(rep("ann")), false, &mut counters).unwrap();
    counters.loads.entry(rep("eve")).or_default().open = 0;
    case.reroute(&at(snapshot, 7), &testing::score(3), &mut counters).unwrap();
    assert_eq!((owner(&case).as_str(), due(&case, TimerKind::Accept)), ("reps/eve", Some(17)));
    assert_eq!(case.assignment.cause, crate::ownership::Cause::Rerouted);
    assert!(case.assignment.decision.is_some());
    assert_eq!((counters.load(&rep("ann")).open, counters.load(&rep("eve")).open), (0, 1));
}

/// One step of a random life.
#[derive(Debug, Clone)]
enum Step {
    Accept,
    Decline,
    Respond,
    Reassign(&'static str),
    ReassignToPool(&'static str),
    Reroute,
    Claim(&'static str),
    GiveBack(bool),
    Close,
    Pause(bool),
    Resume,
    Acknowledge,
    Escalate,
    Fire(TimerKind),
}

fn steps() -> impl Strategy<Value = Vec<(Step, i64)>> {
    let reps = prop::sample::select(vec!["ann", "bob", "cat", "dan", "eve", "boss"]);
    let kinds = vec![TimerKind::Accept, TimerKind::Escalate, TimerKind::Retry, TimerKind::Wake, TimerKind::Resume];
    let step = prop_oneof![
        2 => Just(Step::Accept),
        3 => Just(Step::Decline),
        1 => Just(Step::Respond),
        2 => reps.clone().prop_map(Step::Reassign),
        2 => prop::sample::select(vec!["all", "graded", "small", "day-shift"]).prop_map(Step::ReassignToPool),
        2 => Just(Step::Reroute),
        2 => reps.prop_map(Step::Claim),
        2 => any::<bool>().prop_map(Step::GiveBack),
        1 => Just(Step::Close),
        3 => any::<bool>().prop_map(Step::Pause),
        1 => Just(Step::Resume),
        1 => Just(Step::Acknowledge),
        1 => Just(Step::Escalate),
        6 => prop::sample::select(kinds).prop_map(Step::Fire),
    ];
    prop::collection::vec((step, 0_i64..120), 1..40)
}

fn take(case: &mut LeadCase, step: &Step, context: &Context<'_>, counters: &mut Counters) -> bool {
    let score = testing::score(0);
    let epoch = case.ownership.epoch;
    match step {
        Step::Accept => case.accept(context, None).is_ok(),
        Step::Decline => case.decline(context, None, "other", &score, counters).is_ok(),
        Step::Respond => case.record_first_response(context, None, None).is_ok(),
        Step::Reassign(to) => case.reassign(context, &Owner::Rep(rep(to)), false, counters).is_ok(),
        Step::ReassignToPool(to) => case.reassign_to_pool(context, &to.parse().unwrap(), counters).is_ok(),
        Step::Reroute => case.reroute(context, &score, counters).is_ok(),
        Step::Claim(by) => case.claim(context, &rep(by), counters).is_ok(),
        Step::GiveBack(wakes) => {
            let wake_at = wakes.then(|| context.now + SignedDuration::from_mins(30));
            case.give_back(context, None, &GiveBack { reason: "other".to_owned(), wake_at }, counters).is_ok()
        }
        Step::Close => case.close(context, None, CloseOutcome::Won, Some(100), counters).is_ok(),
        Step::Pause(ends) => {
            let until = ends.then(|| context.now + SignedDuration::from_mins(30));
            let what = Standstill { reason: crate::ownership::PauseReason::Other, until };
            case.pause(context, None, &what).is_ok()
        }
        Step::Resume => case.resume(context, None).is_ok(),
        Step::Acknowledge => case.acknowledge(context, None).is_ok(),
        Step::Escalate => case.escalate_now(context, None, &score, counters).is_ok(),
        Step::Fire(kind) => case.fire(context, *kind, epoch, &score, counters) == Fired::Done,
    }
}

fn check(case: &LeadCase, counters: &Counters) -> Result<(), TestCaseError> {
    let ownership = &case.ownership;
    // Counters are what a recount of ownership gives.
    let mut counted: BTreeMap<RepId, u32> = BTreeMap::new();
    if let (Owner::Rep(owner), true) = (&ownership.owner, ownership.is_open()) {
        counted.insert(owner.clone(), 1);
    }
    for (rep, load) in &counters.loads {
        prop_assert_eq!(load.open, counted.get(rep).copied().unwrap_or(0), "{}", rep);
    }
    // Epochs are gapless, and only the last assignment is not ended.
    let epochs: Vec<i32> = case.changes.ended.iter().map(|assignment| assignment.epoch.0).collect();
    prop_assert_eq!(&epochs, &(1..ownership.epoch.0).collect::<Vec<_>>());
    prop_assert_eq!(case.assignment.epoch, ownership.epoch);
    prop_assert!(case.changes.ended.iter().all(|assignment| assignment.ended_at.is_some()));
    prop_assert_eq!(case.assignment.ended_at.is_some(), !ownership.is_open());
    prop_assert_eq!(&case.assignment.owner, &ownership.owner);
    // Every timer belongs to this epoch; states that need one have it, closed leads have none.
    prop_assert!(case.timers.values().all(|timer| timer.epoch == ownership.epoch));
    let has = |kind| case.timers.contains_key(&kind);
    // Only the last pause may last, in its assignment; then nothing is due but its end.
    prop_assert!(case.pauses.iter().rev().skip(1).all(|pause| pause.ended_at.is_some()));
    prop_assert!(case.pauses.iter().zip(1..).all(|(pause, number)| pause.number == number));
    let standing = case.pauses.last().filter(|pause| pause.stands());
    prop_assert_eq!(has(TimerKind::Resume), standing.is_some_and(|pause| pause.until.is_some()));
    if let Some(pause) = standing {
        prop_assert!(pause.epoch == ownership.epoch && ownership.is_open());
        prop_assert!(case.timers.keys().all(|kind| *kind == TimerKind::Resume));
        return Ok(());
    }
    match (&ownership.owner, ownership.state) {
        (_, LeadState::Closed) => prop_assert!(case.timers.is_empty()),
        (Owner::Rep(_), LeadState::Offered | LeadState::Accepted) => {
            let steps = case.sla.as_ref().map_or(0, |sla| sla.steps.len());
            prop_assert_eq!(has(TimerKind::Escalate), usize::from(ownership.chain_step) < steps);
            prop_assert_eq!(
                has(TimerKind::Accept),
                ownership.state == LeadState::Offered && ownership.accept_by.is_some()
            );
        }
        (Owner::Queue(Queue::Waiting), _) => prop_assert!(has(TimerKind::Retry)),
        (Owner::Queue(Queue::Nurture), _) => prop_assert_eq!(has(TimerKind::Wake), ownership.wake_at.is_some()),
        _ => {}
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_life_keeps_the_laws(source in prop::sample::select(vec!["web", "shift", "small", "later", "junk"]), steps in steps()) {
        let snapshot = testing::snapshot();
        let mut counters = Counters::default();
        let mut case = opened(snapshot, source, &mut counters);
        check(&case, &counters)?;
        let mut minutes = 0;
        for (step, pause) in steps {
            minutes += pause;
            let before = (case.ownership.clone(), case.timers.clone(), counters.loads.values().map(|load| load.open).sum::<u32>());
            let done = take(&mut case, &step, &at(snapshot, minutes), &mut counters);
            check(&case, &counters)?;
            if !done {
                let after = (case.ownership.clone(), case.timers.clone(), counters.loads.values().map(|load| load.open).sum::<u32>());
                prop_assert_eq!(before, after, "a refused {:?} changed something", step);
            }
        }
    }
}
