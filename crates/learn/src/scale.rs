//! From log-odds to points and grades.

use domain::score::{
    Side,
    learned::{Batch, Scale, Scorer},
};

use crate::{model::Model, write::rounded};

/// Marks of the scale of points: every five of 100 leads.
const MARKS: usize = 20;

/// Of ten leads, how many are at least A (or 1), and at least B (or 2).
const BEST: [usize; 2] = [2, 5];

/// A scale on which nothing is told apart yet.
pub(crate) fn none() -> Scale {
    Scale { log_odds: vec![0.0, 1.0], fit: [0.0; 2], intent: [0.0; 2] }
}

/// The scale on which the leads of `batch` are spread evenly.
pub(crate) fn of(model: &Model, scorer: &Scorer, batch: &Batch) -> Scale {
    let rows = batch.log_odds.len();
    let mut sums: [Vec<f64>; 2] = [Vec::with_capacity(rows), Vec::with_capacity(rows)];
    for row in 0..rows {
        let sides = scorer.sides(|part| batch.contributions[part][row]);
        sums.iter_mut().zip(sides).for_each(|(sums, side)| sums.push(side));
    }
    let whole: Vec<f64> = batch.log_odds.iter().map(|odds| odds - model.intercept).collect();
    for (sums, side) in sums.iter_mut().zip([Side::Fit, Side::Intent]) {
        if !model.terms.iter().any(|term| term.side == side) {
            sums.clone_from(&whole);
        }
    }
    let [fit, intent] = sums.map(|mut sums| {
        sums.sort_by(f64::total_cmp);
        BEST.map(|best| quantile(&sums, 10 - best, 10))
    });
    let mut sorted = batch.log_odds.clone();
    sorted.sort_by(f64::total_cmp);
    let mut log_odds: Vec<f64> = (0..=MARKS).map(|mark| quantile(&sorted, mark, MARKS)).collect();
    // Marks that fall together would divide by nothing.
    log_odds.dedup();
    if log_odds.len() < 2 {
        log_odds.push(log_odds[0] + 1.0);
    }
    Scale { log_odds, fit, intent }
}

fn quantile(sorted: &[f64], part: usize, of: usize) -> f64 {
    rounded(sorted.get((sorted.len().saturating_sub(1)) * part / of).copied().unwrap_or(0.0))
}
