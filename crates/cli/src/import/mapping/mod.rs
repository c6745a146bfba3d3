//! The mapping file: which column of an input becomes which field of a lead.
//!
//! ```yaml
//! name: webinar-guests          # part of every row's request id: the same rows under another name are other requests
//! format: csv                   # or jsonl; otherwise the input's extension tells
//! delimiter: ";"                # of CSV: one character or `tab`; otherwise `,`
//! blank: [Select, "-"]          # what else than nothing is blank, in every column
//! time_zone: America/New_York   # of times without one; otherwise UTC
//! key: [Event, Seat]            # what identifies a row; otherwise the column of external_id, else the whole row
//! fields:
//!   external_id: Guest          # field of a lead: column, or more exactly:
//!   email: { column: Mail, lower: true }
//!   country: { column: Land, blank: [unknown], map: { Deutschland: DE, Schweiz: CH }, otherwise: DE, default: DE }
//!   annual_revenue: { column: Revenue (millions), scale: 1000000 }
//!   technologies: { column: Stack, split: "/" }
//! constants: { lead_type: event, source: webinar }
//! attributes:
//!   seat: { type: number, column: Seat }   # text, number or flag; what a field knows, an attribute knows too
//! signals:
//!   - { kind: webinar, when: { column: Stayed, at_least: 10 }, at: { column: Day } }
//!   - { kind: download, at: { age_days: Last download }, count: Downloads, most: 20 }
//! ignore:
//!   - { columns: [Sold, Price], reason: known afterwards only }
//! ```
//!
//! A value is cut at both ends (unless `trim: false`) and looked up in `blank`; what is blank becomes `default` if
//! there is one. The rest goes through `lower`, then `map` (what the map doesn't have stays as it is, or becomes
//! `otherwise`), and is read as the field's type; `scale` multiplies numbers. A signal counts when its `when` is true
//! (not told: always) and its time is known.

mod columns;
mod fields;
mod parse;
mod signals;
mod source;
mod target;

use std::path::Path;

use jiff::tz::TimeZone;

pub use columns::{Column, ColumnIndex, Columns};
pub(crate) use fields::is_word;
pub use fields::{AttributeRule, AttributeType, FieldRule};
pub use parse::MAX_MAPPING_BYTES;
pub(crate) use parse::delimiter;
pub use signals::{MAX_SIGNALS, SignalRule, Test, When};
pub(in crate::import) use source::ELEMENT_SEPARATOR;
pub(crate) use source::{Kind, SourceReader, known_keys};
pub use source::{Origin, Reading, Source};
pub use target::{NumberShape, Slot, TARGETS, Target, TextShape};
pub(crate) use target::{read_number, shown};

/// How an input writes its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A header, then one record a row (RFC 4180).
    Csv,
    /// One JSON object a line.
    JsonLines,
}

impl Format {
    /// All, by the names that mappings give them.
    pub(crate) const ALL: [(Self, &'static str); 2] = [(Self::Csv, "csv"), (Self::JsonLines, "jsonl")];

    /// By the last extension of a file's name before a `.gz`: `csv`; `jsonl` or `ndjson`.
    pub fn of_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// What of a mapping tells how an input is written.
#[derive(Debug, Clone, Copy)]
pub struct Layout<'m> {
    /// How the input is written; `None`: the file's name tells.
    pub format: Option<Format>,
    /// Between the fields of a CSV record; an ASCII character.
    pub delimiter: u8,
    /// Every column that is read or ignored.
    pub columns: &'m Columns,
}

/// A mapping that was read and found without fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// Its name, an id.
    pub name: String,
    /// How the input is written; `None`: the file's name tells.
    pub format: Option<Format>,
    /// Between the fields of a CSV record; an ASCII character.
    pub delimiter: u8,
    /// Zone of times that tell none.
    pub time_zone: TimeZone,
    /// Every column that it names, also those that are ignored.
    pub columns: Columns,
    /// What identifies a row; empty: all of it.
    pub key: Vec<ColumnIndex>,
    /// Fields of the lead, constants among them, in the order of [`TARGETS`].
    pub fields: Vec<FieldRule>,
    /// The tenant's own attributes, by name.
    pub attributes: Vec<AttributeRule>,
    /// Signals, as written.
    pub signals: Vec<SignalRule>,
}

impl Mapping {
    /// How its input is written.
    pub fn layout(&self) -> Layout<'_> {
        Layout { format: self.format, delimiter: self.delimiter, columns: &self.columns }
    }
}
