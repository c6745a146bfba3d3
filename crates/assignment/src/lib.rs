//! The assignment service: the only writer of ownership. Also serves the directory and the policies that it decides by,
//! and keeps who is told by webhook what happens.
//!
//! Way of a `RouteLead`: `grpc/route.rs` (wire to command) -> `scores.rs` (asks the scoring service) -> `committer/` (one
//! transaction for all who wait; decides by `domain`) -> `reply.rs` (answer).

mod bulk;
mod command;
mod committer;
mod directory;
mod error;
mod grpc;
mod kept;
mod metrics;
mod policy;
mod redate;
mod reply;
mod scores;
mod standing;
mod subscriptions;
mod watch;

use std::{io, sync::Arc, time::Duration};

use kit::{client::Channel, clock::Clock, lifecycle::Lifecycle};
use snapshots::Snapshots;
use store::{Store, Tenants};

pub use bulk::OperationsApi;
pub use directory::DirectoryApi;
pub use grpc::AssignmentApi;
pub use policy::PolicyApi;
pub use subscriptions::SubscriptionApi;

use crate::{
    bulk::{Runner, Signals},
    committer::Committer,
    grpc::Inner,
    scores::Scores,
    watch::Bell,
};

/// How the service works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssignmentConfig {
    /// Commits under way at once. Each takes one thread, one connection and one batch.
    pub lanes: usize,
    /// How long a lead waits for its score before it gets the fallback score.
    pub score_timeout: Duration,
}

impl Default for AssignmentConfig {
    /// One lane: a second one halves the batches, and of the same tenant only one of the two can commit. Half a second for a
    /// score.
    fn default() -> Self {
        Self { lanes: 1, score_timeout: Duration::from_millis(500) }
    }
}

impl AssignmentApi {
    /// Starts the committer, what asks for scores (at the other end of `scoring`), and what does operations. They end with the
    /// lifecycle, after all that was accepted is answered; operations go on with the next process.
    ///
    /// Errors: the system has no more threads.
    pub fn start(
        store: Store,
        tenants: Arc<Tenants>,
        snapshots: Arc<Snapshots>,
        clock: Clock,
        scoring: &Channel,
        config: AssignmentConfig,
        lifecycle: &Lifecycle,
    ) -> io::Result<Self> {
        let tasks = lifecycle.tasks();
        let bell = Arc::new(Bell::default());
        let committer = Committer::start(&store, &snapshots, &clock, &bell, config.lanes, tasks)?;
        let scores = Scores::start(scoring, config.score_timeout, tasks);
        let inner = Arc::new(Inner {
            store,
            tenants,
            clock,
            committer,
            scores,
            snapshots,
            stopping: lifecycle.stopping().clone(),
            operations: Signals::default(),
            bell,
        });
        lifecycle.spawn(Runner::new(Arc::clone(&inner)).run(lifecycle.clone()));
        Ok(Self(inner))
    }
}
