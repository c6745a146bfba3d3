//! The bounds of the module's comment, against exact arithmetic and against adversaries.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod availability;
mod edits;
mod fixed_pool;
mod loads;

use proptest::prelude::*;

use super::*;

/// Members `r00000`, `r00001` ... with these weights.
fn members(weights: &[u32]) -> Vec<Member> {
    weights.iter().enumerate().map(|(i, &weight)| Member { rep: rep(i), weight }).collect()
}

fn rep(i: usize) -> RepId {
    format!("r{i:05}").parse().unwrap()
}

/// Small weights (many ties) and large ones (much rounding).
fn weights(most: usize) -> impl Strategy<Value = Vec<u32>> {
    prop_oneof![
        prop::collection::vec(1u32..=5, 1..=most),
        prop::collection::vec(1u32..=10_000, 1..=most),
        prop::collection::vec(prop_oneof![Just(1u32), Just(10_000), 9_000u32..=10_000], 1..=most),
    ]
}

/// A small generator of its own, so that a long run needs one seed from proptest instead of thousands of values.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap()
    }

    fn mask(&mut self, len: usize) -> Vec<bool> {
        let percent = self.below(100);
        (0..len).map(|_| self.below(100) <= percent).collect()
    }
}

/// Credits sum to 0 and any k of n sum to at most k (n - k) leads, times `numerator / denominator`.
fn assert_bound(state: &RotationState, (numerator, denominator): (i128, i128)) {
    let mut credits: Vec<i128> = state.credits().values().map(|credit| i128::from(*credit)).collect();
    credits.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(credits.iter().sum::<i128>(), 0, "credits sum to 0");
    let n = credits.len() as i128;
    let mut sum = 0;
    for (k, credit) in (1..).zip(&credits) {
        sum += credit;
        let bound = k * (n - k) * i128::from(ONE_LEAD);
        assert!(sum * denominator <= bound * numerator, "the {k} largest of {n} sum to {sum}");
    }
}

/// The largest credit alone: half the bound under changing availability, but not within a lead in a fixed pool.
fn pick_largest(state: &mut RotationState, members: &[Member], eligible: &[bool]) -> Option<usize> {
    let mut turn = state.turn(members, eligible)?;
    turn.standings[turn.winner].credit_after += ONE_LEAD;
    let eligible = || (0..members.len()).filter(|i| turn.standings[*i].eligible);
    let largest = eligible().rev().max_by_key(|i| turn.standings[*i].credit_after)?;
    turn.standings[largest].credit_after -= ONE_LEAD;
    state.take(members, &turn);
    Some(largest)
}
