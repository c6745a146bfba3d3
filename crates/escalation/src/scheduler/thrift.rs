//! Work that is worth only so much time.

use std::time::{Duration, Instant};

/// Lets something be done again once it has rested for a multiple of what it took.
#[derive(Debug)]
pub(super) struct Thrift {
    /// Its rest is so many times as long as it took: it takes one part of the time in so many.
    one_in: u32,
    rested_at: Option<Instant>,
}

impl Thrift {
    pub(super) const fn new(one_in: u32) -> Self {
        Self { one_in, rested_at: None }
    }

    /// Whether it may be done again.
    pub(super) fn has_rested(&self) -> bool {
        self.rested_at.is_none_or(|at| at <= Instant::now())
    }

    /// Does it.
    pub(super) async fn spend<T>(&mut self, work: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let done = work.await;
        let took = begun.elapsed();
        self.rested_at = Some(begun + took + took.saturating_mul(self.one_in).min(LONGEST));
        done
    }
}

/// However long it took, it is done again after a day.
const LONGEST: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_took_long_rests_long() {
        let mut thrift = Thrift::new(u32::MAX);
        assert!(thrift.has_rested());
        assert_eq!(thrift.spend(async { 1 }).await, 1);
        assert!(!thrift.has_rested());
        let mut free = Thrift::new(0);
        free.spend(async {}).await;
        assert!(free.has_rested());
    }
}
