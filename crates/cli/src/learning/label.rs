//! Which leads were won.

use domain::yaml::Field;

use super::{join::Join, mapping::join_named};
use crate::import::mapping::{ColumnIndex, Columns, Reading, shown};

/// How a lead's end is told.
#[derive(Debug, Clone)]
pub(super) enum Label {
    /// It was won if a joined file has a row for it.
    Found(usize),
    /// By a column; of a lead with several events that of the last.
    Column(ByColumn),
}

/// By the value of a column.
#[derive(Debug, Clone)]
pub(super) struct ByColumn {
    pub(super) from: Option<usize>,
    pub(super) column: ColumnIndex,
    reading: Reading,
    won: Vec<String>,
    /// Empty: everything that is not won and not blank.
    lost: Vec<String>,
    /// What is neither won nor lost is left out, and no error.
    skip: bool,
}

impl Label {
    /// `{ column: ..., won: [...] }` with `lost`, `other` and `from`; or `{ found_in: alias }`.
    pub(super) fn read(field: Field<'_>, blank: &[String], columns: &mut Columns, joins: &mut [Join]) -> Option<Self> {
        let map = field.map(&["column", "from", "won", "lost", "other", "found_in"])?;
        if let Some(alias) = map.get("found_in") {
            for key in ["column", "from", "won", "lost", "other"].iter().filter(|key| map.get(key).is_some()) {
                field.note_key(key, format!("`found_in` says who was won: `{key}` does nothing beside it"));
            }
            return join_named(alias, joins).map(Self::Found);
        }
        let from = match map.get("from") {
            Some(alias) => Some(join_named(alias, joins)?),
            None => None,
        };
        let of_file = from.map_or(columns, |join| &mut joins[join].columns);
        let column = map.require("column").and_then(|column| of_file.used(column));
        let values = |key: &str| map.get(key).map(|list| list.list_of(Field::string)).unwrap_or_default();
        let (won, lost) = (map.require("won").map(|_| values("won"))?, values("lost"));
        if won.is_empty() {
            map.field().note_key("won", "names no value that means won");
        }
        if let Some(both) = won.iter().find(|value| lost.contains(value)) {
            map.field().note_key("lost", format!("{} means won and lost", shown(both)));
        }
        let other = map.get("other").and_then(|field| field.one_of([(false, "error"), (true, "skip")]));
        let skip = other.unwrap_or(false);
        Some(Self::Column(ByColumn { from, column: column?, reading: Reading::plain(blank), won, lost, skip }))
    }
}

impl ByColumn {
    /// Whether the cell means won; `None` if the lead is to be left out. Errors: it means neither.
    pub(super) fn won(&self, cell: &str) -> Result<Option<bool>, String> {
        let value = self.reading.value(cell);
        let means = |list: &[String]| value.as_deref().is_some_and(|value| list.iter().any(|word| word == value));
        if means(&self.won) {
            Ok(Some(true))
        } else if means(&self.lost) || (self.lost.is_empty() && value.is_some()) {
            Ok(Some(false))
        } else if self.skip {
            Ok(None)
        } else {
            let expected = [self.won.join(", "), self.lost.join(", ")].join(" or ");
            let found = value.as_deref().map_or("a blank".to_owned(), shown);
            Err(format!(
                "expected {expected} as the end of the lead, found {found}; with `other: skip` such leads are left out"
            ))
        }
    }
}
