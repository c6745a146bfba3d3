//! A person gives the lead to a pool.

use super::{Command, Context, LeadCase, Refusal, decline::question, hand_over::Successor};
use crate::{
    decide::{CounterKey, Counters, Occasion, Plan, Question, decide},
    ids::PoolId,
    ownership::{AssignmentState, Cause, Owner},
    policy::{Destination, Requirements, Route},
    score::Score,
    snapshot::Snapshot,
};

impl LeadCase {
    /// Gives the lead to a free member of the pool, by the pool's own strategy, but not to whoever has it. Caps hold. The
    /// clocks start anew, and no decision is kept: a person chose the pool.
    pub fn reassign_to_pool(
        &mut self,
        context: &Context<'_>,
        pool: &PoolId,
        counters: &mut Counters,
    ) -> Result<(), Refusal> {
        self.permits(Command::ReassignToPool, None)?;
        if context.snapshot.directory.pool(pool).is_none() {
            return Err(Refusal::NoSuchPool(pool.clone()));
        }
        let route = self.route_to(pool);
        let plan = Plan { rule: None, route: &route, account: None };
        let excluded = match &self.ownership.owner {
            Owner::Rep(rep) => vec![rep.clone()],
            Owner::Queue(_) => Vec::new(),
        };
        let score = Score::of(self.ownership.grade);
        let question = question(&self.lead, &score, &excluded, Occasion::Again, context);
        let verdict = decide(context.snapshot, &plan, &question, counters);
        if !matches!(verdict.owner, Owner::Rep(_)) {
            return Err(Refusal::NobodyFree(pool.clone()));
        }
        let next = Successor {
            owner: verdict.owner,
            state: verdict.state,
            cause: Cause::Reassigned,
            keep_chain: false,
            sla: verdict.sla,
            clocks: verdict.clocks,
            decision: None,
        };
        self.hand_over(context, counters, AssignmentState::Reassigned, None, next);
        self.ownership.tried.clear();
        Ok(())
    }

    /// Names the counters that this may read or change, besides those of whoever has the lead.
    pub fn plan_pool(&self, snapshot: &Snapshot, pool: &PoolId, need: impl FnMut(CounterKey<'_>)) {
        let route = self.route_to(pool);
        let plan = Plan { rule: None, route: &route, account: None };
        let score = Score::of(self.ownership.grade);
        let question = Question {
            lead: &self.lead,
            score: &score,
            existing_owner: None,
            excluded: &[],
            occasion: Occasion::Again,
            now: self.ownership.since,
        };
        plan.counter_keys(snapshot, &question).for_each(need);
    }

    /// As a rule would have it that names the pool and asks nothing of its members.
    fn route_to(&self, pool: &PoolId) -> Route {
        let destinations = vec![Destination::Pool(pool.clone())];
        Route { destinations, require: Requirements::default(), sla: self.sla.clone() }
    }
}
