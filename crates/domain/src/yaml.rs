//! What is wrong with a document written by a person, and where.

use std::fmt;

/// One thing wrong with a policy, a directory, a points model or a mapping. All of them are reported at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line in the document, from 1.
    pub line: u32,
    /// Column in the line, in characters, from 1.
    pub column: u32,
    /// Path of the field (`rules[3].when`).
    pub field: String,
    /// What was found and what was expected, for someone in a hurry.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.line, self.column, self.field, self.message)
    }
}
