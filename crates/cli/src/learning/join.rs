//! Another file whose rows belong to the leads.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use domain::yaml::Field;

use super::load::{Problems, read_rows};
use crate::import::mapping::{self as import, ColumnIndex, Columns, Format, Layout};

/// A file to be joined.
#[derive(Debug, Clone)]
pub(super) struct Join {
    pub(super) alias: String,
    /// Beside the data, unless the command line names another.
    pub(super) file: PathBuf,
    pub(super) format: Option<Format>,
    pub(super) delimiter: u8,
    /// The column of the data, and that of the file, that hold the same.
    pub(super) left: ColumnIndex,
    pub(super) right: ColumnIndex,
    /// Every column of the file that is used.
    pub(super) columns: Columns,
    blank: Vec<String>,
}

/// The first row of a joined file for each key: its cells, in the order of [`Join::columns`].
pub(super) type Joined = HashMap<String, Vec<String>>;

impl Join {
    /// `alias: { file: ..., on: key }` or `on: { data: key, file: other }`.
    pub(super) fn read(alias: &str, field: Field<'_>, blank: &[String], data: &mut Columns) -> Option<Self> {
        let map = field.map(&["file", "on", "format", "delimiter"])?;
        let file = map.require("file").and_then(Field::string);
        let mut columns = Columns::default();
        let on = map.require("on")?;
        let (left, right) = if on.is_scalar() {
            (data.used(on), columns.used(on))
        } else {
            let on = on.map(&["data", "file"])?;
            let left = on.require("data").and_then(|column| data.used(column));
            (left, on.require("file").and_then(|column| columns.used(column)))
        };
        Some(Self {
            alias: alias.to_owned(),
            file: PathBuf::from(file?),
            format: map.get("format").and_then(|format| format.one_of(Format::ALL)),
            delimiter: map.get("delimiter").and_then(import::delimiter).unwrap_or(b','),
            left: left?,
            right: right?,
            columns,
            blank: blank.to_vec(),
        })
    }

    /// Reads the file, which is `named` or stands beside `data`.
    pub(super) fn load(&self, data: &Path, named: Option<&PathBuf>, problems: &mut Problems) -> anyhow::Result<Joined> {
        let path = named.cloned().unwrap_or_else(|| data.with_file_name(&self.file));
        let layout = Layout { format: self.format, delimiter: self.delimiter, columns: &self.columns };
        let mut joined = Joined::new();
        read_rows(&path, layout, problems, &mut |_| {}, &mut |record, _| {
            let key = record.cell(self.right).trim();
            if !key.is_empty() && !self.blank.iter().any(|word| word == key) && !joined.contains_key(key) {
                let cells = (0..self.columns.len()).map(|column| record.cell(ColumnIndex(column)).to_owned());
                joined.insert(key.to_owned(), cells.collect());
            }
        })?;
        Ok(joined)
    }
}
