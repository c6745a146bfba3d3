//! Tenants and the versions that are in force for each.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use domain::ids::TenantId;
use jiff::Timestamp;
use sqlx::PgConnection;

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

    /// The versions in force now. Nothing holds them: a batch reads them again, by [`crate::Tx::lookup`].
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

/// Locks the tenant's row until the transaction ends, and reads it. It counts as a commit, so that whoever has read before
/// decides again.
async fn hold(connection: &mut PgConnection, tenant: TenantId) -> Result<TenantVersions, StoreError> {
    let row = sqlx::query!(
        "UPDATE tenant SET commits = commits + 1 WHERE tenant_id = $1
         RETURNING directory_version, policy_revision, model_revision",
        tenant.0,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(StoreError::UnknownTenant(tenant))?;
    Ok(TenantVersions { directory: row.directory_version, policy: row.policy_revision, model: row.model_revision })
}

impl Tx {
    /// Keeps everybody else from writing anything of the tenant until this transaction ends: what is in force. It begins the
    /// transaction if need be.
    ///
    /// To be called before anything is read that a write depends on. What was read earlier may have changed; for whoever
    /// looked up before, the write tells.
    pub async fn hold_tenant(&mut self, tenant: TenantId) -> Result<TenantVersions, StoreError> {
        self.begin().await?;
        let statement = self.statement("hold_tenant");
        let held = statement.run(hold(self.enter()?, tenant)).await;
        let versions = self.leave(held)?;
        self.held();
        Ok(versions)
    }

    /// [`Self::hold_tenant`], unless this transaction holds it.
    pub(crate) async fn hold_once(&mut self, tenant: TenantId) -> Result<(), StoreError> {
        if !self.is_held() {
            self.hold_tenant(tenant).await?;
        }
        Ok(())
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
