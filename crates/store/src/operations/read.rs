//! Reading operations, cancelling them, forgetting them.

use domain::ids::TenantId;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Operation, OperationKey, row::OperationRow};
use crate::{
    error::StoreError,
    pool::Store,
    time::{SqlTime, time},
};

/// A statement that returns operations.
macro_rules! select_operations {
    ($from:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            OperationRow,
            r#"SELECT operation_id, request, actor, traceparent, created_at AS "created_at: _", cancelled_at AS "cancelled_at: _",
                      ended_at AS "ended_at: _", total, moved, unchanged, changed_meanwhile, refused, next_at AS "next_at: _",
                      response "#
                + $from,
            $($argument),+
        )
    };
}

impl Store {
    /// One operation.
    pub async fn operation(&self, (tenant, operation): OperationKey) -> Result<Option<Operation>, StoreError> {
        let row = select_operations!("FROM operation WHERE tenant_id = $1 AND operation_id = $2", tenant.0, operation);
        row.fetch_optional(&self.pool).await?.map(TryInto::try_into).transpose()
    }

    /// The digest of what was asked for by an operation.
    pub async fn operation_fingerprint(&self, (tenant, operation): OperationKey) -> Result<Option<Uuid>, StoreError> {
        let fingerprint = sqlx::query_scalar!(
            "SELECT fingerprint FROM operation WHERE tenant_id = $1 AND operation_id = $2",
            tenant.0,
            operation,
        );
        Ok(fingerprint.fetch_optional(&self.pool).await?)
    }

    /// Operations of a tenant by id, from the one after `after`, at most `limit`; only those that have ended or only those that
    /// have not, if told.
    pub async fn operations(
        &self,
        tenant: TenantId,
        ended: Option<bool>,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Operation>, StoreError> {
        let rows = select_operations!(
            "FROM operation WHERE tenant_id = $1 AND operation_id > $2 \
               AND ($3::boolean IS NULL OR (ended_at IS NOT NULL) = $3) \
             ORDER BY operation_id LIMIT $4",
            tenant.0,
            after.unwrap_or(Uuid::nil()),
            ended,
            limit,
        );
        rows.fetch_all(&self.pool).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// Notes that an operation is to be cancelled, unless it has ended. Whoever has the right to do its next part ends it.
    pub async fn cancel_operation(&self, (tenant, operation): OperationKey, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE operation SET cancelled_at = $3, next_at = least(next_at, $3)
             WHERE tenant_id = $1 AND operation_id = $2 AND ended_at IS NULL AND cancelled_at IS NULL",
            tenant.0,
            operation,
            time(now) as SqlTime,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets an operation that has ended, with what it tells of its leads. False: there is none of that id that has.
    pub async fn delete_operation(&self, (tenant, operation): OperationKey) -> Result<bool, StoreError> {
        let deleted = sqlx::query_scalar!(
            r#"WITH gone AS (
                   DELETE FROM operation WHERE tenant_id = $1 AND operation_id = $2 AND ended_at IS NOT NULL
                   RETURNING tenant_id, operation_id
               ), leads AS (
                   DELETE FROM operation_lead AS l USING gone
                   WHERE l.tenant_id = gone.tenant_id AND l.operation_id = gone.operation_id
               )
               SELECT count(*) AS "gone!" FROM gone"#,
            tenant.0,
            operation,
        );
        Ok(deleted.fetch_one(&self.pool).await? == 1)
    }

    /// Forgets the operations of all tenants that ended before a time: how many.
    pub async fn drop_operations_before(&self, ended: Timestamp) -> Result<usize, StoreError> {
        let old = sqlx::query!(
            "SELECT tenant_id, operation_id FROM operation WHERE ended_at < $1 ORDER BY tenant_id, operation_id",
            time(ended) as SqlTime,
        );
        let old = old.fetch_all(&self.pool).await?;
        for row in &old {
            self.delete_operation((TenantId(row.tenant_id), row.operation_id)).await?;
        }
        Ok(old.len())
    }
}
