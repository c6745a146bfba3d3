//! What those who fire timers ask for: which are due, and who else is there.

use std::time::Duration;

use domain::{ids::TenantId, ownership::Timer};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    error::StoreError,
    pool::Store,
    rows::TimerRow,
    time::{SqlTime, opt_time, time},
};

/// Which timers one of several replicas looks at first: those of leads whose hash leaves `number` when it is divided by `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// From 0.
    pub number: u32,
    /// At least 1.
    pub of: u32,
}

impl Share {
    /// Of a replica that is alone.
    pub const ALL: Self = Self { number: 0, of: 1 };
}

/// What to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Most timers.
    pub limit: u32,
    /// Only timers that are due at or after it.
    ///
    /// It spares the search the remains of timers that have just fired, which costs 100 times the search itself while a long
    /// snapshot (a report) keeps them from being cleared away. A timer can be set in the past, by a commit that took long or by a
    /// chain that is late; so look without it every now and then.
    pub since: Option<Timestamp>,
    /// Which timers.
    pub share: Share,
    /// Those of others are found as well when they have been due for longer than that: whoever should have fired them is not there.
    pub patience: Duration,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The timers of all tenants that are due, most late first.
    pub timers: Vec<(TenantId, Timer)>,
    /// When the next one will be due, whoever fires it.
    pub next: Option<Timestamp>,
    /// When that was.
    pub now: Timestamp,
}

impl Store {
    /// How many timers of all tenants are due before that.
    pub async fn timers_due_before(&self, then: Timestamp) -> Result<i64, StoreError> {
        let count =
            sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM timer WHERE due_at < $1"#, time(then) as SqlTime);
        Ok(count.fetch_one(&self.pool).await?)
    }

    /// The timers that are due by the database's clock, or at `now`, for tests that move a clock of their own.
    pub async fn due_timers(&self, look: &Look, now: Option<Timestamp>) -> Result<Due, StoreError> {
        let rows = sqlx::query!(
            r#"WITH moment AS MATERIALIZED (SELECT coalesce($1, now()) AS now)
               SELECT moment.now AS "now!: SqlTime",
                      (SELECT min(due_at) FROM timer WHERE due_at > moment.now) AS "next: SqlTime",
                      due.tenant_id AS "tenant_id?", due.lead_id AS "lead_id?", due.kind AS "kind?", due.epoch AS "epoch?",
                      due.due_at AS "due_at?: SqlTime", due.traceparent AS "traceparent?"
               FROM moment
               LEFT JOIN LATERAL (
                   SELECT * FROM timer
                   WHERE due_at <= moment.now AND due_at >= $2
                     AND (abs(uuid_hash(lead_id)::bigint) % $4 = $5 OR due_at < moment.now - make_interval(secs => $6))
                   ORDER BY due_at, tenant_id, lead_id, kind LIMIT $3
               ) AS due ON true
               ORDER BY due.due_at, due.tenant_id, due.lead_id, due.kind"#,
            opt_time(now) as _,
            time(look.since.unwrap_or(Timestamp::UNIX_EPOCH)) as SqlTime,
            i64::from(look.limit),
            i64::from(look.share.of),
            i64::from(look.share.number),
            look.patience.as_secs_f64(),
        )
        .fetch_all(&self.pool)
        .await?;
        let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        let (now, next) = (first.now.to_jiff(), first.next.map(SqlTime::to_jiff));
        let timers = rows.into_iter().filter_map(|row| {
            let tenant = TenantId(row.tenant_id?);
            let timer = TimerRow {
                lead_id: row.lead_id?,
                kind: row.kind?,
                epoch: row.epoch?,
                due_at: row.due_at?,
                traceparent: row.traceparent,
            };
            Some(timer.try_into().map(|timer| (tenant, timer)))
        });
        Ok(Due { timers: timers.collect::<Result<_, StoreError>>()?, next, now })
    }

    /// Says that this replica is there to fire timers, and learns its share among all who said so within `recently`.
    pub async fn join_schedulers(&self, replica: Uuid, recently: Duration) -> Result<Share, StoreError> {
        let row = sqlx::query!(
            r#"WITH here AS (
                   INSERT INTO scheduler AS s (replica, seen_at) VALUES ($1, now())
                   ON CONFLICT (replica) DO UPDATE SET seen_at = excluded.seen_at
               ), gone AS (
                   DELETE FROM scheduler WHERE replica <> $1 AND seen_at < now() - 10 * make_interval(secs => $2)
               )
               SELECT count(*) FILTER (WHERE replica < $1) AS "before!", count(*) AS "others!"
               FROM scheduler WHERE replica <> $1 AND seen_at >= now() - make_interval(secs => $2)"#,
            replica,
            recently.as_secs_f64(),
        )
        .fetch_one(&self.pool)
        .await?;
        let count = |replicas: i64| u32::try_from(replicas).unwrap_or_default();
        Ok(Share { number: count(row.before), of: count(row.others).saturating_add(1) })
    }

    /// Says that this replica is not there any more.
    pub async fn leave_schedulers(&self, replica: Uuid) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM scheduler WHERE replica = $1", replica).execute(&self.pool).await?;
        Ok(())
    }
}
