//! Points that fade with age.

/// Bits behind the point of a factor.
const BITS: u32 = 62;

/// Bits of the age, as a fraction of a half-life, that count: finer than a second of the longest half-life.
const STEPS: usize = 32;

/// `ROOTS[k]` is 2 to the power of -1/2^(k+1), in [`BITS`].
const ROOTS: [u128; STEPS] = {
    let mut roots = [0; STEPS];
    // The root of 2^(2 * 62 - 1) is 2^62 / 2^(1/2); each further one is the root of the one before.
    roots[0] = (1_u128 << (2 * BITS - 1)).isqrt();
    let mut k = 1;
    while k < STEPS {
        roots[k] = (roots[k - 1] << BITS).isqrt();
        k += 1;
    }
    roots
};

/// How fast points fade: after this long, half of them are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HalfLife {
    /// More than 0.
    seconds: u64,
}

impl HalfLife {
    /// `None` for no time at all.
    pub(super) fn from_seconds(seconds: u64) -> Option<Self> {
        (seconds > 0).then_some(Self { seconds })
    }

    /// In days, for messages.
    #[expect(clippy::cast_precision_loss, reason = "a half-life is far below 2^53 seconds")]
    pub(super) fn days(self) -> f64 {
        self.seconds as f64 / 86_400.0
    }

    /// What is left of `points` (hundredths) after `age` seconds: points x 2^(-age / half-life), rounded to the nearest
    /// hundredth, halves away from zero.
    ///
    /// Worked out in whole numbers, so that every machine gets the same: the power is put together from 32 roots of two,
    /// one for each binary digit of the fraction age / half-life, with 62 bits behind the point. It is never more for a greater age.
    pub(super) fn left(self, points: i32, age: u64) -> i32 {
        let halvings = age / self.seconds;
        if halvings >= 32 {
            return 0;
        }
        let fraction = (u128::from(age % self.seconds) << STEPS) / u128::from(self.seconds);
        let mut factor: u128 = 1 << BITS;
        for (k, root) in ROOTS.iter().enumerate() {
            if fraction >> (STEPS - 1 - k) & 1 == 1 {
                factor = (factor * root) >> BITS;
            }
        }
        let scaled = u128::from(points.unsigned_abs()) * (factor >> halvings);
        let rounded = i32::try_from((scaled + (1 << (BITS - 1))) >> BITS).unwrap_or(i32::MAX);
        if points < 0 { -rounded } else { rounded }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::HalfLife;

    const DAY: u64 = 86_400;

    fn half_life(days: u64) -> HalfLife {
        HalfLife { seconds: days * DAY }
    }

    #[test]
    fn halves_each_half_life() {
        let week = half_life(7);
        let left: Vec<i32> = [0, 7, 14, 21, 70, 700].map(|days| week.left(1_000, days * DAY)).into();
        assert_eq!(left, [1_000, 500, 250, 125, 1, 0]);
        assert_eq!(week.left(-1_000, 7 * DAY), -500);
        assert_eq!(week.left(5, 7 * DAY), 3, "halves are rounded away from zero");
        assert_eq!(week.left(-5, 7 * DAY), -3);
        assert_eq!(week.left(i32::MAX, 0), i32::MAX);
        assert_eq!(week.left(i32::MIN + 1, u64::MAX), 0);
    }

    proptest! {
        /// As doubles have it, to a hundredth.
        #[test]
        fn is_the_power_of_two(points in -100_000_i32..=100_000, age in 0..4_000 * DAY, seconds in 864..3_650 * DAY) {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let expected = f64::from(points) * (-(age as f64) / seconds as f64).exp2();
            let left = HalfLife { seconds }.left(points, age);
            prop_assert!((f64::from(left) - expected).abs() <= 0.501, "{left} for {expected}");
        }

        #[test]
        fn never_grows(points in 0..i32::MAX, age in 0..4_000 * DAY, later in 0..100_000_u64, seconds in 864..3_650 * DAY) {
            let half_life = HalfLife { seconds };
            prop_assert!(half_life.left(points, age + later) <= half_life.left(points, age));
            prop_assert_eq!(half_life.left(-points, age), -half_life.left(points, age));
        }
    }
}
