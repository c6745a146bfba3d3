//! A lead is won, lost or disqualified: all clocks stop.

use super::{Context, LeadCase, Refusal};
use crate::{
    decide::{Clocks, Counters},
    ids::RepId,
    ownership::CloseOutcome,
};

impl LeadCase {
    /// Closes the lead. Its last owner stays on record. `value`: whole US dollars, of a won lead.
    pub fn close(
        &mut self,
        context: &Context<'_>,
        rep: Option<&RepId>,
        outcome: CloseOutcome,
        value: Option<i64>,
        counters: &mut Counters,
    ) -> Result<(), Refusal> {
        self.expect_owner(rep)?;
        if !self.ownership.is_open() {
            return Err(self.wrong_state("closed"));
        }
        self.release_owner(counters);
        self.mark_closed(context.now, outcome, value);
        self.ownership.wake_at = None;
        self.ownership.waiting_pool = None;
        self.assignment.note = context.note.map(str::to_owned).or(self.assignment.note.take());
        self.start_timers(context, Clocks::default());
        Ok(())
    }
}
