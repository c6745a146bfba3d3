//! Who is told by webhook what happens, and what is still to be told.
//!
//! The way of a message: `make.rs` makes it of what happened, `send.rs` hands it out, `record.rs` notes what came of the attempt, and
//! `letters.rs` has what was given up. No call here keeps a transaction open, so nothing is held while somebody is spoken to.

mod letters;
mod make;
mod manage;
mod record;
mod send;

use domain::{
    ids::{SubscriptionId, TenantId},
    ownership::EventKind,
};
use jiff::Timestamp;

pub use letters::DeadLetter;
pub use make::Made;
pub use manage::{NewSubscription, SubscriptionChange};
pub use record::Held;
pub use send::{Claimed, Lag, Ready};

/// Whose, and which.
pub type SubscriptionKey = (TenantId, SubscriptionId);

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionState {
    /// Messages are made and sent.
    Active,
    /// Somebody paused it.
    Paused,
    /// The receiver wants nothing any more.
    Disabled,
    /// What it was to be told next is not kept any more.
    Lost,
}

/// A subscription, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// One more with each change.
    pub version: i64,
    /// Where messages are sent.
    pub url: String,
    /// What it wants to hear; none: everything.
    pub kinds: Vec<EventKind>,
    /// Where it stands.
    pub state: SubscriptionState,
    /// When it was created.
    pub created_at: Timestamp,
    /// Until when the secret before the last is valid.
    pub old_secret_until: Option<Timestamp>,
    /// What went wrong last.
    pub problem: Option<String>,
    /// Messages that are still to be delivered.
    pub pending: i64,
    /// When the oldest of them happened.
    pub oldest: Option<Timestamp>,
    /// Messages that were given up.
    pub dead: i64,
}
