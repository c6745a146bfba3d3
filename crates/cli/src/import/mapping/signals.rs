//! `signals`: what a row tells of the things that the lead did.

use domain::yaml::{Field, Map};

use super::{
    columns::{ColumnIndex, Columns},
    fields::{WORD, is_word},
    source::Reading,
    target::read_number,
};

/// Most signals of a lead.
pub const MAX_SIGNALS: u32 = 200;

/// When a signal counts, and for how many.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalRule {
    /// Its kind.
    pub kind: String,
    /// It counts only then; `None`: always.
    pub when: Option<Test>,
    /// Its time.
    pub at: When,
    /// A column that holds how many of them there were; blank is none. `None`: one.
    pub count: Option<ColumnIndex>,
    /// Of a larger count so many are taken.
    pub most: u32,
    /// How its columns are read.
    pub reading: Reading,
}

/// A question to a column. All parts that are told must hold; a blank cell fails unless the question is `not_blank:
/// false`.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// The column.
    pub column: ColumnIndex,
    /// It is one of these.
    pub equals: Option<Vec<String>>,
    /// It is a number, and at least this one.
    pub at_least: Option<f64>,
    /// It holds something (or, if false, nothing).
    pub not_blank: Option<bool>,
}

/// The time of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// When the import starts.
    Now,
    /// A date or time in a column.
    Column(ColumnIndex),
    /// So many days before the import starts, in a column; decimals are allowed.
    AgeDays(ColumnIndex),
}

impl SignalRule {
    /// The columns that it reads.
    pub fn columns(&self) -> impl Iterator<Item = ColumnIndex> {
        let at = match self.at {
            When::Now => None,
            When::Column(column) | When::AgeDays(column) => Some(column),
        };
        self.when.iter().map(|test| test.column).chain(at).chain(self.count)
    }
}

/// Reads `signals`.
pub(super) fn read(field: Option<Field<'_>>, blank: &[String], columns: &mut Columns) -> Vec<SignalRule> {
    let Some(field) = field else { return Vec::new() };
    field.list_of(|entry| signal(entry, blank, columns))
}

fn signal(entry: Field<'_>, blank: &[String], columns: &mut Columns) -> Option<SignalRule> {
    let map = entry.map(&["kind", "when", "at", "count", "most"])?;
    let kind = map.require("kind").and_then(kind);
    let when = map.get("when").map(|when| test(when, columns));
    let at = map.require("at").and_then(|at| time(at, columns));
    let count = map.get("count").map(|count| columns.used(count));
    let most = map.get("most").map(|most| {
        if count.is_none() {
            most.note("bounds a `count`, and there is none");
        }
        most.integer(1..=MAX_SIGNALS)
    });
    Some(SignalRule {
        kind: kind?,
        when: transpose(when)?,
        at: at?,
        count: transpose(count)?,
        most: most.flatten().unwrap_or(MAX_SIGNALS),
        reading: Reading::plain(blank),
    })
}

/// What is written must have been read; what is not written is fine.
#[expect(clippy::option_option, reason = "written, and read")]
fn transpose<T>(written: Option<Option<T>>) -> Option<Option<T>> {
    written.map_or(Some(None), |read| read.map(Some))
}

fn kind(field: Field<'_>) -> Option<String> {
    let kind = field.text()?;
    if !is_word(kind) {
        field.note(format!("`{kind}` is no signal kind: {WORD}"));
    }
    Some(kind.to_owned())
}

fn test(field: Field<'_>, columns: &mut Columns) -> Option<Test> {
    let map = field.map(&["column", "equals", "at_least", "not_blank"])?;
    let column = map.require("column").and_then(|column| columns.used(column));
    let equals = map.get("equals").map(words);
    let at_least = map.get("at_least").and_then(|number| number.number(f64::MIN..=f64::MAX));
    let not_blank = map.get("not_blank").and_then(Field::flag);
    if asks_nothing(map) {
        field.note("asks nothing: write `equals`, `at_least` or `not_blank`");
    }
    Some(Test { column: column?, equals, at_least, not_blank })
}

fn asks_nothing(map: Map<'_>) -> bool {
    ["equals", "at_least", "not_blank"].iter().all(|key| map.get(key).is_none())
}

/// One text, or a list of them.
fn words(field: Field<'_>) -> Vec<String> {
    if field.is_scalar() {
        return field.text().map(str::to_owned).into_iter().collect();
    }
    field.list_of(|word| word.text().map(str::to_owned))
}

fn time(field: Field<'_>, columns: &mut Columns) -> Option<When> {
    if !field.is_map() {
        let text = field.text()?;
        if text == "now" {
            return Some(When::Now);
        }
        field.note(format!("expected `now`, {{ column: NAME }} or {{ age_days: NAME }}, found `{text}`"));
        return None;
    }
    let map = field.map(&["column", "age_days"])?;
    match (map.get("column"), map.get("age_days")) {
        (Some(column), None) => columns.used(column).map(When::Column),
        (None, Some(column)) => columns.used(column).map(When::AgeDays),
        _ => {
            field.note("expected either a `column` with the time or one with its `age_days`");
            None
        }
    }
}

impl Test {
    /// Whether the cell answers it. Errors: `at_least`, and the cell is neither blank nor a number.
    pub fn holds(&self, reading: &Reading, cell: &str) -> Result<bool, String> {
        let cut = cell.trim();
        if reading.is_blank(cell) {
            return Ok(self.not_blank == Some(false) && self.equals.is_none() && self.at_least.is_none());
        }
        let enough = match self.at_least {
            Some(least) => read_number(cut)? >= least,
            None => true,
        };
        let equal = self.equals.as_ref().is_none_or(|words| words.iter().any(|word| word == cut));
        Ok(enough && equal && self.not_blank != Some(false))
    }
}
