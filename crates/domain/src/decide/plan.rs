//! Which rule applies, and which counters its destinations may read.

use std::sync::Arc;

use jiff::Timestamp;

use super::{CounterKey, Occasion, Question};
use crate::{
    directory::{Account, Pool},
    expr::Facts,
    identity::company_domain,
    ids::{PoolId, RepId},
    lead::Lead,
    policy::{Condition, Destination, Policy, Route, Tried},
    score::{Grade, Score},
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
    let profile = &question.lead.profile;
    let domain = company_domain(profile);
    let account = snapshot.directory.account_of(profile, domain.as_deref());
    let policy: &Policy = &snapshot.policy;
    let rule = policy.evaluate(&facts(snapshot, question, account, domain.as_deref())).rule;
    Plan { rule, route: policy.route(rule), account }
}

/// The rules in the order in which they were tried, for those who ask why.
pub fn trace<R>(
    snapshot: &Snapshot,
    plan: &Plan<'_>,
    question: &Question<'_>,
    tell: impl FnOnce(&[Tried<'_>]) -> R,
) -> R {
    let domain = company_domain(&question.lead.profile);
    tell(&snapshot.policy.trace(&facts(snapshot, question, plan.account, domain.as_deref())))
}

/// Whether the condition of an escalation step holds for a lead.
pub fn step_holds(snapshot: &Snapshot, lead: &Lead, score: &Score, now: Timestamp, condition: &Condition) -> bool {
    let question = Question { lead, score, existing_owner: None, excluded: &[], occasion: Occasion::Again, now };
    let domain = company_domain(&lead.profile);
    let account = snapshot.directory.account_of(&lead.profile, domain.as_deref());
    condition.holds(&facts(snapshot, &question, account, domain.as_deref()))
}

/// What conditions read.
fn facts<'a>(
    snapshot: &Snapshot,
    question: &Question<'a>,
    account: Option<&'a Arc<Account>>,
    company_domain: Option<&'a str>,
) -> Facts<'a> {
    Facts {
        lead: &question.lead.profile,
        created_at: question.lead.created_at,
        account: account.map(Arc::as_ref),
        existing_owner: question.existing_owner,
        score: Some(question.score),
        local: question.now.to_zoned(snapshot.policy.time_zone.clone()).datetime(),
        company_domain,
    }
}

impl Plan<'_> {
    /// The counters that the destinations of this rule may read; some may come twice.
    pub fn counter_keys<'b>(
        &'b self,
        snapshot: &'b Snapshot,
        question: &'b Question<'b>,
    ) -> impl Iterator<Item = CounterKey<'b>> {
        let grade = question.score.grade();
        self.route.destinations.iter().flat_map(move |destination| {
            let entry = destination.pool().and_then(|pool| snapshot.directory.pool(pool));
            let members = entry.into_iter().flat_map(|entry| entry.members.iter());
            let turn = entry.map(|entry| CounterKey::Rotation(&entry.pool.id, rotates_by(&entry.pool, grade)));
            let named = self.rep_of(destination, question).map(CounterKey::Load);
            members.map(|(member, _)| CounterKey::Load(&member.rep.id)).chain(turn).chain(named)
        })
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
    let grade = snapshot.directory.pool(pool).and_then(|entry| rotates_by(&entry.pool, grade));
    (pool.clone(), grade)
}

/// The grade, if the pool has a rotation for each.
fn rotates_by(pool: &Pool, grade: Grade) -> Option<Grade> {
    pool.rotate_per_grade.then_some(grade)
}
