//! Leads that wait for a place, when one has become free.

use domain::{
    ids::{PoolId, TenantId},
    ownership::TimerKind,
};
use jiff::Timestamp;
use sqlx::PgConnection;

use super::Tx;
use crate::{
    codes::Code as _,
    error::StoreError,
    time::{SqlTime, time},
};

impl Tx {
    /// Makes the leads that have waited longest for one of those pools due to be routed again now, at most `limit` of
    /// those that are not due already: how many that were.
    ///
    /// Timers that somebody else is working on are skipped. Nothing is lost by that: a waiting lead is routed again every
    /// few minutes anyway. Since it waits for nobody it may come last in a transaction, in no order with other locks.
    pub async fn wake_waiting(
        &mut self,
        tenant: TenantId,
        pools: &[PoolId],
        limit: i64,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        if pools.is_empty() || limit <= 0 {
            return Ok(0);
        }
        let statement = self.statement("wake_waiting");
        let woken = statement.run(wake(self.enter()?, tenant, pools, limit, now)).await;
        Ok(self.leave(woken)?)
    }
}

async fn wake(
    connection: &mut PgConnection,
    tenant: TenantId,
    pools: &[PoolId],
    limit: i64,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let pools: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
    let result = sqlx::query!(
        "WITH oldest AS (
             SELECT found.lead_id
             FROM unnest($2::text[]) AS wanted (pool)
             CROSS JOIN LATERAL (
                 SELECT o.lead_id
                 FROM ownership AS o
                 CROSS JOIN LATERAL (
                     SELECT FROM timer AS t
                     WHERE t.tenant_id = $1 AND t.lead_id = o.lead_id AND t.kind = $4 AND t.epoch = o.epoch
                       AND t.due_at > $5
                     OFFSET 0
                 ) AS t
                 WHERE o.tenant_id = $1 AND o.waiting_pool = wanted.pool
                 ORDER BY o.lead_id LIMIT $3
             ) AS found
             ORDER BY found.lead_id LIMIT $3
         ), free AS (
             SELECT $1::integer AS tenant_id, t.lead_id, t.kind
             FROM oldest
             CROSS JOIN LATERAL (
                 SELECT lead_id, kind FROM timer
                 WHERE tenant_id = $1 AND lead_id = oldest.lead_id AND kind = $4 AND due_at > $5
                 FOR UPDATE SKIP LOCKED
             ) AS t
         )
         UPDATE timer AS t SET due_at = $5 FROM free
         WHERE t.tenant_id = free.tenant_id AND t.lead_id = free.lead_id AND t.kind = free.kind",
        tenant.0,
        &pools as _,
        limit,
        TimerKind::Retry.code(),
        time(now) as SqlTime,
    )
    .execute(connection)
    .await?;
    Ok(result.rows_affected())
}
