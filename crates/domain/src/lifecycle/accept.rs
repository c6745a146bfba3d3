//! A rep says yes.

use super::{Context, LeadCase, Refusal};
use crate::{
    ids::RepId,
    ownership::{AssignmentState, LeadState, TimerKind},
};

impl LeadCase {
    /// The owner accepts an offer. Accepting again changes nothing.
    pub fn accept(&mut self, context: &Context<'_>, rep: Option<&RepId>) -> Result<(), Refusal> {
        self.expect_owner(rep)?;
        match self.ownership.state {
            LeadState::Accepted | LeadState::Working => Ok(()),
            LeadState::Offered => {
                self.ownership.state = LeadState::Accepted;
                self.ownership.accepted_at = Some(context.now);
                self.assignment.state = AssignmentState::Accepted;
                self.assignment.accepted_at = Some(context.now);
                self.clear_timer(TimerKind::Accept);
                self.changes.dirty = true;
                Ok(())
            }
            LeadState::Queued | LeadState::Closed => Err(self.wrong_state("accepted")),
        }
    }
}
