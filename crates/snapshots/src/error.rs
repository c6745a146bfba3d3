//! Why there is nothing to decide or score by.

use domain::yaml::Problem;
use store::StoreError;

/// Why something can't be had compiled.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The tenant has no active policy.
    #[error("no policy is active")]
    NoPolicy,
    /// There is no such revision.
    #[error("there is no {what} with revision {revision}")]
    Unknown {
        /// `policy` or `scoring model`.
        what: &'static str,
        /// The revision asked for.
        revision: i64,
    },
    /// A stored document does not compile: a bug, or somebody wrote to the store by hand.
    #[error("the stored {what} {version} can't be used: {why}")]
    Unusable {
        /// `directory`, `policy` or `scoring model`.
        what: &'static str,
        /// Its version or revision.
        version: i64,
        /// The first thing that is wrong.
        why: String,
    },
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SnapshotError {
    pub(crate) fn unusable(what: &'static str, version: i64, why: String) -> Self {
        Self::Unusable { what, version, why }
    }

    pub(crate) fn of_document(what: &'static str, version: i64, problems: &[Problem]) -> Self {
        Self::unusable(what, version, problems.first().map_or_else(String::new, ToString::to_string))
    }
}
