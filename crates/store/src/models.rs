//! Scoring models: immutable revisions of text, one of them in force.

use domain::ids::TenantId;
use jiff::Timestamp;
use sqlx::PgConnection;

use crate::{
    error::StoreError,
    pool::Store,
    time::{SqlTime, from_opt, time},
    tx::Tx,
};

/// One revision of a scoring model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoringModelRevision {
    /// 1, 2, 3 ... per tenant.
    pub revision: i64,
    /// The text as it was written.
    pub source: String,
    /// When it was stored.
    pub created_at: Timestamp,
    /// Who stored it.
    pub created_by: String,
    /// When it was last put in force; `None`: never.
    pub activated_at: Option<Timestamp>,
}

struct ModelRow {
    revision: i64,
    source: String,
    created_at: SqlTime,
    created_by: String,
    activated_at: Option<SqlTime>,
}

impl From<ModelRow> for ScoringModelRevision {
    fn from(row: ModelRow) -> Self {
        let ModelRow { revision, source, created_at, created_by, activated_at } = row;
        let (created_at, activated_at) = (created_at.to_jiff(), from_opt(activated_at));
        Self { revision, source, created_at, created_by, activated_at }
    }
}

/// Rows of `scoring_model` that fulfil the condition.
macro_rules! select_models {
    ($condition:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            ModelRow,
            r#"SELECT revision, source, created_at AS "created_at: _", created_by,
                      activated_at AS "activated_at: _"
               FROM scoring_model WHERE tenant_id = $1 AND "# + $condition,
            $($argument),+
        )
    };
}

impl Store {
    /// One revision of the scoring model.
    pub async fn model(&self, tenant: TenantId, revision: i64) -> Result<Option<ScoringModelRevision>, StoreError> {
        let row = select_models!("revision = $2", tenant.0, revision);
        Ok(row.fetch_optional(&self.pool).await?.map(Into::into))
    }

    /// Revisions of the scoring model, newest first, at most `limit`, those before `before`.
    pub async fn models(
        &self,
        tenant: TenantId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<ScoringModelRevision>, StoreError> {
        let before = before.unwrap_or(i64::MAX);
        let rows = select_models!("revision < $2 ORDER BY revision DESC LIMIT $3", tenant.0, before, limit);
        Ok(rows.fetch_all(&self.pool).await?.into_iter().map(Into::into).collect())
    }

    /// [`Tx::insert_model`] in a transaction of its own.
    pub async fn insert_model(
        &self,
        tenant: TenantId,
        source: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let mut tx = self.begin("insert_model").await?;
        let revision = tx.insert_model(tenant, source, actor, now).await?;
        tx.commit().await?;
        Ok(revision)
    }

    /// [`Tx::activate_model`] in a transaction of its own.
    pub async fn activate_model(&self, tenant: TenantId, revision: i64, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin("activate_model").await?;
        tx.activate_model(tenant, revision, now).await?;
        tx.commit().await
    }

    /// The active revision of the scoring model; this source is stored and put in force if none is.
    pub async fn ensure_model(
        &self,
        tenant: TenantId,
        source: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let mut tx = self.begin("ensure_model").await?;
        let active = tx.hold_tenant(tenant).await?.model;
        let revision = if let Some(active) = active {
            active
        } else {
            let revision = tx.insert_model(tenant, source, actor, now).await?;
            tx.activate_model(tenant, revision, now).await?;
            revision
        };
        tx.commit().await?;
        Ok(revision)
    }
}

impl Tx {
    /// Stores a scoring model as the tenant's next revision, which is returned. It is not in force yet.
    pub async fn insert_model(
        &mut self,
        tenant: TenantId,
        source: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        self.hold_once(tenant).await?;
        let statement = self.statement("insert_model");
        let inserted = insert(self.enter()?, tenant, source, actor, now);
        let revision = statement.run(inserted).await;
        self.leave(revision)
    }

    /// Puts a revision of the scoring model in force, once the batches that decide by the old one are through.
    pub async fn activate_model(&mut self, tenant: TenantId, revision: i64, now: Timestamp) -> Result<(), StoreError> {
        self.hold_once(tenant).await?;
        let statement = self.statement("activate_model");
        let activated = statement.run(activate(self.enter()?, tenant, revision, now)).await;
        self.leave(activated)
    }
}

/// Holding the tenant makes "the next revision" one that nobody else takes.
async fn insert(
    connection: &mut PgConnection,
    tenant: TenantId,
    source: &str,
    actor: &str,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let revision = sqlx::query_scalar!(
        "INSERT INTO scoring_model (tenant_id, revision, source, created_at, created_by)
         SELECT $1, coalesce(max(revision), 0) + 1, $2, $3, $4 FROM scoring_model WHERE tenant_id = $1
         RETURNING revision",
        tenant.0,
        source,
        time(now) as SqlTime,
        actor,
    );
    Ok(revision.fetch_one(connection).await?)
}

async fn activate(
    connection: &mut PgConnection,
    tenant: TenantId,
    revision: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let update = sqlx::query!(
        "WITH activated AS (
             UPDATE scoring_model SET activated_at = $3 WHERE tenant_id = $1 AND revision = $2 RETURNING revision
         )
         UPDATE tenant SET model_revision = activated.revision FROM activated WHERE tenant_id = $1",
        tenant.0,
        revision,
        time(now) as SqlTime,
    );
    match update.execute(connection).await?.rows_affected() {
        0 => Err(StoreError::UnknownRevision { what: "scoring model", revision }),
        _ => Ok(()),
    }
}
