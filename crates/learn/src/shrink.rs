//! Between points and learning: how much a learned model counts while outcomes are few.

/// Outcomes of the rarer kind at which points and model count alike.
const ALIKE: f64 = 50.0;

/// What a learned model counts, from 0 to 1, beside points: m / (m + 50), where m is the lesser of won and lost.
///
/// That is the credibility of Bühlmann (1967), with 50 as the ratio of noise to signal: a coefficient needs some ten outcomes of the
/// rarer kind (Peduzzi et al. 1996), and a first model has about five that matter. On day one it is 0, and points stand alone.
pub fn credibility(won: usize, lost: usize) -> f64 {
    let fewer = crate::evaluate::count(won.min(lost));
    fewer / (fewer + ALIKE)
}

/// Log-odds between those of the points and those of the model. Contributions of the model count `credibility` times as much, and what
/// is left is the points' own: together they still add up.
pub fn blend(points: f64, learned: f64, credibility: f64) -> f64 {
    points + (learned - points) * credibility
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stand_alone_on_day_one_and_fade() {
        assert!(credibility(0, 1_000) <= 0.0 && (blend(-1.0, 3.0, 0.0) + 1.0).abs() < 1e-12);
        assert!((credibility(50, 900) - 0.5).abs() < 1e-12 && (blend(-1.0, 3.0, 0.5) - 1.0).abs() < 1e-12);
        assert!(credibility(5_000, 9_000) > 0.98);
        assert!((0..2_000).map(|n| credibility(n, 2_000)).is_sorted());
    }
}
