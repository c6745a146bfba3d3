//! `fields`, `constants` and `attributes`: what a row tells of a lead besides signals.

use domain::{
    lead::{AttributeValue, Profile},
    yaml::Field,
};

use super::{
    columns::Columns,
    source::{Kind, Origin, Source, SourceReader, known_keys},
    target::{Slot, TARGETS, Target, TextShape, read_number, shown},
};

/// One field of the lead.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldRule {
    /// Which.
    pub target: Target,
    /// Its value.
    pub source: Source,
}

/// One attribute of the tenant's own.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeRule {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: AttributeType,
    /// Its value.
    pub source: Source,
}

/// The type of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeType {
    /// Text.
    Text,
    /// A finite number.
    Number,
    /// Yes or no: `true`, `yes`, `y`, `1`, or `false`, `no`, `n`, `0`, in any case.
    Flag,
}

impl AttributeType {
    const ALL: [(Self, &'static str); 3] = [(Self::Text, "text"), (Self::Number, "number"), (Self::Flag, "flag")];

    /// The type that mappings call so.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// `value` as an attribute of this type. Errors: what was found and what was expected.
    pub fn read(self, value: &str, scale: Option<f64>) -> Result<AttributeValue, String> {
        match self {
            Self::Text => TextShape::Any.read(value).map(AttributeValue::Text),
            Self::Number => {
                let scaled = read_number(value)? * scale.unwrap_or(1.0);
                let finite = scaled.is_finite().then_some(AttributeValue::Number(scaled));
                finite.ok_or_else(|| format!("{} is too large", shown(value)))
            }
            Self::Flag => match value.to_ascii_lowercase().as_str() {
                "true" | "yes" | "y" | "1" => Ok(AttributeValue::Flag(true)),
                "false" | "no" | "n" | "0" => Ok(AttributeValue::Flag(false)),
                _ => Err(format!("expected yes or no, found {}", shown(value))),
            },
        }
    }

    fn kind(self) -> Kind {
        if self == Self::Number { Kind::Number } else { Kind::Text }
    }
}

/// Reads `fields` and `constants`.
pub(super) fn fields(
    fields: Option<Field<'_>>,
    constants: Option<Field<'_>>,
    blank: &[String],
    columns: &mut Columns,
) -> Vec<FieldRule> {
    let names = TARGETS.map(|target| target.name);
    let fields = fields.and_then(|field| field.map(&names));
    let constants = constants.and_then(|field| field.map(&names));
    let mut rules = Vec::new();
    for target in TARGETS {
        let field = fields.and_then(|map| map.get(target.name));
        let constant = constants.and_then(|map| map.get(target.name));
        if let (Some(_), Some(constant)) = (field, constant) {
            constant.note(format!("`{}` stands under `fields` too", target.name));
        }
        let mapped = field.and_then(|field| field_source(field, target, blank, columns));
        let source = mapped.or_else(|| constant.and_then(|constant| constant_source(constant, target)));
        rules.extend(source.map(|source| FieldRule { target, source }));
    }
    rules
}

fn field_source(field: Field<'_>, target: Target, blank: &[String], columns: &mut Columns) -> Option<Source> {
    let kind = match target.slot {
        Slot::Number(..) => Kind::Number,
        Slot::Technologies => Kind::List,
        Slot::Text(..) | Slot::LeadType => Kind::Text,
    };
    let check = |value: &str, scale: Option<f64>| target.put(&mut Profile::default(), value, scale);
    SourceReader { blank, more: &[], kind, check: &check }.read(field, columns)
}

fn constant_source(field: Field<'_>, target: Target) -> Option<Source> {
    let value = field.text()?;
    match target.put(&mut Profile::default(), value, None) {
        Ok(()) => Some(Source { origin: Origin::Constant(value.to_owned()), scale: None }),
        Err(message) => {
            field.note(message);
            None
        }
    }
}

/// Reads `attributes`.
pub(super) fn attributes(field: Option<Field<'_>>, blank: &[String], columns: &mut Columns) -> Vec<AttributeRule> {
    let Some(field) = field else { return Vec::new() };
    let mut rules: Vec<AttributeRule> = Vec::new();
    for (name, entry) in field.entries() {
        if !is_word(name) {
            field.note_key(name, format!("`{name}` is no attribute name: {WORD}"));
        }
        let Some(map) = entry.map(&known_keys(&["type"])) else { continue };
        let kind =
            map.require("type").and_then(|kind| kind.one_of(AttributeType::ALL.map(|(kind, name)| (kind, name))));
        let judged = kind.unwrap_or(AttributeType::Text);
        let check = |value: &str, scale: Option<f64>| match kind {
            Some(kind) => kind.read(value, scale).map(drop),
            None => Ok(()),
        };
        let source = SourceReader { blank, more: &["type"], kind: judged.kind(), check: &check }.read(entry, columns);
        if let (Some(kind), Some(source)) = (kind, source) {
            rules.push(AttributeRule { name: name.to_owned(), kind, source });
        }
    }
    rules.sort_by(|a, b| a.name.cmp(&b.name));
    rules
}

pub(super) const WORD: &str = "expected 1 to 63 characters of a-z, 0-9 and _, the first a letter";

/// True for what may name an attribute or a signal kind.
pub(crate) fn is_word(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
