//! Entries of the directory.
//!
//! Readers check what the message alone can tell, and put something harmless in the place of what is wrong; what depends
//! on other entries is for [`domain::directory::DirectoryDocument::check`], whose findings [`blame`] puts in terms of the
//! request, and adds to what the reader noted.

mod absence;
mod account;
mod blame;
mod calendar;
mod mask;
mod pool;
mod rep;
mod summary;
mod team;
mod territory;

pub use absence::{read as read_absence, to_wire as absence_to_wire};
pub use account::{read as read_account, to_wire as account_to_wire};
pub use blame::{Blame, Itemised, blame};
pub use calendar::{read as read_calendar, to_wire as calendar_to_wire};
pub use mask::{Maskable, merge};
pub use pool::{read as read_pool, to_wire as pool_to_wire};
pub use rep::{read as read_rep, to_wire as rep_to_wire};
pub use summary::to_wire as directory_to_wire;
pub use team::{read as read_team, to_wire as team_to_wire};
pub use territory::{read as read_territory, to_wire as territory_to_wire};

use std::str::FromStr;

use super::fields::{MAX_TEXT, fits, name, optional_name, text};
use crate::{Path, Violations, names::Resource};

/// Most entries of a short list in an entry.
const MAX_LIST: usize = 100;
/// Largest bound on leads that a rep or pool can have.
const MAX_COUNT: u32 = 1_000_000;

/// An id in the place of one that can't be read, so that the rest of the entry is checked nonetheless.
pub fn stand_in<T: FromStr>() -> Option<T> {
    "an-entry-of-this-request".parse().ok()
}

/// A reference that must be there, or its stand-in.
fn required_reference<T: Resource + FromStr>(value: &str, path: &Path<'_>, violations: &mut Violations) -> Option<T> {
    name(value, path, violations).or_else(stand_in)
}

/// A reference that may be absent; blank is absent.
fn reference<T: Resource>(value: Option<&String>, path: &Path<'_>, violations: &mut Violations) -> Option<T> {
    optional_name(value?, path, violations)
}

/// A list of references.
fn references<T: Resource>(values: &[String], path: &Path<'_>, violations: &mut Violations) -> Vec<T> {
    if !fits(values.len(), MAX_LIST, path, violations) {
        return Vec::new();
    }
    values.iter().enumerate().filter_map(|(index, value)| name(value, &path.item(index), violations)).collect()
}

/// A list of words, each put into its usual form by `form`.
fn words(
    values: Vec<String>,
    most: usize,
    form: impl Fn(String) -> String,
    path: &Path<'_>,
    violations: &mut Violations,
) -> Vec<String> {
    if !fits(values.len(), most, path, violations) {
        return Vec::new();
    }
    let mut words = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        match text(value, MAX_TEXT, &path.item(index), violations) {
            Some(word) => words.push(form(word)),
            None => violations.add(&path.item(index), "is blank"),
        }
    }
    words
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `words` wants")]
fn lower(word: String) -> String {
    word.to_lowercase()
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `words` wants")]
fn upper(word: String) -> String {
    word.to_uppercase()
}

/// A bound on leads: 1 to [`MAX_COUNT`].
fn bound(value: Option<i32>, path: &Path<'_>, violations: &mut Violations) -> Option<u32> {
    let value = value?;
    let bound = u32::try_from(value).ok().filter(|bound| (1..=MAX_COUNT).contains(bound));
    if bound.is_none() {
        violations.add(path, format!("is {value}: expected 1 to {MAX_COUNT}, or absent for no bound"));
    }
    bound
}

/// The wire form of a bound.
fn bound_to_wire(bound: Option<u32>) -> Option<i32> {
    bound.map(|bound| i32::try_from(bound).unwrap_or(i32::MAX))
}
