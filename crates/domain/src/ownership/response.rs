//! Clocks of first responses that have ended: what reports count.

use jiff::Timestamp;

use super::Owner;
use crate::ids::{Epoch, LeadId};

/// The clock of a lead's first response, once it runs no more: the lead was answered or closed, or given to others with a clock of
/// their own. A row that never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseClock {
    /// Whose.
    pub lead: LeadId,
    /// The assignment in which it ended.
    pub epoch: Epoch,
    /// Who had the lead then.
    pub owner: Owner,
    /// Name of the SLA policy.
    pub sla: Option<String>,
    /// When it began.
    pub began_at: Timestamp,
    /// When the first response was due.
    pub respond_by: Timestamp,
    /// When it was given; `None`: the clock ended without.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
}
