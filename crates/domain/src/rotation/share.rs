//! Sharing one lead out in whole units.
//!
//! A share of weight / total is no whole number of units, and rounding it the same way each time would drift. So what is
//! rounded is the running sum: after *t* leads the members up to and including one with prefix weight *P* have accrued
//! ⌊*t P* 2³² / total⌋ units together. The difference of neighbouring prefixes is a member's exact share to within one
//! unit at every *t*, and the last prefix is the total, so every lead is shared out to exactly one lead. Only the number
//! of leads so far is needed to go on. A change of the eligible set costs each rep at most two units (2⁻³¹ lead).

use super::ONE_LEAD;
use crate::directory::Member;

/// The weight that counts: 1 to 10,000, as the directory allows.
pub(super) fn weight(member: &Member) -> i128 {
    i128::from(member.weight.clamp(1, 10_000))
}

/// Each member's share of the lead that follows `leads` others, `None` for those who are not eligible. The shares are not
/// negative (for a sum of weights up to 2³¹) and sum to [`ONE_LEAD`]. `None` when nobody is eligible.
pub(super) fn shares(members: &[Member], eligible: &[bool], leads: u64) -> Option<Vec<Option<i64>>> {
    let weights =
        || members.iter().zip(eligible.iter().chain(std::iter::repeat(&false))).map(|(m, &e)| e.then(|| weight(m)));
    let total: i128 = weights().flatten().sum();
    // The shares repeat after `total` leads.
    let phase = i128::from(leads).checked_rem(total)?;
    let (mut prefix, mut given) = (0, 0);
    let mut share = |weight: i128| {
        prefix += weight;
        let upto = gain(phase, prefix, total);
        upto - std::mem::replace(&mut given, upto)
    };
    Some(weights().map(|weight| weight.map(&mut share)).collect())
}

/// What the members of a prefix accrue together by the lead that follows `phase` others: at most one lead.
fn gain(phase: i128, prefix: i128, total: i128) -> i64 {
    let gain = accrued(phase + 1, prefix, total) - accrued(phase, prefix, total);
    i64::try_from(gain).unwrap_or(ONE_LEAD)
}

/// ⌊`leads` × `prefix` × [`ONE_LEAD`] / `total`⌋, in two steps that keep the usual case within 64 bits, where division is fast.
fn accrued(leads: i128, prefix: i128, total: i128) -> i128 {
    let product = leads * prefix;
    product / total * i128::from(ONE_LEAD) + product % total * i128::from(ONE_LEAD) / total
}
