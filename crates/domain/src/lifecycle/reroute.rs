//! A person asks for the lead to be routed again.

use std::sync::Arc;

use super::{Command, Context, LeadCase, Refusal, decline::question};
use crate::{
    decide::{CounterKey, CounterKeys, Counters, Occasion, decide, plan},
    ids::RepId,
    ownership::{AssignmentState, Cause, Owner},
    score::Score,
};

impl LeadCase {
    /// Routes the lead again under the active policy. If that finds whoever has it, nothing changes, and nobody's turn is
    /// used up.
    ///
    /// Whoever has the lead is judged as if it did not: a rep at the cap may keep what it has.
    pub fn reroute(&mut self, context: &Context<'_>, score: &Score, counters: &mut Counters) -> Result<(), Refusal> {
        self.permits(Command::Reroute, None)?;
        let lead = Arc::clone(&self.lead);
        let tried = self.ownership.tried.clone();
        let question = question(&lead, score, &tried, Occasion::Again, context);
        let plan = plan(context.snapshot, &question);
        let owner = self.owner_rep().cloned();

        let mut keys: CounterKeys = plan.counter_keys(context.snapshot, &question).collect();
        keys.extend(owner.iter().map(CounterKey::Load));
        let mut tentative = counters.only(&keys);
        if let Some(owner) = &owner {
            tentative.load_mut(owner).release();
        }
        let verdict = decide(context.snapshot, &plan, &question, &mut tentative);
        if verdict.owner == self.ownership.owner {
            return Ok(());
        }
        if let Some(owner) = &owner {
            // The hand-over counts the lead off.
            *tentative.load_mut(owner) = counters.load(owner);
        }
        counters.adopt(tentative);
        let ended = (AssignmentState::Reassigned, None);
        self.hand_over_by(context, counters, ended, Cause::Rerouted, (&question, &verdict));
        Ok(())
    }

    fn owner_rep(&self) -> Option<&RepId> {
        match &self.ownership.owner {
            Owner::Rep(rep) => Some(rep),
            Owner::Queue(_) => None,
        }
    }
}
