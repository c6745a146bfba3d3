//! Where an attribute of a learned model is found in what is known of a lead.

use std::borrow::Cow;

use super::Value;
use crate::{
    expr::{Attributes, Facts, FieldReader, FieldValue, Schema},
    lead::AttributeValue,
};

/// Before the name of one of the tenant's own attributes; it may be left out.
const OWN: &str = "lead.attributes.";
/// Longest name of one of them, in characters.
const MAX_NAME: usize = 63;
/// Names that begin with one of these are fields.
const GROUPS: [&str; 2] = ["lead.", "account."];

/// An attribute that a model asks for.
#[derive(Debug, Clone)]
pub(super) struct Attribute {
    source: Source,
    is_number: bool,
}

#[derive(Debug, Clone)]
enum Source {
    Field(FieldReader),
    Own(String),
}

/// What is known of it. A number where a level is asked for is one by its digits; a text that is no number where one is asked
/// for is blank.
#[derive(Debug, Clone)]
pub(super) enum Known<'a> {
    Blank,
    Number(f64),
    Level(Cow<'a, str>),
}

impl Attribute {
    /// Errors: there is no such field, it is a list, or no lead can have an attribute of that name.
    pub(super) fn find(name: &str, is_number: bool) -> Result<Self, String> {
        let own = name.strip_prefix(OWN);
        let source = if let Some(own) = own.or(Some(name)).filter(|own| is_own_name(own)) {
            Source::Own(own.to_owned())
        } else if own.is_none() && GROUPS.iter().any(|group| name.starts_with(group)) {
            let schema = Schema::for_model(&Attributes::new());
            let field = schema.reader(name).ok_or_else(|| {
                let like = crate::yaml::did_you_mean(name, schema.names());
                format!("`{name}` is no field of a lead or an account{like}")
            })?;
            if field.is_list() {
                return Err(format!("`{name}` is a list: expected a field with one value"));
            }
            Source::Field(field)
        } else {
            return Err(format!(
                "no lead can have an attribute `{name}`: expected a field (`lead.country`), or 1 to {MAX_NAME} characters of a-z, 0-9 \
                 and _, the first a letter; give it such a name in the mapping"
            ));
        };
        Ok(Self { source, is_number })
    }

    pub(super) fn read<'a>(&self, facts: &Facts<'a>) -> Known<'a> {
        let value = match &self.source {
            Source::Field(field) => field.read(facts),
            Source::Own(name) => match facts.lead.attributes.get(name) {
                Some(AttributeValue::Text(text)) if !text.is_empty() => FieldValue::Text(text),
                Some(AttributeValue::Number(number)) => FieldValue::Number(*number),
                Some(AttributeValue::Flag(flag)) => FieldValue::Flag(*flag),
                Some(AttributeValue::Text(_)) | None => FieldValue::Blank,
            },
        };
        match (value, self.is_number) {
            (FieldValue::Blank, _) => Known::Blank,
            (FieldValue::Number(number), true) => Known::Number(number),
            (FieldValue::Number(number), false) => Known::Level(number.to_string().into()),
            (FieldValue::Text(text), true) => text.trim().parse().map_or(Known::Blank, Known::Number),
            (FieldValue::Text(text), false) => Known::Level(text.into()),
            (FieldValue::Flag(flag), true) => Known::Number(f64::from(u8::from(flag))),
            (FieldValue::Flag(flag), false) => Known::Level(if flag { "true" } else { "false" }.into()),
        }
    }
}

/// As the contract has the keys of `LeadProfile.attributes`.
fn is_own_name(name: &str) -> bool {
    let rest = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    name.len() <= MAX_NAME && name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(rest)
}

impl Known<'_> {
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Self::Blank => Value::Blank,
            Self::Number(number) => Value::Number(*number),
            Self::Level(level) => Value::Level(level),
        }
    }
}
