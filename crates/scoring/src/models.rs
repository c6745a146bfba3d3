//! What each tenant's leads are scored by: its active points model, and its directory for the account of a lead.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use api::{Error, Precondition};
use domain::{ids::TenantId, score::ScoringModel, snapshot::DirectoryIndex};
use jiff::Timestamp;
use snapshots::{SnapshotError, Snapshots};
use store::{Store, TenantVersions};
use tokio::time::Instant;

use crate::error::snapshot_error;

/// The store is asked at most once in this time and tenant which versions are in force. So a model that is activated scores
/// within a second, and one store serves any number of scoring services.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What a tenant scores by, as of the last look.
#[derive(Debug)]
pub(crate) struct InForce {
    /// The active model.
    pub(crate) model: Option<Arc<ScoringModel>>,
    /// Accounts by domain and name.
    pub(crate) directory: Arc<DirectoryIndex>,
}

/// The points models and directories of all tenants.
#[derive(Debug)]
pub(crate) struct Models {
    store: Store,
    snapshots: Snapshots,
    tenants: Mutex<HashMap<TenantId, Arc<Watch>>>,
}

/// One tenant under watch.
#[derive(Debug, Default)]
struct Watch {
    seen: RwLock<Option<Seen>>,
    /// Held by the one who looks.
    looking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Seen {
    looked_at: Instant,
    versions: TenantVersions,
    in_force: Arc<InForce>,
}

impl Models {
    pub(crate) fn new(store: Store) -> Self {
        Self { snapshots: Snapshots::new(store.clone()), store, tenants: Mutex::default() }
    }

    /// What the tenant scores by now.
    ///
    /// While somebody looks for changes, and when the store does not answer, everybody goes on with what was seen last;
    /// only the first look is waited for.
    pub(crate) async fn in_force(&self, tenant: TenantId, now: Timestamp) -> Result<Arc<InForce>, Error> {
        let watch = self.watch(tenant);
        let seen = watch.seen();
        if let Some(seen) = &seen
            && seen.looked_at.elapsed() < LOOK_AGAIN
        {
            return Ok(Arc::clone(&seen.in_force));
        }
        let _looking = match (watch.looking.try_lock(), seen) {
            (Ok(looking), _) => looking,
            (Err(_), Some(seen)) => return Ok(seen.in_force),
            (Err(_), None) => watch.looking.lock().await,
        };
        // Who waited finds what the one before saw.
        let last = watch.seen();
        if let Some(seen) = &last
            && seen.looked_at.elapsed() < LOOK_AGAIN
        {
            return Ok(Arc::clone(&seen.in_force));
        }
        let seen = match (self.look(tenant, last.as_ref(), now).await, last) {
            (Ok(seen), _) => seen,
            (Err(error), Some(last)) => {
                tracing::warn!(%error, "no look at what is in force; scoring goes on by what was seen last");
                Seen { looked_at: Instant::now(), ..last }
            }
            (Err(error), None) => return Err(snapshot_error(error)),
        };
        let in_force = Arc::clone(&seen.in_force);
        watch.note(Some(seen));
        Ok(in_force)
    }

    /// The model of that revision; the active one for `None`.
    pub(crate) async fn model(
        &self,
        tenant: TenantId,
        revision: Option<i64>,
        in_force: &InForce,
        now: Timestamp,
    ) -> Result<Arc<ScoringModel>, Error> {
        match (revision, &in_force.model) {
            (Some(revision), Some(active)) if active.revision().0 == revision => Ok(Arc::clone(active)),
            (Some(revision), _) => self.snapshots.model(tenant, revision, now).await.map_err(snapshot_error),
            (None, Some(active)) => Ok(Arc::clone(active)),
            (None, None) => Err(Precondition::NoActiveScoringModel.into()),
        }
    }

    /// Makes the next one look: something was changed here.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.watch(tenant).note(None);
    }

    async fn look(&self, tenant: TenantId, last: Option<&Seen>, now: Timestamp) -> Result<Seen, SnapshotError> {
        let looked_at = Instant::now();
        let versions = self.store.versions(tenant).await?;
        if let Some(last) = last.filter(|last| last.versions == versions) {
            return Ok(Seen { looked_at, ..last.clone() });
        }
        let directory = self.snapshots.directory(tenant, versions.directory, now).await?;
        let model = match versions.model {
            Some(revision) => Some(self.snapshots.model(tenant, revision, now).await?),
            None => None,
        };
        Ok(Seen { looked_at, versions, in_force: Arc::new(InForce { model, directory }) })
    }

    fn watch(&self, tenant: TenantId) -> Arc<Watch> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tenants.entry(tenant).or_default())
    }
}

impl Watch {
    fn seen(&self) -> Option<Seen> {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, seen: Option<Seen>) {
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = seen;
    }
}
