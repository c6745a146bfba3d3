//! The additive model: the log-odds are a sum of shape functions, one for each attribute, and of tables for the few pairs that
//! tell more together than each alone.

mod boost;
mod logistic_f32;
mod pairs;
mod plane;
mod settings;
mod steps;

pub use settings::Settings;

use boost::{Bag, Learner, Term, boost};

use crate::{bins::Binning, parallel, rng::Rng, table::Cells, table::Table};

/// One attribute's log-odds by bin.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    pub(crate) binning: Binning,
    pub(crate) values: Vec<f64>,
}

/// Two attributes' log-odds by cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pair {
    /// Numbers of the attributes.
    pub(crate) of: [usize; 2],
    /// For each attribute the place of each of its bins along the table's side.
    pub(crate) places: [Vec<u16>; 2],
    /// Cells along the second side.
    pub(crate) down: usize,
    pub(crate) values: Vec<f64>,
}

/// Sums that make log-odds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Additive {
    pub(crate) intercept: f64,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) pairs: Vec<Pair>,
}

impl Additive {
    /// Log-odds of every row of a table with the same columns.
    pub(crate) fn log_odds(&self, table: &Table) -> Vec<f64> {
        let bins: Vec<Vec<u16>> =
            self.shapes.iter().zip(table.columns()).map(|(shape, column)| shape.binning.apply(&column.cells)).collect();
        self.of_bins(&bins, table.rows())
    }

    fn of_bins(&self, bins: &[Vec<u16>], rows: usize) -> Vec<f64> {
        let mut odds = vec![self.intercept; rows];
        for (shape, bins) in self.shapes.iter().zip(bins) {
            odds.iter_mut().zip(bins).for_each(|(odds, bin)| *odds += shape.values[usize::from(*bin)]);
        }
        for pair in &self.pairs {
            let [first, second] = pair.of.map(|index| &bins[index]);
            for ((odds, a), b) in odds.iter_mut().zip(first).zip(second) {
                *odds += pair.values[pair.cell(*a, *b)];
            }
        }
        odds
    }
}

impl Pair {
    /// The cell of two bins.
    pub(crate) fn cell(&self, first: u16, second: u16) -> usize {
        usize::from(self.places[0][usize::from(first)]) * self.down + usize::from(self.places[1][usize::from(second)])
    }
}

/// Without pairs, and with them.
#[derive(Debug, Clone)]
pub(crate) struct Stages {
    pub(crate) plain: Additive,
    pub(crate) paired: Additive,
}

/// What [`fit`] learns from.
pub(crate) struct Lesson<'l> {
    pub(crate) table: &'l Table,
    pub(crate) won: &'l [bool],
    pub(crate) settings: &'l Settings,
    pub(crate) seed: u64,
    pub(crate) threads: usize,
}

/// Boosts attributes, then pairs, on all rows of the table.
pub(crate) fn fit(lesson: &Lesson<'_>) -> Stages {
    let Lesson { table, won, seed, threads, .. } = *lesson;
    let settings = &lesson.settings.for_rows(won.len());
    let learn = |cells: &Cells| Binning::learn(cells, most(cells, settings), settings.least_rows);
    let binnings: Vec<Binning> = table.columns().iter().map(|column| learn(&column.cells)).collect();
    let bins: Vec<Vec<u16>> =
        binnings.iter().zip(table.columns()).map(|(binning, column)| binning.apply(&column.cells)).collect();
    let bags: Vec<Bag> = (0..settings.bags).map(|bag| draw(won, settings, seed, bag)).collect();
    let base = base_log_odds(won);

    let terms: Vec<Term> = table
        .columns()
        .iter()
        .zip(&binnings)
        .zip(&bins)
        .map(|((column, binning), bins)| Term {
            learner: match binning {
                Binning::Cuts(_) => Learner::Steps(column.attribute.monotone),
                Binning::Levels(_) => Learner::Levels,
            },
            count: binning.count(),
            bins: bins.clone(),
        })
        .collect();
    #[expect(clippy::cast_possible_truncation, reason = "boosting goes on in single precision")]
    let start = vec![base as f32; won.len()];
    let boosted = parallel::map(bags.len(), threads, |bag| boost(&terms, won, &start, &bags[bag], settings));
    let shapes = mean(boosted.iter().map(|boosted| boosted.shapes.as_slice()))
        .into_iter()
        .zip(binnings)
        .map(|(values, binning)| Shape { binning, values })
        .collect();
    let plain = Additive { intercept: base, shapes, pairs: Vec::new() };

    let odds = plain.of_bins(&bins, table.rows());
    let mut pairs = pairs::strongest(&pairs::Search { table, won, settings, plain: &plain, bins: &bins, odds: &odds });
    let terms: Vec<Term> = pairs.iter().map(|pair| pairs::term(pair, &plain, &bins)).collect();
    #[expect(clippy::cast_possible_truncation, reason = "boosting goes on in single precision")]
    let start: Vec<f32> = odds.iter().map(|odds| *odds as f32).collect();
    let boosted = parallel::map(bags.len(), threads, |bag| boost(&terms, won, &start, &bags[bag], settings));
    for (pair, values) in pairs.iter_mut().zip(mean(boosted.iter().map(|boosted| boosted.shapes.as_slice()))) {
        pair.values = values;
    }
    Stages { paired: Additive { pairs, ..plain.clone() }, plain }
}

fn most(cells: &Cells, settings: &Settings) -> usize {
    match cells {
        Cells::Numbers(_) => settings.most_cuts,
        Cells::Levels { .. } => settings.most_levels,
    }
}

/// Log-odds of all rows together, one more of each outcome added (Laplace), so that it is always finite.
#[expect(clippy::cast_precision_loss, reason = "rows are far below 2^53")]
pub(crate) fn base_log_odds(won: &[bool]) -> f64 {
    let count = won.iter().filter(|won| **won).count();
    ((count + 1) as f64 / (won.len() - count + 1) as f64).ln()
}

/// Sets `stop_share` of each outcome aside.
fn draw(won: &[bool], settings: &Settings, seed: u64, bag: usize) -> Bag {
    let mut rng = Rng::new(seed, bag as u64);
    let (mut rows, mut stop) = (Vec::with_capacity(won.len()), Vec::new());
    for outcome in [false, true] {
        let mut of_outcome: Vec<u32> =
            (0_u32..).zip(won).filter(|(_, won)| **won == outcome).map(|(row, _)| row).collect();
        rng.shuffle(&mut of_outcome);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of rows"
        )]
        let aside = (of_outcome.len() as f64 * settings.stop_share).round() as usize;
        stop.extend_from_slice(&of_outcome[..aside]);
        rows.extend_from_slice(&of_outcome[aside..]);
    }
    // In the order of the table: memory is read forwards.
    rows.sort_unstable();
    let learn = rows.len();
    rows.append(&mut stop);
    Bag { rows, learn }
}

#[expect(clippy::cast_precision_loss, reason = "bags are few")]
fn mean<'s>(bags: impl ExactSizeIterator<Item = &'s [Vec<f64>]>) -> Vec<Vec<f64>> {
    let count = bags.len() as f64;
    let mut sum: Vec<Vec<f64>> = Vec::new();
    for shapes in bags {
        if sum.is_empty() {
            sum = shapes.iter().map(|shape| vec![0.0; shape.len()]).collect();
        }
        for (sum, shape) in sum.iter_mut().zip(shapes) {
            sum.iter_mut().zip(shape).for_each(|(sum, value)| *sum += value / count);
        }
    }
    sum
}
