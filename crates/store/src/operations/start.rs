//! Starting an operation.

use domain::ids::TenantId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{NOTHING_DONE, NewOperation, Selected};
use crate::{
    codes::Code as _,
    error::StoreError,
    pool::Store,
    time::{SqlTime, time},
};

/// Leads that are written by one statement.
const CHUNK: usize = 10_000;

impl Store {
    /// Writes the operation with its leads, in one transaction. False, and nothing written: there is one of that id.
    pub async fn start_operation(
        &self,
        tenant: TenantId,
        operation: &NewOperation,
        leads: &[Selected],
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin("start_operation").await?;
        let statement = tx.statement("operation");
        let written = statement.run(insert(tx.enter()?, tenant, operation, leads.len())).await;
        if !tx.leave(written)? {
            tx.rollback().await?;
            return Ok(false);
        }
        for chunk in leads.chunks(CHUNK) {
            let statement = tx.statement("operation_leads");
            let written = statement.run(insert_leads(tx.enter()?, tenant, operation.id, chunk)).await;
            tx.leave(written)?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

async fn insert(
    connection: &mut PgConnection,
    tenant: TenantId,
    operation: &NewOperation,
    total: usize,
) -> Result<bool, StoreError> {
    let written = sqlx::query!(
        "INSERT INTO operation (tenant_id, operation_id, fingerprint, request, actor, traceparent, created_at, total, cursor,
                                next_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $7)
         ON CONFLICT (tenant_id, operation_id) DO NOTHING",
        tenant.0,
        operation.id,
        operation.fingerprint,
        operation.request,
        operation.actor,
        operation.traceparent,
        time(operation.now) as SqlTime,
        i32::try_from(total).unwrap_or(i32::MAX),
        NOTHING_DONE.0,
    )
    .execute(connection)
    .await?;
    Ok(written.rows_affected() == 1)
}

async fn insert_leads(
    connection: &mut PgConnection,
    tenant: TenantId,
    operation: Uuid,
    leads: &[Selected],
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = leads.iter().map(|selected| selected.lead.0).collect();
    let epochs: Vec<i32> = leads.iter().map(|selected| selected.epoch.0).collect();
    let states: Vec<i16> = leads.iter().map(|selected| selected.state.code()).collect();
    let owners: Vec<String> = leads.iter().map(|selected| selected.owner.to_string()).collect();
    sqlx::query!(
        "INSERT INTO operation_lead (tenant_id, operation_id, lead_id, epoch, state, owner)
         SELECT $1, $2, n.* FROM unnest($3::uuid[], $4::integer[], $5::smallint[], $6::text[]) AS n",
        tenant.0,
        operation,
        &ids,
        &epochs,
        &states,
        &owners,
    )
    .execute(connection)
    .await?;
    Ok(())
}
