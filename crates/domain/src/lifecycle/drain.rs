//! The rep who has the lead is no longer there: the lead is routed again.

use super::{Context, LeadCase};
use crate::{
    decide::Counters,
    ownership::{AssignmentState, Cause},
    score::Score,
};

/// Why the assignment of a deactivated rep ended.
const END_REASON: &str = "rep_deactivated";

impl LeadCase {
    /// Routes an open lead again because its owner was deactivated, which the directory of `context` shows already. A lead
    /// that is closed stays as it is.
    pub fn drain(&mut self, context: &Context<'_>, score: &Score, counters: &mut Counters) {
        if self.ownership.is_open() {
            self.let_go(context, (AssignmentState::Reassigned, Some(END_REASON)), Cause::Drained, score, counters);
        }
    }
}
