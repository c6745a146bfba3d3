//! Tenants and the versions that are in force for each.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use domain::ids::TenantId;
use jiff::Timestamp;
use sqlx::PgConnection;
use tracing::Instrument as _;

use crate::{
    error::StoreError,
    pool::Store,
    time::{SqlTime, time},
    tx::Tx,
};

/// Which directory, policy and scoring model are in force for a tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TenantVersions {
    /// Version of the directory; 0: empty.
    pub directory: i64,
    /// Revision of the active policy.
    pub policy: Option<i64>,
    /// Revision of the active scoring model; `None`: the one that the program ships.
    pub model: Option<i64>,
}

impl Store {
    /// The tenant of that name, made if there is none.
    pub async fn ensure_tenant(&self, slug: &str, now: Timestamp) -> Result<TenantId, StoreError> {
        if let Some(tenant) = self.tenant(slug).await? {
            return Ok(tenant);
        }
        sqlx::query!(
            "INSERT INTO tenant (slug, created_at) VALUES ($1, $2) ON CONFLICT (slug) DO NOTHING",
            slug,
            time(now) as SqlTime,
        )
        .execute(&self.pool)
        .await?;
        let id =
            sqlx::query_scalar!("SELECT tenant_id FROM tenant WHERE slug = $1", slug).fetch_one(&self.pool).await?;
        Ok(TenantId(id))
    }

    /// The tenant of that name. Ask once and remember: it never changes.
    pub async fn tenant(&self, slug: &str) -> Result<Option<TenantId>, StoreError> {
        let id = sqlx::query_scalar!("SELECT tenant_id FROM tenant WHERE slug = $1", slug);
        Ok(id.fetch_optional(&self.pool).await?.map(TenantId))
    }

    /// The tenants, by id.
    pub async fn tenants(&self) -> Result<Vec<(TenantId, String)>, StoreError> {
        let rows = sqlx::query!("SELECT tenant_id, slug FROM tenant ORDER BY tenant_id").fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|row| (TenantId(row.tenant_id), row.slug)).collect())
    }

    /// The versions in force now. Nothing holds them: a batch reads them again, with a lock, by [`crate::Tx::lookup`].
    pub async fn versions(&self, tenant: TenantId) -> Result<TenantVersions, StoreError> {
        let row = sqlx::query!(
            "SELECT directory_version, policy_revision, model_revision FROM tenant WHERE tenant_id = $1",
            tenant.0,
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(StoreError::UnknownTenant(tenant))?;
        Ok(TenantVersions { directory: row.directory_version, policy: row.policy_revision, model: row.model_revision })
    }
}

/// First key of the transaction-level advisory lock through which batches (shared) and changes (exclusive) go before they
/// lock the tenant's row; the second is the tenant.
///
/// The row's lock alone is right, and where advisory locks do nothing it stays so. But it is unfair: whoever comes to share
/// it joins those who share it already. With 16 batches at a time, of which some always overlap, a change waited 6 and 16
/// seconds at worst (two runs of 20 changes), behind the gate 12 and 23 milliseconds. The advisory lock is granted in the
/// order of asking; it costs about 5 us and no round trip. Everybody takes it right before the row, in the same statement,
/// so it adds no order of locks of its own; who takes it exclusively may take it shared afterwards, never the other way round.
pub(crate) const GATE: i32 = 0x1ead;

/// Locks the tenant's row against batches that are under way and others who change what is in force, and reads it.
pub(crate) async fn lock_versions(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<TenantVersions, StoreError> {
    let row = sqlx::query!(
        "WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock($2, $1))
         SELECT t.directory_version, t.policy_revision, t.model_revision
         FROM gate, tenant AS t WHERE t.tenant_id = $1 FOR UPDATE OF t",
        tenant.0,
        GATE,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(StoreError::UnknownTenant(tenant))?;
    Ok(TenantVersions { directory: row.directory_version, policy: row.policy_revision, model: row.model_revision })
}

impl Tx {
    /// Locks the tenant's row against batches that are under way and against others who change what is in force, until
    /// this transaction ends: what is in force. To be called before [`Self::lookup`] by whoever wants to change it.
    pub async fn hold_tenant(&mut self, tenant: TenantId) -> Result<TenantVersions, StoreError> {
        self.enter()?;
        let statement = self.statement("hold_tenant");
        let versions = lock_versions(&mut self.connection, tenant).instrument(statement).await;
        self.leave(versions)
    }
}

/// Remembers which tenant a name belongs to, so that a request does not ask for it: that never changes.
///
/// A name that belongs to nobody is asked for again each time, for it may be given to somebody at any moment.
#[derive(Debug)]
pub struct Tenants {
    store: Store,
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    ids: HashMap<Arc<str>, TenantId>,
    slugs: HashMap<TenantId, Arc<str>>,
}

impl Tenants {
    /// Knows none yet.
    pub fn new(store: Store) -> Self {
        Self { store, known: RwLock::default() }
    }

    /// The tenant of that name; `None`: there is none.
    pub async fn id(&self, slug: &str) -> Result<Option<TenantId>, StoreError> {
        let known = self.read(|known| known.ids.get(slug).copied());
        if known.is_some() {
            return Ok(known);
        }
        let found = self.store.tenant(slug).await?;
        Ok(found.inspect(|tenant| drop(self.remember(*tenant, slug))))
    }

    /// The name of that tenant; `None`: there is no such tenant.
    pub async fn slug(&self, tenant: TenantId) -> Result<Option<Arc<str>>, StoreError> {
        let known = self.read(|known| known.slugs.get(&tenant).cloned());
        if known.is_some() {
            return Ok(known);
        }
        let found = sqlx::query_scalar!("SELECT slug FROM tenant WHERE tenant_id = $1", tenant.0);
        let found = found.fetch_optional(&self.store.pool).await?;
        Ok(found.map(|slug| self.remember(tenant, &slug)))
    }

    fn read<T>(&self, find: impl FnOnce(&Known) -> T) -> T {
        find(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn remember(&self, tenant: TenantId, slug: &str) -> Arc<str> {
        let slug: Arc<str> = slug.into();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.ids.insert(Arc::clone(&slug), tenant);
        known.slugs.insert(tenant, Arc::clone(&slug));
        slug
    }
}
