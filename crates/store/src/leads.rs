//! Reading leads.

use domain::{
    ids::{LeadId, TenantId},
    lead::{Lead, Profile},
    ownership::{Owner, Ownership},
};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    error::StoreError,
    filter::{FilterArguments, LeadFilter, filtered},
    pool::Store,
    rows::{LeadOwnershipRow, Place, select_leads},
    time::SqlTime,
};

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
    /// With owners and without [`LeadState::Closed`](domain::ownership::LeadState::Closed) it reads the open leads of those owners
    /// by an index, else all leads of the tenant from `after` on until the page is full.
    pub async fn leads(
        &self,
        tenant: TenantId,
        filter: &LeadFilter,
        after: Option<LeadId>,
        limit: i64,
    ) -> Result<Vec<(Lead, Ownership)>, StoreError> {
        let after = after.map_or(Uuid::nil(), |lead| lead.0);
        let arguments = FilterArguments::from(filter);
        let rows: Vec<LeadOwnershipRow> = if arguments.owners.is_some() && filter.is_of_open_ones() {
            filtered!(
                select_leads(
                    "FROM (SELECT page.lead_id FROM unnest($2::text[]) AS wanted (owner) CROSS JOIN LATERAL ( \
                         SELECT o.lead_id FROM ownership AS o \
                         WHERE o.tenant_id = $1 AND o.owner = wanted.owner AND o.closed_at IS NULL AND",
                    "ORDER BY o.lead_id LIMIT $4 \
                     ) AS page ORDER BY page.lead_id LIMIT $4) AS found \
                     CROSS JOIN LATERAL (SELECT * FROM ownership \
                         WHERE tenant_id = $1 AND lead_id = found.lead_id OFFSET 0) AS o \
                     CROSS JOIN LATERAL (SELECT * FROM lead \
                         WHERE tenant_id = $1 AND lead_id = found.lead_id OFFSET 0) AS l \
                     ORDER BY found.lead_id"
                ),
                tenant,
                arguments,
                after,
                limit,
            )
            .fetch_all(&self.pool)
            .await?
        } else {
            filtered!(
                select_leads(
                    "FROM ownership AS o CROSS JOIN LATERAL (SELECT * FROM lead \
                         WHERE tenant_id = $1 AND lead_id = o.lead_id OFFSET 0) AS l \
                     WHERE o.tenant_id = $1 AND ($2::text[] IS NULL OR o.owner = ANY ($2)) AND",
                    "ORDER BY o.lead_id LIMIT $4"
                ),
                tenant,
                arguments,
                after,
                limit,
            )
            .fetch_all(&self.pool)
            .await?
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
