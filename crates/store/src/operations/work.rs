//! Doing an operation, part by part.

use std::time::Duration;

use domain::ids::{LeadId, TenantId};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Counts, Operation, OperationKey, OperationLead, Outcome,
    row::{OperationLeadRow, OperationRow, OutcomeColumns},
};
use crate::{
    error::StoreError,
    pool::Store,
    time::{SqlTime, opt_time, time},
};

/// The right to do the next part of an operation.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Whose it is.
    pub tenant: TenantId,
    /// As it stands.
    pub operation: Operation,
    /// Who has the right.
    pub holder: Uuid,
    /// The last lead that is done.
    pub cursor: LeadId,
    /// When it was given: now.
    pub at: Timestamp,
}

impl Claim {
    /// Which operation.
    pub const fn key(&self) -> OperationKey {
        (self.tenant, self.operation.id)
    }
}

/// What came of a part.
#[derive(Debug, Clone)]
pub struct Part {
    /// The leads that are done, ascending; those that follow the claim's cursor, without gaps.
    pub done: Vec<(LeadId, Outcome)>,
    /// From when on the next part may be done.
    pub next_at: Timestamp,
}

impl Store {
    /// The right to do the next part of the operation that has waited longest, for so long; `None`: nothing is to be done
    /// now. "Now" is the database's clock, or `now` for tests that move a clock of their own.
    ///
    /// Whoever holds it already, or died with it, keeps it until it runs out.
    pub async fn claim_operation(
        &self,
        holder: Uuid,
        lease: Duration,
        now: Option<Timestamp>,
    ) -> Result<Option<Claim>, StoreError> {
        let row = sqlx::query!(
            r#"WITH free AS (
                   SELECT tenant_id, operation_id FROM operation
                   WHERE ended_at IS NULL AND next_at <= coalesce($3, now())
                     AND (lease_until IS NULL OR lease_until <= coalesce($3, now()))
                   ORDER BY next_at, tenant_id, operation_id LIMIT 1
                   FOR UPDATE SKIP LOCKED
               )
               UPDATE operation AS o
               SET holder = $1, lease_until = coalesce($3, now()) + $2 * interval '1 second'
               FROM free
               WHERE o.tenant_id = free.tenant_id AND o.operation_id = free.operation_id
               RETURNING o.tenant_id, o.operation_id, o.request, o.actor, o.traceparent, o.created_at AS "created_at: SqlTime",
                         o.cancelled_at AS "cancelled_at: SqlTime", o.ended_at AS "ended_at: SqlTime", o.total, o.moved,
                         o.unchanged, o.changed_meanwhile, o.refused, o.next_at AS "next_at: SqlTime", o.cursor,
                         coalesce($3, now()) AS "now!: SqlTime""#,
            holder,
            lease.as_secs_f64(),
            opt_time(now) as _,
        );
        let Some(row) = row.fetch_optional(&self.pool).await? else { return Ok(None) };
        let operation = OperationRow {
            operation_id: row.operation_id,
            request: row.request,
            actor: row.actor,
            traceparent: row.traceparent,
            created_at: row.created_at,
            cancelled_at: row.cancelled_at,
            ended_at: row.ended_at,
            total: row.total,
            moved: row.moved,
            unchanged: row.unchanged,
            changed_meanwhile: row.changed_meanwhile,
            refused: row.refused,
            next_at: row.next_at,
            response: None,
        };
        Ok(Some(Claim {
            tenant: TenantId(row.tenant_id),
            operation: operation.try_into()?,
            holder,
            cursor: LeadId(row.cursor),
            at: row.now.to_jiff(),
        }))
    }

    /// Leads of an operation, ascending, from the one after `after`, at most `limit`.
    pub async fn operation_part(
        &self,
        (tenant, operation): OperationKey,
        after: LeadId,
        limit: i64,
    ) -> Result<Vec<OperationLead>, StoreError> {
        let rows = sqlx::query_as!(
            OperationLeadRow,
            "SELECT lead_id, epoch, state, owner, outcome, new_owner, new_epoch, reason, message FROM operation_lead
             WHERE tenant_id = $1 AND operation_id = $2 AND lead_id > $3 ORDER BY lead_id LIMIT $4",
            tenant.0,
            operation,
            after.0,
            limit,
        );
        rows.fetch_all(&self.pool).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// Records what came of a part, and gives the right back. False, and nothing recorded: somebody else has it by now, who
    /// found the same or will.
    pub async fn record_part(&self, claim: &Claim, part: &Part) -> Result<bool, StoreError> {
        let mut counts = Counts::default();
        let (mut leads, mut outcomes, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        let (mut epochs, mut reasons, mut messages) = (Vec::new(), Vec::new(), Vec::new());
        for (lead, outcome) in &part.done {
            counts.add(outcome);
            let columns = OutcomeColumns::from(outcome);
            leads.push(lead.0);
            outcomes.push(columns.outcome);
            owners.push(columns.owner);
            epochs.push(columns.epoch);
            reasons.push(columns.reason);
            messages.push(columns.message);
        }
        let cursor = part.done.last().map_or(claim.cursor, |(lead, _)| *lead);
        // A part has a few hundred leads.
        let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let recorded = sqlx::query_scalar!(
            r#"WITH held AS (
                   UPDATE operation
                   SET cursor = $5, next_at = $6, holder = NULL, lease_until = NULL, moved = moved + $7,
                       unchanged = unchanged + $8, changed_meanwhile = changed_meanwhile + $9, refused = refused + $10
                   WHERE tenant_id = $1 AND operation_id = $2 AND holder = $3 AND cursor = $4 AND ended_at IS NULL
                   RETURNING tenant_id, operation_id
               ), told AS (
                   UPDATE operation_lead AS l
                   SET outcome = n.outcome, new_owner = n.owner, new_epoch = n.epoch, reason = n.reason, message = n.message
                   FROM (
                       SELECT held.*, r.*
                       FROM held, unnest($11::uuid[], $12::smallint[], $13::text[], $14::integer[], $15::integer[], $16::text[])
                            AS r (lead_id, outcome, owner, epoch, reason, message)
                       OFFSET 0
                   ) AS n
                   WHERE l.tenant_id = n.tenant_id AND l.operation_id = n.operation_id AND l.lead_id = n.lead_id
               )
               SELECT count(*) AS "held!" FROM held"#,
            claim.tenant.0,
            claim.operation.id,
            claim.holder,
            claim.cursor.0,
            cursor.0,
            time(part.next_at) as SqlTime,
            count(counts.moved),
            count(counts.unchanged),
            count(counts.changed_meanwhile),
            count(counts.refused),
            &leads,
            &outcomes,
            &owners as _,
            &epochs as _,
            &reasons as _,
            &messages as _,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(recorded == 1)
    }

    /// Ends an operation, with what it came to if its last lead is done. False: somebody else has the right by now.
    pub async fn end_operation(&self, claim: &Claim, response: Option<Vec<u8>>) -> Result<bool, StoreError> {
        let ended = sqlx::query!(
            "UPDATE operation SET ended_at = $5, response = $6, holder = NULL, lease_until = NULL
             WHERE tenant_id = $1 AND operation_id = $2 AND holder = $3 AND cursor = $4 AND ended_at IS NULL",
            claim.tenant.0,
            claim.operation.id,
            claim.holder,
            claim.cursor.0,
            time(claim.at) as SqlTime,
            response,
        );
        Ok(ended.execute(&self.pool).await?.rows_affected() == 1)
    }
}
