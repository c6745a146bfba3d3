//! What stands in a command's way, in the words of the API.

use std::time::Duration;

use api::{Error, Path, Precondition, Violations, etag, names::Resource as _};
use domain::{ids::LeadId, lifecycle::Refusal, ownership::LeadState};
use snapshots::SnapshotError;
use store::StoreError;

/// When to come back after being shed or after losing a race too often.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// The error for a command that was refused.
pub(crate) fn refused(lead: LeadId, refusal: Refusal) -> Error {
    match refusal {
        Refusal::EpochMoved { now, owner, .. } => {
            Error::Aborted { resource: lead.to_name(), etag: etag::of_lead(now), owner: Some(owner) }
        }
        Refusal::NotTheOwner { rep, owner } => Precondition::NotTheOwner { lead, rep, owner }.into(),
        Refusal::WrongState { state: LeadState::Closed, .. } => Precondition::LeadClosed { lead }.into(),
        Refusal::WrongState { command, state } => Precondition::WrongLeadState { lead, state, command }.into(),
        Refusal::NoSuchRep(rep) => Precondition::RepInactive { rep }.into(),
        Refusal::AtCapacity { rep, cap } => Precondition::RepAtCap { rep, cap }.into(),
        Refusal::Time { field, expected } => {
            let mut violations = Violations::default();
            violations.add(&Path::Request.field(field), format!("must {expected}"));
            violations.into()
        }
    }
}

/// More is asked than can be done now.
pub(crate) fn overloaded() -> Error {
    Error::ResourceExhausted { retry_after: RETRY_AFTER }
}

/// There is nothing to decide by.
pub(crate) fn snapshot_error(error: &SnapshotError) -> Error {
    match error {
        SnapshotError::NoPolicy => Precondition::NoActivePolicy.into(),
        SnapshotError::Store(error) if error.is_unavailable() => Error::StoreUnavailable,
        error => {
            tracing::error!(%error, "there is no snapshot");
            Error::Internal
        }
    }
}

/// The store did not do what it was asked; what it said is logged, not told.
#[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
pub(crate) fn store_error(error: StoreError) -> Error {
    tracing::error!(%error, "the store failed");
    if error.is_unavailable() { Error::StoreUnavailable } else { Error::Internal }
}
