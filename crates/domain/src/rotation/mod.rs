//! Whose turn it is in a pool: weighted rotation by credit, with bounds that hold whatever happens.
//!
//! # Credit
//!
//! A rep's *credit* is what it is owed, in leads: the shares of the leads that it could have had, less the leads that it
//! got. Every lead that the pool hands out is first shared out as credit among the reps who are eligible for it, in
//! proportion to their weights; then the winner pays one whole lead. So credits always sum to 0, and a rep who is absent
//! (or filtered out) accrues nothing: coming back from a holiday it is owed no more than when it left.
//!
//! Credits are kept in units of 2⁻³² lead ([`ONE_LEAD`]); how a lead is shared out in whole units without drift is told
//! in the module `share`, what a change of the roster does in the module `roster`.
//!
//! # The rule
//!
//! With *c* the credits after the lead was shared out, and *w* the weights:
//!
//! 1. if an eligible rep is a whole lead behind (*c* ≥ 1), or none is behind at all (*c* ≤ 0): the largest *c* wins;
//! 2. otherwise, among those with *c* > 0, the one wins who would soonest be a whole lead behind: the smallest (1 − *c*) / *w*.
//!
//! Ties go to the lower rep id. The comparison is exact (integers, cross-multiplied).
//!
//! # Bound for a fixed pool: less than one lead
//!
//! Claim: while roster, weights and eligibility stay as they are, after every lead each rep's number of leads differs from
//! its exact share (leads × weight / sum of weights) by **less than 1**.
//!
//! The *j*-th lead of a rep with share *r* may be handed out at lead *t* without running a whole lead ahead when *t r* > *j* − 1,
//! and must be handed out by the first *t* with *t r* ≥ *j*, or the rep is a whole lead behind. These windows can all
//! be met at once (G. Steiner and S. Yeomans, *Level schedules for mixed-model, just-in-time processes*, Management Science
//! 39, 1993; before them R. Tijdeman, *The chairman assignment problem*, Discrete Mathematics 32, 1980, with the sharper
//! bound 1 − 1/(2n − 2)), and where one-lead jobs with windows can all be met, earliest deadline first meets them. In terms of
//! credit: *t r* > *j* − 1 is *c* > 0, and the deadline *j* / *r* lies (1 − *c*) / *r* leads ahead: rule 2. Rule 1 never applies.
//! In a fixed pool an exact *c* is a multiple of 1/(sum of weights) and the kept credit is less than one unit off, so for
//! a sum of weights below 2³¹ every comparison of the rule comes out as with exact fractions, apart from exact ties, and
//! those may fall either way.
//!
//! # Bound for any availability: n − 1 leads
//!
//! Claim: for a pool of *n* reps, whatever sets of reps are eligible, whatever the weights and however both change, every
//! credit lies within **± (n − 1) leads**. More: any *k* credits sum to at most *f*(*k*) = *k* (*n* − *k*).
//!
//! Proof, by induction over the leads. Let *T* be any *k* reps, *m* of them eligible, *a* what they accrue together, and *i*
//! the winner. If *i* is in *T*, the sum changes by *a* − 1 ≤ 0. If *m* = 0 it does not change. Otherwise:
//!
//! - Rule 1. All eligible reps of *T* have at most *c*ᵢ, so (credits before the lead, *s* the share of *i*): the sum over the *m* is at
//!   most *m* (old credit of *i* + *s*) − *a*. Bounding *T* with *i* by *f*(*k* + 1) and *T* without its *m* eligible
//!   reps by *f*(*k* − *m*) gives for the new sum at most *f*(*k*) − *m* + *m* (*s* + *a*) / (*m* + 1) ≤ *f*(*k*).
//! - Rule 2. As *c*ᵢ > 0, the new sum is below *f*(*k* + 1) + 1 = *f*(*k*) + *n* − 2*k*. As all eligible credits are below 1, it
//!   is also below *f*(*k* − *m*) + *m* = *f*(*k*) − *m* (*n* − 2*k* + *m* − 1). For 2*k* ≥ *n* the first, for 2*k* ≤ *n* the second
//!   is at most *f*(*k*).
//!
//! With *k* = 1 no credit exceeds *n* − 1; with *k* = *n* − 1, as all sum to 0, none is below −(*n* − 1). ∎
//!
//! (Largest credit alone would halve this bound: the same steps carry *k* (*n* − *k*) / 2. But then a fixed pool can be a whole
//! lead off, which is what people see; a test keeps an example.)
//!
//! # Per grade
//!
//! A pool that rotates per grade keeps one [`RotationState`] for each grade. The bounds hold within each; over *g* grades the
//! deviations add up, so the total of a fixed pool is off by less than *g* leads, and a credit by at most *g* (*n* − 1).

mod least_loaded;
mod roster;
mod share;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{directory::Member, ids::RepId};

pub use least_loaded::least_loaded;

/// One lead, in the unit of credits.
pub const ONE_LEAD: i64 = 1 << 32;

/// What a pool (or one grade of it) remembers about turns taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationState {
    credits: BTreeMap<RepId, i64>,
    leads: u64,
}

/// One rep's part in a turn. Amounts in units of [`ONE_LEAD`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether the lead could go to this rep.
    pub eligible: bool,
    /// What the rep was owed before the lead came.
    pub credit_before: i64,
    /// Its share of this lead; 0 when not eligible.
    pub share: i64,
    /// What it is owed afterwards: before, plus share, less one lead for the winner.
    pub credit_after: i64,
}

/// Why the winner won.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nobody else was eligible.
    OnlyOne,
    /// Owed most.
    MostOwed,
    /// Would soonest have been a whole lead behind its share.
    SoonestBehind,
}

/// One turn, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Index of the winner among the members.
    pub winner: usize,
    /// Why it won.
    pub reason: Reason,
    /// Each member's part, in the order of the members.
    pub standings: Vec<Standing>,
}

impl RotationState {
    /// A state as it was stored: the credits of all members, and how many leads were handed out.
    pub fn new(credits: BTreeMap<RepId, i64>, leads: u64) -> Self {
        Self { credits, leads }
    }

    /// What each rep is owed, in units of [`ONE_LEAD`]. They sum to 0.
    pub fn credits(&self) -> &BTreeMap<RepId, i64> {
        &self.credits
    }

    /// How many leads were handed out by this state. Needed to share the next one out without drift.
    pub fn leads(&self) -> u64 {
        self.leads
    }

    /// Hands the next lead to one of the eligible members: its index, or `None` (and no change) when none is eligible.
    ///
    /// `members` is the pool's whole roster in ascending order of rep; `eligible[i]` tells whether the lead can go to
    /// `members[i]`. The roster may differ from that of the last call: whoever joined starts at the mean, the
    /// credit of those who left is spread over the others.
    pub fn pick(&mut self, members: &[Member], eligible: &[bool]) -> Option<usize> {
        let turn = self.turn(members, eligible)?;
        self.take(members, &turn);
        Some(turn.winner)
    }

    /// What [`Self::pick`] would do, explained; nothing changes.
    pub fn turn(&self, members: &[Member], eligible: &[bool]) -> Option<Turn> {
        let before = roster::settle(&self.credits, members);
        let shares = share::shares(members, eligible, self.leads)?;
        let mut standings: Vec<Standing> = before
            .iter()
            .zip(shares)
            .map(|(&credit_before, share)| Standing {
                eligible: share.is_some(),
                credit_before,
                share: share.unwrap_or(0),
                credit_after: credit_before + share.unwrap_or(0),
            })
            .collect();
        let (winner, reason) = choose(members, &standings)?;
        standings[winner].credit_after -= ONE_LEAD;
        Some(Turn { winner, reason, standings })
    }

    /// Records a turn that [`Self::turn`] found for the same members.
    pub fn take(&mut self, members: &[Member], turn: &Turn) {
        let after = turn.standings.iter().map(|standing| standing.credit_after);
        if self.credits.len() == members.len() && self.credits.keys().eq(members.iter().map(|member| &member.rep)) {
            self.credits.values_mut().zip(after).for_each(|(credit, after)| *credit = after);
        } else {
            self.credits = members.iter().map(|member| member.rep.clone()).zip(after).collect();
        }
        self.leads = self.leads.wrapping_add(1);
    }
}

/// The rule of the module's comment, over the credits after accrual.
fn choose(members: &[Member], standings: &[Standing]) -> Option<(usize, Reason)> {
    let eligible = || standings.iter().enumerate().filter(|(_, standing)| standing.eligible);
    let (largest, most) = eligible().map(|(i, standing)| (i, standing.credit_after)).reduce(|best, next| {
        // Only a larger one replaces: ties stay with the lower id.
        if next.1 > best.1 { next } else { best }
    })?;
    if eligible().nth(1).is_none() {
        return Some((largest, Reason::OnlyOne));
    }
    if most >= ONE_LEAD || most <= 0 {
        return Some((largest, Reason::MostOwed));
    }
    let lead_time = |i: usize| i128::from(ONE_LEAD - standings[i].credit_after);
    let soonest =
        eligible().filter(|(_, standing)| standing.credit_after > 0).map(|(i, _)| i).reduce(|best, next| {
            let sooner =
                lead_time(next) * share::weight(&members[best]) < lead_time(best) * share::weight(&members[next]);
            if sooner { next } else { best }
        })?;
    Some((soonest, Reason::SoonestBehind))
}

/// A credit in leads, for people to read.
#[expect(clippy::cast_precision_loss, reason = "shown with a few decimals")]
pub fn leads(credit: i64) -> f64 {
    credit as f64 / ONE_LEAD as f64
}
