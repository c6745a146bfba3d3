//! Models learned from leads that were won and lost, as they score.
//!
//! Each attribute of the lead adds to the log-odds, by a shape of its own; some pairs of attributes add what they say together.
//! **A point is a hundredth of log-odds**: 100 points multiply the odds of winning by e, and 0 is a lead like the average.
//! Parts are whole hundredths of a point, so they add up exactly, and the chance is a function of their sum.
//!
//! An attribute is a field of the lead or of its account by its full name (`lead.country`, `account.tier`); any other name
//! is one of the tenant's own attributes (`lead.attributes.plan`, or `plan` for short).

mod attribute;
mod document;
mod scorer;
mod shape;
#[cfg(test)]
mod tests;

pub use document::FORMAT;
pub use scorer::{Batch, Column, Part, Scored, Scorer, ScorerError, Value, bin_of, sigmoid};
pub use shape::{Axis, Pair, Scale, Shape, Term};

use super::{
    model::{PartInfo, Side},
    types::{Contribution, ModelRevision, Part as ScorePart, Score},
};
use crate::{expr::Facts, yaml::Problem};
use attribute::{Attribute, Known};

/// Hundredths of a point in one of log-odds. Models keep log-odds to as many places.
const HUNDREDTHS: f64 = 10_000.0;

/// A checked learned model. Immutable; scoring with it is a pure function.
#[derive(Debug, Clone)]
pub struct LearnedModel {
    description: String,
    revision: ModelRevision,
    scorer: Scorer,
    attributes: Vec<Attribute>,
    parts: Vec<NamedPart>,
}

/// A part as people are told of it.
#[derive(Debug, Clone)]
struct NamedPart {
    name: String,
    /// `None`: a pair of an attribute of each side.
    side: Option<Side>,
    rule: &'static str,
}

impl LearnedModel {
    /// True for a text that is meant to be the document of a learned model.
    pub fn is_document(text: &str) -> bool {
        document::is_meant(text)
    }

    /// Reads and checks a document of at most [`super::MAX_BYTES`].
    ///
    /// Errors: all problems with their places.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        document::read(text)
    }

    fn new(scorer: Scorer, attributes: Vec<Attribute>, description: String) -> Self {
        let parts = scorer.parts().map(|part| match part {
            Part::Attribute(name) => {
                NamedPart { name: name.to_owned(), side: scorer.side(name), rule: "learned shape of the attribute" }
            }
            Part::Pair(first, second) => NamedPart {
                name: format!("{first} x {second}"),
                side: scorer.side(first).filter(|side| scorer.side(second) == Some(*side)),
                rule: "what both say together, beyond what each says",
            },
        });
        Self { parts: parts.collect(), description, revision: ModelRevision(0), scorer, attributes }
    }

    /// What it was learned from, and how good it is.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The revision that its scores are marked with; 0 after [`Self::parse`].
    pub const fn revision(&self) -> ModelRevision {
        self.revision
    }

    /// The same model, whose scores are marked with `revision`.
    #[must_use]
    pub fn with_revision(self, revision: ModelRevision) -> Self {
        Self { revision, ..self }
    }

    /// Scores a lead. What `facts` say of an earlier score and of the time is not looked at.
    pub fn score(&self, facts: &Facts<'_>) -> Score {
        let known: Vec<Known<'_>> = self.attributes.iter().map(|attribute| attribute.read(facts)).collect();
        let values: Vec<Value<'_>> = known.iter().map(Known::value).collect();
        let scored = self.scorer.score(&values);
        let (mut fit_points, mut intent_points, mut contributions) = (0_i32, 0_i32, Vec::new());
        for ((index, part), adds) in (0..).zip(&self.parts).zip(&scored.contributions) {
            let points = hundredths(*adds);
            if points == 0 {
                continue;
            }
            let (fit, intent) = match part.side {
                Some(Side::Fit) => (points, 0),
                Some(Side::Intent) => (0, points),
                None => (points / 2, points - points / 2),
            };
            fit_points = fit_points.saturating_add(fit);
            intent_points = intent_points.saturating_add(intent);
            contributions.push(Contribution { part: ScorePart::Criterion(index), points, signals: 0 });
        }
        let (fit, intent) = (scored.grade.fit, scored.grade.intent);
        Score { model: self.revision, fit_points, intent_points, fit, intent, contributions }
    }

    /// The chance, from 0 to 1, that a lead with this score of the model is won.
    pub fn chance(&self, score: &Score) -> f64 {
        sigmoid(self.log_odds(score))
    }

    /// 0 to 100: how many of 100 leads of the training had a lower chance.
    pub fn rank(&self, score: &Score) -> f64 {
        self.scorer.points(self.log_odds(score))
    }

    fn log_odds(&self, score: &Score) -> f64 {
        self.scorer.intercept() + f64::from(score.points()) / HUNDREDTHS
    }

    /// What a part of a score is; `None` when the score is not of this model.
    pub fn describe(&self, part: ScorePart) -> Option<PartInfo<'_>> {
        let NamedPart { name, side, rule } = self.part(part)?;
        Some(PartInfo { side: *side, criterion: Some(name), group: None, rule: (*rule).to_owned() })
    }

    /// Name of the part; `None` when the score is not of this model.
    pub fn criterion(&self, part: ScorePart) -> Option<&str> {
        self.part(part).map(|part| part.name.as_str())
    }

    fn part(&self, part: ScorePart) -> Option<&NamedPart> {
        match part {
            ScorePart::Criterion(index) => self.parts.get(usize::from(index)),
            ScorePart::Group(_) => None,
        }
    }
}

/// Log-odds as hundredths of a point.
#[expect(clippy::cast_possible_truncation, reason = "a float that is too large becomes the largest number")]
fn hundredths(log_odds: f64) -> i32 {
    (log_odds * HUNDREDTHS).round() as i32
}
