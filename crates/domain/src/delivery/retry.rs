//! When a message that could not be delivered is tried again, and when no more.

use jiff::{SignedDuration, Timestamp};

/// How long a message is tried, from the time at which it was first to be sent.
pub const PATIENCE: SignedDuration = SignedDuration::from_hours(72);
/// Pause after the first attempt; it doubles with each further one.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// No pause is longer, so that a receiver that comes back is found within the hour.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// The receiver answered with this HTTP status.
    Answered(u16),
    /// Nothing that is an answer came in time.
    Unanswered,
    /// It was not even tried: the address may not be spoken to, or there was nothing to sign with.
    Forbidden,
}

/// What an attempt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was delivered.
    Delivered,
    /// The receiver wants nothing any more, ever.
    Gone,
    /// The receiver is there, and does not take this message. Others may be taken.
    Refused,
    /// Nobody is there, or says to take anything at the moment: no other message would fare better.
    Absent,
}

/// What an attempt says. Redirects are not followed: they refuse.
pub const fn judge(attempt: Attempt) -> Verdict {
    match attempt {
        Attempt::Answered(200..=299) => Verdict::Delivered,
        Attempt::Answered(410) => Verdict::Gone,
        Attempt::Answered(429 | 502 | 503 | 504) | Attempt::Unanswered | Attempt::Forbidden => Verdict::Absent,
        Attempt::Answered(_) => Verdict::Refused,
    }
}

/// The pause before the next attempt, after so many that failed one after the other (at least one). `chance`, from 0 up to 1,
/// spreads those who failed together: the pause is between half of its length and the whole.
pub fn pause(failed: u32, chance: f64) -> SignedDuration {
    let doublings = failed.saturating_sub(1).min(16);
    let whole = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    let half = whole / 2;
    half + SignedDuration::try_from_secs_f64(half.as_secs_f64() * chance.clamp(0.0, 1.0)).unwrap_or(half)
}

/// When a message is tried again that was refused at `now` for the `tried`-th time; `None`: it was tried for long enough.
pub fn again_at(tried: u32, since: Timestamp, now: Timestamp, chance: f64) -> Option<Timestamp> {
    let at = now.saturating_add(pause(tried, chance)).unwrap_or(Timestamp::MAX);
    (!is_over(since, at)).then_some(at)
}

/// Whether a message that was first to be sent at `since` is given up by that time.
pub fn is_over(since: Timestamp, at: Timestamp) -> bool {
    at.duration_since(since) > PATIENCE
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn start() -> Timestamp {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }

    proptest! {
        #[test]
        fn pauses_grow_and_are_spread_within_bounds(failed in 1_u32..2_000, chance in 0.0..1.0_f64) {
            let found = pause(failed, chance);
            // The naive way: double step by step.
            let mut whole = 5.0_f64;
            for _ in 1..failed {
                whole = (whole * 2.0).min(3_600.0);
            }
            let expected = whole / 2.0 * (1.0 + chance);
            prop_assert!((found.as_secs_f64() - expected).abs() < 1e-3, "{found:?} {expected}");
            prop_assert!(pause(failed + 1, chance) >= found);
        }

        /// However it is refused, there is an end, and not before its time.
        #[test]
        fn a_message_is_tried_for_three_days(chances in prop::collection::vec(0.0..1.0_f64, 200)) {
            let (mut now, mut tried) = (start(), 0);
            for chance in chances {
                tried += 1;
                let Some(at) = again_at(tried, start(), now, chance) else {
                    prop_assert!(now.duration_since(start()) > PATIENCE - LONGEST_PAUSE);
                    return Ok(());
                };
                prop_assert!(at > now && at.duration_since(start()) <= PATIENCE);
                now = at;
            }
            prop_assert!(false, "it is tried for ever");
        }
    }

    #[test]
    fn an_answer_says_what_is_to_be_done() {
        for (attempt, expected) in [
            (Attempt::Answered(200), Verdict::Delivered),
            (Attempt::Answered(204), Verdict::Delivered),
            (Attempt::Answered(410), Verdict::Gone),
            (Attempt::Answered(101), Verdict::Refused),
            (Attempt::Answered(301), Verdict::Refused),
            (Attempt::Answered(400), Verdict::Refused),
            (Attempt::Answered(500), Verdict::Refused),
            (Attempt::Answered(503), Verdict::Absent),
            (Attempt::Answered(429), Verdict::Absent),
            (Attempt::Unanswered, Verdict::Absent),
            (Attempt::Forbidden, Verdict::Absent),
        ] {
            assert_eq!(judge(attempt), expected, "{attempt:?}");
        }
    }
}
