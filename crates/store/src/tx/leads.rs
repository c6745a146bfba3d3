//! Reading leads that exist, for commands that change them.

use std::collections::BTreeSet;

use domain::{
    ids::{LeadId, TenantId},
    lead::Lead,
    ownership::{Assignment, LeadPause, Owner, Ownership, Timer},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Tx;
use crate::{
    error::StoreError,
    rows::{AssignmentRow, Place, TimerRow, select_leads, select_pauses},
    time::SqlTime,
};

/// A lead with all that a command on it may change.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadRow {
    /// Who has it.
    pub ownership: Ownership,
    /// What was told of it.
    pub lead: Lead,
    /// Its current assignment: that of the ownership's epoch.
    pub assignment: Assignment,
    /// Its timers, by kind.
    pub timers: Vec<Timer>,
    /// Its pauses, in order.
    pub pauses: Vec<LeadPause>,
}

impl Tx {
    /// Leads with their current assignment, timers and pauses, in ascending order; those that don't exist are left out.
    ///
    /// Two round trips (three if the clocks of one of them ever stood), and nothing is locked. If another commit comes between or later, [`Tx::write`] tells.
    pub async fn leads(&mut self, tenant: TenantId, leads: &[LeadId]) -> Result<Vec<LeadRow>, StoreError> {
        if leads.is_empty() {
            return Ok(Vec::new());
        }
        let statement = self.statement("leads");
        let rows = statement.run(read(self.enter()?, tenant, leads)).await;
        self.leave(rows)
    }
}

impl Tx {
    /// The open leads of those owners, in ascending order, at most `limit` from the one after `after`.
    pub async fn open_leads_of(
        &mut self,
        tenant: TenantId,
        owners: &[Owner],
        after: Option<LeadId>,
        limit: i64,
    ) -> Result<Vec<LeadId>, StoreError> {
        if owners.is_empty() {
            return Ok(Vec::new());
        }
        let statement = self.statement("open_leads_of");
        let found = statement.run(open_leads_of(self.enter()?, tenant, owners, after, limit)).await;
        Ok(self.leave(found)?)
    }
}

impl Tx {
    /// All open leads, in ascending order, at most `limit` from the one after `after`.
    pub async fn open_leads(
        &mut self,
        tenant: TenantId,
        after: Option<LeadId>,
        limit: i64,
    ) -> Result<Vec<LeadId>, StoreError> {
        let statement = self.statement("open_leads");
        let found = statement.run(open_leads(self.enter()?, tenant, after, limit)).await;
        Ok(self.leave(found)?)
    }
}

async fn open_leads(
    connection: &mut PgConnection,
    tenant: TenantId,
    after: Option<LeadId>,
    limit: i64,
) -> Result<Vec<LeadId>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        "SELECT lead_id FROM ownership WHERE tenant_id = $1 AND closed_at IS NULL AND lead_id > $2
         ORDER BY lead_id LIMIT $3",
        tenant.0,
        after.map_or(Uuid::nil(), |lead| lead.0),
        limit,
    );
    Ok(rows.fetch_all(connection).await?.into_iter().map(LeadId).collect())
}

async fn open_leads_of(
    connection: &mut PgConnection,
    tenant: TenantId,
    owners: &[Owner],
    after: Option<LeadId>,
    limit: i64,
) -> Result<Vec<LeadId>, sqlx::Error> {
    let owners: Vec<String> = owners.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        "SELECT page.lead_id
         FROM unnest($2::text[]) AS wanted (owner)
         CROSS JOIN LATERAL (
             SELECT o.lead_id FROM ownership AS o
             WHERE o.tenant_id = $1 AND o.owner = wanted.owner AND o.closed_at IS NULL AND o.lead_id > $3
             ORDER BY o.lead_id LIMIT $4
         ) AS page
         ORDER BY page.lead_id LIMIT $4",
        tenant.0,
        &owners,
        after.map_or(Uuid::nil(), |lead| lead.0),
        limit,
    );
    let rows = rows.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| LeadId(row.lead_id)).collect())
}

async fn read(connection: &mut PgConnection, tenant: TenantId, leads: &[LeadId]) -> Result<Vec<LeadRow>, StoreError> {
    let ids: BTreeSet<Uuid> = leads.iter().map(|lead| lead.0).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let owned = select_leads!(
        "FROM unnest($2::uuid[]) AS wanted (id) \
         CROSS JOIN LATERAL (SELECT * FROM ownership WHERE tenant_id = $1 AND lead_id = wanted.id OFFSET 0) AS o \
         CROSS JOIN LATERAL (SELECT * FROM lead WHERE tenant_id = $1 AND lead_id = wanted.id OFFSET 0) AS l \
         ORDER BY wanted.id",
        tenant.0,
        &ids,
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<Uuid> = owned.iter().map(|row| row.lead_id).collect();
    let epochs: Vec<i32> = owned.iter().map(|row| row.epoch).collect();
    let current = current(&mut *connection, tenant, &ids, &epochs).await?;
    let stood: Vec<Uuid> = current.iter().filter(|row| row.stood).map(|row| row.lead_id).collect();
    let mut pauses = if stood.is_empty() { Vec::new() } else { pauses(connection, tenant, &stood).await? };
    let mut current = current.into_iter().peekable();

    let mut rows = Vec::with_capacity(owned.len());
    for row in owned {
        let id = row.lead_id;
        let (lead, ownership) = row.try_into()?;
        let (mut assignment, mut timers) = (None, Vec::new());
        while let Some(row) = current.next_if(|row| row.lead_id == id) {
            let (period, timer) = row.split();
            assignment = Some(period);
            timers.extend(timer.map(Timer::try_from).transpose()?);
        }
        let Some(assignment) = assignment else {
            let place = Place { table: "assignment", row: &id };
            return Err(place.corrupt("epoch", format_args!("there is no row for epoch {}", ownership.epoch.0)));
        };
        let pauses = pauses.extract_if(.., |pause| pause.lead == lead.id).collect();
        rows.push(LeadRow { ownership, lead, assignment: assignment.try_into()?, timers, pauses });
    }
    Ok(rows)
}

/// The current assignment of a lead with one of its timers; a lead has as many rows as timers, but at least one.
#[derive(Debug)]
struct CurrentRow {
    lead_id: Uuid,
    epoch: i32,
    owner: String,
    state: i16,
    cause: i16,
    started_at: SqlTime,
    ended_at: Option<SqlTime>,
    accepted_at: Option<SqlTime>,
    first_response_at: Option<SqlTime>,
    actor: String,
    note: Option<String>,
    end_reason: Option<String>,
    traceparent: Option<String>,
    decision: Option<Vec<u8>>,
    timer_kind: Option<i16>,
    timer_epoch: Option<i32>,
    timer_due_at: Option<SqlTime>,
    timer_traceparent: Option<String>,
    /// Its clocks stood at some time.
    stood: bool,
}

impl CurrentRow {
    fn split(self) -> (AssignmentRow, Option<TimerRow>) {
        let timer = match (self.timer_kind, self.timer_epoch, self.timer_due_at) {
            (Some(kind), Some(epoch), Some(due_at)) => {
                Some(TimerRow { lead_id: self.lead_id, kind, epoch, due_at, traceparent: self.timer_traceparent })
            }
            _ => None,
        };
        let assignment = AssignmentRow {
            lead_id: self.lead_id,
            epoch: self.epoch,
            owner: self.owner,
            state: self.state,
            cause: self.cause,
            started_at: self.started_at,
            ended_at: self.ended_at,
            accepted_at: self.accepted_at,
            first_response_at: self.first_response_at,
            actor: self.actor,
            note: self.note,
            end_reason: self.end_reason,
            traceparent: self.traceparent,
            decision: self.decision,
        };
        (assignment, timer)
    }
}

/// By lead, then timer kind.
async fn current(
    connection: &mut PgConnection,
    tenant: TenantId,
    leads: &[Uuid],
    epochs: &[i32],
) -> Result<Vec<CurrentRow>, sqlx::Error> {
    sqlx::query_as!(
        CurrentRow,
        r#"
        SELECT a.lead_id, a.epoch, a.owner, a.state, a.cause, a.started_at AS "started_at: _",
               a.ended_at AS "ended_at: _", a.accepted_at AS "accepted_at: _",
               a.first_response_at AS "first_response_at: _", a.actor, a.note, a.end_reason, a.traceparent, a.decision,
               t.kind AS "timer_kind?", t.epoch AS "timer_epoch?", t.due_at AS "timer_due_at?: _",
               t.traceparent AS "timer_traceparent?",
               EXISTS (SELECT FROM pause WHERE tenant_id = $1 AND lead_id = owned.lead_id) AS "stood!"
        FROM unnest($2::uuid[], $3::integer[]) AS owned (lead_id, epoch)
        CROSS JOIN LATERAL (
            SELECT * FROM assignment WHERE tenant_id = $1 AND lead_id = owned.lead_id AND epoch = owned.epoch OFFSET 0
        ) AS a
        LEFT JOIN LATERAL (
            SELECT * FROM timer WHERE tenant_id = $1 AND lead_id = owned.lead_id OFFSET 0
        ) AS t ON true
        ORDER BY a.lead_id, t.kind
        "#,
        tenant.0,
        leads,
        epochs,
    )
    .fetch_all(connection)
    .await
}

/// By lead and number.
async fn pauses(connection: &mut PgConnection, tenant: TenantId, leads: &[Uuid]) -> Result<Vec<LeadPause>, StoreError> {
    let rows = select_pauses!(
        "FROM pause WHERE tenant_id = $1 AND lead_id = ANY ($2) ORDER BY lead_id, number",
        tenant.0,
        leads,
    );
    rows.fetch_all(connection).await?.into_iter().map(TryInto::try_into).collect()
}
