//! First responses: leads that wait for one, and how long answers took.

use domain::{
    ids::{LeadId, TenantId},
    lead::Profile,
    ownership::{Owner, Ownership},
    sla::Clocked,
};
use futures::{Stream, TryStreamExt as _};
use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    rows::{Place, select_leads},
    time::{SqlTime, from_opt, opt_time, time},
};

/// Where a lead stands in the order of those that wait: due, lead. A page ends with one and the next begins after it.
pub type DueKey = (Timestamp, LeadId);

/// Which response clocks a report counts.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// Those that began from then on.
    pub from: Timestamp,
    /// Up to then.
    pub to: Timestamp,
    /// Targets that passed before it were missed by whoever had the lead.
    pub now: Timestamp,
    /// Whether what was told of each lead is wanted.
    pub profiles: bool,
}

/// A response clock that ran or runs.
#[derive(Debug)]
pub struct Response {
    /// Who had the lead when its target was missed; else who answered it, or had it last.
    pub owner: Owner,
    /// Name of the SLA policy.
    pub sla: Option<String>,
    /// Its times.
    pub clock: Clocked,
    /// What was told of the lead, if that is wanted.
    pub profile: Option<Profile>,
}

struct Row {
    lead_id: Uuid,
    owner: String,
    sla: Option<String>,
    began_at: SqlTime,
    respond_by: SqlTime,
    answered_at: Option<SqlTime>,
    ended_at: Option<SqlTime>,
    profile: Option<Json<Profile>>,
}

impl TryFrom<Row> for Response {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let place = Place { table: "response", row: &row.lead_id };
        Ok(Self {
            owner: place.text("owner", &row.owner)?,
            sla: row.sla,
            clock: Clocked {
                began_at: row.began_at.to_jiff(),
                respond_by: row.respond_by.to_jiff(),
                answered_at: from_opt(row.answered_at),
                ended_at: from_opt(row.ended_at),
            },
            profile: row.profile.map(|profile| profile.0),
        })
    }
}

impl Store {
    /// Leads of a tenant whose clock of the first response runs, by when it is due; at most `limit`, from the one after `after`. `owner`:
    /// only those that this one has. `before`: only those due earlier.
    pub async fn due_leads(
        &self,
        tenant: TenantId,
        owner: Option<&Owner>,
        before: Option<Timestamp>,
        after: Option<DueKey>,
        limit: i64,
    ) -> Result<Vec<Ownership>, StoreError> {
        let (after_due, after_lead) = after.map_or((Timestamp::UNIX_EPOCH, Uuid::nil()), |(due, lead)| (due, lead.0));
        let rows = select_leads!(
            "FROM ownership AS o JOIN lead AS l USING (tenant_id, lead_id) \
             WHERE o.tenant_id = $1 AND o.respond_by IS NOT NULL AND o.first_response_at IS NULL AND o.closed_at IS NULL \
               AND o.respond_by >= $4 AND (o.respond_by, o.lead_id) > ($4, $5) \
               AND ($2::text IS NULL OR o.owner = $2) AND ($3::timestamptz IS NULL OR o.respond_by < $3) \
             ORDER BY o.respond_by, o.lead_id LIMIT $6",
            tenant.0,
            owner.map(ToString::to_string),
            opt_time(before) as _,
            time(after_due) as SqlTime,
            after_lead,
            limit,
        );
        let rows = rows.fetch_all(&self.pool).await?;
        rows.into_iter().map(|row| <(_, Ownership)>::try_from(row).map(|(_, ownership)| ownership)).collect()
    }

    /// The response clocks of a tenant that began in a period, ended or not, in any order.
    pub fn responses(&self, tenant: TenantId, period: Period) -> impl Stream<Item = Result<Response, StoreError>> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT c.lead_id AS "lead_id!", coalesce(missed.owner, c.owner) AS "owner!", c.sla, c.began_at AS "began_at!: _",
                      c.respond_by AS "respond_by!: _", c.answered_at AS "answered_at: _", c.ended_at AS "ended_at: _",
                      CASE WHEN $5 THEN (
                          SELECT profile FROM lead WHERE tenant_id = $1 AND lead_id = c.lead_id
                      ) END AS "profile: _"
               FROM (
                   SELECT lead_id, owner, sla, began_at, respond_by, answered_at, ended_at
                   FROM response WHERE tenant_id = $1 AND began_at >= $2 AND began_at < $3
                   UNION ALL
                   SELECT lead_id, owner, sla, chain_since, respond_by, NULL, NULL
                   FROM ownership
                   WHERE tenant_id = $1 AND respond_by IS NOT NULL AND first_response_at IS NULL AND closed_at IS NULL
                     AND chain_since >= $2 AND chain_since < $3
               ) AS c
               LEFT JOIN LATERAL (
                   SELECT owner FROM assignment
                   WHERE tenant_id = $1 AND lead_id = c.lead_id AND started_at <= c.respond_by
                   ORDER BY epoch DESC LIMIT 1
               ) AS missed ON least(c.answered_at, c.ended_at, $4) > c.respond_by"#,
            tenant.0,
            time(period.from) as SqlTime,
            time(period.to) as SqlTime,
            time(period.now) as SqlTime,
            period.profiles,
        );
        rows.fetch(&self.pool).map_err(StoreError::from).and_then(async |row| Response::try_from(row))
    }
}
