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
mod score;
mod split;
mod table;
mod train;
mod work;
mod write;

pub use additive::Settings;
pub use attribute::{Attribute, Monotone, Side};
pub use evaluate::{Evaluation, GROUPS, Group, sigmoid};
pub use model::{Model, ModelError};
pub use read::{ColumnBuilder, Kind, Strays};
pub use score::{Batch, Part, Scored, Scorer, ScorerError, Value};
pub use table::{BLANK, Cells, Column, Table};
pub use train::{Guarding, History, Options, Refusal, Trained, train};
