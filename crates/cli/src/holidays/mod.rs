//! Holidays from files: iCalendar, and a table with a row a day.

mod apply;
mod ics;
mod rule;
mod table;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use anyhow::{Context as _, bail};
use domain::calendar::YearDay;
use jiff::{
    civil::{Date, DateTime},
    tz::TimeZone,
};

pub use apply::{Added, apply};
pub use ics::read_ics;
pub use table::read_table;

/// Largest file that is read, in bytes, unpacked.
const MAX_BYTES: u64 = 32 << 20;

/// Something that a file closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// Its name.
    pub name: String,
    /// When.
    pub when: When,
}

/// When something is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Whole days, from the first to the last.
    Days {
        /// The first.
        first: Date,
        /// The last, not before the first.
        last: Date,
    },
    /// Part of a day, or of several: from one local time up to another, which is later.
    Hours {
        /// The first moment that is closed.
        start: DateTime,
        /// The first that is not.
        end: DateTime,
    },
    /// A whole day each year.
    Yearly {
        /// Which one.
        on: YearDay,
        /// The first year.
        first_year: i16,
        /// The last one, if there is one.
        last_year: Option<i16>,
    },
}

/// What is wrong with a file, line by line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What messages call the file.
    pub file: String,
    /// Line and what is wrong there; at least one.
    pub problems: Vec<(u64, String)>,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, problems } = self;
        write!(f, "{file} can't be used: {}", crate::text::count(problems.len(), "problem"))?;
        problems.iter().try_for_each(|(line, problem)| write!(f, "\n{file}:{line}: {problem}"))
    }
}

impl std::error::Error for Unreadable {}

/// Which rows of a table are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The part behind the dash of ISO 3166-2: its days come on top of those of the country.
    pub subdivision: Option<String>,
}

/// Reads a file by the end of its name: `.ics`, `.csv` or `.csv.gz`. `place` is for tables only. Local times that name no
/// zone are meant in `zone`.
///
/// Errors: [`Unreadable`] with everything that is wrong in it.
pub fn read(path: &Path, place: Option<&Place>, zone: &TimeZone) -> anyhow::Result<Vec<Holiday>> {
    let name = path.display().to_string();
    let is = |end: &str| name.to_lowercase().ends_with(end);
    let file = File::open(path).with_context(|| format!("can't read {name}"))?;
    let packed = is(".gz");
    let input: Box<dyn Read> =
        if packed { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(BufReader::new(file)) };
    let mut text = String::new();
    input.take(MAX_BYTES + 1).read_to_string(&mut text).with_context(|| format!("can't read {name}"))?;
    if text.len() as u64 > MAX_BYTES {
        bail!("{name} has more than {} MiB", MAX_BYTES >> 20);
    }
    let found = match (is(".ics"), is(".csv") || is(".csv.gz"), place) {
        (true, _, None) => read_ics(&text, zone),
        (true, _, Some(_)) => bail!("{name}: `--country` and `--subdivision` choose rows of a table, and this is none"),
        (_, true, Some(place)) => read_table(&text, place),
        (_, true, None) => bail!("{name} has the days of many countries: choose one with `--country`"),
        _ => bail!("{name}: expected a file that ends with `.ics`, `.csv` or `.csv.gz`"),
    };
    found.map_err(|problems| Unreadable { file: name, problems }.into())
}
