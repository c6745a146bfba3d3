//! Who gets a lead, and why: the pure heart of the product.
//!
//! `plan` finds the rule and names the counters that the decision may read; the committer provides those; `decide` walks
//! the rule's destinations, picks, and counts. `record` keeps what is needed to do it again.

mod candidates;
mod clocks;
mod counters;
mod plan;
mod reason;
mod record;
mod walk;

#[cfg(test)]
mod tests;

pub use candidates::{Candidate, Removal, not_free};
pub use clocks::{Clocks, chain_step_due};
pub use counters::{CounterKey, CounterKeys, Counters, RepLoad};
pub use plan::{Plan, plan, step_holds, trace};
pub use reason::reason;
pub use record::{DecisionRecord, Outcome, RecordV1, ReplayError, replay};
pub use walk::{DestinationTrial, NotTaken, Verdict, decide};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ids::RepId, lead::Lead, score::Score};

/// What is asked: who gets this lead now?
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The lead.
    pub lead: &'a Lead,
    /// Its score as of now.
    pub score: &'a Score,
    /// The rep who had the same person before.
    pub existing_owner: Option<&'a RepId>,
    /// Reps who may not get it: they had it and let it go.
    pub excluded: &'a [RepId],
    /// Why it is asked.
    pub occasion: Occasion,
    /// Now.
    pub now: Timestamp,
}

/// Why a lead is routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Occasion {
    /// It is new.
    New,
    /// The rep who had it declined, or did not accept in time.
    LetGo,
    /// It comes from the waiting queue; the backlog pace of pools applies.
    Waiting,
    /// It slept in nurture and wakes, or a person asked to route it again.
    Again,
}
