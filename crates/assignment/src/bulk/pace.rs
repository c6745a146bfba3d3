//! How many leads an hour.

use jiff::{SignedDuration, Timestamp};

const HOUR_MICROS: i64 = 3_600_000_000;
/// Bursts hold what ten seconds are worth: one part of an hour in so many.
const BURSTS_AN_HOUR: u32 = 360;

/// A bucket of leads that may change hands, which fills evenly. Of its state one moment is kept: the one from which on there
/// is a lead in it.
///
/// In any time there are never more leads than fill in by then and a bucketful.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// As fast as it goes.
    Free {
        /// Now.
        now: Timestamp,
    },
    /// Evenly.
    Even {
        /// Time from one lead to the next.
        interval: SignedDuration,
        /// From when on leads have filled in; not after now.
        since: Timestamp,
        /// Now.
        now: Timestamp,
    },
}

impl Pace {
    /// The pace of that many leads an hour, when from `next_at` on there is a lead.
    pub(super) fn new(max_per_hour: Option<u32>, next_at: Timestamp, now: Timestamp) -> Self {
        let Some(most) = max_per_hour else { return Self::Free { now } };
        let most = most.max(1);
        let interval = SignedDuration::from_micros((HOUR_MICROS + i64::from(most) - 1) / i64::from(most));
        let burst = (most / BURSTS_AN_HOUR).max(1);
        let full = now - interval * i32::try_from(burst - 1).unwrap_or(i32::MAX);
        Self::Even { interval, since: next_at.max(full), now }
    }

    /// How many may change hands now.
    pub(super) fn allowed(self) -> u32 {
        match self {
            Self::Free { .. } => u32::MAX,
            Self::Even { interval, since, now } => {
                let filled = now.duration_since(since).as_micros() / interval.as_micros();
                u32::try_from(filled + 1).unwrap_or(0)
            }
        }
    }

    /// From when on there is a lead again, after so many of those.
    pub(super) fn after(self, moved: u32) -> Timestamp {
        match self {
            Self::Free { now } => now,
            Self::Even { interval, since, .. } => since + interval * i32::try_from(moved).unwrap_or(i32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Timestamp = Timestamp::constant(1_795_348_800, 0);

    fn at(millis: i64) -> Timestamp {
        START + SignedDuration::from_millis(millis)
    }

    #[test]
    fn one_a_minute_is_one_a_minute() {
        let pace = Pace::new(Some(60), START, START);
        assert_eq!((pace.allowed(), pace.after(1)), (1, at(60_000)));
        // What was not used up to now is lost.
        let later = Pace::new(Some(60), at(60_000), at(600_000));
        assert_eq!((later.allowed(), later.after(1), later.after(0)), (1, at(660_000), at(600_000)));
    }

    #[test]
    fn a_burst_is_worth_ten_seconds() {
        let pace = Pace::new(Some(3_600), START, at(60_000));
        assert_eq!((pace.allowed(), pace.after(10), pace.after(3)), (10, at(61_000), at(54_000)));
        assert_eq!(Pace::new(Some(3_600), at(54_000), at(60_000)).allowed(), 7);
    }

    #[test]
    fn without_a_bound_all_may_go() {
        let pace = Pace::new(None, START, at(5));
        assert_eq!((pace.allowed(), pace.after(1_000)), (u32::MAX, at(5)));
    }

    proptest! {
        /// Whenever it is asked, and however many of the allowed ones move: no hour has more than the bound and a burst.
        #[test]
        fn no_hour_has_more_than_the_bound_and_a_burst(
            most in 1_u32..20_000,
            steps in prop::collection::vec((0_i64..900_000, 0_u32..300), 1..200),
        ) {
            let (mut now, mut next_at) = (0, START);
            let mut moved: Vec<(i64, u32)> = Vec::new();
            for (pause, wanted) in steps {
                now += pause;
                if next_at > at(now) {
                    continue;
                }
                let pace = Pace::new(Some(most), next_at, at(now));
                let count = pace.allowed().min(wanted);
                next_at = pace.after(count);
                moved.push((now, count));
            }
            let bound = most + (most / BURSTS_AN_HOUR).max(1);
            for (end, _) in &moved {
                let hour = moved.iter().filter(|(time, _)| time <= end && end - time < 3_600_000);
                let sum: u32 = hour.map(|(_, count)| count).sum();
                prop_assert!(sum <= bound, "{sum} of {bound}");
            }
        }
    }
}
