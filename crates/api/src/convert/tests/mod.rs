#![expect(clippy::unwrap_used, reason = "tests")]

mod bulk;
mod commands;
mod directory;
mod history;
mod profiles;
mod scores;
mod slas;
mod subscriptions;
mod watches;

use crate::Violations;

/// The fields that are wrong, in order.
fn fields(violations: &Violations) -> Vec<&str> {
    violations.iter().map(|violation| violation.field.as_str()).collect()
}
