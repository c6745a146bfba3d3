//! Policies and scoring models: immutable revisions of text, one of each in force.

use domain::ids::TenantId;
use jiff::Timestamp;
use sqlx::PgConnection;
use tracing::Instrument as _;

use crate::{
    error::StoreError,
    pool::Store,
    tenant::{TenantVersions, lock_versions},
    time::{SqlTime, from_opt, time},
    tx::Tx,
};

/// One revision of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRevision {
    /// 1, 2, 3 ... per tenant.
    pub revision: i64,
    /// The text as it was written.
    pub source: String,
    /// The version of the directory that it was checked against.
    pub directory_version: i64,
    /// When it was stored.
    pub created_at: Timestamp,
    /// Who stored it.
    pub created_by: String,
    /// When it was last put in force; `None`: never.
    pub activated_at: Option<Timestamp>,
}

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

struct PolicyRow {
    revision: i64,
    source: String,
    directory_version: i64,
    created_at: SqlTime,
    created_by: String,
    activated_at: Option<SqlTime>,
}

impl From<PolicyRow> for PolicyRevision {
    fn from(row: PolicyRow) -> Self {
        let PolicyRow { revision, source, directory_version, created_at, created_by, activated_at } = row;
        let (created_at, activated_at) = (created_at.to_jiff(), from_opt(activated_at));
        Self { revision, source, directory_version, created_at, created_by, activated_at }
    }
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

/// Which of the two a transaction works on.
#[derive(Debug, Clone, Copy)]
enum Document<'d> {
    InsertPolicy { source: &'d str, directory_version: i64, actor: &'d str, now: Timestamp },
    InsertModel { source: &'d str, actor: &'d str, now: Timestamp },
    ActivatePolicy { revision: i64, now: Timestamp },
    ActivateModel { revision: i64, now: Timestamp },
}

impl Store {
    /// Stores a policy as the tenant's next revision, which is returned. It is not in force yet.
    pub async fn insert_policy(
        &self,
        tenant: TenantId,
        source: &str,
        directory_version: i64,
        actor: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        self.change_document(tenant, Document::InsertPolicy { source, directory_version, actor, now }).await
    }

    /// Stores a scoring model as the tenant's next revision, which is returned. It is not in force yet.
    pub async fn insert_model(
        &self,
        tenant: TenantId,
        source: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        self.change_document(tenant, Document::InsertModel { source, actor, now }).await
    }

    /// Puts a revision of the policy in force, once the batches that decide by the old one are through.
    pub async fn activate_policy(&self, tenant: TenantId, revision: i64, now: Timestamp) -> Result<(), StoreError> {
        self.change_document(tenant, Document::ActivatePolicy { revision, now }).await.map(drop)
    }

    /// Puts a revision of the scoring model in force, once the batches that decide by the old one are through.
    pub async fn activate_model(&self, tenant: TenantId, revision: i64, now: Timestamp) -> Result<(), StoreError> {
        self.change_document(tenant, Document::ActivateModel { revision, now }).await.map(drop)
    }

    /// One revision of the policy.
    pub async fn policy(&self, tenant: TenantId, revision: i64) -> Result<Option<PolicyRevision>, StoreError> {
        let row = sqlx::query_as!(
            PolicyRow,
            r#"SELECT revision, source, directory_version, created_at AS "created_at: _", created_by,
                      activated_at AS "activated_at: _"
               FROM policy WHERE tenant_id = $1 AND revision = $2"#,
            tenant.0,
            revision,
        );
        Ok(row.fetch_optional(&self.pool).await?.map(Into::into))
    }

    /// Revisions of the policy, newest first, at most `limit`, those before `before`.
    pub async fn policies(
        &self,
        tenant: TenantId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<PolicyRevision>, StoreError> {
        let rows = sqlx::query_as!(
            PolicyRow,
            r#"SELECT revision, source, directory_version, created_at AS "created_at: _", created_by,
                      activated_at AS "activated_at: _"
               FROM policy WHERE tenant_id = $1 AND revision < $2 ORDER BY revision DESC LIMIT $3"#,
            tenant.0,
            before.unwrap_or(i64::MAX),
            limit,
        );
        Ok(rows.fetch_all(&self.pool).await?.into_iter().map(Into::into).collect())
    }

    /// One revision of the scoring model.
    pub async fn model(&self, tenant: TenantId, revision: i64) -> Result<Option<ScoringModelRevision>, StoreError> {
        let row = sqlx::query_as!(
            ModelRow,
            r#"SELECT revision, source, created_at AS "created_at: _", created_by,
                      activated_at AS "activated_at: _"
               FROM scoring_model WHERE tenant_id = $1 AND revision = $2"#,
            tenant.0,
            revision,
        );
        Ok(row.fetch_optional(&self.pool).await?.map(Into::into))
    }

    /// Revisions of the scoring model, newest first, at most `limit`, those before `before`.
    pub async fn models(
        &self,
        tenant: TenantId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<ScoringModelRevision>, StoreError> {
        let rows = sqlx::query_as!(
            ModelRow,
            r#"SELECT revision, source, created_at AS "created_at: _", created_by,
                      activated_at AS "activated_at: _"
               FROM scoring_model WHERE tenant_id = $1 AND revision < $2 ORDER BY revision DESC LIMIT $3"#,
            tenant.0,
            before.unwrap_or(i64::MAX),
            limit,
        );
        Ok(rows.fetch_all(&self.pool).await?.into_iter().map(Into::into).collect())
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

    /// The revision that was made or activated.
    async fn change_document(&self, tenant: TenantId, document: Document<'_>) -> Result<i64, StoreError> {
        let mut tx = self.begin(document.name()).await?;
        let revision = tx.change_document(tenant, document).await?;
        tx.commit().await?;
        Ok(revision)
    }
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

    /// As [`Store::insert_policy`].
    pub async fn insert_policy(
        &mut self,
        tenant: TenantId,
        source: &str,
        directory_version: i64,
        actor: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        self.change_document(tenant, Document::InsertPolicy { source, directory_version, actor, now }).await
    }

    /// As [`Store::insert_model`].
    pub async fn insert_model(
        &mut self,
        tenant: TenantId,
        source: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        self.change_document(tenant, Document::InsertModel { source, actor, now }).await
    }

    /// As [`Store::activate_policy`].
    pub async fn activate_policy(&mut self, tenant: TenantId, revision: i64, now: Timestamp) -> Result<(), StoreError> {
        self.change_document(tenant, Document::ActivatePolicy { revision, now }).await.map(drop)
    }

    /// As [`Store::activate_model`].
    pub async fn activate_model(&mut self, tenant: TenantId, revision: i64, now: Timestamp) -> Result<(), StoreError> {
        self.change_document(tenant, Document::ActivateModel { revision, now }).await.map(drop)
    }

    /// The revision that was made or activated.
    async fn change_document(&mut self, tenant: TenantId, document: Document<'_>) -> Result<i64, StoreError> {
        self.enter()?;
        let statement = self.statement(document.name());
        let revision = document.apply(&mut self.connection, tenant).instrument(statement).await;
        self.leave(revision)
    }
}

impl Document<'_> {
    fn name(self) -> &'static str {
        match self {
            Self::InsertPolicy { .. } => "insert_policy",
            Self::InsertModel { .. } => "insert_model",
            Self::ActivatePolicy { .. } => "activate_policy",
            Self::ActivateModel { .. } => "activate_model",
        }
    }

    /// The lock on the tenant's row makes "the next revision" one that nobody else takes.
    async fn apply(self, connection: &mut PgConnection, tenant: TenantId) -> Result<i64, StoreError> {
        lock_versions(connection, tenant).await?;
        let done = match self {
            Self::InsertPolicy { source, directory_version, actor, now } => {
                return Ok(sqlx::query_scalar!(
                    "INSERT INTO policy (tenant_id, revision, source, directory_version, created_at, created_by)
                     SELECT $1, coalesce(max(revision), 0) + 1, $2, $3, $4, $5 FROM policy WHERE tenant_id = $1
                     RETURNING revision",
                    tenant.0,
                    source,
                    directory_version,
                    time(now) as SqlTime,
                    actor,
                )
                .fetch_one(connection)
                .await?);
            }
            Self::InsertModel { source, actor, now } => {
                return Ok(sqlx::query_scalar!(
                    "INSERT INTO scoring_model (tenant_id, revision, source, created_at, created_by)
                     SELECT $1, coalesce(max(revision), 0) + 1, $2, $3, $4 FROM scoring_model WHERE tenant_id = $1
                     RETURNING revision",
                    tenant.0,
                    source,
                    time(now) as SqlTime,
                    actor,
                )
                .fetch_one(connection)
                .await?);
            }
            Self::ActivatePolicy { revision, now } => {
                let update = sqlx::query!(
                    "WITH activated AS (
                         UPDATE policy SET activated_at = $3 WHERE tenant_id = $1 AND revision = $2 RETURNING revision
                     )
                     UPDATE tenant SET policy_revision = activated.revision FROM activated WHERE tenant_id = $1",
                    tenant.0,
                    revision,
                    time(now) as SqlTime,
                );
                ("policy", revision, update.execute(connection).await?)
            }
            Self::ActivateModel { revision, now } => {
                let update = sqlx::query!(
                    "WITH activated AS (
                         UPDATE scoring_model SET activated_at = $3 WHERE tenant_id = $1 AND revision = $2 RETURNING revision
                     )
                     UPDATE tenant SET model_revision = activated.revision FROM activated WHERE tenant_id = $1",
                    tenant.0,
                    revision,
                    time(now) as SqlTime,
                );
                ("scoring model", revision, update.execute(connection).await?)
            }
        };
        let (what, revision, result) = done;
        if result.rows_affected() == 0 {
            return Err(StoreError::UnknownRevision { what, revision });
        }
        Ok(revision)
    }
}
