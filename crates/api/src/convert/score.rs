//! Scores.

use domain::score::{Contribution, FitLevel, IntentLevel, ModelRevision, Part, PartInfo, Score, ScoringModel, Side};

use super::lead::Unspecified;
use crate::{
    names::{Resource as _, ScoringModelName},
    v1,
};

/// How much is told of each contribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// What [`from_wire`] reads.
    Basic,
    /// Also what only people read.
    Full,
}

/// A score with each part's points. `model` is the one that made it; parts that it does not know keep their index only.
pub fn to_wire(score: &Score, model: &ScoringModel, view: View) -> v1::Score {
    let contributions = score.contributions.iter().map(|part| match view {
        View::Basic => {
            v1::Contribution { criterion: model.criterion(part.part).unwrap_or_default().to_owned(), ..points(*part) }
        }
        View::Full => match model.describe(part.part) {
            Some(info) => described(*part, info),
            None => points(*part),
        },
    });
    v1::Score { contributions: contributions.collect(), chance: model.chance(score), ..summary(score) }
}

/// A score without its parts.
pub fn summary(score: &Score) -> v1::Score {
    v1::Score {
        scoring_model: match score.model {
            ModelRevision(0) => String::new(),
            ModelRevision(revision) => ScoringModelName(Some(revision)).to_name(),
        },
        fit_points: score.fit_points,
        intent_points: score.intent_points,
        fit: v1::FitLevel::from(score.fit).into(),
        intent: v1::IntentLevel::from(score.intent).into(),
        grade: score.grade().to_string(),
        contributions: Vec::new(),
        chance: None,
    }
}

fn points(given: Contribution) -> v1::Contribution {
    let index = match given.part {
        Part::Criterion(index) | Part::Group(index) => index,
    };
    v1::Contribution {
        points: given.points,
        index: index.into(),
        signal_count: given.signals.into(),
        ..v1::Contribution::default()
    }
}

fn described(given: Contribution, info: PartInfo<'_>) -> v1::Contribution {
    v1::Contribution {
        criterion: info.criterion.unwrap_or_default().to_owned(),
        side: info.side.map_or(v1::ScoreSide::Unspecified, Into::into).into(),
        group: info.group.unwrap_or_default().to_owned(),
        why: info.rule,
        ..points(given)
    }
}

/// Reads what the scoring service answered; `None` for an answer that is no whole score.
pub fn from_wire(wire: &v1::Score) -> Option<Score> {
    let model = match wire.scoring_model.as_str() {
        "" => 0,
        name => ScoringModelName::from_name(name)?.0?,
    };
    Some(Score {
        model: ModelRevision(model),
        fit_points: wire.fit_points,
        intent_points: wire.intent_points,
        fit: FitLevel::try_from(wire.fit()).ok()?,
        intent: IntentLevel::try_from(wire.intent()).ok()?,
        contributions: wire.contributions.iter().map(part).collect::<Option<_>>()?,
    })
}

fn part(wire: &v1::Contribution) -> Option<Contribution> {
    let index = u16::try_from(wire.index).ok()?;
    let part = if wire.criterion.is_empty() { Part::Group(index) } else { Part::Criterion(index) };
    Some(Contribution { part, points: wire.points, signals: u16::try_from(wire.signal_count).ok()? })
}

impl From<Side> for v1::ScoreSide {
    fn from(side: Side) -> Self {
        match side {
            Side::Fit => Self::Fit,
            Side::Intent => Self::Intent,
        }
    }
}

impl From<FitLevel> for v1::FitLevel {
    fn from(level: FitLevel) -> Self {
        match level {
            FitLevel::A => Self::A,
            FitLevel::B => Self::B,
            FitLevel::C => Self::C,
        }
    }
}

impl TryFrom<v1::FitLevel> for FitLevel {
    type Error = Unspecified;

    fn try_from(level: v1::FitLevel) -> Result<Self, Unspecified> {
        match level {
            v1::FitLevel::Unspecified => Err(Unspecified),
            v1::FitLevel::A => Ok(Self::A),
            v1::FitLevel::B => Ok(Self::B),
            v1::FitLevel::C => Ok(Self::C),
        }
    }
}

impl From<IntentLevel> for v1::IntentLevel {
    fn from(level: IntentLevel) -> Self {
        match level {
            IntentLevel::High => Self::High,
            IntentLevel::Medium => Self::Medium,
            IntentLevel::Low => Self::Low,
        }
    }
}

impl TryFrom<v1::IntentLevel> for IntentLevel {
    type Error = Unspecified;

    fn try_from(level: v1::IntentLevel) -> Result<Self, Unspecified> {
        match level {
            v1::IntentLevel::Unspecified => Err(Unspecified),
            v1::IntentLevel::High => Ok(Self::High),
            v1::IntentLevel::Medium => Ok(Self::Medium),
            v1::IntentLevel::Low => Ok(Self::Low),
        }
    }
}
