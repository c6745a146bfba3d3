//! Reading timers: of a lead, of a tenant, and those that are due.

use std::time::Duration;

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

    /// Timers of all tenants that are due by the database's clock (or at `now`, for tests that move a clock of their own), most
    /// late first, at most `limit`.
    ///
    /// `not_before` spares the search the remains of timers that have just fired, which costs 100 times the search itself while
    /// a long snapshot (a report) keeps them from being cleared away: only timers due at or after it are found. A
    /// timer can be set in the past, by a commit that took long or by a chain that is late; so keep it some minutes behind
    /// the oldest timer that was found last, and ask without it every now and then.
    pub async fn due_timers(
        &self,
        limit: i64,
        not_before: Option<Timestamp>,
        now: Option<Timestamp>,
    ) -> Result<Vec<(TenantId, Timer)>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT tenant_id, lead_id, kind, epoch, due_at AS "due_at: SqlTime", traceparent
               FROM timer
               WHERE due_at <= coalesce($3, now()) AND due_at >= $2
               ORDER BY due_at, tenant_id, lead_id, kind LIMIT $1"#,
            limit,
            time(not_before.unwrap_or(Timestamp::UNIX_EPOCH)) as SqlTime,
            opt_time(now) as _,
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let timer = TimerRow {
                    lead_id: row.lead_id,
                    kind: row.kind,
                    epoch: row.epoch,
                    due_at: row.due_at,
                    traceparent: row.traceparent,
                };
                Ok((TenantId(row.tenant_id), timer.try_into()?))
            })
            .collect()
    }

    /// When the next timer is due, of all tenants; in the past if one is late.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let due = sqlx::query_scalar!(r#"SELECT due_at AS "due_at: SqlTime" FROM timer ORDER BY due_at LIMIT 1"#);
        Ok(due.fetch_optional(&self.pool).await?.map(SqlTime::to_jiff))
    }

    /// How late the latest timer is by the database's clock; zero if none is.
    pub async fn oldest_due_age(&self) -> Result<Duration, StoreError> {
        let row =
            sqlx::query!(r#"SELECT now() AS "now!: SqlTime", (SELECT min(due_at) FROM timer) AS "due_at: SqlTime""#)
                .fetch_one(&self.pool)
                .await?;
        let age = row.due_at.map(|due_at| row.now.to_jiff().duration_since(due_at.to_jiff()));
        Ok(age.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default())
    }
}
