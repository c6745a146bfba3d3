//! Times during which the clocks of a lead stand, as a person wanted it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{Epoch, LeadId},
    sla::{Pause, Pauses},
};

/// Why the clocks of a lead stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PauseReason {
    /// The lead has to do something first.
    WaitingForLead,
    /// The law forbids to go on for now.
    LegalHold,
    /// Another one, which the note tells.
    Other,
}

/// One pause of a lead: a row of its history, which ends but does not change otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadPause {
    /// Whose.
    pub lead: LeadId,
    /// Its number among the pauses of the lead, from 1.
    pub number: u32,
    /// The assignment in which it began, and with which it ends at the latest.
    pub epoch: Epoch,
    /// Why.
    pub reason: PauseReason,
    /// What was added.
    pub note: Option<String>,
    /// Who wanted it.
    pub actor: String,
    /// The clocks stood from then.
    pub started_at: Timestamp,
    /// When it ends by itself; `None`: when somebody ends it.
    pub until: Option<Timestamp>,
    /// They ran again from then; `None`: they stand.
    pub ended_at: Option<Timestamp>,
    /// The clocks that stand.
    pub stood: Stood,
}

/// Clocks that stand, with when they would have been due; `None`: it did not run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stood {
    /// First response.
    pub respond_by: Option<Timestamp>,
    /// Acceptance.
    pub accept_by: Option<Timestamp>,
    /// The next step of the chain.
    pub escalate_at: Option<Timestamp>,
}

impl LeadPause {
    /// Whether the clocks stand still.
    pub fn stands(&self) -> bool {
        self.ended_at.is_none()
    }
}

/// The pauses of a lead as its clocks know them.
pub fn pauses_of(pauses: &[LeadPause]) -> Pauses {
    let pauses = pauses.iter().map(|pause| Pause { start: pause.started_at, end: pause.ended_at });
    // None ends before it starts.
    Pauses::new(pauses).unwrap_or_default()
}
