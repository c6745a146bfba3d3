//! Handing messages out to be sent.

use std::time::Duration;

use domain::{delivery::Secret, ids::TenantId, ownership::Position};
use jiff::Timestamp;
use uuid::Uuid;

use super::SubscriptionKey;
use crate::{
    error::StoreError,
    pool::Store,
    rows::Place,
    time::{SqlTime, from_opt, opt_time},
};

/// A message that is to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its place in the tenant's order, which is its id.
    pub position: Position,
    /// What is sent.
    pub body: String,
    /// From when on it is tried.
    pub since: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether somebody else had it before, and never said what came of it.
    pub again: bool,
}

impl std::fmt::Debug for Claimed {
    /// Without what is told of the lead.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claimed")
            .field("position", &self.position)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// What is sent, where, and under which secrets.
#[derive(Debug, Clone)]
pub struct Ready {
    /// Where.
    pub url: String,
    /// Under which, as they are kept: one or two.
    pub secrets: Vec<Secret>,
    /// Attempts at the whole that found nobody, one after the other.
    pub failures: u32,
    /// What, in order.
    pub messages: Vec<Claimed>,
    /// Now.
    pub now: Timestamp,
}

/// How far active subscriptions are behind, at most.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Lag {
    /// Seconds since the oldest change happened that was not delivered, also if no message was made of it yet.
    pub age: f64,
    /// Commits of which no messages were made yet.
    pub commits: i64,
    /// Subscriptions that are LOST.
    pub lost: i64,
}

impl Store {
    /// The subscriptions for which there is something to do now, with the database's clock, or `now` of tests: messages to be
    /// made, or to be sent. Each with whether nobody was there the last time.
    pub async fn busy_subscriptions(&self, now: Option<Timestamp>) -> Result<Vec<(SubscriptionKey, bool)>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT s.tenant_id, s.subscription_id, s.failures > 0 AS "away!"
             FROM subscription AS s JOIN tenant AS t ON t.tenant_id = s.tenant_id
             WHERE s.state = 1 AND (s.resume_at IS NULL OR s.resume_at <= coalesce($1, now()))
               AND ((t.commits, 2147483647) > (s.commit, s.place) OR (
                   SELECT d.next_at FROM delivery AS d
                   WHERE d.tenant_id = s.tenant_id AND d.subscription_id = s.subscription_id AND d.dead_at IS NULL
                   ORDER BY d.next_at LIMIT 1
               ) <= coalesce($1, now()))
             ORDER BY s.tenant_id, s.subscription_id"#,
            opt_time(now) as Option<SqlTime>,
        );
        let rows = rows.fetch_all(&self.pool).await?.into_iter();
        let place = Place { table: "subscription", row: &"" };
        rows.map(|row| {
            let id = place.text("subscription_id", &row.subscription_id)?;
            Ok(((TenantId(row.tenant_id), id), row.away))
        })
        .collect()
    }

    /// Takes messages to send, at most `limit`, for so long: of each lead the first that is left, if it is due. Where nobody was
    /// there the last time, only one. `None`: there is no such subscription (any more), it is not active, or it rests.
    pub async fn claim_messages(
        &self,
        (tenant, id): &SubscriptionKey,
        holder: Uuid,
        (lease, limit): (Duration, i64),
        now: Option<Timestamp>,
    ) -> Result<Option<Ready>, StoreError> {
        let now = opt_time(now);
        let row = sqlx::query!(
            r#"SELECT url, secret, old_secret, old_secret_until AS "old_secret_until: SqlTime", failures,
                      coalesce($3, now()) AS "now!: SqlTime"
               FROM subscription WHERE tenant_id = $1 AND subscription_id = $2 AND state = 1
                 AND (resume_at IS NULL OR resume_at <= coalesce($3, now()))"#,
            tenant.0,
            id.as_str(),
            now as Option<SqlTime>,
        );
        let Some(row) = row.fetch_optional(&self.pool).await? else { return Ok(None) };
        let limit = if row.failures > 0 { limit.min(1) } else { limit };
        let found = sqlx::query!(
            r#"WITH free AS (
                   SELECT d.tenant_id, d.subscription_id, d.commit, d.place, d.holder IS NOT NULL AS again
                   FROM delivery AS d
                   WHERE d.tenant_id = $1 AND d.subscription_id = $2 AND d.dead_at IS NULL AND d.next_at <= coalesce($3, now())
                     AND NOT EXISTS (
                         SELECT FROM delivery AS e
                         WHERE e.tenant_id = $1 AND e.subscription_id = $2 AND e.lead_id = d.lead_id AND e.dead_at IS NULL
                           AND (e.commit, e.place) < (d.commit, d.place)
                         OFFSET 0
                     )
                   ORDER BY d.next_at, d.commit, d.place LIMIT $4 FOR UPDATE OF d SKIP LOCKED
               )
               UPDATE delivery AS d SET holder = $5, next_at = coalesce($3, now()) + $6 * interval '1 second'
               FROM free
               WHERE d.tenant_id = free.tenant_id AND d.subscription_id = free.subscription_id AND d.commit = free.commit
                 AND d.place = free.place
               RETURNING d.commit, d.place, d.body, d.since AS "since: SqlTime", d.attempts, free.again AS "again!""#,
            tenant.0,
            id.as_str(),
            now as Option<SqlTime>,
            limit,
            holder,
            lease.as_secs_f64(),
        );
        let found = found.fetch_all(&self.pool).await?;
        let place = Place { table: "delivery", row: id };
        let mut messages = found
            .into_iter()
            .map(|row| {
                Ok(Claimed {
                    position: Position { commit: row.commit, place: row.place },
                    body: row.body,
                    since: row.since.to_jiff(),
                    attempts: place.number("attempts", row.attempts)?,
                    again: row.again,
                })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        messages.sort_unstable_by_key(|message| message.position);
        let now = row.now.to_jiff();
        let old = row.old_secret.filter(|_| from_opt(row.old_secret_until).is_some_and(|until| now < until));
        let secrets = [row.secret].into_iter().chain(old).map(Secret).collect();
        let failures = place.number("failures", row.failures)?;
        Ok(Some(Ready { url: row.url, secrets, failures, messages, now }))
    }

    /// How far active subscriptions are behind.
    pub async fn delivery_lag(&self, now: Option<Timestamp>) -> Result<Lag, StoreError> {
        let row = sqlx::query!(
            r#"SELECT coalesce(max(extract(epoch FROM coalesce($1, now()) - least(d.at, o.at))) FILTER (WHERE s.state = 1), 0)::float8
                          AS "age!",
                      coalesce(max(t.commits - s.commit) FILTER (WHERE s.state = 1), 0) AS "commits!",
                      count(*) FILTER (WHERE s.state = 4) AS "lost!"
               FROM subscription AS s JOIN tenant AS t ON t.tenant_id = s.tenant_id
               LEFT JOIN LATERAL (
                   SELECT at FROM delivery
                   WHERE tenant_id = s.tenant_id AND subscription_id = s.subscription_id AND dead_at IS NULL
                   ORDER BY commit, place LIMIT 1
               ) AS d ON s.state = 1
               LEFT JOIN LATERAL (
                   SELECT at FROM outbox WHERE tenant_id = s.tenant_id AND commit > s.commit ORDER BY commit LIMIT 1
               ) AS o ON s.state = 1"#,
            opt_time(now) as Option<SqlTime>,
        );
        let row = row.fetch_one(&self.pool).await?;
        Ok(Lag { age: row.age.max(0.0), commits: row.commits, lost: row.lost })
    }
}
