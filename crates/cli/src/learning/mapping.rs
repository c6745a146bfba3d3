//! The mapping file of a model: which columns are its attributes, and which leads were won. `docs/models.md` describes it.
//!
//! Values are read as the import reads them: `trim`, `blank`, `lower`, `map`, `otherwise`, `default`, `scale`.

use domain::yaml::{self, Field, Map, Problem};
use learn::{Attribute, Guarding, Kind, Monotone, Side};

use super::{
    join::Join,
    label::Label,
    moment::{Moment, Part},
};
use crate::import::mapping::{
    self as import, ColumnIndex, Columns, Format, MAX_MAPPING_BYTES, Reading, SourceReader, known_keys,
};

const KEYS: [&str; 15] = [
    "name",
    "description",
    "format",
    "delimiter",
    "blank",
    "fold",
    "join",
    "label",
    "arrived",
    "attributes",
    "rest",
    "ignore",
    "keep",
    "leak_guard",
    "split",
];

/// A mapping that was read and found without fault.
#[derive(Debug, Clone)]
pub struct ModelMapping {
    /// How the data is written; `None`: the file's name tells.
    pub(super) format: Option<Format>,
    pub(super) delimiter: u8,
    /// What is blank in every column.
    pub(super) blank: Vec<String>,
    /// Every column of the data that it names.
    pub(super) columns: Columns,
    /// Rows with the same value here are events of one lead.
    pub(super) fold: Option<ColumnIndex>,
    pub(super) joins: Vec<Join>,
    pub(super) label: Label,
    /// When a lead came.
    pub(super) arrived: Option<Moment>,
    pub(super) attributes: Vec<Rule>,
    /// Columns that are not named are attributes too.
    pub(super) rest: bool,
    pub(super) keep: Vec<String>,
    pub(super) guarding: Guarding,
    pub(super) forward: bool,
}

/// One attribute.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) attribute: Attribute,
    pub(super) kind: Kind,
    /// The file that it comes from: `None` the data, else the number of a join.
    pub(super) from: Option<usize>,
    pub(super) column: ColumnIndex,
    pub(super) reading: Reading,
    pub(super) scale: Option<f64>,
    pub(super) derived: Derived,
}

/// What is made of a cell.
#[derive(Debug, Clone)]
pub(super) enum Derived {
    /// Itself.
    Value,
    /// How many characters it has.
    Length,
    /// How many words it has.
    Words,
    /// A part of the time that it tells.
    Part(Part, Moment),
}

impl ModelMapping {
    /// Reads a mapping. Errors: everything that is wrong with it, each with its place.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        yaml::read(text, MAX_MAPPING_BYTES, document)
    }
}

fn document(root: Field<'_>) -> Option<ModelMapping> {
    let map = root.map(&KEYS)?;
    map.require("name").and_then(Field::text);
    map.get("description").and_then(Field::text);
    let blank = map.get("blank").map(|blank| blank.list_of(Field::string)).unwrap_or_default();
    let mut columns = Columns::default();
    let fold = map.get("fold").and_then(|field| columns.used(field));
    let mut joins: Vec<Join> = Vec::new();
    for (alias, field) in map.get("join").map(Field::entries).unwrap_or_default() {
        joins.extend(Join::read(alias, field, &blank, &mut columns));
    }
    let label = map.require("label").and_then(|field| Label::read(field, &blank, &mut columns, &mut joins));
    let arrived = map.get("arrived").and_then(|field| Moment::read(field, &mut columns));
    let mut reader = Reader { blank: &blank, columns: &mut columns, joins: &mut joins, arrived: arrived.as_ref() };
    let entries = map.get("attributes").map(Field::entries).unwrap_or_default();
    let attributes: Vec<Rule> = entries.into_iter().filter_map(|(name, field)| reader.rule(name, field)).collect();
    let rest = map.get("rest").and_then(Field::flag).unwrap_or(false);
    for entry in map.get("ignore").map(Field::list).unwrap_or_default() {
        ignored(entry, &mut columns);
    }
    let keep = map.get("keep").map(|keep| keep.list_of(|name| kept(name, &attributes, rest))).unwrap_or_default();
    let guarding = map.get("leak_guard").and_then(|field| field.one_of(GUARDING)).unwrap_or_default();
    let split = map.get("split");
    let forward = split.and_then(|field| field.one_of([(false, "random"), (true, "time")])).unwrap_or(false);
    if let Some(split) = split.filter(|_| forward && arrived.is_none()) {
        split.note("to split by time, `arrived` must say when a lead came");
    }
    if attributes.is_empty() && !rest {
        root.note("there is nothing to learn from: name `attributes`, or say `rest: true`");
    }
    Some(ModelMapping {
        format: map.get("format").and_then(|format| format.one_of(Format::ALL)),
        delimiter: map.get("delimiter").and_then(import::delimiter).unwrap_or(b','),
        columns,
        fold,
        joins,
        label: label?,
        arrived,
        attributes,
        rest,
        keep,
        guarding,
        forward,
        blank,
    })
}

const GUARDING: [(Guarding, &str); 3] =
    [(Guarding::LeaveOut, "leave_out"), (Guarding::Warn, "warn"), (Guarding::Off, "off")];

/// A name under `keep`, which must be an attribute's.
fn kept(field: Field<'_>, attributes: &[Rule], rest: bool) -> Option<String> {
    let name = field.string()?;
    if !rest && !attributes.iter().any(|rule| rule.attribute.name == name) {
        let hint = field.did_you_mean(&name, attributes.iter().map(|rule| rule.attribute.name.as_str()));
        field.note(format!("there is no attribute `{name}`{hint}"));
    }
    Some(name)
}

/// `{ column: Tags, reason: ... }`, `{ columns: [Tags, ...], reason: ... }`.
fn ignored(field: Field<'_>, columns: &mut Columns) {
    let Some(map) = field.map(&["column", "columns", "reason"]) else { return };
    map.require("reason").and_then(Field::text);
    if let Some(column) = map.get("column") {
        columns.ignored(column);
    }
    for column in map.get("columns").map(Field::list).unwrap_or_default() {
        columns.ignored(column);
    }
    if map.get("column").is_none() && map.get("columns").is_none() {
        field.note("names no `columns` to ignore");
    }
}

struct Reader<'r> {
    blank: &'r [String],
    columns: &'r mut Columns,
    joins: &'r mut Vec<Join>,
    arrived: Option<&'r Moment>,
}

const KINDS: [(Kind, &str); 3] = [(Kind::Auto, "auto"), (Kind::Number, "number"), (Kind::Category, "category")];
const MORE: [&str; 6] = ["kind", "side", "monotone", "from", "part", "format"];

impl Reader<'_> {
    /// `Name: number`, or `Name: { column: ..., ... }`; without `column` the name is the column's.
    fn rule(&mut self, name: &str, field: Field<'_>) -> Option<Rule> {
        if field.is_scalar() {
            let kind = field.one_of(KINDS)?;
            let column = self.columns.named(field, name);
            let (attribute, reading) = (Attribute::new(name), Reading::plain(self.blank));
            return Some(Rule { attribute, kind, from: None, column, reading, scale: None, derived: Derived::Value });
        }
        let map = field.map(&known_keys(&MORE))?;
        let kind = map.get("kind").and_then(|kind| kind.one_of(KINDS)).unwrap_or_default();
        let from = match map.get("from") {
            Some(alias) => Some(join_named(alias, self.joins)?),
            None => None,
        };
        let columns = match from {
            Some(join) => &mut self.joins[join].columns,
            None => &mut *self.columns,
        };
        let column = match map.get("column") {
            Some(column) => columns.used(column)?,
            None => columns.named(field, name),
        };
        for key in ["constant", "split"] {
            if map.get(key).is_some() {
                field.note_key(key, format!("`{key}` is for the import: an attribute of a model has no use for it"));
            }
        }
        let as_number = if kind == Kind::Number { import::Kind::Number } else { import::Kind::Text };
        let scale = map.get("scale").and_then(|scale| scale.number(1e-15..=1e15));
        if let Some(field) = map.get("scale").filter(|_| kind != Kind::Number) {
            field.note("`scale` multiplies numbers: say `kind: number`");
        }
        let source = SourceReader { blank: self.blank, more: &MORE, kind: as_number, check: &|_, _| Ok(()) };
        let reading = source.reading(map, scale);
        let derived = self.derived(map, from, column)?;
        let mut attribute = Attribute::new(name);
        attribute.side = map
            .get("side")
            .and_then(|side| side.one_of([(Side::Fit, "fit"), (Side::Intent, "intent")]))
            .unwrap_or_default();
        attribute.monotone = map.get("monotone").and_then(|field| field.one_of(MONOTONE)).unwrap_or_default();
        attribute.of_arrival = matches!(&derived, Derived::Part(_, moment)
            if from.is_none() && self.arrived.is_some_and(|arrived| arrived.column == moment.column));
        Some(Rule { attribute, kind, from, column, reading, scale, derived })
    }

    fn derived(&self, map: Map<'_>, from: Option<usize>, column: ColumnIndex) -> Option<Derived> {
        let format = map.get("format").and_then(Field::string);
        let Some(part) = map.get("part") else {
            if let Some(format) = map.get("format") {
                format.note("a `format` is that of the time of which a `part` is taken");
            }
            return Some(Derived::Value);
        };
        let choices = Part::ALL.map(|(part, name)| (Some(part), name)).into_iter();
        let chosen = part.one_of(choices.chain([(None, "length"), (None, "words")]))?;
        Some(match (chosen, part.text()?) {
            (Some(part), _) => {
                Derived::Part(part, Moment { column, format: format.or_else(|| self.format_of(from, column)) })
            }
            (None, "length") => Derived::Length,
            (None, _) => Derived::Words,
        })
    }

    /// What `arrived` says of the format of its column holds for the parts of that column too.
    fn format_of(&self, from: Option<usize>, column: ColumnIndex) -> Option<String> {
        self.arrived
            .filter(|arrived| from.is_none() && arrived.column == column)
            .and_then(|arrived| arrived.format.clone())
    }
}

const MONOTONE: [(Monotone, &str); 3] =
    [(Monotone::Free, "free"), (Monotone::Rising, "rising"), (Monotone::Falling, "falling")];

/// The join that `field` names.
pub(super) fn join_named(field: Field<'_>, joins: &[Join]) -> Option<usize> {
    let alias = field.text()?;
    let found = joins.iter().position(|join| join.alias == alias);
    if found.is_none() {
        let hint = field.did_you_mean(alias, joins.iter().map(|join| join.alias.as_str()));
        field.note(format!("nothing is joined as `{alias}`{hint}"));
    }
    found
}
