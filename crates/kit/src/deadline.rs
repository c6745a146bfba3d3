//! Deadlines: read from `grpc-timeout`, kept on the way through a handler, and passed on.
//!
//! tonic's own timer answers `CANCELLED`, covers only the time to the headers and passes nothing on. The layers here
//! answer `DEADLINE_EXCEEDED`, and stop before tonic's timer: theirs begins earlier and is asked first.

mod body;
mod client;
mod future;
mod server;
mod timeout_header;

use std::time::Duration;

use tokio::time::Instant;
use tonic::Status;

pub use self::{
    body::DeadlineBody,
    client::{ClientDeadline, ClientDeadlineLayer},
    future::DeadlineFuture,
    server::{ServerDeadline, ServerDeadlineLayer},
    timeout_header::{InvalidTimeout, format_timeout, parse_timeout},
};
use crate::refusal;

tokio::task_local! {
    static CURRENT: Deadline;
}

/// The instant after which an answer is worth nothing. In the extensions of every request that a server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// `duration` from now; cut at thirty years, which no call lives to see.
    pub fn after(duration: Duration) -> Self {
        const THIRTY_YEARS: Duration = Duration::from_hours(30 * 365 * 24);
        Self(Instant::now() + duration.min(THIRTY_YEARS))
    }

    /// The deadline of the call that this task works on. `None` outside of one, also in a task that a handler spawned:
    /// hand the deadline over there, and use [`Deadline::scope`].
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|deadline| *deadline).ok()
    }

    /// Runs `future` under this deadline: clients within pass it on. It does not stop the future.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }

    /// The instant itself.
    pub const fn at(self) -> Instant {
        self.0
    }

    /// What is left; zero when it is over. For `statement_timeout` and the like.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// True once nothing is left.
    pub fn is_over(self) -> bool {
        Instant::now() >= self.0
    }

    /// `DEADLINE_EXCEEDED` once nothing is left: ask before beginning something that would have an effect.
    pub fn check(self) -> Result<(), Status> {
        if self.is_over() { Err(refusal::deadline_exceeded()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
