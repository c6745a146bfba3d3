//! Stored timers: what makes sure that something happens.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Owner;
use crate::ids::{Epoch, LeadId};

/// What happens when a timer is due. A lead has at most one timer of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TimerKind {
    /// The offer was not accepted in its window: hand to a backup.
    Accept,
    /// The next step of the escalation chain.
    Escalate,
    /// A waiting lead is routed again.
    Retry,
    /// A lead in nurture wakes and is routed again.
    Wake,
    /// The clocks of a lead run again.
    Resume,
}

/// A stored timer. Firing is one transaction that removes it and does its effect; one whose epoch is behind the
/// lead's is dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Whose.
    pub lead: LeadId,
    /// What it does.
    pub kind: TimerKind,
    /// The assignment that set it.
    pub epoch: Epoch,
    /// When.
    pub due_at: Timestamp,
    /// W3C traceparent of the request that set it; the trace of the firing links to it.
    pub traceparent: Option<String>,
}

/// What an escalation step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EscalationAction {
    /// The owner is to be reminded.
    Remind,
    /// Offered to somebody else.
    Offer,
    /// Handed to somebody else, as accepted.
    Reassign,
    /// Moved to a queue.
    Queue,
    /// Nobody was there for it, and it fell through to the next step at once.
    FellThrough,
    /// Somebody else is to be told.
    Notify,
    /// Its condition did not hold.
    Skipped,
}

/// Somebody who is on the escalation step that was done last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Whose.
    pub lead: LeadId,
    /// Which step, as in [`Escalation`].
    pub step: u16,
    /// When.
    pub at: Timestamp,
    /// Who: the caller's actor.
    pub by: String,
}

/// One escalation step that was done: a row that never changes, but that somebody acknowledges it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// Whose.
    pub lead: LeadId,
    /// The assignment whose clock ran out.
    pub epoch: Epoch,
    /// Which step of the chain, from 0; the acceptance window is step `u16::MAX`.
    pub step: u16,
    /// What was done.
    pub action: EscalationAction,
    /// Who it reached: the owner reminded, whoever was told, or the new owner.
    pub target: Option<Owner>,
    /// When it was due.
    pub due_at: Timestamp,
    /// When it was done.
    pub done_at: Timestamp,
    /// When somebody first said to be on it, and who.
    pub acknowledged: Option<(Timestamp, String)>,
}
