//! What went wrong below, in the words of the API.

use api::{
    Error,
    names::{Resource as _, ScoringModelName},
};
use snapshots::SnapshotError;
use store::StoreError;

/// The store did not do what it was asked; what it said is logged, not told.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn store_error(error: StoreError) -> Error {
    if let StoreError::UnknownRevision { revision, .. } = error {
        return no_model(revision);
    }
    tracing::error!(%error, "the store failed");
    if error.is_unavailable() || error.is_race() { Error::StoreUnavailable } else { Error::Internal }
}

/// The same for what is compiled from it.
pub(crate) fn snapshot_error(error: SnapshotError) -> Error {
    match error {
        SnapshotError::Unknown { revision, .. } => no_model(revision),
        SnapshotError::Store(error) => store_error(error),
        error @ (SnapshotError::NoPolicy | SnapshotError::Unusable { .. }) => {
            tracing::error!(%error, "what is stored can't be used");
            Error::Internal
        }
    }
}

fn no_model(revision: i64) -> Error {
    Error::NotFound { resource: ScoringModelName(Some(revision)).to_name() }
}
