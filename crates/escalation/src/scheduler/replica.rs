//! Who else fires timers.

use std::time::{Duration, Instant};

use store::{Share, Store};
use uuid::Uuid;

/// Time between two signs of life.
const EVERY: Duration = Duration::from_secs(5);
/// Who has not given one for so long is not there.
const GONE: Duration = Duration::from_secs(15);

/// This replica among the others.
///
/// Each takes the timers of a share of the leads, by hash, as soon as they are due, and those of others once they are late. So two seldom
/// do the same in vain, and nobody has to be there for a timer to fire.
#[derive(Debug)]
pub(super) struct Replica {
    id: Uuid,
    share: Share,
    seen_at: Option<Instant>,
}

impl Replica {
    pub(super) const fn new(id: Uuid) -> Self {
        Self { id, share: Share::ALL, seen_at: None }
    }

    /// Which timers are this one's to take at once.
    pub(super) const fn share(&self) -> Share {
        self.share
    }

    /// Whether it does what only one should do.
    pub(super) const fn is_first(&self) -> bool {
        self.share.number == 0
    }

    /// Gives a sign of life, every now and then. While that fails, this one takes everything: better twice than late.
    pub(super) async fn show(&mut self, store: &Store) {
        if self.seen_at.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        self.seen_at = Some(Instant::now());
        let joined = store.join_schedulers(self.id, GONE).await;
        self.share = joined.unwrap_or_else(|error| {
            tracing::warn!(%error, "the other schedulers can't be found: this one fires all timers");
            Share::ALL
        });
    }

    /// Leaves its share to the others.
    pub(super) async fn leave(&self, store: &Store) {
        if let Err(error) = store.leave_schedulers(self.id).await {
            tracing::warn!(%error, "the other schedulers could not be told that this one ends; they find out in 15 s");
        }
    }
}
