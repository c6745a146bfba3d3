//! A rep says yes.

use super::{Command, Context, LeadCase, Refusal};
use crate::{
    ids::RepId,
    ownership::{AssignmentState, EventKind, LeadState},
};

impl LeadCase {
    /// The owner accepts an offer. Accepting again changes nothing.
    pub fn accept(&mut self, context: &Context<'_>, rep: Option<&RepId>) -> Result<(), Refusal> {
        if self.permits(Command::Accept, rep)? {
            self.ownership.state = LeadState::Accepted;
            self.ownership.accepted_at = Some(context.now);
            self.assignment.state = AssignmentState::Accepted;
            self.assignment.accepted_at = Some(context.now);
            self.clear_dead_timers();
            self.changes.dirty = true;
            self.tell(EventKind::Accepted);
        }
        Ok(())
    }
}
