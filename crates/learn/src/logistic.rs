//! Logistic regression, for histories too small for anything else, and as the plain rival of the rest.
//!
//! Ridge penalty on standardised columns, fitted by iteratively reweighted least squares (`McCullagh` and Nelder: "Generalized linear
//! models", 1989; le Cessie, van Houwelingen 1992). A number is cut to its 1st to 99th percentile, so that no outlier turns the line; a blank is
//! the mean and has a column of its own; a level is a column of noughts and ones.

use crate::{
    additive::base_log_odds,
    attribute::Monotone,
    bins::Binning,
    evaluate::{count, sigmoid},
    table::{Cells, Table},
};

/// Columns that a row may fill; the rarest levels beyond are left at the mean.
const MOST_COLUMNS: usize = 600;

/// Penalty on the square of each coefficient.
const PENALTY: f64 = 2.0;

/// Log-odds that are a sum of lines and levels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Logistic {
    pub(crate) intercept: f64,
    pub(crate) terms: Vec<Term>,
}

/// What one attribute adds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Term {
    /// `slope` x (number cut to `low` ... `high`, less `centre`).
    Line { low: f64, high: f64, centre: f64, slope: f64, blank: f64 },
    /// By bin.
    Levels { binning: Binning, values: Vec<f64> },
}

impl Term {
    pub(crate) fn values(&self, cells: &Cells) -> Vec<f64> {
        match (self, cells) {
            (Self::Line { low, high, centre, slope, blank }, Cells::Numbers(numbers)) => numbers
                .iter()
                .map(|x| if x.is_nan() { *blank } else { slope * (x.clamp(*low, *high) - centre) })
                .collect(),
            (Self::Line { blank, .. }, cells) => vec![*blank; cells.len()],
            (Self::Levels { binning, values }, cells) => {
                binning.apply(cells).into_iter().map(|bin| values[usize::from(bin)]).collect()
            }
        }
    }
}

impl Logistic {
    /// Log-odds of every row of a table with the same columns.
    pub(crate) fn log_odds(&self, table: &Table) -> Vec<f64> {
        let mut odds = vec![self.intercept; table.rows()];
        for (term, column) in self.terms.iter().zip(table.columns()) {
            odds.iter_mut().zip(term.values(&column.cells)).for_each(|(odds, value)| *odds += value);
        }
        odds
    }

    /// Fits all rows of the table.
    pub(crate) fn fit(table: &Table, won: &[bool]) -> Self {
        let mut design = Design::new(table);
        let weights = design.solve(won);
        let terms = design.terms.drain(..).map(|(term, first)| term.weighted(&weights[first..])).collect();
        Self { intercept: weights[0], terms }
    }
}

impl Logistic {
    /// Lines that go against the bound of their attribute become level.
    pub(crate) fn bind(&mut self, table: &Table) {
        for (term, column) in self.terms.iter_mut().zip(table.columns()) {
            if let Term::Line { slope, .. } = term {
                *slope = match column.attribute.monotone {
                    Monotone::Free => *slope,
                    Monotone::Rising => slope.max(0.0),
                    Monotone::Falling => slope.min(0.0),
                };
            }
        }
    }
}

/// The columns of the regression; the first is always 1.
struct Design {
    /// Each term with unit coefficients, and its first column.
    terms: Vec<(Unit, usize)>,
    columns: usize,
    /// For each row its columns and what they hold, if not 0.
    rows: Vec<Vec<(u32, f64)>>,
}

/// A term before it is fitted.
enum Unit {
    Line { low: f64, high: f64, mean: f64, deviation: f64 },
    Levels(Binning),
}

impl Unit {
    fn weighted(self, weights: &[f64]) -> Term {
        match self {
            Self::Line { low, high, mean, deviation } => {
                Term::Line { low, high, centre: mean, slope: weights[0] / deviation, blank: weights[1] }
            }
            Self::Levels(binning) => {
                let values = weights[..binning.count()].to_vec();
                Term::Levels { binning, values }
            }
        }
    }
}

impl Design {
    fn new(table: &Table) -> Self {
        let most = (MOST_COLUMNS / table.columns().len().max(1)).max(10);
        let mut design = Self { terms: Vec::new(), columns: 1, rows: vec![vec![(0, 1.0)]; table.rows()] };
        for column in table.columns() {
            match &column.cells {
                Cells::Numbers(numbers) => design.number(numbers),
                Cells::Levels { .. } => design.levels(Binning::learn(&column.cells, most, 2), &column.cells),
            }
        }
        design
    }

    fn number(&mut self, numbers: &[f64]) {
        let mut sorted: Vec<f64> = numbers.iter().copied().filter(|x| !x.is_nan()).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |percent: usize| sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied().unwrap_or(0.0);
        let (low, high) = (at(1), at(99));
        let cut: Vec<f64> = sorted.iter().map(|x| x.clamp(low, high)).collect();
        let mean = cut.iter().sum::<f64>() / count(cut.len().max(1));
        let variance = cut.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count(cut.len().max(1));
        let deviation = if variance > 0.0 { variance.sqrt() } else { 1.0 };
        let first = self.columns;
        for (row, x) in self.rows.iter_mut().zip(numbers) {
            if x.is_nan() {
                row.push((index(first + 1), 1.0));
            } else {
                row.push((index(first), (x.clamp(low, high) - mean) / deviation));
            }
        }
        self.terms.push((Unit::Line { low, high, mean, deviation }, first));
        self.columns += 2;
    }

    fn levels(&mut self, binning: Binning, cells: &Cells) {
        for (row, bin) in self.rows.iter_mut().zip(binning.apply(cells)) {
            row.push((index(self.columns + usize::from(bin)), 1.0));
        }
        let first = self.columns;
        self.columns += binning.count();
        self.terms.push((Unit::Levels(binning), first));
    }

    /// The coefficients of least penalised log loss.
    fn solve(&self, won: &[bool]) -> Vec<f64> {
        let size = self.columns;
        let mut weights = vec![0.0; size];
        weights[0] = base_log_odds(won);
        for _ in 0..25 {
            let mut gradient: Vec<f64> = weights.iter().map(|weight| PENALTY * weight).collect();
            gradient[0] = 0.0;
            let mut curvature = vec![0.0; size * size];
            (0..size).for_each(|i| curvature[i * size + i] = if i == 0 { 1e-9 } else { PENALTY });
            for (row, won) in self.rows.iter().zip(won) {
                let odds: f64 = row.iter().map(|(column, x)| weights[*column as usize] * x).sum();
                let chance = sigmoid(odds);
                let (error, weight) = (chance - f64::from(u8::from(*won)), (chance * (1.0 - chance)).max(1e-9));
                for (place, (i, x)) in row.iter().enumerate() {
                    gradient[*i as usize] += error * x;
                    // Columns of a row ascend, so this fills the lower half.
                    for (j, y) in &row[..=place] {
                        curvature[*i as usize * size + *j as usize] += weight * x * y;
                    }
                }
            }
            let step = solve_symmetric(&mut curvature, gradient);
            weights.iter_mut().zip(&step).for_each(|(weight, step)| *weight -= step.clamp(-5.0, 5.0));
            if step.iter().all(|step| step.abs() < 1e-8) {
                break;
            }
        }
        weights
    }
}

fn index(column: usize) -> u32 {
    u32::try_from(column).unwrap_or(u32::MAX)
}

/// Solves A x = b for a positive definite A, of which the lower half is given, by Cholesky's method.
fn solve_symmetric(a: &mut [f64], mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        for j in 0..=i {
            let (upper, lower) = a.split_at_mut(i * n);
            let row_i = &mut lower[..n];
            if i == j {
                let sum: f64 = row_i[..i].iter().map(|x| x * x).sum();
                row_i[i] = (row_i[i] - sum).max(1e-12).sqrt();
            } else {
                let row_j = &upper[j * n..j * n + n];
                let sum: f64 = row_i[..j].iter().zip(&row_j[..j]).map(|(x, y)| x * y).sum();
                row_i[j] = (row_i[j] - sum) / row_j[j];
            }
        }
    }
    for i in 0..n {
        let sum: f64 = (0..i).map(|k| a[i * n + k] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i * n + i];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| a[k * n + i] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i * n + i];
    }
    b
}
