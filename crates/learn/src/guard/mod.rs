//! The leak guard: attributes that look known only afterwards.
//!
//! A score for a new lead must not be learnt from what is written down while the lead is worked on or after it is won or lost. The
//! guard does not know what a column means, so it goes by what such columns have in common; what it names is left out
//! unless the user says that it is known when the lead comes in.

mod link;
mod rules;
mod tells;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::table::Table;
use tells::Tells;

/// An attribute that looks known only afterwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suspect {
    /// Its name.
    pub attribute: String,
    /// Why.
    pub reason: Reason,
}

/// Why an attribute looks known only afterwards. Shares are from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Alone it ranks the leads nearly as they ended.
    TooGood {
        /// Area under the ROC curve of the attribute alone.
        auc: f64,
    },
    /// It is filled in for leads that were won, or for those that were lost.
    FilledByOutcome {
        /// Share won where it is filled in.
        filled: f64,
        /// Share won where it is blank.
        blank: f64,
    },
    /// Another attribute has the same levels but other values: one state, written down twice while it changed.
    ChangingState {
        /// The other.
        with: String,
    },
    /// It is a part of a whole that adds up only when all parts are known.
    ShareOfWhole {
        /// The others.
        with: Vec<String>,
    },
    /// It is never above (or below) another attribute and often equal to it: a total and what it was on the way.
    RunningTotal {
        /// The other.
        with: String,
    },
    /// It tells the outcome and moves with the order in which the leads came: counted or filled in up to the day of the export.
    MovesWithOrder,
    /// It says much the same as an attribute that looks known only afterwards.
    GoesWith {
        /// That attribute.
        with: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooGood { auc } => write!(f, "too good alone (AUC {auc:.3})"),
            Self::FilledByOutcome { filled, blank } => {
                let percent = |share: f64| share * 100.0;
                write!(
                    f,
                    "filled in by outcome: {:.0} % won where it is, {:.0} % where not",
                    percent(*filled),
                    percent(*blank)
                )
            }
            Self::ChangingState { with } => {
                write!(f, "a state that changes: `{with}` has the same levels at another moment")
            }
            Self::ShareOfWhole { with } => write!(f, "a share of a whole, with {}", quoted(with)),
            Self::RunningTotal { with } => write!(f, "a total on the way: never beyond `{with}`, and often equal"),
            Self::MovesWithOrder => {
                f.write_str("moves with the order of the leads: counted or filled in up to the export")
            }
            Self::GoesWith { with } => write!(f, "says much the same as `{with}`"),
        }
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Fewest leads from which anything can be suspected.
const LEAST_ROWS: usize = 200;

/// The attributes that look known only afterwards, in the order of the table. `order`: when each lead came; without it the order
/// of the rows.
pub fn suspects(table: &Table, won: &[bool], order: Option<&[i64]>, seed: u64) -> Vec<Suspect> {
    let wins = won.iter().filter(|won| **won).count();
    if table.rows() < LEAST_ROWS || wins == 0 || wins == won.len() {
        return Vec::new();
    }
    let tells: Vec<Tells> = table.columns().iter().map(|column| Tells::of(column, won, seed)).collect();
    let mut found: Vec<Option<Reason>> = vec![None; tells.len()];
    let note = |reasons: Vec<(usize, Reason)>, found: &mut Vec<Option<Reason>>| {
        for (index, reason) in reasons {
            found[index].get_or_insert(reason);
        }
    };
    for rule in
        [rules::too_good, rules::filled_by_outcome, rules::changing_state, rules::share_of_whole, rules::running_total]
    {
        note(rule(table, &tells), &mut found);
    }
    note(rules::moves_with_order(table, &tells, won, order), &mut found);
    let seeds: Vec<usize> = (0..found.len()).filter(|index| found[*index].is_some()).collect();
    note(rules::goes_with(table, &tells, won, &seeds), &mut found);
    let named = table.columns().iter().zip(found);
    named
        .filter_map(|(column, reason)| Some(Suspect { attribute: column.attribute.name.clone(), reason: reason? }))
        .collect()
}
