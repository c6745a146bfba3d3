#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod examples;
mod hostile;
mod mapping;
mod million;
mod properties;
mod rows;
mod sending;

use std::io::Write as _;

use jiff::Timestamp;

use super::{Converter, Next, Row, RowProblem, Rows, mapping::Mapping};

/// When the imports of these tests start.
pub(super) const NOW: &str = "2026-11-22T12:00:00Z";

pub(super) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub(super) fn mapping(text: &str) -> Mapping {
    Mapping::parse(text).unwrap_or_else(|problems| panic!("{}", shown(&problems)))
}

pub(super) fn shown(problems: &[impl std::fmt::Display]) -> String {
    problems.iter().fold(String::new(), |all, problem| format!("{all}{problem}\n"))
}

/// What came of an input.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outcome {
    pub rows: Vec<Row>,
    pub problems: Vec<RowProblem>,
    pub unmapped: Vec<String>,
}

impl Outcome {
    /// `LINE COLUMN: REASON` of each problem.
    pub(super) fn told(&self) -> Vec<String> {
        let column = |problem: &RowProblem| problem.column.clone().unwrap_or_else(|| "-".to_owned());
        self.problems.iter().map(|p| format!("{} {}: {}", p.line, column(p), p.reason)).collect()
    }
}

/// Reads `bytes` as a file named `name`.
pub(super) fn import(name: &str, bytes: &[u8], mapping: &Mapping) -> Result<Outcome, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
    let rows =
        Rows::open(&path, mapping).map_err(|error| error.to_string().replace(&path.display().to_string(), name))?;
    Ok(drain(rows, mapping))
}

pub(super) fn drain(mut rows: Rows, mapping: &Mapping) -> Outcome {
    let converter = Converter::new(mapping, now());
    let mut outcome = Outcome::default();
    while let Some(next) = rows.read().unwrap() {
        match next {
            Next::Rejected(problem) => outcome.problems.push(problem),
            Next::Row(record) => match converter.convert(record) {
                Ok(row) => outcome.rows.push(row),
                Err(problems) => outcome.problems.extend(problems),
            },
        }
    }
    outcome.unmapped = rows.unmapped();
    outcome
}
