//! Telling others by webhook: where a message may go, what its attempt comes to, and what is secret about it.

mod address;
mod retry;
mod secret;

pub use address::is_public;
pub use retry::{Attempt, PATIENCE, Verdict, again_at, is_over, judge, pause};
pub use secret::Secret;
