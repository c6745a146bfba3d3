//! Word to those who subscribed: what happens to leads, by signed webhooks.
//!
//! Way of a message: `dispatcher.rs` finds the subscriptions for which there is something to do -> `body.rs` makes messages of what
//! happened, which the store keeps with how far they go, in one statement -> `worker.rs` takes what is next of each lead, and has it
//! sent -> `sender.rs` signs it (`signature.rs`) and sends it, to public addresses only (`guard.rs`) -> `worker.rs` notes what came of
//! it. Any number of processes may do so: a message is sent by whoever has taken it, and again if nobody says what came of it.

mod body;
mod dispatcher;
mod guard;
mod metrics;
mod sender;
mod signature;
mod worker;

use std::time::Duration;

pub use dispatcher::Dispatcher;

/// How messages are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryConfig {
    /// Whether addresses of private networks, of this machine and of its surroundings may be sent to.
    pub allow_private: bool,
    /// Whether messages may be sent without TLS.
    pub allow_http: bool,
    /// How long an attempt may take, from the look-up of the name to the status of the answer.
    pub timeout: Duration,
    /// Attempts under way at once, for all subscriptions together.
    pub concurrency: usize,
}

impl Default for DeliveryConfig {
    /// Public addresses over TLS, 15 s, 256 at once.
    fn default() -> Self {
        Self { allow_private: false, allow_http: false, timeout: Duration::from_secs(15), concurrency: 256 }
    }
}
