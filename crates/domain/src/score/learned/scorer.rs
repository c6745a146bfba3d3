//! Scoring: what each attribute and pair adds, and what that comes to.

use std::collections::HashMap;

use super::shape::{Axis, Pair, Scale, Shape, Term};
use crate::score::{FitLevel, Grade, IntentLevel, Side};

/// One attribute of one lead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'v> {
    /// Nothing.
    Blank,
    /// A number; NaN is blank.
    Number(f64),
    /// A level.
    Level(&'v str),
}

/// One attribute of many leads.
#[derive(Debug, Clone, Copy)]
pub enum Column<'c> {
    /// Numbers; NaN is blank.
    Numbers(&'c [f64]),
    /// Levels, by their places in `names`; any other place is blank.
    Levels {
        /// The levels.
        names: &'c [String],
        /// For each lead.
        codes: &'c [u32],
    },
}

/// What a lead scored.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The intercept and all contributions, added up.
    pub log_odds: f64,
    /// What each part adds, in the order of [`Scorer::parts`].
    pub contributions: Vec<f64>,
    /// The grade.
    pub grade: Grade,
}

impl Scored {
    /// The chance that the lead is won, from 0 to 1.
    pub fn probability(&self) -> f64 {
        sigmoid(self.log_odds)
    }
}

/// What many leads scored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// For each lead.
    pub log_odds: Vec<f64>,
    /// For each part in the order of [`Scorer::parts`] what it adds for each lead.
    pub contributions: Vec<Vec<f64>>,
}

/// A part of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'m> {
    /// An attribute.
    Attribute(&'m str),
    /// A pair of attributes.
    Pair(&'m str, &'m str),
}

/// Why a model can't score.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScorerError {
    /// Lists that belong together differ in length, or refer to what is not there.
    #[error("the parts of {0} don't fit together")]
    Misfit(String),
    /// A number is infinite or none, or cuts don't ascend.
    #[error("{0} holds a number that can't be used")]
    Number(String),
}

/// A model made ready.
#[derive(Debug, Clone)]
pub struct Scorer {
    intercept: f64,
    terms: Vec<Ready>,
    pairs: Vec<ReadyPair>,
    scale: Scale,
}

#[derive(Debug, Clone)]
struct Ready {
    name: String,
    side: Side,
    how: How,
}

#[derive(Debug, Clone)]
enum How {
    Line {
        low: f64,
        high: f64,
        centre: f64,
        slope: f64,
        blank: f64,
    },
    /// By bin, as [`bin_of`] numbers them.
    Steps {
        cuts: Vec<f64>,
        values: Vec<f64>,
    },
    Levels {
        places: HashMap<String, u16>,
        values: Vec<f64>,
    },
}

#[derive(Debug, Clone)]
struct ReadyPair {
    of: [usize; 2],
    /// For each bin of each attribute its place.
    places: [Vec<u16>; 2],
    down: usize,
    values: Vec<f64>,
}

impl Scorer {
    /// Makes a model ready. Errors: its parts don't fit together.
    pub fn new(intercept: f64, terms: &[Term], pairs: &[Pair], scale: &Scale) -> Result<Self, ScorerError> {
        if !intercept.is_finite() {
            return Err(ScorerError::Number("the intercept".to_owned()));
        }
        let thresholds = scale.log_odds.iter().chain(&scale.fit).chain(&scale.intent);
        if scale.log_odds.len() < 2 || !thresholds.clone().all(|x| x.is_finite()) || !scale.log_odds.is_sorted() {
            return Err(ScorerError::Number("the scale".to_owned()));
        }
        let ready_terms = terms.iter().map(|term| {
            let how = ready(&term.attribute, &term.shape)?;
            Ok(Ready { name: term.attribute.clone(), side: term.side, how })
        });
        let ready_pairs = pairs.iter().map(|pair| ready_pair(terms, pair));
        Ok(Self {
            intercept,
            terms: ready_terms.collect::<Result<_, _>>()?,
            pairs: ready_pairs.collect::<Result<_, _>>()?,
            scale: scale.clone(),
        })
    }

    /// The attributes that it looks at, in the order in which [`Self::score`] wants them.
    pub fn attributes(&self) -> impl ExactSizeIterator<Item = &str> {
        self.terms.iter().map(|term| term.name.as_str())
    }

    /// Which side an attribute speaks of.
    pub fn side(&self, attribute: &str) -> Option<Side> {
        self.terms.iter().find(|term| term.name == attribute).map(|term| term.side)
    }

    /// True for an attribute that is a number, by its place in [`Self::attributes`].
    pub fn is_number(&self, attribute: usize) -> bool {
        self.terms.get(attribute).is_some_and(|term| !matches!(term.how, How::Levels { .. }))
    }

    /// All parts, attributes before pairs.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let pair = |pair: &ReadyPair| Part::Pair(&self.terms[pair.of[0]].name, &self.terms[pair.of[1]].name);
        self.terms.iter().map(|term| Part::Attribute(&term.name)).chain(self.pairs.iter().map(pair))
    }

    /// Log-odds to which contributions are added.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// Scores one lead. `values` stand in the order of [`Self::attributes`]; those that are missing, or of another type, are blank.
    pub fn score(&self, values: &[Value<'_>]) -> Scored {
        let mut contributions = Vec::with_capacity(self.terms.len() + self.pairs.len());
        let mut bins = Vec::with_capacity(self.terms.len());
        for (index, term) in self.terms.iter().enumerate() {
            let (bin, adds) = term.how.one(values.get(index).copied().unwrap_or(Value::Blank));
            bins.push(bin);
            contributions.push(adds);
        }
        contributions.extend(self.pairs.iter().map(|pair| pair.value(bins[pair.of[0]], bins[pair.of[1]])));
        let log_odds = contributions.iter().fold(self.intercept, |sum, adds| sum + adds);
        let grade = self.grade(log_odds, |part| contributions[part]);
        Scored { log_odds, contributions, grade }
    }

    /// Scores that many leads, by the columns of attributes; a column that is missing, or of another type, is blank.
    pub fn batch<'c>(&self, rows: usize, column: impl Fn(&str) -> Option<Column<'c>>) -> Batch {
        let mut log_odds = vec![self.intercept; rows];
        let mut contributions = Vec::with_capacity(self.terms.len() + self.pairs.len());
        let mut bins = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            let (of_rows, adds) = term.how.many(column(&term.name), rows);
            bins.push(of_rows);
            contributions.push(adds);
        }
        for pair in &self.pairs {
            let [first, second] = pair.of.map(|index| &bins[index]);
            contributions.push(first.iter().zip(second).map(|(a, b)| pair.value(*a, *b)).collect());
        }
        for adds in &contributions {
            log_odds.iter_mut().zip(adds).for_each(|(sum, adds)| *sum += adds);
        }
        Batch { log_odds, contributions }
    }

    /// The grade of one lead of a batch.
    ///
    /// # Panics
    ///
    /// If the batch is another scorer's, or has no such row.
    pub fn grade_of(&self, batch: &Batch, row: usize) -> Grade {
        self.grade(batch.log_odds[row], |part| batch.contributions[part][row])
    }

    /// 0 to 100: how many of 100 leads of the training have at most these log-odds.
    pub fn points(&self, log_odds: f64) -> f64 {
        let marks = &self.scale.log_odds;
        let above = marks.partition_point(|mark| *mark <= log_odds);
        let Some(below) = above.checked_sub(1) else { return 0.0 };
        let Some(next) = marks.get(above) else { return 100.0 };
        #[expect(clippy::cast_precision_loss, reason = "some twenty marks")]
        let f = |mark: usize| mark as f64;
        let within = (log_odds - marks[below]) / (next - marks[below]);
        100.0 * (f(below) + within) / f(marks.len() - 1)
    }

    /// Sums of fit and of intent; a pair of both counts half in each.
    pub fn sides(&self, contribution: impl Fn(usize) -> f64) -> [f64; 2] {
        let mut sums = [0.0; 2];
        for (part, term) in self.terms.iter().enumerate() {
            sums[usize::from(term.side == Side::Intent)] += contribution(part);
        }
        for (place, pair) in self.pairs.iter().enumerate() {
            let adds = contribution(self.terms.len() + place);
            for index in pair.of {
                sums[usize::from(self.terms[index].side == Side::Intent)] += adds / 2.0;
            }
        }
        sums
    }

    /// Fit and intent by their own contributions. A side without attributes goes by the whole.
    fn grade(&self, log_odds: f64, contribution: impl Fn(usize) -> f64) -> Grade {
        let mut sums = self.sides(contribution);
        for (side, sum) in [Side::Fit, Side::Intent].into_iter().zip(&mut sums) {
            if !self.terms.iter().any(|term| term.side == side) {
                *sum = log_odds - self.intercept;
            }
        }
        let level = |sum: f64, [first, second]: [f64; 2]| if sum >= first { 0 } else { 1 + usize::from(sum < second) };
        Grade {
            fit: FitLevel::ALL[level(sums[0], self.scale.fit)],
            intent: IntentLevel::ALL[level(sums[1], self.scale.intent)],
        }
    }
}

impl How {
    fn one(&self, value: Value<'_>) -> (u16, f64) {
        match (self, value) {
            (Self::Line { low, high, centre, slope, .. }, Value::Number(x)) if !x.is_nan() => {
                (0, slope * (x.clamp(*low, *high) - centre))
            }
            (Self::Line { blank, .. }, _) => (0, *blank),
            (Self::Steps { cuts, values }, Value::Number(x)) => {
                let bin = bin_of(cuts, x);
                (bin, values[usize::from(bin)])
            }
            (Self::Levels { places, values }, Value::Level(level)) => {
                let bin = places.get(level).copied().unwrap_or_else(|| rest(values));
                (bin, values[usize::from(bin)])
            }
            (Self::Steps { values, .. } | Self::Levels { values, .. }, _) => (0, values[0]),
        }
    }

    fn many(&self, cells: Option<Column<'_>>, rows: usize) -> (Vec<u16>, Vec<f64>) {
        match (self, cells) {
            (Self::Line { .. }, Some(Column::Numbers(numbers))) => {
                (vec![0; rows], numbers.iter().map(|x| self.one(Value::Number(*x)).1).collect())
            }
            (Self::Steps { .. }, Some(Column::Numbers(numbers))) => {
                numbers.iter().map(|x| self.one(Value::Number(*x))).unzip()
            }
            (Self::Levels { .. }, Some(Column::Levels { names, codes })) => {
                let blank = self.one(Value::Blank);
                let of_level: Vec<(u16, f64)> = names.iter().map(|name| self.one(Value::Level(name))).collect();
                codes.iter().map(|code| of_level.get(*code as usize).copied().unwrap_or(blank)).unzip()
            }
            _ => {
                let (bin, adds) = self.one(Value::Blank);
                (vec![bin; rows], vec![adds; rows])
            }
        }
    }
}

/// The logistic function 1 / (1 + e^-x), without overflow.
pub fn sigmoid(log_odds: f64) -> f64 {
    if log_odds >= 0.0 {
        1.0 / (1.0 + (-log_odds).exp())
    } else {
        let e = log_odds.exp();
        e / (1.0 + e)
    }
}

/// The bin of a number: 0 is blank, 1 up to and including the first cut, and so on.
pub fn bin_of(cuts: &[f64], number: f64) -> u16 {
    if number.is_nan() {
        return 0;
    }
    // Bins are far fewer than 2^16.
    u16::try_from(cuts.partition_point(|cut| *cut < number) + 1).unwrap_or(u16::MAX)
}

fn rest(values: &[f64]) -> u16 {
    u16::try_from(values.len() - 1).unwrap_or(0)
}

impl ReadyPair {
    fn value(&self, first: u16, second: u16) -> f64 {
        let (a, b) = (self.places[0][usize::from(first)], self.places[1][usize::from(second)]);
        self.values[usize::from(a) * self.down + usize::from(b)]
    }
}

fn ready(name: &str, shape: &Shape) -> Result<How, ScorerError> {
    let name = || format!("`{name}`");
    let finite = |numbers: &[f64]| {
        if numbers.iter().all(|x| x.is_finite()) { Ok(()) } else { Err(ScorerError::Number(name())) }
    };
    match shape {
        Shape::Line { low, high, centre, slope, blank } => {
            finite(&[*low, *high, *centre, *slope, *blank])?;
            if low > high {
                return Err(ScorerError::Number(name()));
            }
            Ok(How::Line { low: *low, high: *high, centre: *centre, slope: *slope, blank: *blank })
        }
        Shape::Steps { cuts, values, blank } => {
            finite(cuts)?;
            finite(values)?;
            finite(&[*blank])?;
            if values.len() != cuts.len() + 1 || cuts.len() >= usize::from(u16::MAX) - 1 {
                return Err(ScorerError::Misfit(name()));
            }
            if !cuts.is_sorted_by(|a, b| a < b) {
                return Err(ScorerError::Number(name()));
            }
            let values = std::iter::once(blank).chain(values).copied().collect();
            Ok(How::Steps { cuts: cuts.clone(), values })
        }
        Shape::Levels { levels, values, rest, blank } => {
            finite(values)?;
            finite(&[*rest, *blank])?;
            let place = |(place, level): (u16, &String)| (level.clone(), place);
            let places: HashMap<String, u16> = (1..u16::MAX).zip(levels).map(place).collect();
            if values.len() != levels.len() || places.len() != levels.len() {
                return Err(ScorerError::Misfit(name()));
            }
            let values = std::iter::once(blank).chain(values).chain([rest]).copied().collect();
            Ok(How::Levels { places, values })
        }
    }
}

fn ready_pair(terms: &[Term], pair: &Pair) -> Result<ReadyPair, ScorerError> {
    let misfit = || ScorerError::Misfit(format!("a pair of attributes {} and {}", pair.of[0], pair.of[1]));
    let mut places = [Vec::new(), Vec::new()];
    for (side, places) in places.iter_mut().enumerate() {
        let term = terms.get(pair.of[side]).ok_or_else(misfit)?;
        *places = match (&term.shape, &pair.axes[side]) {
            (Shape::Steps { cuts, .. }, Axis::Cuts { cuts: axis, blank }) => {
                if !axis.is_sorted_by(|a, b| a < b) || axis.iter().any(|cut| !cuts.contains(cut)) {
                    return Err(misfit());
                }
                // The number of cuts below a bin is that below its upper end; above the last cut lie all.
                let below = |bin: usize| cuts.get(bin).map_or(axis.len(), |end| axis.partition_point(|cut| cut < end));
                let first = usize::from(*blank);
                std::iter::once(0).chain((0..=cuts.len()).map(|bin| first + below(bin))).collect()
            }
            (Shape::Levels { levels, .. }, Axis::Levels { most }) => {
                (0..levels.len() + 2).map(|bin| bin.min(*most)).collect::<Vec<usize>>()
            }
            _ => return Err(misfit()),
        };
    }
    let [across, down] = [0, 1].map(|side| places[side].iter().max().map_or(0, |most| most + 1));
    if pair.hundredths.len() != across * down || across * down > usize::from(u16::MAX) {
        return Err(misfit());
    }
    let narrow = |places: &Vec<usize>| places.iter().map(|place| u16::try_from(*place).unwrap_or(u16::MAX)).collect();
    Ok(ReadyPair {
        of: pair.of,
        places: [narrow(&places[0]), narrow(&places[1])],
        down,
        values: pair.hundredths.iter().map(|value| f64::from(*value) / 100.0).collect(),
    })
}
