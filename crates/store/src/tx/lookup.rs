//! The first statement of a batch: which versions are in force, which requests were answered, which leads exist.

use domain::{
    identity::IdentityKey,
    ids::{LeadId, TenantId},
};
use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Guard, Tx};
use crate::{
    changes::StoredResponse, codes::Code as _, error::StoreError, rows::identity_key, tenant::TenantVersions,
    time::SqlTime,
};

/// What is known before any lead is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The database's clock, which decides whether a timer is due: the one clock that all replicas share.
    pub now: Timestamp,
    /// Versions in force. If they change before the write, that counts as a commit, and the write tells.
    pub versions: TenantVersions,
    /// How many commits have changed what belongs to the tenant: who knows what it was at this number knows what it is.
    pub commits: i64,
    /// Whether a lead of the tenant waits for a place in a pool: whoever makes room must see to it.
    pub waiting: bool,
    /// Responses that were given to some of the requests.
    pub responses: Vec<StoredResponse>,
    /// Those of the identity keys that name a lead, which may be closed.
    pub identities: Vec<(IdentityKey, LeadId)>,
}

impl Tx {
    /// Reads the tenant's versions, and finds responses by request id and leads by identity key. One round trip.
    ///
    /// From here on [`Tx::write`] makes sure that nobody has come between. Responses are found for at least 24 hours (those of
    /// today and yesterday, UTC).
    pub async fn lookup(
        &mut self,
        tenant: TenantId,
        request_ids: &[Uuid],
        identities: &[IdentityKey],
    ) -> Result<Lookup, StoreError> {
        let statement = self.statement("lookup");
        let found = statement.run(lookup(self.enter()?, tenant, request_ids, identities)).await;
        let found = self.leave(found)?;
        if self.guard == Guard::None {
            self.guard = Guard::Seen(found.commits);
        }
        Ok(found)
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
    // One statement, so that versions, number of commits and keys are those of one moment.
    // LATERAL with OFFSET 0: one look-up by the whole key for each wanted row, whatever the planner knows of the table.
    let row = sqlx::query!(
        r#"
        SELECT clock_timestamp() AS "now!: SqlTime", t.commits, t.directory_version, t.policy_revision, t.model_revision,
               EXISTS (SELECT FROM ownership WHERE tenant_id = $1 AND waiting_pool IS NOT NULL) AS "waiting!",
               answered.request_ids, answered.fingerprints, answered.responses,
               taken.kinds, taken.digests, taken.leads
        FROM tenant AS t,
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
        WHERE t.tenant_id = $1
        "#,
        tenant.0,
        request_ids,
        &kinds,
        &digests,
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
        commits: row.commits,
        waiting: row.waiting,
        responses,
        identities,
    })
}
