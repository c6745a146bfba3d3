//! Learning to score leads from those that were won and lost.
//!
//! [`train`] chooses between logistic regression and an additive boosted model (shapes of attributes, and tables for the few pairs
//! that matter) by cross-validation, calibrates, and measures on leads that it did not learn from. The [`Model`] is a small
//! document; a [`Scorer`] made of it gives chances whose contributions add up.
//!
//! Everything is a pure function of its arguments: no I/O, no clock, and chance only by a seed.

mod additive;
mod attribute;
mod bins;
mod calibrate;
mod challenger;
mod choice;
mod columns;
mod evaluate;
mod fingerprint;
pub mod guard;
mod logistic;
pub mod model;
mod parallel;
mod read;
mod rng;
mod scale;
mod split;
mod table;
mod train;
mod work;
mod write;

pub use additive::Settings;
pub use attribute::{Attribute, Monotone};
pub use domain::score::{
    Side,
    learned::{Batch, Part, Scored, Scorer, ScorerError, Value, sigmoid},
};
pub use evaluate::{Evaluation, GROUPS, Group};
pub use model::{Model, ModelError};
pub use read::{ColumnBuilder, Kind, Strays};
pub use table::{BLANK, Cells, Column, Table, score};
pub use train::{Guarding, History, Options, Refusal, Trained, train};
