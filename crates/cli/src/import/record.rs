//! One row of an input, before the mapping makes a lead of it.

use std::fmt;

use sha2::{Digest, Sha256};

use super::mapping::ColumnIndex;

/// One row: its fields as text. Kept by its reader and filled again for each row.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Line in the input on which it starts, from 1.
    pub line: u64,
    /// All fields, one behind the other.
    text: String,
    /// The end of each field in `text`.
    ends: Vec<usize>,
    /// Per column of the mapping: the field that holds it; `None`: no field does.
    positions: Vec<Option<usize>>,
    /// The fields from here on are the row as it was written.
    written_from: usize,
}

/// Why a row is not sent, or a lead of it refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// Line in the input on which the row starts, from 1.
    pub line: u64,
    /// The column, if it is a matter of one.
    pub column: Option<String>,
    /// What was found and what was expected.
    pub reason: String,
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if let Some(column) = &self.column {
            write!(f, "column {column}: ")?;
        }
        f.write_str(&self.reason)
    }
}

impl Record {
    /// A record for rows whose columns stand at `positions`, and which is as written from field `written_from` on.
    pub(super) fn new(positions: Vec<Option<usize>>, written_from: usize) -> Self {
        Self { positions, written_from, ..Self::default() }
    }

    /// The text of a column of the mapping; empty when blank.
    pub fn cell(&self, column: ColumnIndex) -> &str {
        self.positions.get(column.0).copied().flatten().map_or("", |field| self.field(field))
    }

    /// How many fields it has.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Empties it for the row at `line`.
    pub(super) fn start(&mut self, line: u64) {
        self.line = line;
        self.text.clear();
        self.ends.clear();
    }

    /// Adds a field.
    pub(super) fn push(&mut self, field: &str) {
        self.text.push_str(field);
        self.ends.push(self.text.len());
    }

    /// Takes over all fields at once: `bytes`, cut at `ends`. Errors: the number of the first field that is not UTF-8.
    pub(super) fn fill(&mut self, bytes: &mut Vec<u8>, ends: &[usize]) -> Result<(), usize> {
        match String::from_utf8(std::mem::take(bytes)) {
            Ok(text) => {
                // The buffers change places, so that neither is allocated again.
                *bytes = std::mem::replace(&mut self.text, text).into_bytes();
                self.ends.clear();
                self.ends.extend_from_slice(ends);
                Ok(())
            }
            Err(error) => {
                let bad = error.utf8_error().valid_up_to();
                *bytes = error.into_bytes();
                Err(ends.iter().position(|end| bad < *end).unwrap_or(0))
            }
        }
    }

    /// Digest of the row as it was written.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for field in self.written_from..self.ends.len() {
            let field = self.field(field);
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        hash.finalize().into()
    }

    /// All fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|field| self.field(field))
    }

    fn field(&self, index: usize) -> &str {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(index).and_then(|end| self.text.get(start..*end)).unwrap_or("")
    }
}

/// A row that can't be read. Unlike [`RowProblem`] it knows a column by its number only, from 0.
#[derive(Debug)]
pub(super) struct BadRow {
    pub line: u64,
    pub field: Option<usize>,
    pub reason: String,
}

impl BadRow {
    pub(super) fn row(line: u64, reason: impl Into<String>) -> Self {
        Self { line, field: None, reason: reason.into() }
    }

    pub(super) fn field(line: u64, field: usize, reason: impl Into<String>) -> Self {
        Self { line, field: Some(field), reason: reason.into() }
    }

    /// With the name that `header` has for the column.
    pub(super) fn named(self, header: &[String]) -> RowProblem {
        let column = self.field.and_then(|field| header.get(field)).cloned();
        let reason = match (self.field, &column) {
            (Some(field), None) => format!("field {}: {}", field + 1, self.reason),
            _ => self.reason,
        };
        RowProblem { line: self.line, column, reason }
    }
}

impl RowProblem {
    /// A problem of a whole row.
    pub(super) fn row(line: u64, reason: impl Into<String>) -> Self {
        Self { line, column: None, reason: reason.into() }
    }

    /// A problem of one column.
    pub(super) fn cell(line: u64, column: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { line, column: Some(column.into()), reason: reason.into() }
    }
}
