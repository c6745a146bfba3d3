//! Which rule applies, and which counters its destinations may read.

use std::sync::Arc;

use super::{CounterKeys, Question};
use crate::{
    directory::Account,
    expr::Facts,
    identity::company_domain,
    ids::{PoolId, RepId},
    policy::{Destination, Policy, Route, Tried},
    score::Grade,
    snapshot::Snapshot,
};

/// The rule that applies to a lead.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// Index of the rule; `None`: the policy's default.
    pub rule: Option<u32>,
    /// Where it sends.
    pub route: &'a Route,
    /// The account that the lead belongs to.
    pub account: Option<&'a Arc<Account>>,
}

/// Finds the rule. Reads no counters.
pub fn plan<'a>(snapshot: &'a Snapshot, question: &Question<'_>) -> Plan<'a> {
    let account = snapshot.directory.account_of(&question.lead.profile);
    let policy: &Policy = &snapshot.policy;
    let rule = with_facts(snapshot, question, account, |facts| policy.evaluate(facts).rule);
    Plan { rule, route: policy.route(rule), account }
}

/// The rules in the order in which they were tried, for those who ask why.
pub fn trace<R>(
    snapshot: &Snapshot,
    plan: &Plan<'_>,
    question: &Question<'_>,
    tell: impl FnOnce(&[Tried<'_>]) -> R,
) -> R {
    with_facts(snapshot, question, plan.account, |facts| tell(&snapshot.policy.trace(facts)))
}

/// Gathers the facts that conditions read.
fn with_facts<R>(
    snapshot: &Snapshot,
    question: &Question<'_>,
    account: Option<&Arc<Account>>,
    use_facts: impl FnOnce(&Facts<'_>) -> R,
) -> R {
    let lead = question.lead;
    let domain = company_domain(&lead.profile);
    let facts = Facts {
        lead: &lead.profile,
        created_at: lead.created_at,
        account: account.map(Arc::as_ref),
        existing_owner: question.existing_owner,
        score: Some(question.score),
        local: question.now.to_zoned(snapshot.policy.time_zone.clone()).datetime(),
        company_domain: domain.as_deref(),
    };
    use_facts(&facts)
}

impl Plan<'_> {
    /// The counters that the destinations of this rule may read.
    pub fn counter_keys(&self, snapshot: &Snapshot, question: &Question<'_>) -> CounterKeys {
        let mut keys = CounterKeys::default();
        for destination in &self.route.destinations {
            if let Some(pool) = destination.pool() {
                if let Some(entry) = snapshot.directory.pool(pool) {
                    keys.reps.extend(entry.members.iter().map(|(member, _)| member.rep.id.clone()));
                    keys.rotations.insert(rotation_key(snapshot, pool, question.score.grade()));
                }
            } else if let Some(rep) = self.rep_of(destination, question) {
                keys.reps.insert(rep.clone());
            }
        }
        keys
    }

    /// The rep whom a destination names, directly or through the lead.
    pub(super) fn rep_of<'b>(&'b self, destination: &'b Destination, question: &Question<'b>) -> Option<&'b RepId> {
        match destination {
            Destination::Rep(rep) => Some(rep),
            Destination::AccountOwner => self.account.and_then(|account| account.owner.as_ref()),
            Destination::ExistingOwner => question.existing_owner,
            Destination::Pool(_) | Destination::Partner(_) | Destination::Queue(_) | Destination::Disqualify { .. } => {
                None
            }
        }
    }
}

/// The rotation that a lead of that grade turns in this pool.
pub(super) fn rotation_key(snapshot: &Snapshot, pool: &PoolId, grade: Grade) -> (PoolId, Option<Grade>) {
    let per_grade = snapshot.directory.pool(pool).is_some_and(|entry| entry.pool.rotate_per_grade);
    (pool.clone(), per_grade.then_some(grade))
}
