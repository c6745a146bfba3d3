//! How well response targets were kept.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

/// A response clock, as a report sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocked {
    /// When it began.
    pub began_at: Timestamp,
    /// When the first response was due.
    pub respond_by: Timestamp,
    /// When it was given.
    pub answered_at: Option<Timestamp>,
    /// When the clock ended; `None`: it runs.
    pub ended_at: Option<Timestamp>,
}

/// How a clock stands against its target, which is kept up to its very moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Answered in time.
    Kept,
    /// Answered too late, or not waiting any more when the target had passed.
    Missed,
    /// There is time.
    Running,
    /// Still waiting, and too late.
    Overdue,
    /// Ended without an answer while there was time.
    Withdrawn,
}

impl Clocked {
    /// How it stands as of `now`.
    pub fn kept(&self, now: Timestamp) -> Kept {
        match (self.answered_at, self.ended_at) {
            (Some(answered), _) if answered <= self.respond_by => Kept::Kept,
            (None, Some(ended)) if ended <= self.respond_by => Kept::Withdrawn,
            (Some(_), _) | (None, Some(_)) => Kept::Missed,
            (None, None) if now <= self.respond_by => Kept::Running,
            (None, None) => Kept::Overdue,
        }
    }
}

/// What many clocks come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Of each kind, see [`Kept`].
    pub kept: u64,
    /// See [`Kept::Missed`].
    pub missed: u64,
    /// See [`Kept::Running`].
    pub running: u64,
    /// See [`Kept::Overdue`].
    pub overdue: u64,
    /// See [`Kept::Withdrawn`].
    pub withdrawn: u64,
    /// From the beginning to the answer, of those that were answered; sorted by [`Tally::sort`].
    times: Vec<Duration>,
}

impl Tally {
    /// Counts a clock.
    pub fn add(&mut self, clock: &Clocked, now: Timestamp) {
        *match clock.kept(now) {
            Kept::Kept => &mut self.kept,
            Kept::Missed => &mut self.missed,
            Kept::Running => &mut self.running,
            Kept::Overdue => &mut self.overdue,
            Kept::Withdrawn => &mut self.withdrawn,
        } += 1;
        if let Some(answered) = clock.answered_at {
            self.times.push(Duration::try_from(answered.duration_since(clock.began_at)).unwrap_or_default());
        }
    }

    /// Share of the targets that were kept; `None`: none was to be kept yet.
    #[expect(clippy::cast_precision_loss, reason = "a share of at most 2^53 clocks")]
    pub fn share(&self) -> Option<f64> {
        let all = self.kept + self.missed + self.overdue;
        (all > 0).then(|| self.kept as f64 / all as f64)
    }

    /// To be called before [`Tally::time`], when all is counted.
    pub fn sort(&mut self) {
        self.times.sort_unstable();
    }

    /// The time that this many percent (1 to 100) of those that were answered took at most: nearest rank.
    pub fn time(&self, percent: usize) -> Option<Duration> {
        let rank = (self.times.len() * percent).div_ceil(100);
        self.times.get(rank.checked_sub(1)?).copied()
    }
}

/// Tallies by key, and of all together.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// By key.
    pub rows: BTreeMap<String, Tally>,
    /// Of all; a clock with several keys counts once.
    pub total: Tally,
}

impl Report {
    /// Counts a clock under each of the keys.
    pub fn add(&mut self, keys: impl IntoIterator<Item = String>, clock: &Clocked, now: Timestamp) {
        for key in keys {
            self.rows.entry(key).or_default().add(clock, now);
        }
        self.total.add(clock, now);
    }

    /// When all is counted.
    #[must_use]
    pub fn finish(mut self) -> Self {
        self.rows.values_mut().chain([&mut self.total]).for_each(Tally::sort);
        self
    }
}
