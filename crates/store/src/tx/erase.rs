//! Erasing what tells of a person.

use domain::{
    identity::IdentityKey,
    ids::{LeadId, TenantId},
    lead::Profile,
};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Tx;
use crate::{codes::Code as _, error::StoreError};

impl Tx {
    /// Puts what is left of a profile in its place, and removes the notes of the lead's history and the keys by which it was
    /// recognised. The tenant must be held: else another commit may bring back what this one removes.
    pub async fn erase(
        &mut self,
        tenant: TenantId,
        lead: LeadId,
        left: &Profile,
        keys: &[IdentityKey],
    ) -> Result<(), StoreError> {
        if !self.is_held() {
            return Err(StoreError::Transaction { name: self.name, why: "the tenant is not held" });
        }
        let statement = self.statement("erase");
        let erased = statement.run(erase(self.enter()?, tenant, lead, left, keys)).await;
        self.leave(erased)
    }
}

async fn erase(
    connection: &mut PgConnection,
    tenant: TenantId,
    lead: LeadId,
    left: &Profile,
    keys: &[IdentityKey],
) -> Result<(), StoreError> {
    let kinds: Vec<i16> = keys.iter().map(|key| key.kind.code()).collect();
    let digests: Vec<Uuid> = keys.iter().map(|key| Uuid::from_bytes(key.digest)).collect();
    sqlx::query!(
        "WITH profile AS (
             UPDATE lead SET profile = $3 WHERE tenant_id = $1 AND lead_id = $2
         ), notes AS (
             UPDATE assignment SET note = NULL WHERE tenant_id = $1 AND lead_id = $2 AND note IS NOT NULL
         ), pauses AS (
             UPDATE pause SET note = NULL WHERE tenant_id = $1 AND lead_id = $2 AND note IS NOT NULL
         )
         DELETE FROM identity AS i USING unnest($4::smallint[], $5::uuid[]) AS k (kind, digest)
         WHERE i.tenant_id = $1 AND i.kind = k.kind AND i.digest = k.digest AND i.lead_id = $2",
        tenant.0,
        lead.0,
        Json(left) as _,
        &kinds,
        &digests,
    )
    .execute(connection)
    .await?;
    Ok(())
}
