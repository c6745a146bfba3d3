//! A gradient-boosted forest of whole trees (forust), to see whether the additive form misses an interaction. It is trained and
//! measured beside the others and never serves.

use std::collections::HashMap;

use forust_ml::{GradientBooster, Matrix, objective::ObjectiveType};

use crate::{
    evaluate::count,
    split,
    table::{BLANK, Cells, Table},
};

/// Log-odds of the rows of `other` by a forest grown on `table`; `None` if it can't be grown.
pub(crate) fn log_odds(table: &Table, won: &[bool], other: &Table, seed: u64) -> Option<Vec<f64>> {
    let labels: Vec<f64> = won.iter().map(|won| f64::from(u8::from(*won))).collect();
    let mut features = Vec::new();
    let mut others = Vec::new();
    for (column, of_other) in table.columns().iter().zip(other.columns()) {
        features.extend(Code::across(&column.cells, won, seed));
        others.extend(Code::learn(&column.cells, won).apply(&of_other.cells));
    }
    let mut forest = GradientBooster::default()
        .set_objective_type(ObjectiveType::LogLoss)
        .set_iterations(150)
        .set_learning_rate(0.1)
        .set_max_depth(5)
        .set_max_leaves(16)
        .set_nbins(64)
        .set_l2(5.0)
        .set_min_leaf_weight(2.0)
        .set_colsample_bytree(0.6)
        .set_initialize_base_score(true)
        .set_parallel(false)
        .set_seed(seed);
    let columns = table.columns().len();
    forest.fit_unweighted(&Matrix::new(&features, table.rows(), columns), &labels, None).ok()?;
    Some(forest.predict(&Matrix::new(&others, other.rows(), columns), false))
}

/// Categories as numbers: the share won of each level, drawn to the base rate as by ten leads of it.
enum Code {
    Number,
    Shares { names: HashMap<String, f64>, base: f64 },
}

impl Code {
    /// The column as numbers, each row's by the rows of other folds: by its own it would know its outcome.
    fn across(cells: &Cells, won: &[bool], seed: u64) -> Vec<f64> {
        if matches!(cells, Cells::Numbers(_)) {
            return Self::Number.apply(cells);
        }
        let mut coded = vec![f64::NAN; cells.len()];
        for fold in split::stratified(won, 5, seed) {
            let of_fold: Vec<bool> = fold.learn.iter().map(|row| won[*row]).collect();
            let code = Self::learn(&cells.take(&fold.learn), &of_fold);
            for (row, number) in fold.predict.iter().zip(code.apply(&cells.take(&fold.predict))) {
                coded[*row] = number;
            }
        }
        coded
    }

    fn learn(cells: &Cells, won: &[bool]) -> Self {
        let Cells::Levels { names, codes } = cells else { return Self::Number };
        let base = count(won.iter().filter(|won| **won).count()) / count(won.len().max(1));
        let mut sums = vec![(0.0, 0.0); names.len()];
        for (code, won) in codes.iter().zip(won).filter(|(code, _)| **code != BLANK) {
            let sum = &mut sums[*code as usize];
            *sum = (sum.0 + f64::from(u8::from(*won)), sum.1 + 1.0);
        }
        let share = |(wins, rows): (f64, f64)| (wins + 10.0 * base) / (rows + 10.0);
        Self::Shares { names: names.iter().cloned().zip(sums.into_iter().map(share)).collect(), base }
    }

    fn apply(&self, cells: &Cells) -> Vec<f64> {
        match (self, cells) {
            (Self::Shares { names: known, base }, Cells::Levels { names, codes }) => {
                let shares: Vec<f64> = names.iter().map(|name| known.get(name).copied().unwrap_or(*base)).collect();
                codes.iter().map(|code| shares.get(*code as usize).copied().unwrap_or(f64::NAN)).collect()
            }
            (Self::Number, Cells::Numbers(numbers)) => numbers.clone(),
            _ => vec![f64::NAN; cells.len()],
        }
    }
}
