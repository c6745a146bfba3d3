//! The score of a lead.

use serde::{Deserialize, Serialize};

use super::grade::{FitLevel, Grade, IntentLevel};

/// The revision of a tenant's points model, from 1; 0 is a model that was not stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModelRevision(pub i64);

/// The whole result of scoring one lead. Points are hundredths of a point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// The model that made it.
    pub model: ModelRevision,
    /// Sum of the contributions to fit.
    pub fit_points: i32,
    /// Sum of the contributions to intent.
    pub intent_points: i32,
    /// Fit, by the model's thresholds.
    pub fit: FitLevel,
    /// Intent, by the model's thresholds.
    pub intent: IntentLevel,
    /// What made the points, in the order of the model; parts that gave nothing are left out.
    pub contributions: Vec<Contribution>,
}

impl Score {
    /// A score of which nothing is known but the grade.
    pub const fn of(grade: Grade) -> Self {
        let Grade { fit, intent } = grade;
        Self { model: ModelRevision(0), fit_points: 0, intent_points: 0, fit, intent, contributions: Vec::new() }
    }

    /// Fit and intent together, in hundredths.
    pub const fn points(&self) -> i32 {
        self.fit_points.saturating_add(self.intent_points)
    }

    /// Fit level x intent level.
    pub const fn grade(&self) -> Grade {
        Grade { fit: self.fit, intent: self.intent }
    }
}

/// What one part of the model added or took away. Its name is in the model ([`super::PointsModel::describe`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// Which part.
    pub part: Part,
    /// Hundredths of a point, not 0.
    pub points: i32,
    /// How many signals were counted; 0 for a criterion with a condition.
    pub signals: u16,
}

/// A part of a points model that gives points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Part {
    /// A criterion, by its index in the model (fit first, then intent).
    Criterion(u16),
    /// What the bounds of a group cut off (or added, for a lower bound), by the group's index.
    Group(u16),
}
