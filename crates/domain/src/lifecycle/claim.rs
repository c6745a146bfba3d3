//! A rep takes a lead from a queue.

use super::{Command, Context, LeadCase, Refusal, decline::calendar_of, hand_over::Successor, reassign::give_to};
use crate::{
    decide::{Clocks, Counters},
    ids::RepId,
    ownership::{AssignmentState, Cause, LeadState, Owner},
};

impl LeadCase {
    /// The rep claims the lead, which accepts it too. Caps hold. Claiming one's own lead again changes nothing.
    pub fn claim(&mut self, context: &Context<'_>, rep: &RepId, counters: &mut Counters) -> Result<(), Refusal> {
        if !self.permits(Command::Claim, Some(rep))? {
            return Ok(());
        }
        give_to(context, rep, false, counters)?;
        let owner = Owner::Rep(rep.clone());
        let calendar = calendar_of(context, &owner);
        let clocks = self.sla.as_deref().map_or_else(Clocks::default, |sla| Clocks {
            accept_by: None,
            ..Clocks::start(sla, context.now, calendar)
        });
        let next = Successor {
            owner,
            state: LeadState::Accepted,
            cause: Cause::Claimed,
            keep_chain: false,
            sla: self.sla.clone(),
            clocks,
            decision: None,
        };
        self.hand_over(context, counters, AssignmentState::Claimed, None, next);
        self.ownership.accepted_at = Some(context.now);
        self.assignment.accepted_at = Some(context.now);
        Ok(())
    }
}
