//! Reading documents that people write: everything that is wrong with one is found at once, each with its place.
//!
//! A reader walks the tree with [`Field`]s. What does not fit is noted and read as `None`, and the walk goes on;
//! [`read`] hands out the result only if nothing was noted. So a reader may put any default where a value was bad:
//!
//! ```
//! use leadrouter_domain::yaml;
//!
//! let pace = yaml::read("pool: north\npace: fast", 1024, |root| {
//!     let map = root.map(&["pool", "pace"])?;
//!     let pool = map.require("pool").and_then(yaml::Field::text);
//!     let pace = map.get("pace").and_then(|field| field.integer(1..=100)).unwrap_or(10);
//!     Some((pool?.to_owned(), pace))
//! });
//! assert_eq!(pace.unwrap_err()[0].to_string(), "2:7: pace: expected a whole number from 1 to 100, found `fast`");
//! ```
//!
//! What is read is a safe part of YAML 1.2: one document, keys that are text and stand once, no aliases, no tags.

mod field;
mod nearest;
mod place;
mod tree;

#[cfg(test)]
mod tests;

use std::{cell::RefCell, fmt};

pub use field::{Field, Map};
pub use nearest::{did_you_mean, nearest};
pub use place::Place;

/// Problems that one document can have; further ones are left off, for nobody reads them.
const MAX_PROBLEMS: usize = 1_000;

/// One thing wrong with a policy, a directory, a points model or a mapping. All of them are reported at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line in the document, from 1.
    pub line: u32,
    /// Column in the line, in characters, from 1.
    pub column: u32,
    /// Path of the field (`rules[3].when`).
    pub field: String,
    /// What was found and what was expected, for someone in a hurry.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.line, self.column, self.field, self.message)
    }
}

/// Where readers note what they find wrong.
#[derive(Debug, Default)]
struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    fn note(&self, place: Place, field: impl FnOnce() -> String, message: impl Into<String>) {
        let mut problems = self.0.borrow_mut();
        if problems.len() < MAX_PROBLEMS {
            problems.push(Problem { line: place.line, column: place.column, field: field(), message: message.into() });
        }
    }

    /// Nothing more is noted, so that nothing costly has to be found out.
    fn is_full(&self) -> bool {
        self.0.borrow().len() >= MAX_PROBLEMS
    }

    fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort();
        problems.dedup();
        problems
    }
}

/// Reads `text` of at most `max_bytes` and lets `build` make something of its root.
///
/// Errors: all problems in the order of their places. There is at least one, also when `build` gave `None` without
/// saying why.
pub fn read<T>(text: &str, max_bytes: usize, build: impl FnOnce(Field<'_>) -> Option<T>) -> Result<T, Vec<Problem>> {
    let problems = Problems::default();
    let value = tree::Tree::parse(text, max_bytes, &problems).and_then(|tree| build(Field::root(&tree, &problems)));
    match (value, problems.into_sorted()) {
        (Some(value), problems) if problems.is_empty() => Ok(value),
        (None, problems) if problems.is_empty() => Err(vec![Problem {
            line: 1,
            column: 1,
            field: tree::ROOT.to_owned(),
            message: "could not be read".to_owned(),
        }]),
        (_, problems) => Err(problems),
    }
}
