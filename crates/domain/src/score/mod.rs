//! Scores: how well a lead fits and how much it wants to buy, by named criteria.
//!
//! A [`PointsModel`] is a YAML document of criteria in two sides, fit and intent. A criterion gives points when its
//! condition holds, or for each signal of a kind that the lead has sent; what it gives may fade with a half-life. Criteria of a
//! group share a cap. The sums of both sides become levels by thresholds, and the levels a [`Grade`].
//!
//! ```
//! use leadrouter_domain::score::PointsModel;
//!
//! let model = PointsModel::parse(PointsModel::default_source()).unwrap();
//! assert_eq!(model.name(), "default");
//! ```
//!
//! A [`learned::LearnedModel`] is a JSON document that training wrote; its parts are points too, and say how the chance moves.

mod any;
mod fade;
mod grade;
pub mod learned;
mod model;
mod points;
mod read;
mod types;

pub use any::ScoringModel;
pub use grade::{FitLevel, Grade, IntentLevel, InvalidGrade};
pub use model::{PartInfo, PointsModel, Side};
pub use read::{MAX_BYTES, MAX_COUNT, MAX_CRITERIA, MAX_GROUPS, MAX_HALF_LIFE_DAYS, MAX_POINTS};
pub use types::{Contribution, ModelRevision, Part, Score};

#[cfg(test)]
mod tests;
