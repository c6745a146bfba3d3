//! Reading a mapping file.

use domain::{
    ids::is_valid_id,
    yaml::{self, Field, Problem},
};
use jiff::tz::TimeZone;

use super::{
    Format, Mapping,
    columns::{ColumnIndex, Columns},
    fields::{self, FieldRule},
    signals,
    source::one_character,
};

/// Largest mapping file.
pub const MAX_MAPPING_BYTES: usize = 1024 * 1024;

const KEYS: [&str; 12] = [
    "name",
    "description",
    "format",
    "delimiter",
    "blank",
    "time_zone",
    "key",
    "fields",
    "constants",
    "attributes",
    "signals",
    "ignore",
];

/// At least one of these says who a lead is.
const IDENTIFYING: [&str; 6] = ["external_id", "email", "phone", "person_name", "company_name", "company_domain"];

impl Mapping {
    /// Reads a mapping. Errors: everything that is wrong with it, each with its place.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        yaml::read(text, MAX_MAPPING_BYTES, document)
    }
}

fn document(root: Field<'_>) -> Option<Mapping> {
    let map = root.map(&KEYS)?;
    let name = map.require("name").and_then(name);
    map.get("description").and_then(Field::text);
    let format = map.get("format").and_then(|format| format.one_of(Format::ALL));
    let delimiter = map.get("delimiter").and_then(delimiter).unwrap_or(b',');
    let blank = map.get("blank").map(|blank| blank.list_of(|word| word.text().map(str::to_owned))).unwrap_or_default();
    let time_zone = map.get("time_zone").and_then(time_zone).unwrap_or(TimeZone::UTC);

    let mut columns = Columns::default();
    let key = map.get("key").map(|key| key_columns(key, &mut columns)).unwrap_or_default();
    let fields = fields::fields(map.get("fields"), map.get("constants"), &blank, &mut columns);
    let attributes = fields::attributes(map.get("attributes"), &blank, &mut columns);
    let signals = signals::read(map.get("signals"), &blank, &mut columns);
    if let Some(ignore) = map.get("ignore") {
        ignore.list_of(|entry| ignored(entry, &mut columns));
    }
    if !fields.iter().any(|rule| IDENTIFYING.contains(&rule.target.name) && rule.source.column().is_some()) {
        root.note_key("fields", format!("nothing says who a lead is: map at least one of {}", IDENTIFYING.join(", ")));
    }
    let key = if key.is_empty() { external_id(&fields).into_iter().collect() } else { key };
    Some(Mapping { name: name?, format, delimiter, time_zone, columns, key, fields, attributes, signals })
}

fn name(field: Field<'_>) -> Option<String> {
    let name = field.text()?;
    if !is_valid_id(name) {
        field.note(format!("`{name}` is no name: expected 1 to 63 characters of a-z, 0-9 and -, the first no -"));
    }
    Some(name.to_owned())
}

pub(crate) fn delimiter(field: Field<'_>) -> Option<u8> {
    let c = one_character(field)?;
    if !c.is_ascii() || c == '"' || c.is_ascii_alphanumeric() {
        field.note(format!("`{c}` can't part fields: expected `,`, `;`, `|` or `tab`"));
    }
    u8::try_from(c).ok()
}

fn time_zone(field: Field<'_>) -> Option<TimeZone> {
    let name = field.text()?;
    let zone = TimeZone::get(name).ok();
    if zone.is_none() {
        field.note(format!("`{name}` is no time zone: expected an IANA name such as `Europe/Paris`"));
    }
    zone
}

fn key_columns(field: Field<'_>, columns: &mut Columns) -> Vec<ColumnIndex> {
    if field.is_scalar() {
        columns.used(field).into_iter().collect()
    } else {
        field.list_of(|column| columns.used(column))
    }
}

fn ignored(entry: Field<'_>, columns: &mut Columns) -> Option<()> {
    let map = entry.map(&["column", "columns", "reason"])?;
    map.require("reason").and_then(Field::text);
    match (map.get("column"), map.get("columns")) {
        (Some(column), None) => columns.ignored(column),
        (None, Some(list)) => list.list().into_iter().for_each(|column| columns.ignored(column)),
        _ => entry.note("expected either `column` or `columns`"),
    }
    Some(())
}

fn external_id(fields: &[FieldRule]) -> Option<ColumnIndex> {
    fields.iter().find(|rule| rule.target.name == "external_id")?.source.column()
}
