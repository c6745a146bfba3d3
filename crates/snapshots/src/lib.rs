//! What is stored, compiled: directories, policies and points models by version, kept for the services that decide and
//! score by them.
//!
//! A version never changes, so nothing here goes out of date but the calendars of a directory, which are compiled for some
//! years around a moment; therefore everything is compiled anew once a day.

mod audit;
mod cache;
mod error;

use std::{
    collections::{BTreeSet, HashMap},
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{
    directory::DirectoryDocument,
    ids::{PoolId, RepId, TenantId},
    ownership::Ownership,
    policy::{Policy, SlaPolicy},
    score::{ModelRevision, ScoringModel},
    snapshot::{DirectoryIndex, Snapshot},
};
use jiff::{SignedDuration, Timestamp};
use store::{Store, TenantVersions};

pub use error::SnapshotError;

use cache::Cache;

/// Everything is compiled anew after this long.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);
/// Directories that are kept compiled; one of a large company may take tens of megabytes.
const DIRECTORIES: NonZeroUsize = NonZeroUsize::new(32).unwrap();
/// Policies and models that are kept compiled, some hundred kilobytes each at most.
const DOCUMENTS: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// The compiled directories, policies, points models and snapshots of all tenants.
#[derive(Debug)]
pub struct Snapshots {
    store: Store,
    current: Mutex<HashMap<TenantId, (Timestamp, Arc<Snapshot>)>>,
    directories: Cache<DirectoryIndex>,
    policies: Cache<Policy>,
    models: Cache<ScoringModel>,
}

impl Snapshots {
    /// None compiled yet.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            current: Mutex::default(),
            directories: Cache::new(DIRECTORIES),
            policies: Cache::new(DOCUMENTS),
            models: Cache::new(DOCUMENTS),
        }
    }

    /// The snapshot of those versions, if it is the tenant's last one: without waiting for anything.
    pub fn kept(&self, tenant: TenantId, versions: &TenantVersions, now: Timestamp) -> Option<Arc<Snapshot>> {
        let (compiled_at, snapshot) = self.lock_current().get(&tenant).cloned()?;
        let same =
            (snapshot.directory.version, Some(snapshot.policy_revision)) == (versions.directory, versions.policy);
        (same && is_fresh(compiled_at, now)).then_some(snapshot)
    }

    /// The snapshot of those versions. Each tenant's last one is kept.
    ///
    /// Errors: [`SnapshotError::NoPolicy`] when no policy is active.
    pub async fn of(
        &self,
        tenant: TenantId,
        versions: &TenantVersions,
        now: Timestamp,
    ) -> Result<Arc<Snapshot>, SnapshotError> {
        let revision = versions.policy.ok_or(SnapshotError::NoPolicy)?;
        if let Some(kept) = self.kept(tenant, versions, now) {
            return Ok(kept);
        }
        let snapshot = Arc::new(self.at(tenant, versions.directory, revision, now).await?);
        self.lock_current().insert(tenant, (now, Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    /// The snapshot of any two versions, past ones too.
    pub async fn at(
        &self,
        tenant: TenantId,
        directory: i64,
        revision: i64,
        now: Timestamp,
    ) -> Result<Snapshot, SnapshotError> {
        let directory = self.directory(tenant, directory, now).await?;
        Ok(Snapshot::new(directory, self.policy(tenant, revision, now).await?, revision))
    }

    /// The SLA policy of a lead's running chain: that of the policy revision which started it. `None`: none runs.
    pub async fn sla_of(
        &self,
        tenant: TenantId,
        ownership: &Ownership,
        now: Timestamp,
    ) -> Result<Option<Arc<SlaPolicy>>, SnapshotError> {
        let Some(name) = &ownership.sla else { return Ok(None) };
        Ok(self.policy(tenant, ownership.policy_revision, now).await?.slas.get(name).cloned())
    }

    /// A directory, indexed; version 0 is empty.
    pub async fn directory(
        &self,
        tenant: TenantId,
        version: i64,
        now: Timestamp,
    ) -> Result<Arc<DirectoryIndex>, SnapshotError> {
        let compile = || async {
            let document = DirectoryDocument::from_entities(self.store.directory_as_of(tenant, version).await?);
            DirectoryIndex::compile(version, document, now)
                .map_err(|error| SnapshotError::unusable("directory", version, error.to_string()))
        };
        self.directories.get((tenant, version), now, compile).await
    }

    /// A policy. It is read against the directory that it was written against: what it names may be gone since.
    pub async fn policy(&self, tenant: TenantId, revision: i64, now: Timestamp) -> Result<Arc<Policy>, SnapshotError> {
        let parse = || async {
            let row = self.store.policy(tenant, revision).await?;
            let row = row.ok_or(SnapshotError::Unknown { what: "policy", revision })?;
            let directory = self.directory(tenant, row.directory_version, now).await?;
            Policy::parse(&row.source, &directory.document)
                .map_err(|problems| SnapshotError::of_document("policy", revision, &problems))
        };
        self.policies.get((tenant, revision), now, parse).await
    }

    /// A points model, whose scores are marked with its revision.
    pub async fn model(
        &self,
        tenant: TenantId,
        revision: i64,
        now: Timestamp,
    ) -> Result<Arc<ScoringModel>, SnapshotError> {
        let parse = || async {
            let row = self.store.model(tenant, revision).await?;
            let row = row.ok_or(SnapshotError::Unknown { what: "scoring model", revision })?;
            ScoringModel::parse(&row.source)
                .map(|model| model.with_revision(ModelRevision(revision)))
                .map_err(|problems| SnapshotError::of_document("scoring model", revision, &problems))
        };
        self.models.get((tenant, revision), now, parse).await
    }

    /// What is behind the lock is a cache: whatever a panic left in it is as good as before.
    fn lock_current(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, (Timestamp, Arc<Snapshot>)>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pools that those reps are in, ascending.
pub fn pools_of(snapshot: &Snapshot, reps: &[RepId]) -> Vec<PoolId> {
    let entries = reps.iter().filter_map(|rep| snapshot.directory.rep(rep));
    entries.flat_map(|entry| entry.pools.iter().cloned()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A clock that was put back makes nothing fresh.
fn is_fresh(compiled_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(compiled_at).abs() < MAX_AGE
}
