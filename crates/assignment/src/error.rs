//! What stands in the service's own way, in the words of the API.

use std::time::Duration;

use api::{Error, Precondition};
use snapshots::SnapshotError;
use store::StoreError;

/// When to come back after being shed or after losing a race too often.
const RETRY_AFTER: Duration = Duration::from_millis(200);

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
