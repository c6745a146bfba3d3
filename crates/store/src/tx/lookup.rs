//! The first statement of a batch: which versions are in force, which requests were answered, which leads exist.

use domain::{
    identity::IdentityKey,
    ids::{LeadId, TenantId},
};
use jiff::Timestamp;
use sqlx::PgConnection;
use tracing::Instrument as _;
use uuid::Uuid;

use super::Tx;
use crate::{
    changes::StoredResponse,
    codes::Code as _,
    error::StoreError,
    rows::identity_key,
    tenant::{GATE, TenantVersions},
    time::SqlTime,
};

/// What is known before any lead is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The database's clock, which decides whether a timer is due: the one clock that all replicas share. It was read when
    /// the tenant's versions were held.
    pub now: Timestamp,
    /// Versions in force. They stay in force until this transaction ends: whoever wants to change them waits.
    pub versions: TenantVersions,
    /// Responses that were given to some of the requests.
    pub responses: Vec<StoredResponse>,
    /// Those of the identity keys that name a lead, which may be closed.
    pub identities: Vec<(IdentityKey, LeadId)>,
}

impl Tx {
    /// Reads the tenant's versions and holds them, and finds responses by request id and leads by identity key. One round trip.
    ///
    /// Responses are found for at least 24 hours (those of today and yesterday, UTC). An identity key that is not
    /// found here can still be taken by another commit; [`Tx::write`] tells.
    pub async fn lookup(
        &mut self,
        tenant: TenantId,
        request_ids: &[Uuid],
        identities: &[IdentityKey],
    ) -> Result<Lookup, StoreError> {
        self.enter()?;
        let statement = self.statement("lookup");
        let found = lookup(&mut self.connection, tenant, request_ids, identities).instrument(statement).await;
        self.leave(found)
    }
}

async fn lookup(
    connection: &mut PgConnection,
    tenant: TenantId,
    request_ids: &[Uuid],
    identities: &[IdentityKey],
) -> Result<Lookup, StoreError> {
    let kinds: Vec<i16> = identities.iter().map(|key| key.kind.code()).collect();
    let digests: Vec<Uuid> = identities.iter().map(|key| Uuid::from_bytes(key.digest)).collect();
    // FOR SHARE orders this batch against changes of directory, policy and model, which lock the row to change it; what
    // the gate is for, see there.
    // LATERAL with OFFSET 0: one look-up by the whole key for each wanted row, whatever the planner knows of the table.
    let row = sqlx::query!(
        r#"
        WITH gate AS MATERIALIZED (
            SELECT pg_advisory_xact_lock_shared($5, $1)
        ), versions AS (
            SELECT t.directory_version, t.policy_revision, t.model_revision
            FROM gate, tenant AS t WHERE t.tenant_id = $1 FOR SHARE OF t
        )
        SELECT clock_timestamp() AS "now!: SqlTime", versions.directory_version AS "directory_version!",
               versions.policy_revision, versions.model_revision,
               answered.request_ids, answered.fingerprints, answered.responses,
               taken.kinds, taken.digests, taken.leads
        FROM versions,
             (SELECT array_agg(wanted.id) AS request_ids, array_agg(found.fingerprint) AS fingerprints,
                     array_agg(found.response) AS responses
              FROM unnest($2::uuid[]) AS wanted (id)
              CROSS JOIN LATERAL (
                  SELECT fingerprint, response FROM request
                  WHERE tenant_id = $1 AND request_id = wanted.id
                    AND day BETWEEN (now() AT TIME ZONE 'UTC')::date - 1 AND (now() AT TIME ZONE 'UTC')::date
                  OFFSET 0
              ) AS found) AS answered,
             (SELECT array_agg(wanted.kind) AS kinds, array_agg(wanted.digest) AS digests,
                     array_agg(found.lead_id) AS leads
              FROM unnest($3::smallint[], $4::uuid[]) AS wanted (kind, digest)
              CROSS JOIN LATERAL (
                  SELECT lead_id FROM identity
                  WHERE tenant_id = $1 AND kind = wanted.kind AND digest = wanted.digest
                  OFFSET 0
              ) AS found) AS taken
        "#,
        tenant.0,
        request_ids,
        &kinds,
        &digests,
        GATE,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(StoreError::UnknownTenant(tenant))?;

    let (ids, fingerprints) = (row.request_ids.unwrap_or_default(), row.fingerprints.unwrap_or_default());
    let mut responses: Vec<StoredResponse> = ids
        .into_iter()
        .zip(fingerprints)
        .zip(row.responses.unwrap_or_default())
        .map(|((request_id, fingerprint), response)| StoredResponse { request_id, fingerprint, response })
        .collect();
    // A response given just after midnight stands under both days.
    responses.sort_by_key(|response| response.request_id);
    responses.dedup_by_key(|response| response.request_id);

    let (kinds, digests) = (row.kinds.unwrap_or_default(), row.digests.unwrap_or_default());
    let identities = kinds
        .into_iter()
        .zip(digests)
        .zip(row.leads.unwrap_or_default())
        .map(|((kind, digest), lead)| Ok((identity_key(kind, digest)?, LeadId(lead))))
        .collect::<Result<_, StoreError>>()?;

    Ok(Lookup {
        now: row.now.to_jiff(),
        versions: TenantVersions {
            directory: row.directory_version,
            policy: row.policy_revision,
            model: row.model_revision,
        },
        responses,
        identities,
    })
}
