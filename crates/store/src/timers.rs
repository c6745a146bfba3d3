//! Reading timers: of a lead, of a tenant. (`due.rs` has those that are due.)

use domain::{
    ids::{LeadId, TenantId},
    ownership::{Timer, TimerKind},
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    codes::Code as _,
    error::StoreError,
    pool::Store,
    rows::TimerRow,
    time::{SqlTime, opt_time, time},
};

/// Where a timer stands in the order of timers: due, lead, kind. A page ends with one and the next begins after it.
pub type TimerKey = (Timestamp, LeadId, TimerKind);

impl Store {
    /// The timers of a lead, by kind.
    pub async fn timers_of(&self, tenant: TenantId, lead: LeadId) -> Result<Vec<Timer>, StoreError> {
        let rows = sqlx::query_as!(
            TimerRow,
            r#"SELECT lead_id, kind, epoch, due_at AS "due_at: _", traceparent
               FROM timer WHERE tenant_id = $1 AND lead_id = $2 ORDER BY kind"#,
            tenant.0,
            lead.0,
        );
        rows.fetch_all(&self.pool).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// Timers of a tenant by due time, lead and kind, at most `limit`, from the one after `after`.
    pub async fn timers(
        &self,
        tenant: TenantId,
        kind: Option<TimerKind>,
        due_before: Option<Timestamp>,
        after: Option<TimerKey>,
        limit: i64,
    ) -> Result<Vec<Timer>, StoreError> {
        let (after_due, after_lead, after_kind) =
            after.map_or((Timestamp::UNIX_EPOCH, Uuid::nil(), 0), |(due, lead, kind)| (due, lead.0, kind.code()));
        let rows = sqlx::query_as!(
            TimerRow,
            r#"SELECT lead_id, kind, epoch, due_at AS "due_at: _", traceparent
               FROM timer
               WHERE tenant_id = $1 AND due_at >= $4 AND (due_at, tenant_id, lead_id, kind) > ($4, $1, $5, $6)
                 AND ($2::smallint IS NULL OR kind = $2) AND ($3::timestamptz IS NULL OR due_at < $3)
               ORDER BY due_at, tenant_id, lead_id, kind LIMIT $7"#,
            tenant.0,
            kind.map(crate::codes::Code::code),
            opt_time(due_before) as _,
            time(after_due) as SqlTime,
            after_lead,
            after_kind,
            limit,
        );
        rows.fetch_all(&self.pool).await?.into_iter().map(TryInto::try_into).collect()
    }
}
