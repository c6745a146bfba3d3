//! The columns that a mapping names.

use domain::yaml::{Field, Place};

/// Number of a column in [`Columns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnIndex(pub usize);

/// A column of the input, as a mapping names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in the input.
    pub name: String,
    /// Where the mapping names it first.
    pub place: Place,
    /// Path of that in the mapping (`fields.email`).
    pub path: String,
    /// Listed under `ignore`, so the input need not have it and it is not read.
    pub ignored: bool,
}

/// Columns without repetition, in the order in which they are named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

impl Columns {
    /// The column that `field` names.
    pub(crate) fn used(&mut self, field: Field<'_>) -> Option<ColumnIndex> {
        let name = field.text()?.trim();
        Some(self.find(name).unwrap_or_else(|| self.add(field, name, false)))
    }

    /// The column called `name`, which `field` uses without naming it.
    pub(crate) fn named(&mut self, field: Field<'_>, name: &str) -> ColumnIndex {
        self.find(name).unwrap_or_else(|| self.add(field, name, false))
    }

    /// The column called `name`, which the input has and the mapping does not name.
    pub(crate) fn found(&mut self, name: &str) -> ColumnIndex {
        let column =
            Column { name: name.to_owned(), place: Place { line: 1, column: 1 }, path: String::new(), ignored: false };
        self.0.push(column);
        ColumnIndex(self.0.len() - 1)
    }

    /// Notes that the column that `field` names is not read. To be called after the last [`Columns::used`].
    pub(crate) fn ignored(&mut self, field: Field<'_>) {
        let Some(name) = field.text().map(str::trim) else { return };
        if let Some(found) = self.find(name) {
            let how = if self.0[found.0].ignored { "ignored twice" } else { "read above" };
            field.note(format!("the column `{name}` is {how} ({})", self.0[found.0].path));
        } else {
            self.add(field, name, true);
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Column> {
        self.0.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of a column.
    pub fn name(&self, index: ColumnIndex) -> &str {
        self.0.get(index.0).map_or("", |column| column.name.as_str())
    }

    /// The column of that name.
    pub fn find(&self, name: &str) -> Option<ColumnIndex> {
        self.0.iter().position(|column| column.name == name).map(ColumnIndex)
    }

    fn add(&mut self, field: Field<'_>, name: &str, ignored: bool) -> ColumnIndex {
        self.0.push(Column { name: name.to_owned(), place: field.place(), path: field.path(), ignored });
        ColumnIndex(self.0.len() - 1)
    }
}
