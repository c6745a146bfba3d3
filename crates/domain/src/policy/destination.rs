//! Where a rule sends a lead.

use std::fmt;

use crate::{
    ids::{PoolId, RepId},
    ownership::Queue,
};

/// Where a rule sends a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// One rep.
    Rep(RepId),
    /// The reps of a pool, of whom one is picked.
    Pool(PoolId),
    /// The same for a pool of partners.
    Partner(PoolId),
    /// The rep who owns the lead's account.
    AccountOwner,
    /// The rep who already has this person or company.
    ExistingOwner,
    /// One of [`Destination::QUEUES`].
    Queue(Queue),
    /// Nobody: the lead is closed.
    Disqualify {
        /// Why, for marketing.
        reason: String,
    },
}

impl Destination {
    /// The queues that a policy may send to. Into the others leads come by themselves.
    pub const QUEUES: [Queue; 3] = [Queue::Review, Queue::Nurture, Queue::SelfService];

    /// The pool, if one is named.
    pub fn pool(&self) -> Option<&PoolId> {
        match self {
            Self::Pool(pool) | Self::Partner(pool) => Some(pool),
            _ => None,
        }
    }

    /// True when it takes every lead: what stands behind it is never tried.
    pub fn takes_all(&self) -> bool {
        matches!(self, Self::Queue(_) | Self::Disqualify { .. })
    }
}

impl fmt::Display for Destination {
    /// In the words of a sentence: `pool central`, `account owner`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rep(rep) => write!(f, "rep {rep}"),
            Self::Pool(pool) => write!(f, "pool {pool}"),
            Self::Partner(pool) => write!(f, "partner pool {pool}"),
            Self::AccountOwner => f.write_str("account owner"),
            Self::ExistingOwner => f.write_str("existing owner"),
            Self::Queue(queue) => write!(f, "queue {}", queue.name()),
            Self::Disqualify { reason } => write!(f, "disqualified ({reason})"),
        }
    }
}
