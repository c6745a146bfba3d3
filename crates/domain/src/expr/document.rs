//! Conditions and declared attributes as they stand in YAML documents.

use super::{AttributeType, Attributes, ConditionId, ProgramBuilder, is_attribute_name};
use crate::yaml::Field;

/// Most attributes that a document may declare.
const MAX_ATTRIBUTES: usize = 500;

/// Reads the declaration of the tenant's own attributes: a map of names to `text`, `number` or `flag`. What is wrong is
/// noted and left out.
pub fn read_attributes(field: Field<'_>) -> Attributes {
    let mut attributes = Attributes::new();
    let entries = field.entries();
    if entries.len() > MAX_ATTRIBUTES {
        field.note(format!("{} attributes; at most {MAX_ATTRIBUTES} can be declared", entries.len()));
        return attributes;
    }
    for (name, value) in entries {
        if !is_attribute_name(name) {
            let expected = "a letter or _, then letters, digits and _, and no word of the condition language";
            field.note_key(name, format!("`{name}` can't be written in a condition: expected {expected}"));
        } else if let Some(kind) = value.one_of(AttributeType::ALL) {
            attributes.insert(name.to_owned(), kind);
        }
    }
    attributes
}

impl ProgramBuilder {
    /// Adds the condition that stands in a document. What is wrong with it is noted where it stands.
    pub fn add_field(&mut self, field: Field<'_>) -> Option<ConditionId> {
        let errors = match self.add(field.text()?) {
            Ok(id) => return Some(id),
            Err(errors) => errors,
        };
        for error in errors {
            field.note_inside(error.span.start, error.message);
        }
        None
    }
}
