//! The pieces of work of a training: each form on each fold, and the chosen form on all leads.

use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use crate::{
    additive::{self, Lesson, Settings},
    calibrate::Platt,
    challenger,
    choice::Tried,
    evaluate::count,
    logistic::Logistic,
    model::Form,
    parallel,
    split::Fold,
    table::Table,
    train::{FOLDS, Options, Refusal, wins},
    write,
};

/// Leads of the rarer outcome below which only logistic regression is tried.
const SMALL: usize = 50;

/// Told the share that is done; may break off.
pub(crate) type Progress<'w> = &'w (dyn Fn(f64) -> ControlFlow<()> + Sync);

/// Everything that the steps of a training share.
pub(crate) struct Work<'w> {
    table: &'w Table,
    won: &'w [bool],
    options: &'w Options,
    progress: Progress<'w>,
    done: AtomicUsize,
    stopped: AtomicBool,
}

/// The forms that are tried in one piece of work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Logistic,
    Additive,
    Forest,
}

impl<'w> Work<'w> {
    pub(crate) fn new(table: &'w Table, won: &'w [bool], options: &'w Options, progress: Progress<'w>) -> Self {
        Self { table, won, options, progress, done: AtomicUsize::new(0), stopped: AtomicBool::new(false) }
    }

    fn pieces(&self) -> &'static [Piece] {
        let wins = wins(self.won);
        if wins.min(self.won.len() - wins) < SMALL {
            &[Piece::Logistic]
        } else {
            // The slowest first, so that no thread waits for it at the end.
            &[Piece::Additive, Piece::Forest, Piece::Logistic]
        }
    }

    /// Notes that a piece is done. Errors: the caller breaks off.
    pub(crate) fn step(&self) -> Result<(), Refusal> {
        // The final model weighs as much as two pieces.
        let all = self.pieces().len() * FOLDS + 2;
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let told = if done > self.pieces().len() * FOLDS { 1.0 } else { count(done) / count(all) };
        if (self.progress)(told).is_break() {
            self.stopped.store(true, Ordering::Relaxed);
        }
        if self.stopped.load(Ordering::Relaxed) { Err(Refusal::Cancelled) } else { Ok(()) }
    }

    /// What each form says of the leads of each fold, fold by fold.
    pub(crate) fn cross_validate(&self, folds: &[Fold]) -> Result<Vec<Tried>, Refusal> {
        let pieces = self.pieces();
        let results = parallel::map(pieces.len() * folds.len(), self.options.threads, |task| {
            if self.stopped.load(Ordering::Relaxed) {
                return Err(Refusal::Cancelled);
            }
            let said = self.try_fold(pieces[task / folds.len()], &folds[task % folds.len()]);
            self.step()?;
            Ok(said)
        });
        let mut tried: Vec<Tried> = Vec::new();
        for result in results {
            for (form, log_odds) in result? {
                match tried.iter_mut().find(|tried| tried.form == form) {
                    Some(known) => known.log_odds.extend(log_odds),
                    None => tried.push(Tried { form, log_odds }),
                }
            }
        }
        // A forest that could not be grown everywhere can't be compared.
        let rows: usize = folds.iter().map(|fold| fold.predict.len()).sum();
        tried.retain(|tried| tried.log_odds.len() == rows);
        Ok(tried)
    }

    fn try_fold(&self, piece: Piece, fold: &Fold) -> Vec<(Form, Vec<f64>)> {
        let (learn, predict) = (self.table.take(&fold.learn), self.table.take(&fold.predict));
        let won: Vec<bool> = fold.learn.iter().map(|row| self.won[*row]).collect();
        match piece {
            Piece::Logistic => vec![(Form::Logistic, bound(&learn, &won).log_odds(&predict))],
            Piece::Forest => challenger::log_odds(&learn, &won, &predict, self.options.seed)
                .map(|log_odds| (Form::Forest, log_odds))
                .into_iter()
                .collect(),
            Piece::Additive => {
                let settings = self.options.settings.for_cross_validation(won.len());
                let stages = self.additive(&learn, &won, &settings, 1);
                vec![
                    (Form::Additive, stages.plain.log_odds(&predict)),
                    (Form::AdditivePairs, stages.paired.log_odds(&predict)),
                ]
            }
        }
    }

    /// The chosen form, learnt from all leads.
    pub(crate) fn fit(&self, form: Form, platt: Platt) -> write::Sum {
        let won = self.won;
        if form == Form::Logistic {
            return write::logistic(bound(self.table, won), platt, self.table);
        }
        let stages = self.additive(self.table, won, &self.options.settings, self.options.threads);
        let additive = if form == Form::Additive { stages.plain } else { stages.paired };
        write::additive(additive, platt, self.table)
    }

    fn additive(&self, table: &Table, won: &[bool], settings: &Settings, threads: usize) -> additive::Stages {
        additive::fit(&Lesson { table, won, settings, seed: self.options.seed, threads })
    }
}

/// A logistic regression that keeps the bounds of its attributes.
fn bound(table: &Table, won: &[bool]) -> Logistic {
    let mut fit = Logistic::fit(table, won);
    fit.bind(table);
    fit
}
