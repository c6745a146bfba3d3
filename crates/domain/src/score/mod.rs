//! How good a lead is: fit, intent, grade.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How well a lead matches the ideal customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FitLevel {
    /// Best.
    A,
    /// Middle.
    B,
    /// Worst.
    C,
}

/// How much a lead wants to buy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum IntentLevel {
    /// 1.
    High,
    /// 2.
    Medium,
    /// 3.
    Low,
}

/// Fit level x intent level: `A1` is best, `C3` worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Grade {
    /// The letter.
    pub fit: FitLevel,
    /// The digit.
    pub intent: IntentLevel,
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fit = match self.fit {
            FitLevel::A => 'A',
            FitLevel::B => 'B',
            FitLevel::C => 'C',
        };
        let intent = match self.intent {
            IntentLevel::High => '1',
            IntentLevel::Medium => '2',
            IntentLevel::Low => '3',
        };
        write!(f, "{fit}{intent}")
    }
}
