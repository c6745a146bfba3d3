//! Where a value comes from, and what is done to it before it is read as its type.

use std::{borrow::Cow, collections::BTreeMap};

use domain::yaml::{Field, Map};

use super::columns::{ColumnIndex, Columns};

/// Stands between the elements of a JSON array that is read as one text.
pub(in crate::import) const ELEMENT_SEPARATOR: char = '\u{1f}';

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Column or constant.
    pub origin: Origin,
    /// Numbers are multiplied by this.
    pub scale: Option<f64>,
}

/// Column or constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// The same for all rows.
    Constant(String),
    /// A column, and how it is read.
    Column(ColumnIndex, Box<Reading>),
}

/// How the text of a column is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Cut white space at both ends.
    pub trim: bool,
    /// What is as good as nothing.
    pub blank: Vec<String>,
    /// Used when blank.
    pub default: Option<String>,
    /// Turn to lower case before `map`.
    pub lower: bool,
    /// Value -> value.
    pub map: BTreeMap<String, String>,
    /// What a value becomes that `map` doesn't have; `None`: it stays.
    pub otherwise: Option<String>,
    /// Between the parts of a list.
    pub split: Option<char>,
}

impl Source {
    /// The value for a row whose cells are given by `cell`; `None` when blank. For lists, see [`Source::parts`].
    pub fn value<'v>(&'v self, cell: impl FnOnce(ColumnIndex) -> &'v str) -> Option<Cow<'v, str>> {
        match &self.origin {
            Origin::Constant(value) => Some(Cow::Borrowed(value)),
            Origin::Column(column, reading) => reading.value(cell(*column)),
        }
    }

    /// The values of a list; blank parts are left out.
    pub fn parts<'v>(&'v self, cell: impl FnOnce(ColumnIndex) -> &'v str) -> Vec<Cow<'v, str>> {
        match &self.origin {
            Origin::Constant(value) => vec![Cow::Borrowed(value)],
            Origin::Column(column, reading) => {
                let between = |c: char| c == ELEMENT_SEPARATOR || Some(c) == reading.split;
                cell(*column).split(between).filter_map(|part| reading.value(part)).collect()
            }
        }
    }

    /// The column it reads, if it reads one.
    pub fn column(&self) -> Option<ColumnIndex> {
        match self.origin {
            Origin::Constant(_) => None,
            Origin::Column(column, _) => Some(column),
        }
    }
}

impl Reading {
    /// Reads a column as it is, but cut.
    pub(crate) fn plain(blank: &[String]) -> Self {
        Self {
            trim: true,
            blank: blank.to_vec(),
            default: None,
            lower: false,
            map: BTreeMap::new(),
            otherwise: None,
            split: None,
        }
    }

    /// True if a cell counts as nothing.
    pub fn is_blank(&self, cell: &str) -> bool {
        let cut = cell.trim();
        cut.is_empty() || self.blank.iter().any(|word| word == cut)
    }

    /// The value of a cell; `None` when blank.
    pub(crate) fn value<'v>(&'v self, cell: &'v str) -> Option<Cow<'v, str>> {
        if self.is_blank(cell) {
            return self.default.as_deref().map(Cow::Borrowed);
        }
        let cut = if self.trim { cell.trim() } else { cell };
        let value = if self.lower { Cow::Owned(cut.to_lowercase()) } else { Cow::Borrowed(cut) };
        if let Some(mapped) = self.map.get(value.as_ref()) {
            return Some(Cow::Borrowed(mapped));
        }
        Some(self.otherwise.as_deref().map_or(value, Cow::Borrowed))
    }
}

/// What the values of a source are read as; some keys make sense for some of them only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    List,
}

const KEYS: [&str; 10] =
    ["column", "constant", "trim", "lower", "blank", "map", "otherwise", "default", "scale", "split"];

/// The keys of a source's map, after `more` of them.
pub(crate) fn known_keys<'k>(more: &[&'k str]) -> Vec<&'k str> {
    more.iter().chain(&KEYS).copied().collect()
}

/// Reads a value with its scale as some type, to see whether it is one.
pub(crate) type Check<'r> = dyn Fn(&str, Option<f64>) -> Result<(), String> + 'r;

/// What reads a source in a mapping needs to know.
pub(crate) struct SourceReader<'r> {
    /// What is blank in every column.
    pub blank: &'r [String],
    /// Keys that the source's map may have besides those of a source.
    pub more: &'r [&'r str],
    /// What the values are read as.
    pub kind: Kind,
    /// Reads a value (and its scale) as the type that it will have; judges what the mapping itself writes.
    pub check: &'r Check<'r>,
}

impl SourceReader<'_> {
    /// Reads a source: the name of a column, or a map.
    pub(super) fn read(&self, field: Field<'_>, columns: &mut Columns) -> Option<Source> {
        if !field.is_map() {
            let column = columns.used(field)?;
            let reading = Box::new(Reading::plain(self.blank));
            return Some(Source { origin: Origin::Column(column, reading), scale: None });
        }
        let map = field.map(&known_keys(self.more))?;
        let scale = map.get("scale").and_then(|scale| {
            if self.kind != Kind::Number {
                scale.note("`scale` multiplies numbers, and this is none");
            }
            scale.number(1e-15..=1e15)
        });
        let origin = if let Some(constant) = map.get("constant") {
            for key in KEYS.iter().filter(|key| !["constant", "scale"].contains(key) && map.get(key).is_some()) {
                field.note_key(key, format!("a constant is the same for all rows: `{key}` does nothing beside it"));
            }
            Origin::Constant(self.value(Some(constant), scale)?)
        } else {
            let column = map.get("column");
            if column.is_none() {
                field.note("names neither a `column` nor a `constant`");
            }
            let column = column.and_then(|column| columns.used(column));
            let reading = self.reading(map, scale);
            Origin::Column(column?, Box::new(reading))
        };
        Some(Source { origin, scale })
    }

    /// What `map` says of how a column is read.
    pub(crate) fn reading(&self, map: Map<'_>, scale: Option<f64>) -> Reading {
        let mut reading = Reading::plain(self.blank);
        reading.trim = map.get("trim").and_then(Field::flag).unwrap_or(true);
        reading.lower = map.get("lower").and_then(Field::flag).unwrap_or(false);
        reading.default = self.value(map.get("default"), scale);
        reading.otherwise = self.value(map.get("otherwise"), scale);
        if let Some(words) = map.get("blank") {
            reading.blank.extend(words.list_of(|word| word.text().map(str::to_owned)));
        }
        match map.get("map") {
            Some(entries) => reading.map = self.map(entries, reading.lower, scale),
            None if reading.otherwise.is_some() => {
                let message = "`otherwise` is for what `map` doesn't have, and there is no `map`";
                map.field().note_key("otherwise", message);
            }
            None => {}
        }
        if let Some(split) = map.get("split") {
            if self.kind != Kind::List {
                split.note("`split` makes a list, and this field is none");
            }
            reading.split = one_character(split);
        }
        reading
    }

    fn map(&self, field: Field<'_>, lower: bool, scale: Option<f64>) -> BTreeMap<String, String> {
        let mut map = BTreeMap::new();
        for (key, value) in field.entries() {
            if lower && key != key.to_lowercase() {
                let message = format!("`{key}` never matches: with `lower: true` write `{}`", key.to_lowercase());
                field.note_key(key, message);
            }
            if let Some(value) = self.value(Some(value), scale) {
                map.insert(key.to_owned(), value);
            }
        }
        map
    }

    /// A value that the mapping itself writes.
    fn value(&self, field: Option<Field<'_>>, scale: Option<f64>) -> Option<String> {
        let field = field?;
        let text = field.text()?;
        match (self.check)(text, scale) {
            Ok(()) => Some(text.to_owned()),
            Err(message) => {
                field.note(message);
                None
            }
        }
    }
}

/// One character, or the word `tab`.
pub(super) fn one_character(field: Field<'_>) -> Option<char> {
    let text = field.text()?;
    if text == "tab" {
        return Some('\t');
    }
    let parsed = text.parse().ok();
    if parsed.is_none() {
        field.note(format!("expected one character or `tab`, found `{text}`"));
    }
    parsed
}
