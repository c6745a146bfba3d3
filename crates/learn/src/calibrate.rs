//! Calibration by Platt's method: log-odds are stretched and shifted until they say what happens.
//!
//! Platt: "Probabilistic outputs for support vector machines", 1999, with his targets a little inside of 0 and 1. It keeps the
//! log-odds a sum of contributions, which isotonic and beta calibration don't.

use crate::{
    evaluate::{count, sigmoid},
    split::Fold,
};

/// Calibrated log-odds are `slope` x log-odds + `offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Platt {
    pub(crate) slope: f64,
    pub(crate) offset: f64,
}

impl Platt {
    /// Changes nothing.
    pub(crate) const NONE: Self = Self { slope: 1.0, offset: 0.0 };

    /// Least log loss over the rows, by Newton's method. Changes nothing if the rows don't say how.
    pub(crate) fn fit(log_odds: &[f64], won: &[bool]) -> Self {
        let wins = won.iter().filter(|won| **won).count();
        let (wins, losses) = (count(wins), count(won.len() - wins));
        let target = |won: bool| if won { (wins + 1.0) / (wins + 2.0) } else { 1.0 / (losses + 2.0) };
        let mut platt = Self::NONE;
        for _ in 0..50 {
            let (mut g, mut h) = ([0.0; 2], [[0.0; 2]; 2]);
            for (odds, won) in log_odds.iter().zip(won) {
                let chance = sigmoid(platt.apply(*odds));
                let (error, weight) = (chance - target(*won), chance * (1.0 - chance));
                g[0] += error * odds;
                g[1] += error;
                h[0][0] += weight * odds * odds;
                h[0][1] += weight * odds;
                h[1][1] += weight;
            }
            let determinant = h[0][0] * h[1][1] - h[0][1] * h[0][1];
            if determinant.abs() < 1e-9 {
                return Self::NONE;
            }
            let step =
                [(h[1][1] * g[0] - h[0][1] * g[1]) / determinant, (h[0][0] * g[1] - h[0][1] * g[0]) / determinant];
            platt = Self { slope: platt.slope - step[0], offset: platt.offset - step[1] };
            if step[0].abs() + step[1].abs() < 1e-10 {
                break;
            }
        }
        // A model that ranks the wrong way round on rows it has not seen knows nothing; turning it round would not help.
        if platt.slope.is_finite() && platt.offset.is_finite() && platt.slope > 0.0 { platt } else { Self::NONE }
    }

    pub(crate) fn apply(self, log_odds: f64) -> f64 {
        self.slope * log_odds + self.offset
    }
}

/// Each fold calibrated by what was said of the others, so that the measures don't know their own rows.
pub(crate) fn across(odds: &[f64], won: &[bool], folds: &[Fold]) -> Vec<f64> {
    let mut calibrated = Vec::with_capacity(odds.len());
    let mut start = 0;
    for fold in folds {
        let end = start + fold.predict.len();
        let outside = |row: &usize| !(start..end).contains(row);
        let others: Vec<usize> = (0..odds.len()).filter(outside).collect();
        let of_others: Vec<f64> = others.iter().map(|row| odds[*row]).collect();
        let won_others: Vec<bool> = others.iter().map(|row| won[*row]).collect();
        let platt = Platt::fit(&of_others, &won_others);
        calibrated.extend(odds[start..end].iter().map(|odds| platt.apply(*odds)));
        start = end;
    }
    calibrated
}
