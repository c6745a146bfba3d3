//! Telling others of what no batch of commands did.

use domain::ids::TenantId;
use sqlx::PgConnection;

use super::{Tx, columns::OutboxColumns};
use crate::{changes::Happened, error::StoreError};

impl Tx {
    /// Has others told of what this transaction does. The tenant must be held, which counts as a commit: it happens under that
    /// number, so this may be done once a transaction.
    pub async fn tell(&mut self, tenant: TenantId, happened: &Happened) -> Result<(), StoreError> {
        if !self.is_held() {
            return Err(StoreError::Transaction { name: self.name, why: "the tenant is not held" });
        }
        let statement = self.statement("tell");
        let told = statement.run(tell(self.enter()?, tenant, happened)).await;
        self.leave(told)
    }
}

async fn tell(connection: &mut PgConnection, tenant: TenantId, happened: &Happened) -> Result<(), StoreError> {
    let told = OutboxColumns::of(Some(happened));
    sqlx::query!(
        "INSERT INTO outbox (tenant_id, commit, day, at, leads, epochs, kinds, states, steps, respond_by, until)
         SELECT tenant_id, commits, (now() AT TIME ZONE 'UTC')::date, $2, $3, $4, $5, $6, $7, $8, $9
         FROM tenant WHERE tenant_id = $1",
        tenant.0,
        told.at as _,
        &told.lead,
        &told.epoch,
        &told.kind,
        &told.state,
        &told.step as _,
        &told.respond_by as _,
        &told.until as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
