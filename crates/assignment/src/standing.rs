//! What is in force, read and checked without a lock, and compared under it.
//!
//! The directory must fit the active policy and the policy the directory, so a change of either is checked against the
//! other. Such a check may take a second when they are large, and whoever holds the tenant keeps all routing waiting. So
//! what stands is read and checked first; then the tenant is held, and the change is made only if the same still stands.
//! If not, somebody was faster, and it is all done again.

use api::Error;
use domain::{directory::DirectoryDocument, ids::TenantId};
use store::{Store, StoreError, TenantVersions, Tx};

use crate::error::store_error;

/// How often a change is tried again when another was faster.
pub(crate) const MAX_RACES: u32 = 16;

/// Why a change was not made.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Something else was changed first. Trying again helps.
    Raced,
    /// For a reason that the caller is told.
    Refused(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// What the store's refusal means.
pub(crate) fn rejected(error: StoreError) -> Failed {
    if error.is_race() { Failed::Raced } else { Failed::Refused(store_error(error)) }
}

/// The directory and the versions in force at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub versions: TenantVersions,
    pub directory: DirectoryDocument,
}

impl Standing {
    /// Reads what stands now. Nothing holds it.
    pub(crate) async fn read(store: &Store, tenant: TenantId) -> Result<Self, Failed> {
        let (directory, entities) = store.directory(tenant).await.map_err(rejected)?;
        let versions = store.versions(tenant).await.map_err(rejected)?;
        let versions = TenantVersions { directory, ..versions };
        Ok(Self { versions, directory: DirectoryDocument::from_entities(entities) })
    }

    /// Holds the tenant until the transaction ends, if what was read still stands.
    pub(crate) async fn hold(&self, tx: &mut Tx, tenant: TenantId) -> Result<(), Failed> {
        let now = tx.hold_tenant(tenant).await.map_err(rejected)?;
        let same = (now.directory, now.policy) == (self.versions.directory, self.versions.policy);
        if same { Ok(()) } else { Err(Failed::Raced) }
    }
}

/// Runs what takes long without waiting for anything where it keeps nobody else waiting.
pub(crate) async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a check of a document panicked");
        Error::Internal
    })
}
