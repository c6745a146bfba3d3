//! Levels of fit and intent, and the matrix of both.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How well the lead matches the ideal customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FitLevel {
    /// Good.
    A,
    /// Fair.
    B,
    /// Poor, or not known.
    C,
}

impl FitLevel {
    /// Best first.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];

    /// Its letter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }
}

/// How much the lead wants to buy, by what it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum IntentLevel {
    /// High: 1.
    High,
    /// Medium: 2.
    Medium,
    /// Low, or not known: 3.
    Low,
}

impl IntentLevel {
    /// Highest first.
    pub const ALL: [Self; 3] = [Self::High, Self::Medium, Self::Low];

    /// Its number in a grade: 1, 2 or 3.
    pub const fn number(self) -> u8 {
        match self {
            Self::High => 1,
            Self::Medium => 2,
            Self::Low => 3,
        }
    }

    /// The level of that number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.number() == number)
    }
}

/// Fit level x intent level: `A1` (fits, and wants to buy) to `C3`. Ordered best first, by fit and then by intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Grade {
    /// The letter.
    pub fit: FitLevel,
    /// The number.
    pub intent: IntentLevel,
}

impl Grade {
    /// All nine, best first.
    pub fn all() -> impl Iterator<Item = Self> {
        FitLevel::ALL.into_iter().flat_map(|fit| IntentLevel::ALL.into_iter().map(move |intent| Self { fit, intent }))
    }

    /// `A1` to `C3`.
    pub const fn name(self) -> &'static str {
        match (self.fit, self.intent) {
            (FitLevel::A, IntentLevel::High) => "A1",
            (FitLevel::A, IntentLevel::Medium) => "A2",
            (FitLevel::A, IntentLevel::Low) => "A3",
            (FitLevel::B, IntentLevel::High) => "B1",
            (FitLevel::B, IntentLevel::Medium) => "B2",
            (FitLevel::B, IntentLevel::Low) => "B3",
            (FitLevel::C, IntentLevel::High) => "C1",
            (FitLevel::C, IntentLevel::Medium) => "C2",
            (FitLevel::C, IntentLevel::Low) => "C3",
        }
    }
}

impl fmt::Display for FitLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for IntentLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a text is no grade or level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {what}: expected {expected}")]
pub struct InvalidGrade {
    /// The text that was offered.
    pub text: String,
    what: &'static str,
    expected: &'static str,
}

impl FromStr for FitLevel {
    type Err = InvalidGrade;

    fn from_str(text: &str) -> Result<Self, InvalidGrade> {
        let invalid = || InvalidGrade { text: text.to_owned(), what: "fit level", expected: "A, B or C" };
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or_else(invalid)
    }
}

impl FromStr for IntentLevel {
    type Err = InvalidGrade;

    fn from_str(text: &str) -> Result<Self, InvalidGrade> {
        let invalid = || InvalidGrade { text: text.to_owned(), what: "intent level", expected: "1, 2 or 3" };
        Self::ALL.into_iter().find(|level| level.to_string() == text).ok_or_else(invalid)
    }
}

impl FromStr for Grade {
    type Err = InvalidGrade;

    fn from_str(text: &str) -> Result<Self, InvalidGrade> {
        let invalid = || InvalidGrade { text: text.to_owned(), what: "grade", expected: "A1 to C3" };
        Self::all().find(|grade| grade.name() == text).ok_or_else(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::{FitLevel, Grade, IntentLevel};

    #[test]
    fn names_are_read_back() {
        assert_eq!(Grade::all().count(), 9);
        for grade in Grade::all() {
            assert_eq!(grade.to_string().parse(), Ok(grade));
            assert_eq!(grade.to_string(), format!("{}{}", grade.fit, grade.intent));
            assert_eq!(grade.fit.to_string().parse(), Ok(grade.fit));
            assert_eq!(grade.intent.to_string().parse(), Ok(grade.intent));
        }
        assert!("D1".parse::<Grade>().is_err());
        assert!("a".parse::<FitLevel>().is_err());
        assert!("4".parse::<IntentLevel>().is_err());
    }

    #[test]
    fn better_grades_come_first() {
        let all: Vec<Grade> = Grade::all().collect();
        assert!(all.is_sorted());
        assert_eq!(all.first().map(|grade| grade.name()), Some("A1"));
    }
}
