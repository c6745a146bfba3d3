#![expect(clippy::unwrap_used, reason = "a test that fails may say so bluntly")]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::{
    ids::RepId,
    lead::Lead,
    ownership::{LeadState, Owner, Queue},
    snapshot::Snapshot,
    testing,
};

fn rep(id: &str) -> RepId {
    id.parse().unwrap()
}

/// Routes one lead, counting it.
fn route(
    snapshot: &Snapshot,
    lead: &Lead,
    grade: usize,
    now: Timestamp,
    counters: &mut Counters,
) -> (Verdict, Vec<u8>) {
    let score = testing::score(grade);
    let question = Question { lead, score: &score, existing_owner: None, excluded: &[], occasion: Occasion::New, now };
    let plan = plan(snapshot, &question);
    let verdict = decide(snapshot, &plan, &question, counters);
    let record = DecisionRecord::new(snapshot, &question, &verdict).encode();
    (verdict, record)
}

fn owner(verdict: &Verdict) -> String {
    verdict.owner.to_string()
}

#[test]
fn a_named_account_goes_to_its_owner() {
    let snapshot = testing::snapshot();
    let mut lead = testing::lead(1, "web");
    lead.profile.email = Some("someone@eu.acme.example".to_owned());
    let (verdict, _) = route(snapshot, &lead, 0, testing::noon(), &mut Counters::default());
    assert_eq!(owner(&verdict), "reps/cat");
    let text = reason(&snapshot.policy, &verdict);
    assert_eq!(text, "Rule \"named\" applies; cat owns the account.");
}

#[test]
fn what_removed_each_candidate_is_told() {
    let snapshot = testing::snapshot();
    let mut lead = testing::lead(1, "web");
    lead.profile.language = Some("fr".to_owned());
    let (verdict, _) = route(snapshot, &lead, 0, testing::noon(), &mut Counters::default());
    let removed: Vec<_> = verdict.trials[0].candidates.iter().map(|candidate| candidate.removed.clone()).collect();
    let french = || Some(Removal::Language("fr".to_owned()));
    assert_eq!(removed, [None, french(), french()]);
    assert_eq!(owner(&verdict), "reps/ann");
}

#[test]
fn off_shift_the_lead_waits_for_the_next_shift() {
    let snapshot = testing::snapshot();
    // Wednesday 20:00 in Paris; the office opens on Thursday at 09:00.
    let evening: Timestamp = "2026-11-18T19:00:00Z".parse().unwrap();
    let (verdict, _) = route(snapshot, &testing::lead(1, "shift"), 0, evening, &mut Counters::default());
    assert_eq!(verdict.owner, Owner::Queue(Queue::Waiting));
    assert_eq!(verdict.waiting_pool.as_ref().map(ToString::to_string).as_deref(), Some("day-shift"));
    // The retry comes first, the deadline of 8 h would pass before the shift opens.
    assert_eq!(verdict.clocks.retry_at, Some(evening + SignedDuration::from_mins(5)));
    assert_eq!(verdict.clocks.wait_until, Some(evening + SignedDuration::from_hours(8)));
}

#[test]
fn disqualified_leads_are_closed() {
    let snapshot = testing::snapshot();
    let (verdict, _) = route(snapshot, &testing::lead(1, "junk"), 0, testing::noon(), &mut Counters::default());
    assert_eq!((owner(&verdict).as_str(), verdict.state), ("queues/disqualified", LeadState::Closed));
    assert_eq!(verdict.disqualified.as_deref(), Some("a test lead"));
}

#[test]
fn caps_hold_and_then_the_lead_waits() {
    let snapshot = testing::snapshot();
    let mut counters = Counters::default();
    let owners: Vec<String> = (0..8)
        .map(|n| owner(&route(snapshot, &testing::lead(n, "small"), 0, testing::noon(), &mut counters).0))
        .collect();
    let count = |who: &str| owners.iter().filter(|owner| *owner == who).count();
    assert_eq!((count("reps/dan"), count("reps/eve"), count("queues/waiting")), (2, 3, 3));
}

#[test]
fn a_decision_record_is_small() {
    let snapshot = testing::snapshot();
    let mut counters = Counters::default();
    let mut sizes: Vec<usize> = (0..100)
        .map(|n| route(snapshot, &testing::lead(n, "web"), 4, testing::noon(), &mut counters).1.len())
        .collect();
    sizes.sort_unstable();
    assert!(sizes[50] < 1024, "median {} bytes", sizes[50]);
}

fn sources() -> impl Strategy<Value = Vec<(usize, usize, i64)>> {
    // Which source, which grade, minutes since the lead before.
    prop::collection::vec((0_usize..6, 0_usize..9, 0_i64..200), 1..60)
}

const SOURCES: [&str; 6] = ["web", "shift", "small", "graded", "junk", "later"];

proptest! {
    /// The same leads, decided in one go or with counters stored and read back in between, go to the same owners.
    #[test]
    fn a_batch_equals_a_sequence(leads in sources()) {
        let snapshot = testing::snapshot();
        let mut now = testing::noon();
        let mut together = Counters::default();
        let mut apart = Counters::default();
        for (number, (source, grade, minutes)) in leads.into_iter().enumerate() {
            now += SignedDuration::from_mins(minutes);
            let lead = testing::lead(number as u128, SOURCES[source]);
            let in_batch = route(snapshot, &lead, grade, now, &mut together);
            // As the store would: only what this decision names is read, and what changed is written back.
            let score = testing::score(grade);
            let question = Question { lead: &lead, score: &score, existing_owner: None, excluded: &[], occasion: Occasion::New, now };
            let keys = plan(snapshot, &question).counter_keys(snapshot, &question).collect();
            let mut read = apart.only(&keys);
            let alone = route(snapshot, &lead, grade, now, &mut read);
            apart.extend(read.take_changed());
            prop_assert_eq!(in_batch.1, alone.1);
        }
        prop_assert_eq!((together.loads, together.rotations), (apart.loads, apart.rotations));
    }

    /// What was stored is enough to decide again, and to notice if the outcome differs.
    #[test]
    fn every_decision_can_be_replayed(leads in sources()) {
        let snapshot = testing::snapshot();
        let mut now = testing::noon();
        let mut counters = Counters::default();
        for (number, (source, grade, minutes)) in leads.into_iter().enumerate() {
            now += SignedDuration::from_mins(minutes);
            let lead = testing::lead(number as u128, SOURCES[source]);
            let (verdict, bytes) = route(snapshot, &lead, grade, now, &mut counters);
            let record = DecisionRecord::decode(&bytes).unwrap();
            let again = replay(&record, &lead, snapshot).unwrap();
            prop_assert_eq!(&again.owner, &verdict.owner);
            let question_bytes = {
                let v1 = record.v1();
                let question = Question { lead: &lead, score: &v1.score, existing_owner: None, excluded: &v1.excluded, occasion: v1.occasion, now };
                DecisionRecord::new(snapshot, &question, &again).encode()
            };
            prop_assert_eq!(question_bytes, bytes, "bit for bit");
        }
    }

    /// In a pool that rotates per grade, each rep is less than one lead off its exact share, within each grade, at every prefix.
    #[test]
    fn good_leads_are_shared_as_evenly_as_many_leads(grades in prop::collection::vec(0_usize..9, 1..200)) {
        let snapshot = testing::snapshot();
        let weights = [("reps/ann", 3), ("reps/bob", 2), ("reps/cat", 2)];
        let mut counters = Counters::default();
        let mut given: BTreeMap<(usize, String), i64> = BTreeMap::new();
        let mut of_grade: BTreeMap<usize, i64> = BTreeMap::new();
        for (number, grade) in grades.into_iter().enumerate() {
            let lead = testing::lead(number as u128, "graded");
            let (verdict, _) = route(snapshot, &lead, grade, testing::noon(), &mut counters);
            *given.entry((grade, owner(&verdict))).or_default() += 1;
            let total = of_grade.entry(grade).or_default();
            *total += 1;
            for (who, weight) in weights {
                let got = given.get(&(grade, who.to_owned())).copied().unwrap_or(0);
                // |got - total * weight / 7| < 1, in whole numbers.
                prop_assert!((got * 7 - *total * weight).abs() < 7, "{who} got {got} of {total} {grade} leads");
            }
        }
    }
}

#[test]
fn a_tampered_record_is_noticed() {
    let snapshot = testing::snapshot();
    let lead = testing::lead(1, "web");
    let (_, bytes) = route(snapshot, &lead, 0, testing::noon(), &mut Counters::default());
    let DecisionRecord::V1(mut record) = DecisionRecord::decode(&bytes).unwrap();
    record.outcome.owner = Owner::Rep(rep("bob"));
    let error = replay(&DecisionRecord::V1(record), &lead, snapshot).unwrap_err();
    assert!(matches!(error, ReplayError::Differs { .. }), "{error}");
}
