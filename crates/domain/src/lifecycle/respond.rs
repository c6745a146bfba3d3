//! The owner answered the lead for the first time: the clocks stop.

use jiff::Timestamp;

use super::{Command, Context, LeadCase, Refusal};
use crate::{
    ids::RepId,
    ownership::{AssignmentState, EventKind, LeadState},
};

impl LeadCase {
    /// Records the first response, which accepts the lead too. `at`: when, if not now; within the current assignment.
    /// A second one changes nothing: the first is what counts.
    pub fn record_first_response(
        &mut self,
        context: &Context<'_>,
        rep: Option<&RepId>,
        at: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        let is_first = self.permits(Command::Respond, rep)?;
        let at = at.unwrap_or(context.now);
        if at > context.now {
            return Err(Refusal::Time { field: "first_response_time", expected: "not lie in the future" });
        }
        if at < self.ownership.since {
            return Err(Refusal::Time {
                field: "first_response_time",
                expected: "not lie before the current assignment began",
            });
        }
        if is_first {
            self.start_clocks(context);
            self.end_response_clock(context.now, Some(at));
            self.ownership.state = LeadState::Working;
            self.ownership.accepted_at.get_or_insert(at);
            self.ownership.first_response_at = Some(at);
            self.assignment.state = AssignmentState::Working;
            self.assignment.accepted_at = self.ownership.accepted_at;
            self.assignment.first_response_at = Some(at);
            self.clear_dead_timers();
            self.changes.dirty = true;
            self.tell(EventKind::Responded);
        }
        Ok(())
    }
}
