//! Making messages of what happened.

use domain::{
    ids::TenantId,
    ownership::{Position, Told},
};
use jiff::Timestamp;
use uuid::Uuid;

use super::SubscriptionKey;
use crate::{
    codes::Code as _,
    error::StoreError,
    pool::Store,
    time::{SqlTime, opt_time, time},
};

/// Most events of which messages are made at once.
const EVENTS: i64 = 500;
/// No more are made for a subscription for which so many wait; what happens stays in the outbox until some are gone.
const MOST_PENDING: i64 = 10_000;

/// What messages were made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// So many events. None also if somebody else was faster, or too many messages wait.
    Events(usize),
    /// Nothing: what came next is not kept any more. The subscription says so now, and is not active any more.
    Lost,
}

impl Store {
    /// Makes messages of what happened since the last were made; how far that is moves with them, in one statement. `body` makes what
    /// is sent of an event.
    pub async fn make_messages(
        &self,
        key: &SubscriptionKey,
        now: Option<Timestamp>,
        body: impl Fn(&Told) -> String,
    ) -> Result<Made, StoreError> {
        let (TenantId(tenant), id) = (key.0, key.1.as_str());
        let row = sqlx::query!(
            "SELECT commit, place, kinds FROM subscription
             WHERE tenant_id = $1 AND subscription_id = $2 AND state = 1 AND NOT EXISTS (
                 SELECT FROM delivery WHERE tenant_id = $1 AND subscription_id = $2 AND dead_at IS NULL OFFSET $3
             )",
            tenant,
            id,
            MOST_PENDING - 1,
        );
        let Some(row) = row.fetch_optional(&self.pool).await? else { return Ok(Made::Events(0)) };
        let after = Position { commit: row.commit, place: row.place };
        let Some(read) = self.events(key.0, after, EVENTS).await? else {
            let lost = sqlx::query!(
                "UPDATE subscription SET state = 4, version = version + 1, problem = 'what comes next is not kept any more'
                 WHERE tenant_id = $1 AND subscription_id = $2 AND state = 1 AND commit = $3 AND place = $4",
                tenant,
                id,
                after.commit,
                after.place,
            );
            let found_first = lost.execute(&self.pool).await?.rows_affected() == 1;
            return Ok(if found_first { Made::Lost } else { Made::Events(0) });
        };
        if read.until == after {
            return Ok(Made::Events(0));
        }
        let wanted = |told: &&Told| row.kinds.is_empty() || row.kinds.contains(&told.event.kind.code());
        let messages: Vec<_> = read.events.iter().filter(wanted).map(|told| (told, body(told))).collect();
        let moved = self.advance(key, (after, read.until), &messages, now).await?;
        Ok(Made::Events(if moved { read.events.len() } else { 0 }))
    }

    /// Writes messages and how far they go, unless somebody else has done so. A message that follows others of its lead is due with
    /// the first of them.
    async fn advance(
        &self,
        (tenant, id): &SubscriptionKey,
        (after, until): (Position, Position),
        messages: &[(&Told, String)],
        now: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let commits: Vec<i64> = messages.iter().map(|(told, _)| told.position.commit).collect();
        let places: Vec<i32> = messages.iter().map(|(told, _)| told.position.place).collect();
        let leads: Vec<Uuid> = messages.iter().map(|(told, _)| told.event.lead.0).collect();
        let kinds: Vec<i16> = messages.iter().map(|(told, _)| told.event.kind.code()).collect();
        let times: Vec<SqlTime> = messages.iter().map(|(told, _)| time(told.at)).collect();
        let bodies: Vec<&str> = messages.iter().map(|(_, body)| body.as_str()).collect();
        let moved = sqlx::query_scalar!(
            r#"WITH moved AS (
                   UPDATE subscription SET commit = $11, place = $12
                   WHERE tenant_id = $1 AND subscription_id = $2 AND state = 1 AND commit = $9 AND place = $10
                   RETURNING 1
               ), made AS (
                   INSERT INTO delivery (tenant_id, subscription_id, commit, place, lead_id, kind, at, body, since, next_at)
                   SELECT $1, $2, n.commit, n.place, n.lead_id, n.kind, n.at, n.body, coalesce($13, now()),
                          coalesce(before.next_at, $13, now())
                   FROM moved
                   CROSS JOIN unnest($3::bigint[], $4::integer[], $5::uuid[], $6::smallint[], $7::timestamptz[], $8::text[])
                        AS n (commit, place, lead_id, kind, at, body)
                   LEFT JOIN LATERAL (
                       SELECT CASE WHEN holder IS NULL THEN next_at END AS next_at FROM delivery
                       WHERE tenant_id = $1 AND subscription_id = $2 AND lead_id = n.lead_id AND dead_at IS NULL
                       ORDER BY commit, place LIMIT 1
                   ) AS before ON true
               )
               SELECT count(*) AS "moved!" FROM moved"#,
            tenant.0,
            id.as_str(),
            &commits,
            &places,
            &leads,
            &kinds,
            &times as _,
            &bodies as _,
            after.commit,
            after.place,
            until.commit,
            until.place,
            opt_time(now) as Option<SqlTime>,
        );
        Ok(moved.fetch_one(&self.pool).await? == 1)
    }
}
