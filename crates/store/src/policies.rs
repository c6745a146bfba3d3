//! Policies: immutable revisions of text, one of them in force.

use domain::ids::TenantId;
use jiff::Timestamp;
use sqlx::PgConnection;

use crate::{
    error::StoreError,
    pool::Store,
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

/// Rows of `policy` that fulfil the condition.
macro_rules! select_policies {
    ($condition:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            PolicyRow,
            r#"SELECT revision, source, directory_version, created_at AS "created_at: _", created_by,
                      activated_at AS "activated_at: _"
               FROM policy WHERE tenant_id = $1 AND "# + $condition,
            $($argument),+
        )
    };
}

impl Store {
    /// One revision of the policy.
    pub async fn policy(&self, tenant: TenantId, revision: i64) -> Result<Option<PolicyRevision>, StoreError> {
        let row = select_policies!("revision = $2", tenant.0, revision);
        Ok(row.fetch_optional(&self.pool).await?.map(Into::into))
    }

    /// Revisions of the policy, newest first, at most `limit`, those before `before`.
    pub async fn policies(
        &self,
        tenant: TenantId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<PolicyRevision>, StoreError> {
        let before = before.unwrap_or(i64::MAX);
        let rows = select_policies!("revision < $2 ORDER BY revision DESC LIMIT $3", tenant.0, before, limit);
        Ok(rows.fetch_all(&self.pool).await?.into_iter().map(Into::into).collect())
    }

    /// [`Tx::insert_policy`] in a transaction of its own.
    pub async fn insert_policy(
        &self,
        tenant: TenantId,
        source: &str,
        directory_version: i64,
        actor: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let mut tx = self.begin("insert_policy").await?;
        let revision = tx.insert_policy(tenant, source, directory_version, actor, now).await?;
        tx.commit().await?;
        Ok(revision)
    }

    /// [`Tx::activate_policy`] in a transaction of its own.
    pub async fn activate_policy(&self, tenant: TenantId, revision: i64, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin("activate_policy").await?;
        tx.activate_policy(tenant, revision, now).await?;
        tx.commit().await
    }
}

impl Tx {
    /// Stores a policy as the tenant's next revision, which is returned. It is not in force yet.
    pub async fn insert_policy(
        &mut self,
        tenant: TenantId,
        source: &str,
        directory_version: i64,
        actor: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        self.hold_once(tenant).await?;
        let statement = self.statement("insert_policy");
        let inserted = insert(self.enter()?, tenant, source, directory_version, actor, now);
        let revision = statement.run(inserted).await;
        self.leave(revision)
    }

    /// Puts a revision of the policy in force, once the batches that decide by the old one are through.
    pub async fn activate_policy(&mut self, tenant: TenantId, revision: i64, now: Timestamp) -> Result<(), StoreError> {
        self.hold_once(tenant).await?;
        let statement = self.statement("activate_policy");
        let activated = statement.run(activate(self.enter()?, tenant, revision, now)).await;
        self.leave(activated)
    }
}

/// Holding the tenant makes "the next revision" one that nobody else takes.
async fn insert(
    connection: &mut PgConnection,
    tenant: TenantId,
    source: &str,
    directory_version: i64,
    actor: &str,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let revision = sqlx::query_scalar!(
        "INSERT INTO policy (tenant_id, revision, source, directory_version, created_at, created_by)
         SELECT $1, coalesce(max(revision), 0) + 1, $2, $3, $4, $5 FROM policy WHERE tenant_id = $1
         RETURNING revision",
        tenant.0,
        source,
        directory_version,
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
             UPDATE policy SET activated_at = $3 WHERE tenant_id = $1 AND revision = $2 RETURNING revision
         )
         UPDATE tenant SET policy_revision = activated.revision FROM activated WHERE tenant_id = $1",
        tenant.0,
        revision,
        time(now) as SqlTime,
    );
    match update.execute(connection).await?.rows_affected() {
        0 => Err(StoreError::UnknownRevision { what: "policy", revision }),
        _ => Ok(()),
    }
}
