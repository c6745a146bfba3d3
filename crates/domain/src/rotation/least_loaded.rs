//! The rep with the least to do for its weight.

use super::{RotationState, Turn, share};
use crate::directory::Member;

impl RotationState {
    /// Hands the next lead to the eligible member with the fewest open leads for its weight: its index, or `None` (and no
    /// change) when none is eligible. Members who are level take turns by [`RotationState::pick`], as a pool of their own: so
    /// the bound of n - 1 leads holds for credits here as well.
    ///
    /// `open[i]` counts the open leads that `members[i]` has now; a missing entry counts as 0.
    pub fn pick_least_loaded(&mut self, members: &[Member], eligible: &[bool], open: &[u32]) -> Option<usize> {
        let turn = self.turn_least_loaded(members, eligible, open)?;
        self.take(members, &turn);
        Some(turn.winner)
    }

    /// What [`Self::pick_least_loaded`] would do, explained; nothing changes. In the standings only those who are level
    /// for the least load are marked eligible.
    pub fn turn_least_loaded(&self, members: &[Member], eligible: &[bool], open: &[u32]) -> Option<Turn> {
        self.turn(members, &least_loaded(members, eligible, open))
    }
}

/// Marks the eligible members with the smallest open / weight, compared exactly by cross-multiplication.
pub fn least_loaded(members: &[Member], eligible: &[bool], open: &[u32]) -> Vec<bool> {
    let load = |i: usize| (i128::from(open.get(i).copied().unwrap_or(0)), share::weight(&members[i]));
    let compare = |a: usize, b: usize| {
        let ((open_a, weight_a), (open_b, weight_b)) = (load(a), load(b));
        (open_a * weight_b).cmp(&(open_b * weight_a))
    };
    let is_eligible = |i: &usize| eligible.get(*i).copied().unwrap_or(false);
    let least = (0..members.len()).filter(is_eligible).min_by(|a, b| compare(*a, *b));
    (0..members.len()).map(|i| is_eligible(&i) && least.is_some_and(|least| compare(i, least).is_eq())).collect()
}
