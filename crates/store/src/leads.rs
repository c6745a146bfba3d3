//! Reading leads.

use domain::{
    directory::Territory,
    ids::{LeadId, TenantId},
    lead::{Lead, Profile},
    ownership::{LeadState, Owner, Ownership},
};
use jiff::Timestamp;
use sqlx::types::Json;
use uuid::{Builder, Uuid};

use crate::{
    codes::Code as _,
    error::StoreError,
    pool::Store,
    rows::{LeadOwnershipRow, Place, select_leads},
    time::{SqlTime, opt_time},
};

/// Which leads to list. Empty: all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadFilter {
    /// Owned by one of these.
    pub owners: Option<Vec<Owner>>,
    /// In one of these states.
    pub states: Option<Vec<LeadState>>,
    /// With something due before: a first response that was not given, an offer that was not accepted, a waiting or
    /// nurtured lead's wake-up. Closed leads have nothing due.
    pub due_before: Option<Timestamp>,
    /// From a place in this territory.
    pub territory: Option<Territory>,
    /// Routed last by the rule of that name; blank: by none.
    pub rule: Option<String>,
    /// Arrived before this time, in whole milliseconds.
    pub arrived_before: Option<Timestamp>,
}

impl LeadFilter {
    /// The id before which all leads are that arrived in time: ids are ordered by arrival.
    fn before(&self) -> Uuid {
        let Some(arrived) = self.arrived_before else { return Uuid::max() };
        let whole = arrived.subsec_nanosecond() % 1_000_000 == 0;
        let millis = u64::try_from(arrived.as_millisecond() + i64::from(!whole)).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
    }
}

impl Store {
    /// One lead and who has it.
    pub async fn lead(&self, tenant: TenantId, lead: LeadId) -> Result<Option<(Lead, Ownership)>, StoreError> {
        let row = select_leads!(
            "FROM ownership AS o JOIN lead AS l ON l.tenant_id = o.tenant_id AND l.lead_id = o.lead_id \
             WHERE o.tenant_id = $1 AND o.lead_id = $2",
            tenant.0,
            lead.0,
        );
        row.fetch_optional(&self.pool).await?.map(TryInto::try_into).transpose()
    }

    /// What was told of those leads, by id; those that don't exist are left out.
    pub async fn profiles(&self, tenant: TenantId, leads: &[LeadId]) -> Result<Vec<Lead>, StoreError> {
        let ids: Vec<Uuid> = leads.iter().map(|lead| lead.0).collect();
        let rows = sqlx::query!(
            r#"SELECT l.lead_id, l.created_at AS "created_at: SqlTime", l.profile AS "profile: Json<Profile>"
               FROM unnest($2::uuid[]) AS wanted (id)
               CROSS JOIN LATERAL (SELECT * FROM lead WHERE tenant_id = $1 AND lead_id = wanted.id OFFSET 0) AS l
               ORDER BY l.lead_id"#,
            tenant.0,
            &ids,
        );
        let rows = rows.fetch_all(&self.pool).await?.into_iter();
        Ok(rows
            .map(|row| Lead { id: LeadId(row.lead_id), created_at: row.created_at.to_jiff(), profile: row.profile.0 })
            .collect())
    }

    /// Leads by arrival, at most `limit`, from the one after `after`.
    ///
    /// With owners and without [`LeadState::Closed`] it reads the open leads of those owners by an index, else all leads
    /// of the tenant from `after` on until the page is full.
    pub async fn leads(
        &self,
        tenant: TenantId,
        filter: &LeadFilter,
        after: Option<LeadId>,
        limit: i64,
    ) -> Result<Vec<(Lead, Ownership)>, StoreError> {
        let after = after.map_or(Uuid::nil(), |lead| lead.0);
        let states: Option<Vec<i16>> = filter.states.as_ref().map(|all| all.iter().map(|state| state.code()).collect());
        let open_only = filter.due_before.is_some()
            || filter.states.as_ref().is_some_and(|states| !states.contains(&LeadState::Closed));
        let owners: Option<Vec<String>> =
            filter.owners.as_ref().map(|owners| owners.iter().map(ToString::to_string).collect());
        let due_before = opt_time(filter.due_before);
        let (before, rule) = (filter.before(), filter.rule.as_deref());
        let of_place = |list: fn(&Territory) -> &[String]| filter.territory.as_ref().map_or(&[] as &[String], list);
        let (countries, regions) = (of_place(|place| &place.countries), of_place(|place| &place.regions));
        let prefixes = of_place(|place| &place.postal_prefixes);
        let rows: Vec<LeadOwnershipRow> = match owners {
            Some(owners) if open_only => {
                select_leads!(
                    "FROM (SELECT page.lead_id FROM unnest($2::text[]) AS wanted (owner) CROSS JOIN LATERAL ( \
                         SELECT lead_id FROM ownership \
                         WHERE tenant_id = $1 AND owner = wanted.owner AND closed_at IS NULL AND lead_id > $3 \
                           AND ($4::smallint[] IS NULL OR state = ANY ($4)) \
                           AND ($5::timestamptz IS NULL OR wake_at < $5 \
                                OR first_response_at IS NULL AND respond_by < $5 \
                                OR accepted_at IS NULL AND accept_by < $5) \
                           AND lead_id < $7 AND ($8::text IS NULL OR coalesce(rule, '') = $8) \
                           AND (NOT $9::boolean OR EXISTS (SELECT FROM lead AS f \
                               WHERE f.tenant_id = $1 AND f.lead_id = ownership.lead_id \
                                 AND (f.profile->>'country' = ANY ($10) OR f.profile->>'region' = ANY ($11) \
                                      OR EXISTS (SELECT FROM unnest($12::text[]) AS p (prefix) WHERE starts_with( \
                                          (f.profile->>'country') || ':' || (f.profile->>'postal_code'), p.prefix))))) \
                         ORDER BY lead_id LIMIT $6 \
                     ) AS page ORDER BY page.lead_id LIMIT $6) AS found \
                     CROSS JOIN LATERAL (SELECT * FROM ownership \
                         WHERE tenant_id = $1 AND lead_id = found.lead_id OFFSET 0) AS o \
                     CROSS JOIN LATERAL (SELECT * FROM lead \
                         WHERE tenant_id = $1 AND lead_id = found.lead_id OFFSET 0) AS l \
                     ORDER BY found.lead_id",
                    tenant.0,
                    &owners,
                    after,
                    states.as_deref() as _,
                    due_before as _,
                    limit,
                    before,
                    rule,
                    filter.territory.is_some(),
                    countries,
                    regions,
                    prefixes,
                )
                .fetch_all(&self.pool)
                .await?
            }
            owners => {
                select_leads!(
                    "FROM ownership AS o CROSS JOIN LATERAL (SELECT * FROM lead \
                         WHERE tenant_id = $1 AND lead_id = o.lead_id OFFSET 0) AS l \
                     WHERE o.tenant_id = $1 AND o.lead_id > $3 \
                       AND ($2::text[] IS NULL OR o.owner = ANY ($2)) \
                       AND ($4::smallint[] IS NULL OR o.state = ANY ($4)) \
                       AND ($5::timestamptz IS NULL OR o.closed_at IS NULL AND (o.wake_at < $5 \
                            OR o.first_response_at IS NULL AND o.respond_by < $5 \
                            OR o.accepted_at IS NULL AND o.accept_by < $5)) \
                       AND o.lead_id < $7 AND ($8::text IS NULL OR coalesce(o.rule, '') = $8) \
                       AND (NOT $9::boolean OR l.profile->>'country' = ANY ($10) OR l.profile->>'region' = ANY ($11) \
                            OR EXISTS (SELECT FROM unnest($12::text[]) AS p (prefix) WHERE starts_with( \
                                (l.profile->>'country') || ':' || (l.profile->>'postal_code'), p.prefix))) \
                     ORDER BY o.lead_id LIMIT $6",
                    tenant.0,
                    owners.as_deref() as _,
                    after,
                    states.as_deref() as _,
                    due_before as _,
                    limit,
                    before,
                    rule,
                    filter.territory.is_some(),
                    countries,
                    regions,
                    prefixes,
                )
                .fetch_all(&self.pool)
                .await?
            }
        };
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// How many leads each owner has: open ones, and with closed ones. By owner.
    pub async fn owner_counts(&self, tenant: TenantId) -> Result<Vec<(Owner, i64, i64)>, StoreError> {
        let mut tx = self.begin_report("owner_counts").await?;
        let rows = sqlx::query!(
            r#"SELECT owner, count(*) FILTER (WHERE closed_at IS NULL) AS "open!", count(*) AS "total!"
               FROM ownership WHERE tenant_id = $1 GROUP BY owner ORDER BY owner"#,
            tenant.0,
        )
        .fetch_all(tx.enter()?)
        .await;
        let rows = tx.leave(rows)?;
        tx.commit().await?;
        rows.into_iter()
            .map(|row| {
                let place = Place { table: "ownership", row: &row.owner };
                Ok((place.text("owner", &row.owner)?, row.open, row.total))
            })
            .collect()
    }
}
