//! A rep gives a lead back to marketing, with a reason it can use.

use jiff::Timestamp;

use super::{Command, Context, LeadCase, Refusal, hand_over::Successor};
use crate::{
    decide::{Clocks, Counters},
    ids::RepId,
    ownership::{AssignmentState, Cause, LeadState, Owner, Queue},
};

/// What a rep says when it returns a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiveBack {
    /// A word of the API's list (`too_early`).
    pub reason: String,
    /// When the lead is to be routed again.
    pub wake_at: Option<Timestamp>,
}

impl LeadCase {
    /// Moves the lead to nurture; it wakes by itself if a date is given.
    pub fn give_back(
        &mut self,
        context: &Context<'_>,
        rep: Option<&RepId>,
        what: &GiveBack,
        counters: &mut Counters,
    ) -> Result<(), Refusal> {
        self.permits(Command::Return, rep)?;
        if what.wake_at.is_some_and(|wake| wake <= context.now) {
            return Err(Refusal::Time { field: "wake_time", expected: "lie in the future" });
        }
        let next = Successor {
            owner: Owner::Queue(Queue::Nurture),
            state: LeadState::Queued,
            cause: Cause::Returned,
            keep_chain: false,
            sla: None,
            clocks: Clocks { wait_until: what.wake_at, ..Clocks::default() },
            decision: None,
        };
        self.hand_over(context, counters, AssignmentState::Returned, Some(&what.reason), next);
        self.ownership.tried.clear();
        Ok(())
    }
}
