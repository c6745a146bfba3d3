//! Update masks: which fields of an entry a request changes.

use domain::yaml::did_you_mean;

use crate::{Path, Violations, names::shorten};

/// A message whose fields can be changed one by one.
pub trait Maskable: Sized {
    /// The fields that can be changed.
    const FIELDS: &'static [&'static str];

    /// Takes the field of that name from `patch`.
    fn take(&mut self, field: &str, patch: &mut Self);

    /// True when the field of that name is not at its default.
    fn is_set(&self, field: &str) -> bool;
}

/// Names the fields of a message that can be changed.
macro_rules! maskable {
    ($message:ty { $($field:ident),* $(,)? }) => {
        impl $crate::convert::directory::Maskable for $message {
            const FIELDS: &'static [&'static str] = &[$(stringify!($field)),*];

            fn take(&mut self, field: &str, patch: &mut Self) {
                match field {
                    $(stringify!($field) => self.$field = std::mem::take(&mut patch.$field),)*
                    _ => {}
                }
            }

            fn is_set(&self, field: &str) -> bool {
                let unset = Self::default();
                match field {
                    $(stringify!($field) => self.$field != unset.$field,)*
                    _ => false,
                }
            }
        }
    };
}

pub(super) use maskable;

/// `current` with what `mask` names taken from `patch`; `*` names all fields, and no mask those that are set.
///
/// An unknown field is noted under `update_mask`.
pub fn merge<T: Maskable>(
    mut current: T,
    mut patch: T,
    mask: Option<&prost_types::FieldMask>,
    violations: &mut Violations,
) -> T {
    let all = || T::FIELDS.iter().copied();
    let fields: Vec<&str> = match mask {
        None => all().filter(|field| patch.is_set(field)).collect(),
        Some(mask) if mask.paths.iter().any(|path| path == "*") => all().collect(),
        Some(mask) => mask.paths.iter().map(String::as_str).collect(),
    };
    for field in fields {
        if T::FIELDS.contains(&field) {
            current.take(field, &mut patch);
        } else {
            let hint = did_you_mean(field, all());
            let known = T::FIELDS.join(", ");
            let description = format!("`{}` can't be changed: expected {known} or *{hint}", shorten(field));
            violations.add(&Path::Request.field("update_mask"), description);
        }
    }
    current
}
