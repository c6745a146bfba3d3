//! A points model in memory.

use serde::{Deserialize, Serialize};

use super::{
    fade::HalfLife,
    types::{ModelRevision, Part},
};
use crate::expr::{ConditionId, Program};

/// Which of the two sums a criterion counts in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// How well the lead matches the ideal customer.
    #[default]
    Fit,
    /// What it did.
    Intent,
}

impl Side {
    /// Its key in the document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Intent => "intent",
        }
    }
}

/// A checked points model. Immutable; scoring with it is a pure function.
#[derive(Debug, Clone)]
pub struct PointsModel {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) revision: ModelRevision,
    pub(super) program: Program,
    /// Those of fit first.
    pub(super) criteria: Vec<Criterion>,
    /// Those of fit first.
    pub(super) groups: Vec<Group>,
    pub(super) fit: Thresholds,
    pub(super) intent: Thresholds,
}

/// One criterion. Points are hundredths.
#[derive(Debug, Clone)]
pub(super) struct Criterion {
    pub(super) name: String,
    pub(super) side: Side,
    pub(super) points: i32,
    /// Index in [`PointsModel::groups`].
    pub(super) group: Option<u16>,
    pub(super) half_life: Option<HalfLife>,
    pub(super) measure: Measure,
}

/// What a criterion looks at.
#[derive(Debug, Clone)]
pub(super) enum Measure {
    /// Gives its points once when it matches; they fade from the lead's arrival.
    Condition(ConditionId),
    /// Gives its points for each of the `max_count` latest signals of these kinds; they fade from the signal.
    Signals { kinds: Vec<String>, max_count: u16 },
}

/// Criteria whose sum is bounded. Bounds are hundredths.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) side: Side,
    /// At most this, 0 or more.
    pub(super) cap: Option<i32>,
    /// At least this, 0 or less.
    pub(super) floor: Option<i32>,
}

/// The least hundredths for a level; below the second the third begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Thresholds {
    pub(super) first: i32,
    pub(super) second: i32,
}

impl Thresholds {
    /// The level that `points` reach, of three that are given best first.
    pub(super) fn level<T: Copy>(self, points: i32, [first, second, third]: [T; 3]) -> T {
        if points >= self.first {
            first
        } else if points >= self.second {
            second
        } else {
            third
        }
    }
}

/// What the model says of a part that gave points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartInfo<'m> {
    /// Which sum it counts in; `None`: half in each.
    pub side: Option<Side>,
    /// The criterion; `None` for the bounds of a group.
    pub criterion: Option<&'m str>,
    /// The group that the criterion belongs to, or whose bounds these are.
    pub group: Option<&'m str>,
    /// The condition, or signals and half-life, or bounds: one line for a person.
    pub rule: String,
}

impl PointsModel {
    /// The model that stands in for a tenant that has none: YAML, with comments.
    ///
    /// It follows the product's intent tiers: demo request, pricing page, contact form and reply are high; several downloads,
    /// a webinar, a case study medium; one download, a newsletter, a badge scan low. The numbers are a starting
    /// point of our own, meant to be changed.
    pub const fn default_source() -> &'static str {
        include_str!("default-model.yaml")
    }

    /// Its name in the document.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for, in its author's words.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
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

    /// How many criteria it has.
    pub fn criteria(&self) -> usize {
        self.criteria.len()
    }

    /// What a part of a score is; `None` when the score is not of this model.
    pub fn describe(&self, part: Part) -> Option<PartInfo<'_>> {
        match part {
            Part::Criterion(index) => self.criteria.get(usize::from(index)).map(|criterion| PartInfo {
                side: Some(criterion.side),
                criterion: Some(&criterion.name),
                group: criterion
                    .group
                    .and_then(|group| self.groups.get(usize::from(group)))
                    .map(|group| group.name.as_str()),
                rule: self.rule(criterion),
            }),
            Part::Group(index) => self.groups.get(usize::from(index)).map(|group| PartInfo {
                side: Some(group.side),
                criterion: None,
                group: Some(&group.name),
                rule: group.rule(),
            }),
        }
    }

    /// Name of the criterion; `None` for a group, or when the score is not of this model.
    pub fn criterion(&self, part: Part) -> Option<&str> {
        match part {
            Part::Criterion(index) => self.criteria.get(usize::from(index)).map(|criterion| criterion.name.as_str()),
            Part::Group(_) => None,
        }
    }

    fn rule(&self, criterion: &Criterion) -> String {
        let rule = match &criterion.measure {
            Measure::Condition(id) => self.program.text(*id).trim().to_owned(),
            Measure::Signals { kinds, max_count } => format!("the latest {max_count} of {}", kinds.join(", ")),
        };
        match criterion.half_life {
            Some(half_life) => format!("{rule}; half-life {} days", half_life.days()),
            None => rule,
        }
    }
}

impl Group {
    fn rule(&self) -> String {
        let bound = |word: &str, bound: Option<i32>| bound.map(|bound| format!("{word} {}", f64::from(bound) / 100.0));
        let bounds: Vec<String> =
            [bound("at most", self.cap), bound("at least", self.floor)].into_iter().flatten().collect();
        bounds.join(", ")
    }
}
