//! Bulk reassignments: operations that give many leads to others, part by part.
//!
//! Way of a `BulkReassign`: `start.rs` (selects the leads, and writes which) -> `runner.rs` (a loop of each replica, which takes
//! the next part of whatever is to be done) -> `part.rs` (a command for each lead, to the committer like everybody's) -> the store
//! keeps what came of each. `operations.rs` tells how it stands.
//!
//! A part that was done and not recorded, because the process ended in between, is done again: each command has a request id that
//! follows from operation and lead, so it answers what it answered before.

mod operations;
mod pace;
mod part;
mod preview;
mod results;
mod runner;
mod start;
mod wire;

use tokio::sync::Notify;

pub use operations::OperationsApi;
pub(crate) use runner::Runner;

/// What wakes those who wait for operations, within one process. The others look at the store.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    /// There is something to do.
    pub begun: Notify,
    /// An operation has ended.
    pub ended: Notify,
}
