//! What happens to credits when reps join or leave a pool.
//!
//! Those who stay keep theirs. The credit of those who left is spread evenly over the rest, so that the sum is 0 again, and
//! whoever joins starts at 0, the mean: neither flooded nor starved.
//!
//! A pool that shrinks has a smaller bound (see [`super`]). In the rare case that somebody left while credits were far
//! apart, the rest can be over it; then all are halved until they are within it, which keeps their order.

use std::collections::BTreeMap;

use super::ONE_LEAD;
use crate::{directory::Member, ids::RepId};

/// The credits of `members`, in their order: as stored where the roster is the same, else as told in the module's comment.
/// They sum to 0 and any k of n sum to at most k (n - k) leads, also when what was stored does not.
pub(super) fn settle(stored: &BTreeMap<RepId, i64>, members: &[Member]) -> Vec<i64> {
    let same = stored.len() == members.len() && stored.keys().eq(members.iter().map(|member| &member.rep));
    if same && is_plausible(stored) {
        return stored.values().copied().collect();
    }
    let mut credits: Vec<Option<i64>> = members.iter().map(|member| stored.get(&member.rep).copied()).collect();
    centre(credits.iter_mut().flatten().collect());
    let mut credits: Vec<i64> = credits.into_iter().map(Option::unwrap_or_default).collect();
    while exceeds_bound(&credits) {
        for credit in &mut credits {
            *credit /= 2;
        }
        centre(credits.iter_mut().collect());
    }
    credits
}

/// Cheap check that holds for every state that turns have left.
fn is_plausible(stored: &BTreeMap<RepId, i64>) -> bool {
    let most = ONE_LEAD.saturating_mul(i64::try_from(stored.len()).unwrap_or(i64::MAX)).unsigned_abs();
    stored.values().all(|credit| credit.unsigned_abs() <= most)
        && stored.values().map(|credit| i128::from(*credit)).sum::<i128>() == 0
}

/// Takes the mean away from each, so that they sum to 0 exactly.
fn centre(credits: Vec<&mut i64>) {
    let sum: i128 = credits.iter().map(|credit| i128::from(**credit)).sum();
    let (mut left, mut sum) = (i128::try_from(credits.len()).unwrap_or(i128::MAX), sum);
    for credit in credits {
        let part = sum.div_euclid(left);
        *credit = clamp(i128::from(*credit) - part);
        sum -= part;
        left -= 1;
    }
}

fn clamp(credit: i128) -> i64 {
    i64::try_from(credit).unwrap_or(if credit < 0 { i64::MIN } else { i64::MAX })
}

/// True when some k of the n credits sum to more than k (n - k) leads.
fn exceeds_bound(credits: &[i64]) -> bool {
    let mut descending = credits.to_vec();
    descending.sort_unstable_by(|a, b| b.cmp(a));
    let n = i128::try_from(credits.len()).unwrap_or(i128::MAX);
    let mut sum = 0;
    descending.into_iter().zip(1..).any(|(credit, k)| {
        sum += i128::from(credit);
        sum > k * (n - k) * i128::from(ONE_LEAD)
    })
}
