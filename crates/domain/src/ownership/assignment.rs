//! One period of ownership of one lead.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Owner;
use crate::ids::{Epoch, LeadId};

/// One row of a lead's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Whose.
    pub lead: LeadId,
    /// Its number.
    pub epoch: Epoch,
    /// Who has, or had, the lead.
    pub owner: Owner,
    /// How far it came; final once `ended_at` is set.
    pub state: AssignmentState,
    /// Why it began.
    pub cause: Cause,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When the owner said yes.
    pub accepted_at: Option<Timestamp>,
    /// When the owner first answered the lead.
    pub first_response_at: Option<Timestamp>,
    /// Who or what made it: the caller's actor, or `escalation`.
    pub actor: String,
    /// What the actor added.
    pub note: Option<String>,
    /// Why it ended, as a word of the reason's own list (`too_early`).
    pub end_reason: Option<String>,
    /// W3C traceparent of the request that made it.
    pub traceparent: Option<String>,
    /// The encoded decision record ([`crate::decide::DecisionRecord`]); `None` when a person chose the owner.
    pub decision: Option<Vec<u8>>,
}

/// How far an assignment came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AssignmentState {
    /// Offered to a rep.
    Offered,
    /// The rep said yes.
    Accepted,
    /// The rep answered the lead.
    Working,
    /// A queue has it.
    Queued,
    /// Ended: the rep said no.
    Declined,
    /// Ended: a deadline passed and the chain handed the lead on.
    Expired,
    /// Ended: given back to marketing.
    Returned,
    /// Ended: a person gave the lead to another.
    Reassigned,
    /// Ended: a rep took the lead from the queue.
    Claimed,
    /// Ended: routing found somebody for the lead in the queue.
    Routed,
    /// Ended with the lead.
    Closed,
}

/// Why an assignment began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// A new lead was routed.
    Routed,
    /// The rep before declined; routed again.
    Declined,
    /// The rep before did not accept in time.
    Expired,
    /// A step of the escalation chain.
    Escalated,
    /// A person gave it to somebody.
    Reassigned,
    /// A rep took it from a queue.
    Claimed,
    /// A rep gave it back.
    Returned,
    /// A shift or capacity opened: it left the waiting queue.
    Retried,
    /// It left the waiting queue because its deadline passed.
    WaitedOut,
    /// It slept in nurture and woke.
    Woken,
    /// The rep before was deactivated; routed again.
    Drained,
    /// A person asked for it to be routed again.
    Rerouted,
}
