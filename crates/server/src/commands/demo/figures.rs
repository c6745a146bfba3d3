//! The figures of a demo, as they are written to JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{read_back::ReadBack, route::Run};

/// Destinations at which a person has to look at the lead before anything happens to it.
const FOR_PEOPLE: [&str; 2] = ["queue review", "queue waiting"];

/// What a demo came to.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    /// Under which its leads can be asked for.
    pub tenant: String,
    /// Rows that came in: `routed` + `rejected`.
    pub leads_in: u64,
    /// Rows that have an owner now; `duplicates` are among them.
    pub routed: u64,
    /// Rows that became no lead, each with a reason.
    pub rejected: u64,
    /// Rows whose lead was known already; they keep the owner that it has.
    pub duplicates: u64,
    /// Leads in the store: `routed` - `duplicates`.
    pub leads: u64,
    /// Leads without an owner, counted in the store.
    pub without_owner: i64,
    /// Leads with more than one owner, counted in the store.
    pub with_two_owners: i64,
    /// Rows of the store that break any of its laws.
    pub violations: i64,
    /// Share of the leads that no person had to route: not in the review or waiting queue.
    pub automated_share: f64,
    /// Leads that the owner of their account got.
    pub named_accounts: u64,
    /// Leads by owner, read from the store.
    pub by_owner: BTreeMap<String, u64>,
    /// Leads by team of the owner; queues by themselves.
    pub by_team: BTreeMap<String, u64>,
    /// Leads by the destination that took them.
    pub by_destination: BTreeMap<String, u64>,
    /// Largest distance of a rep from its exact share in a pool that goes by weights (within a grade, where the pool rotates per
    /// grade), in leads.
    pub largest_deviation: f64,
    /// Leads routed a second.
    pub per_second: f64,
    /// Half of the calls took at most this long, milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 calls took at most this long, milliseconds.
    pub p99_ms: f64,
}

impl Figures {
    pub(super) fn new(tenant: String, run: &Run, back: &ReadBack) -> Self {
        let rejected = run.rejected.len() as u64;
        let by_hand: u64 = FOR_PEOPLE.iter().filter_map(|queue| back.by_destination.get(*queue)).sum();
        let mut by_team = BTreeMap::new();
        for (owner, leads) in &back.by_owner {
            let team = back.reps.get(owner).map_or(owner, |rep| &rep.team);
            *by_team.entry(team.clone()).or_default() += leads;
        }
        let by_weights = |pool: &str| back.pools.get(pool).is_some_and(|pool| pool.by_weights);
        let shares = back.shares.iter().filter(|((pool, ..), _)| by_weights(pool));
        let deviations = shares.map(|(_, share)| (count(share.leads) - share.target).abs());
        let milliseconds = |quantile: f64| count(run.latencies.value_at_quantile(quantile)) / 1000.0;
        Self {
            tenant,
            leads_in: run.leads_in,
            routed: run.leads_in - rejected,
            rejected,
            duplicates: run.duplicates,
            leads: back.leads,
            without_owner: back.audit.without_owner,
            with_two_owners: back.audit.with_two_owners,
            violations: back.audit.violations(),
            automated_share: if back.leads == 0 { 0.0 } else { 1.0 - count(by_hand) / count(back.leads) },
            named_accounts: back.by_destination.get("account owner").copied().unwrap_or_default(),
            by_owner: back.by_owner.clone(),
            by_team,
            by_destination: back.by_destination.clone(),
            largest_deviation: deviations.fold(0.0, f64::max),
            per_second: count(run.leads_in - rejected) / run.elapsed.as_secs_f64().max(f64::MIN_POSITIVE),
            p50_ms: milliseconds(0.5),
            p99_ms: milliseconds(0.99),
        }
    }

    /// Whether nothing was lost and every lead has one owner.
    pub(super) fn holds(&self) -> bool {
        self.violations == 0
            && self.routed == self.leads + self.duplicates
            && self.by_owner.values().sum::<u64>() == self.leads
    }
}

/// Counts far below 2^52, to calculate with.
#[expect(clippy::cast_precision_loss, reason = "exact below 2^52")]
fn count(n: u64) -> f64 {
    n as f64
}
