//! Cyclic gradient boosting: each term in turn takes one small step towards what the others leave unexplained.
//!
//! Lou, Caruana, Gehrke: "Intelligible models for classification and regression", KDD 2012; Nori et al.: "`InterpretML`",
//! arXiv:1909.09223. Newton steps on log loss, as in Friedman: "Greedy function approximation", Annals of Statistics 29 (2001).

use super::{logistic_f32::sigmoid, plane::Plane, settings::Settings, steps};
use crate::attribute::Monotone;

/// What a term may learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Learner {
    /// Bins in the order of their numbers, the first of blanks.
    Steps(Monotone),
    /// Bins without order.
    Levels,
    /// Cells of a table of two numbers.
    Plane(Plane),
    /// Rows of a table, so many cells each: in each row, which is a level, bins in order.
    Rows(usize),
    /// Cells of a table of two categories.
    Cells,
}

/// One attribute, or a pair, as the bins of all rows.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub(super) learner: Learner,
    /// How many bins.
    pub(super) count: usize,
    /// For each row its bin.
    pub(super) bins: Vec<u16>,
}

/// Sums over the rows of one bin: gradient, curvature, rows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) gradient: f64,
    pub(super) curvature: f64,
    pub(super) rows: f64,
}

impl Sums {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            gradient: self.gradient + other.gradient,
            curvature: self.curvature + other.curvature,
            rows: self.rows + other.rows,
        }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            gradient: self.gradient - other.gradient,
            curvature: self.curvature - other.curvature,
            rows: self.rows - other.rows,
        }
    }

    /// The Newton step.
    pub(super) fn step(self, penalty: f64) -> f64 {
        -self.gradient / (self.curvature + penalty)
    }

    /// Twice by how much that step lowers the loss, to second order.
    pub(super) fn gain(self, penalty: f64) -> f64 {
        self.gradient * self.gradient / (self.curvature + penalty)
    }
}

/// The rows of one bag: those to learn from, then those that tell when to stop.
#[derive(Debug, Clone)]
pub(super) struct Bag {
    /// Rows of the terms.
    pub(super) rows: Vec<u32>,
    /// How many of them are to learn from.
    pub(super) learn: usize,
}

/// What boosting found.
#[derive(Debug, Clone)]
pub(super) struct Boosted {
    /// For each term the log-odds of each of its bins.
    pub(super) shapes: Vec<Vec<f64>>,
    /// After how many rounds it stopped.
    pub(super) rounds: usize,
    /// Mean log loss on the rows that tell when to stop.
    pub(super) loss: f64,
}

/// Boosts `terms` on top of the log-odds `offset` of all rows.
pub(super) fn boost(terms: &[Term], won: &[bool], offset: &[f32], bag: &Bag, settings: &Settings) -> Boosted {
    let mut state = State::new(terms, won, offset, bag);
    let mut best = Boosted { shapes: state.shapes.clone(), rounds: 0, loss: state.stop_loss() };
    for round in 1..=settings.max_rounds {
        for (index, term) in terms.iter().enumerate() {
            state.advance(index, term, settings);
        }
        let loss = state.stop_loss();
        // A gain in the noise of single precision is none.
        if loss < best.loss - 1e-7 {
            best = Boosted { shapes: state.shapes.clone(), rounds: round, loss };
        } else if round >= best.rounds + settings.patience {
            break;
        }
    }
    best
}

struct State {
    /// For each term the bins of the bag's rows, in their order.
    bins: Vec<Vec<u16>>,
    counts: Vec<Vec<f64>>,
    shapes: Vec<Vec<f64>>,
    labels: Vec<f32>,
    scores: Vec<f32>,
    /// Gradient and curvature of the rows to learn from.
    slopes: Vec<[f32; 2]>,
    learn: usize,
    sums: Vec<Sums>,
    update: Vec<f64>,
    narrow: Vec<f32>,
}

impl State {
    fn new(terms: &[Term], won: &[bool], offset: &[f32], bag: &Bag) -> Self {
        let bins: Vec<Vec<u16>> =
            terms.iter().map(|term| bag.rows.iter().map(|row| term.bins[*row as usize]).collect()).collect();
        let count = |bins: &Vec<u16>, term: &Term| {
            let mut counts = vec![0.0; term.count];
            bins[..bag.learn].iter().for_each(|bin| counts[usize::from(*bin)] += 1.0);
            counts
        };
        let mut state = Self {
            counts: bins.iter().zip(terms).map(|(bins, term)| count(bins, term)).collect(),
            shapes: terms.iter().map(|term| vec![0.0; term.count]).collect(),
            labels: bag.rows.iter().map(|row| f32::from(u8::from(won[*row as usize]))).collect(),
            scores: bag.rows.iter().map(|row| offset[*row as usize]).collect(),
            slopes: vec![[0.0; 2]; bag.learn],
            learn: bag.learn,
            bins,
            sums: Vec::new(),
            update: Vec::new(),
            narrow: Vec::new(),
        };
        state.refresh();
        state
    }

    fn advance(&mut self, index: usize, term: &Term, settings: &Settings) {
        self.sum(index);
        self.update.clear();
        self.update.resize(term.count, 0.0);
        let shape = &mut self.shapes[index];
        match term.learner {
            Learner::Steps(monotone) => steps::ordered(&self.sums, monotone, settings, &mut self.update),
            Learner::Levels => steps::levels(&self.sums, shape, settings, &mut self.update),
            Learner::Plane(plane) => plane.step(&self.sums, settings, &mut self.update),
            Learner::Rows(down) => {
                for (sums, update) in self.sums.chunks(down).zip(self.update.chunks_mut(down)) {
                    steps::row(sums, settings, update);
                }
            }
            Learner::Cells => steps::cells(&self.sums, shape, settings, &mut self.update),
        }
        self.narrow.clear();
        for (value, step) in shape.iter_mut().zip(&self.update) {
            let step = step * settings.learning_rate;
            *value += step;
            #[expect(clippy::cast_possible_truncation, reason = "boosting goes on in single precision")]
            self.narrow.push(step as f32);
        }
        for (score, bin) in self.scores.iter_mut().zip(&self.bins[index]) {
            *score += self.narrow[usize::from(*bin)];
        }
        self.refresh();
    }

    fn sum(&mut self, index: usize) {
        self.sums.clear();
        self.sums.extend(self.counts[index].iter().map(|rows| Sums { rows: *rows, ..Sums::default() }));
        for (bin, [gradient, curvature]) in self.bins[index].iter().zip(&self.slopes) {
            let sums = &mut self.sums[usize::from(*bin)];
            sums.gradient += f64::from(*gradient);
            sums.curvature += f64::from(*curvature);
        }
    }

    fn refresh(&mut self) {
        for ((slope, score), label) in self.slopes.iter_mut().zip(&self.scores).zip(&self.labels) {
            let chance = sigmoid(*score);
            *slope = [chance - label, chance * (1.0 - chance)];
        }
    }

    fn stop_loss(&self) -> f64 {
        let rows = self.scores[self.learn..].iter().zip(&self.labels[self.learn..]);
        let count = rows.len().max(1);
        let total: f64 = rows.map(|(score, label)| crate::evaluate::log_loss_of(f64::from(*score), *label > 0.5)).sum();
        #[expect(clippy::cast_precision_loss, reason = "rows are far below 2^53")]
        let mean = total / count as f64;
        mean
    }
}
