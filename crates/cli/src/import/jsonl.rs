//! JSON Lines, row by row: one object a line.

use std::{
    collections::BTreeSet,
    io::{self, Read},
};

use serde_json::{Map, Value};

use super::{
    mapping::Columns,
    record::{BadRow, Record},
    window::{MAX_ROW_BYTES, Window, find_line_end},
};
use crate::import::mapping::ELEMENT_SEPARATOR;

/// Largest number in which every whole number is exact: 2^53. Larger ones (keys, mostly) must be written as texts.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
/// Names of keys that are noted as unknown; further ones are not.
const MAX_UNKNOWN: usize = 100;

/// Reads records from a window.
pub(super) struct JsonRows<R> {
    window: Window<R>,
    columns: Columns,
    unknown: BTreeSet<String>,
}

impl<R: Read> JsonRows<R> {
    pub(super) fn new(window: Window<R>, columns: Columns) -> Self {
        Self { window, columns, unknown: BTreeSet::new() }
    }

    pub(super) fn window(&self) -> &Window<R> {
        &self.window
    }

    pub(super) fn window_mut(&mut self) -> &mut Window<R> {
        &mut self.window
    }

    /// Keys of rows read so far that the mapping does not know, at most 100.
    pub(super) fn unknown(&self) -> &BTreeSet<String> {
        &self.unknown
    }

    /// Reads the next row that is not empty into `record`; `None` at the end.
    pub(super) fn next(&mut self, record: &mut Record) -> io::Result<Option<Result<(), BadRow>>> {
        loop {
            let line = self.window.line();
            let Some((length, terminator)) = self.line()? else {
                if self.window.data().is_empty() {
                    return Ok(None);
                }
                self.window.skip_line()?;
                let reason = format!("the row is longer than {MAX_ROW_BYTES} bytes");
                return Ok(Some(Err(BadRow::row(line, reason))));
            };
            let data = &self.window.data()[..length];
            if data.trim_ascii().is_empty() {
                self.window.advance(length + terminator, 1);
                continue;
            }
            record.start(line);
            let read = read(data, &self.columns, &mut self.unknown, record);
            self.window.advance(length + terminator, 1);
            return Ok(Some(read));
        }
    }

    /// Length of the line at the start of the window and of its end; `None` if it is too long, or there is none.
    fn line(&mut self) -> io::Result<Option<(usize, usize)>> {
        loop {
            if let Some(found) = find_line_end(self.window.data(), self.window.finished()) {
                return Ok(Some(found));
            }
            if !self.window.more()? {
                let rest = self.window.data().len();
                // The window may just have learnt that this is the end.
                let last = self.window.finished() && rest > 0;
                return Ok(find_line_end(self.window.data(), self.window.finished()).or(last.then_some((rest, 0))));
            }
        }
    }
}

fn read(data: &[u8], columns: &Columns, unknown: &mut BTreeSet<String>, record: &mut Record) -> Result<(), BadRow> {
    let line = record.line;
    let text = std::str::from_utf8(data).map_err(|_| BadRow::row(line, "the row is not UTF-8"))?;
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        // The error's own place says "line 1", which is a line of the row.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        BadRow::row(line, format!("expected a JSON object, found at character {}: {message}", error.column()))
    })?;
    for key in object.keys() {
        if unknown.len() < MAX_UNKNOWN && !unknown.contains(key) && !is_known(columns, key) {
            unknown.insert(key.clone());
        }
    }
    for (field, column) in columns.iter().enumerate() {
        let value = if column.ignored { None } else { find(&object, &column.name) };
        let cell = value.map_or(Ok(String::new()), cell);
        record.push(&cell.map_err(|reason| BadRow::field(line, field, reason))?);
    }
    record.push(text.trim());
    Ok(())
}

/// The value of `name`: a key, or a path of keys with dots between.
fn find<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    if let Some(value) = object.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    find(object.get(first)?.as_object()?, rest)
}

/// True if a column is named `key`, or lies inside of it.
fn is_known(columns: &Columns, key: &str) -> bool {
    columns
        .iter()
        .any(|column| column.name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

fn cell(value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => {
            let exact = number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|n| n.abs() < MAX_EXACT);
            exact.then(|| number.to_string()).ok_or_else(|| format!("{number} is not exact: write it as a text"))
        }
        Value::Array(elements) => {
            let texts: Result<Vec<String>, String> = elements.iter().map(element).collect();
            Ok(texts?.join(&ELEMENT_SEPARATOR.to_string()))
        }
        Value::Object(_) => {
            Err("expected a text, number, flag or list, found an object: name its keys with dots".to_owned())
        }
    }
}

fn element(value: &Value) -> Result<String, String> {
    match value {
        Value::Array(_) => Err("expected a list of texts, found a list of lists".to_owned()),
        _ => cell(value),
    }
}
