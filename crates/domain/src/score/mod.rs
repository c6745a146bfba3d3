//! Scores: how well a lead fits and how much it wants to buy, by named criteria.

mod grade;
mod types;

pub use grade::{FitLevel, Grade, IntentLevel, InvalidGrade};
pub use types::{Contribution, ModelRevision, Part, Score};
