//! The training, from a history to a model that says how good it is.

use std::ops::ControlFlow;

use domain::score::learned::ScorerError;

use crate::{
    additive::Settings,
    calibrate::{Platt, across},
    choice, columns,
    evaluate::Evaluation,
    fingerprint::fingerprint,
    guard::{self, Suspect},
    model::{Data, FORMAT, LeftOut, Model},
    scale, split,
    table::{Table, score},
    work::Work,
};

/// Fewest leads, and fewest of each outcome, to learn anything from.
const LEAST_ROWS: usize = 20;
const LEAST_OUTCOMES: usize = 5;
/// More leads than this are learnt from by a sample: shapes gain nothing any more.
const MOST_ROWS: usize = 200_000;
/// Rounds of cross-validation.
pub(crate) const FOLDS: usize = 5;

/// Leads with known ends.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Their attributes.
    pub table: Table,
    /// Which were won.
    pub won: Vec<bool>,
    /// When each came, if that is known: any number that grows with time.
    pub at: Option<Vec<i64>>,
}

/// What to do about attributes that look known only afterwards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Guarding {
    /// Leave them out.
    #[default]
    LeaveOut,
    /// Name them, and use them.
    Warn,
    /// Don't look.
    Off,
}

/// How to train.
#[derive(Debug, Clone)]
pub struct Options {
    /// Chance.
    pub seed: u64,
    /// Threads to use; the model does not depend on it.
    pub threads: usize,
    /// What to do about leaks.
    pub guarding: Guarding,
    /// Attributes known to be known when a lead comes in, whatever they look like.
    pub keep: Vec<String>,
    /// Measure forwards in time (needs [`History::at`]) and not on random folds.
    pub forward: bool,
    /// Numbers of the additive model.
    pub settings: Settings,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            threads: 1,
            guarding: Guarding::LeaveOut,
            keep: Vec::new(),
            forward: false,
            settings: Settings::default(),
        }
    }
}

/// What came of a training.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// Attributes that look known only afterwards, also those that were kept.
    pub suspects: Vec<Suspect>,
}

/// Why nothing can be learnt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Every lead ended the same way.
    #[error("all {rows} leads were {}: there is nothing to tell apart", if *won { "won" } else { "lost" })]
    OneOutcome {
        /// Leads.
        rows: usize,
        /// How they ended.
        won: bool,
    },
    /// Too few leads.
    #[error(
        "{won} won and {lost} lost leads are too few to learn from: at least {LEAST_ROWS} are needed, {LEAST_OUTCOMES} of each"
    )]
    TooFew {
        /// Won.
        won: usize,
        /// Lost.
        lost: usize,
    },
    /// No attribute is left.
    #[error("no attribute is left to learn from: {left_out} were left out")]
    NoAttributes {
        /// How many were left out.
        left_out: usize,
    },
    /// A time-ordered measurement needs times.
    #[error("to measure forwards in time, the time at which each lead came must be known")]
    NoTimes,
    /// A time-ordered measurement needs both outcomes in its first part.
    #[error(
        "the first sixth of the leads, in the order of time, has fewer than {LEAST_OUTCOMES} won or lost: measure on random folds"
    )]
    EarlyOutcomes,
    /// The caller said so.
    #[error("cancelled")]
    Cancelled,
    /// The finished model can't score.
    #[error("the trained model can't be used: {0}")]
    Unusable(#[from] ScorerError),
}

/// Learns from a history. `progress` is told the share that is done, from several threads; it may break off.
///
/// Errors: there is too little to learn from, or it was broken off.
///
/// # Panics
///
/// If the parts of the history differ in length.
pub fn train(
    history: &History,
    options: &Options,
    progress: &(dyn Fn(f64) -> ControlFlow<()> + Sync),
) -> Result<Trained, Refusal> {
    assert_eq!(history.table.rows(), history.won.len(), "each lead has one outcome");
    check(history, options)?;
    let fingerprint = fingerprint(history);
    let (rows, wins) = (history.won.len(), wins(&history.won));
    let sampled = (rows > MOST_ROWS).then(|| take(history, &split::sample(&history.won, MOST_ROWS, options.seed)));
    let history = sampled.as_ref().unwrap_or(history);

    let (table, left_out, suspects) = usable(history, options)?;
    let work = Work::new(&table, &history.won, options, progress);
    let folds = match &history.at {
        Some(at) if options.forward => split::forward(at, FOLDS),
        _ => split::stratified(&history.won, FOLDS, options.seed),
    };
    let tried = work.cross_validate(&folds)?;
    let order: Vec<usize> = folds.iter().flat_map(|fold| fold.predict.iter().copied()).collect();
    let won: Vec<bool> = order.iter().map(|row| history.won[*row]).collect();
    let (candidates, chosen) = choice::choose(&tried, &won);
    let odds = &tried[chosen].log_odds;
    let metrics = Evaluation::of(&across(odds, &won, &folds), &won);
    let platt = Platt::fit(odds, &won);
    let form = tried[chosen].form;

    let (intercept, terms, pairs) = work.fit(form, platt);
    work.step()?;
    let mut model = Model {
        format: FORMAT,
        code: env!("CARGO_PKG_VERSION").to_owned(),
        data: Data { rows, won: wins, learnt: history.won.len(), sha256: fingerprint, seed: options.seed },
        form,
        metrics,
        candidates,
        left_out,
        intercept,
        terms,
        pairs,
        scale: scale::none(),
    };
    let scorer = model.scorer()?;
    model.scale = scale::of(&model, &scorer, &score(&scorer, &table));
    model.scorer()?;
    Ok(Trained { model, suspects })
}

fn check(history: &History, options: &Options) -> Result<(), Refusal> {
    let won = wins(&history.won);
    let lost = history.won.len() - won;
    if history.won.len() >= LEAST_ROWS && (won == 0 || lost == 0) {
        return Err(Refusal::OneOutcome { rows: history.won.len(), won: won > 0 });
    }
    if history.won.len() < LEAST_ROWS || won.min(lost) < LEAST_OUTCOMES {
        return Err(Refusal::TooFew { won, lost });
    }
    if options.forward {
        let at = history.at.as_ref().ok_or(Refusal::NoTimes)?;
        let first = split::forward(at, FOLDS).into_iter().next().map(|fold| fold.learn).unwrap_or_default();
        let early = first.iter().filter(|row| history.won[**row]).count();
        if early.min(first.len() - early) < LEAST_OUTCOMES {
            return Err(Refusal::EarlyOutcomes);
        }
    }
    Ok(())
}

pub(crate) fn wins(won: &[bool]) -> usize {
    won.iter().filter(|won| **won).count()
}

fn take(history: &History, rows: &[usize]) -> History {
    History {
        table: history.table.take(rows),
        won: rows.iter().map(|row| history.won[*row]).collect(),
        at: history.at.as_ref().map(|at| rows.iter().map(|row| at[*row]).collect()),
    }
}

/// The columns to learn from, those left out, and those that look known only afterwards.
fn usable(history: &History, options: &Options) -> Result<(Table, Vec<LeftOut>, Vec<Suspect>), Refusal> {
    let mut left_out = columns::useless(&history.table);
    let out = |left_out: &[LeftOut], name: &str| left_out.iter().any(|left| left.attribute == name);
    let table = history.table.filter(|column| !out(&left_out, &column.attribute.name));
    let suspects = match options.guarding {
        Guarding::Off => Vec::new(),
        _ => guard::suspects(&table, &history.won, history.at.as_deref(), options.seed),
    };
    if options.guarding == Guarding::LeaveOut {
        let leaks = suspects.iter().filter(|suspect| !options.keep.contains(&suspect.attribute));
        left_out.extend(leaks.cloned().map(LeftOut::from));
    }
    let table = table.filter(|column| !out(&left_out, &column.attribute.name));
    if table.columns().is_empty() {
        return Err(Refusal::NoAttributes { left_out: left_out.len() });
    }
    Ok((table, left_out, suspects))
}
