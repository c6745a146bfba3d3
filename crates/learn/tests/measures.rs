//! The measures against their definitions, reckoned the slow way.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    clippy::many_single_char_names,
    reason = "tests may"
)]

use leadrouter_learn::{Evaluation, sigmoid};
use proptest::prelude::*;

/// All pairs of a won and a lost lead.
fn naive_auc(odds: &[f64], won: &[bool]) -> Option<f64> {
    let (mut right, mut pairs) = (0.0, 0.0);
    for (a, _) in odds.iter().zip(won).filter(|(_, won)| **won) {
        for (b, _) in odds.iter().zip(won).filter(|(_, won)| !**won) {
            pairs += 1.0;
            right += if a > b {
                1.0
            } else if a < b {
                0.0
            } else {
                0.5
            };
        }
    }
    (pairs > 0.0).then_some(right / pairs)
}

fn naive_loss(odds: &[f64], won: &[bool]) -> f64 {
    let chance = |odds: f64, won: bool| if won { sigmoid(odds) } else { 1.0 - sigmoid(odds) };
    odds.iter().zip(won).map(|(odds, won)| -chance(*odds, *won).ln()).sum::<f64>() / odds.len() as f64
}

fn naive_calibration_error(odds: &[f64], won: &[bool]) -> f64 {
    let mut rows: Vec<(f64, f64)> =
        odds.iter().zip(won).map(|(odds, won)| (sigmoid(*odds), f64::from(u8::from(*won)))).collect();
    rows.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap());
    let mut error = 0.0;
    for group in 0..10 {
        let part = &rows[group * rows.len() / 10..(group + 1) * rows.len() / 10];
        if !part.is_empty() {
            let mean = |of: fn(&(f64, f64)) -> f64| part.iter().map(of).sum::<f64>() / part.len() as f64;
            error += (mean(|row| row.0) - mean(|row| row.1)).abs() * part.len() as f64 / rows.len() as f64;
        }
    }
    error
}

proptest! {
    #[test]
    fn are_what_their_definitions_say(leads in prop::collection::vec((-40_i32..40, any::<bool>()), 1..120)) {
        let odds: Vec<f64> = leads.iter().map(|(odds, _)| f64::from(*odds) / 8.0).collect();
        let won: Vec<bool> = leads.iter().map(|(_, won)| *won).collect();
        let found = Evaluation::of(&odds, &won);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        prop_assert_eq!(found.auc.is_some(), naive_auc(&odds, &won).is_some());
        prop_assert!(near(found.auc.unwrap_or(0.0), naive_auc(&odds, &won).unwrap_or(0.0)));
        prop_assert!(near(found.log_loss, naive_loss(&odds, &won)));
        prop_assert!(near(found.calibration_error, naive_calibration_error(&odds, &won)));
        let brier: f64 = odds.iter().zip(&won).map(|(odds, won)| (sigmoid(*odds) - f64::from(u8::from(*won))).powi(2)).sum();
        prop_assert!(near(found.brier, brier / odds.len() as f64));
        prop_assert_eq!(found.calibration.iter().map(|group| group.rows).sum::<usize>(), odds.len());
    }
}

#[test]
fn of_a_perfect_order_and_of_none() {
    let won: Vec<bool> = (0..100).map(|row| row >= 80).collect();
    let odds: Vec<f64> = (0..100).map(f64::from).collect();
    let perfect = Evaluation::of(&odds, &won);
    assert!(perfect.auc == Some(1.0) && perfect.top_decile_lift == Some(5.0));
    let flat = Evaluation::of(&vec![(0.2_f64 / 0.8).ln(); 100], &won);
    assert!(flat.auc == Some(0.5) && (flat.log_loss - flat.base_log_loss).abs() < 1e-12);
    let nothing = Evaluation::of(&[], &[]);
    assert!(nothing.auc.is_none() && nothing.log_loss == 0.0 && nothing.calibration.is_empty());
    let lost = Evaluation::of(&[0.0, 1.0], &[false, false]);
    assert!(lost.auc.is_none() && lost.top_decile_lift.is_none() && lost.base_log_loss == 0.0);
}
