//! The rep who has the lead is no longer there: the lead is routed again.

use super::{Command, Context, LeadCase};
use crate::{
    decide::Counters,
    ownership::{AssignmentState, Cause},
    score::Score,
};

/// Why the assignment of a deactivated rep ended.
const END_REASON: &str = "rep_deactivated";

impl LeadCase {
    /// Routes an open lead again because the rep who has it was deactivated, which the directory of `context` shows already.
    /// A lead that no rep has, or that is closed, stays as it is.
    pub fn drain(&mut self, context: &Context<'_>, score: &Score, counters: &mut Counters) {
        if self.permits(Command::Drain, None) == Ok(true) {
            self.let_go(context, (AssignmentState::Reassigned, Some(END_REASON)), Cause::Drained, score, counters);
        }
    }
}
