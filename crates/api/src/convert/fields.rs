//! Reading single fields, with the bounds that the contract gives them.

use std::fmt::Display;

use uuid::Uuid;

use crate::{
    Path, Violations,
    names::{self, Resource, shorten},
};

/// Longest text, in characters, where the contract says nothing else.
pub const MAX_TEXT: usize = 500;
/// Longest e-mail address.
pub const MAX_EMAIL: usize = 320;
/// Most entries of a batch.
pub const MAX_BATCH: usize = 1_000;
/// Largest amount of money, whole US dollars.
pub const MAX_DOLLARS: i64 = 1_000_000_000_000_000;
/// Most people at a company.
pub const MAX_PEOPLE: i64 = 100_000_000;

/// A text without the white space around it; blank is `None`. Control characters other than tab and line ends are refused:
/// stores and terminals choke on them.
pub fn text(value: String, most: usize, path: &Path<'_>, violations: &mut Violations) -> Option<String> {
    let trimmed = value.trim();
    if trimmed.is_empty() {
        return None;
    }
    // Bytes bound characters, so most texts are not counted twice.
    if trimmed.len() > most {
        let length = trimmed.chars().count();
        if length > most {
            violations.add(path, format!("is {length} characters long: expected at most {most}"));
        }
    }
    if let Some(bad) = trimmed.chars().find(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        violations.add(path, format!("holds the control character {bad:?}"));
    }
    Some(if trimmed.len() == value.len() { value } else { trimmed.to_owned() })
}

/// The same for a field that may be absent.
pub fn optional_text(value: Option<String>, path: &Path<'_>, violations: &mut Violations) -> Option<String> {
    text(value?, MAX_TEXT, path, violations)
}

/// A text that must be there.
pub fn required_text(value: String, path: &Path<'_>, violations: &mut Violations) -> Option<String> {
    let text = text(value, MAX_TEXT, path, violations);
    if text.is_none() {
        violations.add(path, "is blank: a value is required");
    }
    text
}

/// A number from 0 to `most`.
pub fn amount(value: Option<i64>, most: i64, path: &Path<'_>, violations: &mut Violations) -> Option<i64> {
    let value = value?;
    if !(0..=most).contains(&value) {
        violations.add(path, format!("is {value}: expected 0 to {most}"));
    }
    Some(value)
}

/// False, and noted, when a list has more items than allowed.
pub fn fits(length: usize, most: usize, path: &Path<'_>, violations: &mut Violations) -> bool {
    let fits = length <= most;
    if !fits {
        violations.add(path, format!("has {length} entries: expected at most {most}"));
    }
    fits
}

/// False, and noted, when a batch is empty or too large.
pub fn batch_fits(length: usize, path: &Path<'_>, violations: &mut Violations) -> bool {
    if length == 0 {
        violations.add(path, format!("is empty: expected 1 to {MAX_BATCH} entries"));
        return false;
    }
    fits(length, MAX_BATCH, path, violations)
}

/// A resource name that must be there.
pub fn name<T: Resource>(value: &str, path: &Path<'_>, violations: &mut Violations) -> Option<T> {
    if value.is_empty() {
        violations.add(path, format!("is blank: expected `{}`", T::PATTERN));
        return None;
    }
    noted(names::parse(value), path, violations)
}

/// A resource name that may be blank.
pub fn optional_name<T: Resource>(value: &str, path: &Path<'_>, violations: &mut Violations) -> Option<T> {
    if value.is_empty() { None } else { noted(names::parse(value), path, violations) }
}

/// The id under which the caller wants a resource to be created.
pub fn id<T>(value: &str, path: &Path<'_>, violations: &mut Violations) -> Option<T>
where
    T: std::str::FromStr<Err: Display>,
{
    noted(value.parse(), path, violations)
}

/// The caller's id of a mutation, which may be blank.
pub fn request_id(value: &str, path: &Path<'_>, violations: &mut Violations) -> Option<Uuid> {
    if value.is_empty() {
        return None;
    }
    let id = Uuid::try_parse(value).ok().filter(|id| !id.is_nil());
    if id.is_none() {
        let found = shorten(value);
        violations
            .add(path, format!("`{found}` is not a UUID: expected one such as 01890a5d-ac96-774b-bcce-b302099a8057"));
    }
    id
}

/// A value of an enum that this server knows; `UNSPECIFIED` is one.
pub fn known<E: TryFrom<i32>>(value: i32, path: &Path<'_>, violations: &mut Violations) -> Option<E> {
    let known = E::try_from(value).ok();
    if known.is_none() {
        violations.add(path, format!("is {value}, which is not a value of this enum"));
    }
    known
}

/// The value, or `None` with the error noted.
pub fn noted<T, E: Display>(result: Result<T, E>, path: &Path<'_>, violations: &mut Violations) -> Option<T> {
    result.map_err(|error| violations.add(path, error.to_string())).ok()
}
