//! A lead is won, lost or disqualified: all clocks stop.

use super::{Command, Context, LeadCase, Refusal};
use crate::{
    decide::Counters,
    ids::RepId,
    ownership::{CloseOutcome, EventKind},
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
        self.permits(Command::Close, rep)?;
        self.start_clocks(context);
        self.end_response_clock(context.now, None);
        self.release_owner(counters);
        self.mark_closed(context.now, outcome, value);
        self.ownership.wake_at = None;
        self.ownership.waiting_pool = None;
        self.assignment.note = context.note.map(str::to_owned).or(self.assignment.note.take());
        self.clear_dead_timers();
        self.tell(EventKind::Closed);
        Ok(())
    }
}
