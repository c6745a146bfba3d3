//! A scoring model of either kind.

use jiff::Timestamp;

use super::{
    learned::LearnedModel,
    model::{PartInfo, PointsModel},
    types::{ModelRevision, Part, Score},
};
use crate::{expr::Facts, yaml::Problem};

/// What a tenant scores by: points that a person gave, or what was learned from leads that were won and lost.
#[derive(Debug, Clone)]
pub enum ScoringModel {
    /// A document in YAML.
    Points(PointsModel),
    /// A document in JSON, which training wrote.
    Learned(LearnedModel),
}

impl ScoringModel {
    /// Reads and checks a document of either kind, of at most [`super::MAX_BYTES`].
    ///
    /// Errors: all problems with their places.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        if LearnedModel::is_document(text) {
            LearnedModel::parse(text).map(Self::Learned)
        } else {
            PointsModel::parse(text).map(Self::Points)
        }
    }

    /// Its name for people.
    pub fn name(&self) -> &str {
        match self {
            Self::Points(model) => model.name(),
            Self::Learned(_) => "learned",
        }
    }

    /// What it is for, or what it was learned from.
    pub fn description(&self) -> Option<&str> {
        match self {
            Self::Points(model) => model.description(),
            Self::Learned(model) => Some(model.description()),
        }
    }

    /// The revision that its scores are marked with; 0 after [`Self::parse`].
    pub const fn revision(&self) -> ModelRevision {
        match self {
            Self::Points(model) => model.revision(),
            Self::Learned(model) => model.revision(),
        }
    }

    /// The same model, whose scores are marked with `revision`.
    #[must_use]
    pub fn with_revision(self, revision: ModelRevision) -> Self {
        match self {
            Self::Points(model) => Self::Points(model.with_revision(revision)),
            Self::Learned(model) => Self::Learned(model.with_revision(revision)),
        }
    }

    /// Scores a lead as of `now`. What `facts` say of an earlier score is not looked at.
    pub fn score(&self, facts: &Facts<'_>, now: Timestamp) -> Score {
        match self {
            Self::Points(model) => model.score(facts, now),
            Self::Learned(model) => model.score(facts),
        }
    }

    /// The chance, from 0 to 1, that a lead with this score of the model is won; `None` for points, which say nothing of it.
    pub fn chance(&self, score: &Score) -> Option<f64> {
        match self {
            Self::Points(_) => None,
            Self::Learned(model) => Some(model.chance(score)),
        }
    }

    /// What a part of a score is; `None` when the score is not of this model.
    pub fn describe(&self, part: Part) -> Option<PartInfo<'_>> {
        match self {
            Self::Points(model) => model.describe(part),
            Self::Learned(model) => model.describe(part),
        }
    }

    /// Name of the part; `None` for a group, or when the score is not of this model.
    pub fn criterion(&self, part: Part) -> Option<&str> {
        match self {
            Self::Points(model) => model.criterion(part),
            Self::Learned(model) => model.criterion(part),
        }
    }
}
