//! Operations that take long: what was asked, which leads it is about, and how far it has come.
//!
//! The way of one: [`Store::start_operation`]; then, again and again and by whoever comes first, [`Store::claim_operation`],
//! [`Store::operation_part`] and [`Store::record_part`]; at last [`Store::end_operation`]. Nothing here changes an owner.

mod effect;
mod read;
mod row;
mod select;
mod start;
mod work;

use domain::{
    ids::{Epoch, LeadId, TenantId},
    ownership::Owner,
};
use jiff::Timestamp;
use uuid::Uuid;

pub use effect::Effect;
pub use select::Selected;
pub use work::{Claim, Part};

/// An operation as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its id.
    pub id: Uuid,
    /// What was asked, encoded.
    pub request: Vec<u8>,
    /// Who asked.
    pub actor: String,
    /// W3C traceparent of the request that started it.
    pub traceparent: Option<String>,
    /// When it was started.
    pub created_at: Timestamp,
    /// When somebody asked for it to be cancelled.
    pub cancelled_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How many leads it is about.
    pub total: u32,
    /// How many of them are done.
    pub counts: Counts,
    /// From when on the next part may be done.
    pub next_at: Timestamp,
    /// What it came to, encoded: of one that ended with its last lead.
    pub response: Option<Vec<u8>>,
}

impl Operation {
    /// Leads that have not had their turn.
    pub const fn untouched(&self) -> u32 {
        self.total.saturating_sub(self.counts.done())
    }
}

/// An operation to start.
#[derive(Debug, Clone)]
pub struct NewOperation {
    /// Its id.
    pub id: Uuid,
    /// Digest of what was asked: another request under the same id is refused.
    pub fingerprint: Uuid,
    /// What was asked, encoded.
    pub request: Vec<u8>,
    /// Who asks.
    pub actor: String,
    /// W3C traceparent of the request.
    pub traceparent: Option<String>,
    /// Now.
    pub now: Timestamp,
}

/// How many leads came to which end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Changed hands.
    pub moved: u32,
    /// Had the right owner already.
    pub unchanged: u32,
    /// Were changed by somebody else.
    pub changed_meanwhile: u32,
    /// Could not be given away.
    pub refused: u32,
}

impl Counts {
    /// All of them.
    pub const fn done(self) -> u32 {
        self.moved + self.unchanged + self.changed_meanwhile + self.refused
    }

    /// Counts one more.
    pub fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Moved { .. } => self.moved += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::ChangedMeanwhile(_) => self.changed_meanwhile += 1,
            Outcome::Refused(_) => self.refused += 1,
        }
    }
}

/// What came of one lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It changed hands.
    Moved {
        /// Who has it.
        owner: Owner,
        /// The assignment that began.
        epoch: Epoch,
    },
    /// It had the right owner already.
    Unchanged,
    /// Somebody else changed it since it was selected.
    ChangedMeanwhile(Why),
    /// It could not be given away.
    Refused(Why),
}

/// Why a lead was left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// Number of the reason, in the contract.
    pub reason: i32,
    /// For a person.
    pub message: String,
}

/// One lead of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationLead {
    /// As it was selected.
    pub selected: Selected,
    /// What came of it; `None`: it has not been its turn.
    pub outcome: Option<Outcome>,
}

/// Which operation.
pub type OperationKey = (TenantId, Uuid);

/// The last lead that is done, before any is.
const NOTHING_DONE: LeadId = LeadId(Uuid::nil());
