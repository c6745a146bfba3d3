//! What is wrong with a configuration, in words that say what to do.

use std::{fmt, path::Path};

use figment::{Figment, error::Kind};

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// At least one problem, in the order in which they were met.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, with dots: `limits.max_in_flight`. Empty when the whole document is meant.
    pub key: String,
    /// Where the value came from: a file or a variable; `None` when it came from nowhere.
    pub origin: Option<String>,
    /// What was found and what was expected.
    pub message: String,
}

impl ConfigError {
    /// An error with one problem.
    pub fn of(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }

    pub(super) fn unreadable(error: &figment::Error) -> Self {
        let problems = error.clone().into_iter().map(|e| Problem::at(e.path.join("."), e.kind.to_string())).collect();
        Self { problems }
    }
}

impl Problem {
    /// A problem with the value of `key`.
    pub fn at(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), origin: None, message: message.into() }
    }

    pub(super) fn no_file(path: &Path) -> Self {
        Self::at("", format!("there is no configuration file at {}", path.display()))
    }

    pub(super) fn from_figment(path: &[String], error: &figment::Error, figment: &Figment) -> Self {
        let key = path.join(".");
        let origin = figment.find_metadata(&key).map(|metadata| match &metadata.source {
            Some(source) => source.to_string(),
            None => format!("environment variable {}{}", super::ENV_PREFIX, path.join("__").to_ascii_uppercase()),
        });
        Self { origin, message: explain(&error.kind), key }
    }
}

fn explain(kind: &Kind) -> String {
    match kind {
        Kind::UnknownField(name, known) => {
            let hint = nearest(name, known).map_or(String::new(), |known| format!(", did you mean `{known}`?"));
            format!("unknown key{hint} Known here: {}", known.join(", "))
        }
        Kind::UnknownVariant(found, known) => format!("found `{found}`, expected one of: {}", known.join(", ")),
        Kind::MissingField(_) => "is required, but neither the file nor the environment sets it".to_owned(),
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            format!("found {found}, expected {expected}")
        }
        other => other.to_string(),
    }
}

/// The known name with the fewest edits from `name`, if it is at most a third of its letters away.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let (distance, best) = known.iter().map(|known| (edits(name, known), *known)).min()?;
    (distance <= name.len().div_ceil(3)).then_some(best)
}

/// Levenshtein distance, one row at a time.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "`{}`", self.key)?;
            if let Some(origin) = &self.origin {
                write!(f, " (from {origin})")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [one] => write!(f, "configuration refused: {one}"),
            many => {
                write!(f, "configuration refused, {} problems:", many.len())?;
                many.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
            }
        }
    }
}

impl std::error::Error for ConfigError {}
