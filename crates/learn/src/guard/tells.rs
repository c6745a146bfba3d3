//! What one attribute alone tells of the outcome.

use crate::{
    bins::Binning,
    evaluate::{Evaluation, count},
    split,
    table::Column,
};

/// Bins of a number, and levels of a category, for [`Tells`].
const BINS: usize = 31;
const LEVELS: usize = 255;

/// What an attribute alone tells.
#[derive(Debug, Clone)]
pub(super) struct Tells {
    /// Area under the ROC curve on rows not learnt from.
    pub(super) auc: f64,
    /// By which share it lowers the log loss of the base rate, on rows not learnt from.
    pub(super) gain: f64,
    /// Share of the rows in which it is blank.
    pub(super) blank: f64,
    /// Share won where it is filled in, and where it is blank.
    pub(super) won: [f64; 2],
    /// How well its being filled in alone ranks: 0.5 not at all, 1 filled in exactly when won, 0 exactly when lost.
    pub(super) filled_auc: f64,
}

impl Tells {
    pub(super) fn of(column: &Column, won: &[bool], seed: u64) -> Self {
        let most = match column.cells {
            crate::Cells::Numbers(_) => BINS,
            crate::Cells::Levels { .. } => LEVELS,
        };
        let binning = Binning::learn(&column.cells, most, 10);
        let bins = binning.apply(&column.cells);
        let evaluation = Evaluation::of(&predicted(&bins, binning.count(), won, seed), won);
        let of = |blank: bool, outcome: bool| {
            let rows = bins.iter().zip(won).filter(|(bin, won)| (**bin == 0) == blank && **won == outcome);
            count(rows.count())
        };
        let (filled_won, filled_lost, blank_won, blank_lost) =
            (of(false, true), of(false, false), of(true, true), of(true, false));
        let (wins, losses) = (filled_won + blank_won, filled_lost + blank_lost);
        let right = filled_won * blank_lost + 0.5 * (filled_won * filled_lost + blank_won * blank_lost);
        Self {
            auc: evaluation.auc.unwrap_or(0.5),
            gain: 1.0 - evaluation.log_loss / evaluation.base_log_loss,
            blank: (blank_won + blank_lost) / (wins + losses),
            won: [filled_won / (filled_won + filled_lost).max(1.0), blank_won / (blank_won + blank_lost).max(1.0)],
            filled_auc: right / (wins * losses),
        }
    }
}

/// The log-odds of each row's bin among the rows of other folds, drawn to the base rate as by five rows of it.
fn predicted(bins: &[u16], bin_count: usize, won: &[bool], seed: u64) -> Vec<f64> {
    let mut odds = vec![0.0; won.len()];
    for fold in split::stratified(won, 5, seed) {
        let mut sums = vec![[0.0_f64; 2]; bin_count];
        for row in &fold.learn {
            sums[usize::from(bins[*row])][usize::from(won[*row])] += 1.0;
        }
        let total = sums.iter().fold([0.0, 0.0], |all: [f64; 2], sum| [all[0] + sum[0], all[1] + sum[1]]);
        let base = total[1] / (total[0] + total[1]);
        for row in fold.predict {
            let [lost, won] = sums[usize::from(bins[row])];
            let chance: f64 = (won + 5.0 * base) / (won + lost + 5.0);
            odds[row] = (chance / (1.0 - chance)).ln();
        }
    }
    odds
}
