//! The logistic function in single precision, without calls to a library: many at a time, and the same bits everywhere.

/// 1 / (1 + e^-x), to about 1e-6.
#[inline]
pub(super) fn sigmoid(x: f32) -> f32 {
    /// 1.5 x 2^23: adding it rounds to a whole number, which then stands in the low bits.
    const MAGIC: f32 = 12_582_912.0;
    let t = (-x * std::f32::consts::LOG2_E).clamp(-60.0, 60.0);
    let shifted = t + MAGIC;
    let fraction = (t - (shifted - MAGIC)) * std::f32::consts::LN_2;
    // e^fraction for |fraction| <= ln 2 / 2, by Taylor's series.
    let power =
        1.0 + fraction * (1.0 + fraction * (0.5 + fraction * (1.0 / 6.0 + fraction * (1.0 / 24.0 + fraction / 120.0))));
    let exponent = shifted.to_bits().wrapping_sub(MAGIC.to_bits()).wrapping_add(127) << 23;
    1.0 / (1.0 + power * f32::from_bits(exponent))
}

#[cfg(test)]
mod tests {
    use super::sigmoid;

    #[test]
    fn is_the_logistic_function() {
        for step in -4_000_i16..=4_000 {
            let x = f32::from(step) / 100.0;
            let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
            assert!((f64::from(sigmoid(x)) - exact).abs() < 2e-6, "{x}: {} for {exact}", sigmoid(x));
        }
        assert!(sigmoid(1e9) > 0.999_999 && sigmoid(-1e9) < 1e-6);
    }
}
