//! Whether the active policy fits the directory as it would be.

use api::{
    Error, Precondition,
    names::{PolicyName, Resource as _},
    violations::Violation,
};
use domain::{
    directory::{DirectoryDocument, EntityKind},
    policy::Policy,
    yaml::Problem,
};
use store::PolicyRevision;

/// True when a policy may name entries of that kind.
pub(super) fn is_named_by_policies(kind: EntityKind) -> bool {
    match kind {
        EntityKind::Rep | EntityKind::Pool | EntityKind::Calendar | EntityKind::Team => true,
        EntityKind::Account | EntityKind::Territory | EntityKind::Absence => false,
    }
}

/// The policy, read against that directory.
///
/// Errors: every place that names what is gone or has become something else, as a use of `resource`.
pub(super) fn fit(row: &PolicyRevision, document: &DirectoryDocument, resource: &str) -> Result<Policy, Error> {
    Policy::parse(&row.source, document).map_err(|problems| {
        let users = problems.iter().map(|problem| user(row.revision, problem)).collect();
        Precondition::ResourceInUse { resource: resource.to_owned(), users }.into()
    })
}

fn user(revision: i64, problem: &Problem) -> Violation {
    Violation { field: PolicyName(Some(revision)).to_name(), description: problem.to_string() }
}
