//! Noting what came of an attempt. Nothing is noted if somebody else has the message by now: it is told twice then.

use domain::ownership::Position;
use jiff::Timestamp;
use uuid::Uuid;

use super::SubscriptionKey;
use crate::{
    error::StoreError,
    pool::Store,
    time::{SqlTime, opt_time, time},
};

/// A message in somebody's hands.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// Of which subscription.
    pub key: &'a SubscriptionKey,
    /// Which.
    pub position: Position,
    /// Who has it.
    pub holder: Uuid,
    /// Now.
    pub now: Timestamp,
}

impl Store {
    /// It was delivered. What follows it of its lead is due, and the receiver is there.
    pub async fn record_delivered(&self, held: Held<'_>) -> Result<(), StoreError> {
        let Held { key: (tenant, id), position, holder, now } = held;
        sqlx::query!(
            "WITH done AS (
                 DELETE FROM delivery
                 WHERE tenant_id = $1 AND subscription_id = $2 AND commit = $3 AND place = $4 AND holder = $5
                 RETURNING tenant_id, subscription_id, lead_id
             ), following AS (
                 UPDATE delivery AS d SET next_at = $6::timestamptz FROM done
                 WHERE d.tenant_id = done.tenant_id AND d.subscription_id = done.subscription_id AND d.lead_id = done.lead_id
                   AND d.dead_at IS NULL AND d.holder IS NULL AND d.next_at > $6 AND (d.commit, d.place) > ($3, $4)
             )
             UPDATE subscription SET problem = NULL, failures = 0, resume_at = NULL
             WHERE tenant_id = $1 AND subscription_id = $2 AND state = 1
               AND (problem IS NOT NULL OR failures > 0 OR resume_at IS NOT NULL)",
            tenant.0,
            id.as_str(),
            position.commit,
            position.place,
            holder,
            time(now) as SqlTime,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The receiver is there and did not take it: it is tried again at that time, and what follows it of its lead not before; or it is
    /// a dead letter.
    pub async fn record_refused(
        &self,
        held: Held<'_>,
        again_at: Option<Timestamp>,
        problem: &str,
    ) -> Result<(), StoreError> {
        let Held { key: (tenant, id), position, holder, now } = held;
        sqlx::query!(
            "WITH tried AS (
                 UPDATE delivery
                 SET attempts = attempts + 1, holder = NULL, problem = $8::text, next_at = coalesce($7::timestamptz, $6::timestamptz),
                     dead_at = CASE WHEN $7::timestamptz IS NULL THEN $6::timestamptz END
                 WHERE tenant_id = $1 AND subscription_id = $2 AND commit = $3 AND place = $4 AND holder = $5
                 RETURNING tenant_id, subscription_id, lead_id
             ), following AS (
                 UPDATE delivery AS d SET next_at = $7::timestamptz FROM tried
                 WHERE d.tenant_id = tried.tenant_id AND d.subscription_id = tried.subscription_id AND d.lead_id = tried.lead_id
                   AND d.dead_at IS NULL AND d.holder IS NULL AND d.next_at < $7::timestamptz AND (d.commit, d.place) > ($3, $4)
             )
             UPDATE subscription SET problem = $8, failures = 0, resume_at = NULL
             WHERE tenant_id = $1 AND subscription_id = $2 AND state = 1
               AND (problem IS DISTINCT FROM $8 OR failures > 0 OR resume_at IS NOT NULL)",
            tenant.0,
            id.as_str(),
            position.commit,
            position.place,
            holder,
            time(now) as SqlTime,
            opt_time(again_at) as Option<SqlTime>,
            problem,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Nobody is there, for the `failures`-th time: nothing is sent before that time. If this message is given up now, so are all that
    /// are as old: how many.
    pub async fn record_absent(
        &self,
        held: Held<'_>,
        (resume_at, failures): (Timestamp, u32),
        given_up_since: Option<Timestamp>,
        problem: &str,
    ) -> Result<i64, StoreError> {
        let Held { key: (tenant, id), position, holder, now } = held;
        let dead = sqlx::query_scalar!(
            r#"WITH tried AS (
                   UPDATE delivery
                   SET attempts = attempts + 1, holder = NULL, problem = $10, next_at = $6::timestamptz,
                       dead_at = CASE WHEN since <= $9::timestamptz THEN $6::timestamptz END
                   WHERE tenant_id = $1 AND subscription_id = $2 AND commit = $3 AND place = $4 AND holder = $5
                   RETURNING dead_at
               ), as_old AS (
                   UPDATE delivery SET dead_at = $6::timestamptz, problem = $10
                   WHERE tenant_id = $1 AND subscription_id = $2 AND dead_at IS NULL AND holder IS NULL AND since <= $9::timestamptz
                     AND (commit, place) <> ($3, $4)
                   RETURNING dead_at
               ), away AS (
                   UPDATE subscription SET problem = $10, failures = $8, resume_at = $7
                   WHERE tenant_id = $1 AND subscription_id = $2 AND state = 1
               )
               SELECT (SELECT count(dead_at) FROM tried) + (SELECT count(*) FROM as_old) AS "dead!""#,
            tenant.0,
            id.as_str(),
            position.commit,
            position.place,
            holder,
            time(now) as SqlTime,
            time(resume_at) as SqlTime,
            i32::try_from(failures).unwrap_or(i32::MAX),
            opt_time(given_up_since) as Option<SqlTime>,
            problem,
        );
        Ok(dead.fetch_one(&self.pool).await?)
    }

    /// The receiver wants nothing any more: the subscription is disabled, and the message waits with the others.
    pub async fn record_gone(&self, held: Held<'_>, problem: &str) -> Result<(), StoreError> {
        let Held { key: (tenant, id), position, holder, now } = held;
        sqlx::query!(
            "WITH tried AS (
                 UPDATE delivery SET attempts = attempts + 1, holder = NULL, problem = $7, next_at = $6
                 WHERE tenant_id = $1 AND subscription_id = $2 AND commit = $3 AND place = $4 AND holder = $5
             )
             UPDATE subscription SET state = 3, version = version + 1, problem = $7
             WHERE tenant_id = $1 AND subscription_id = $2 AND state = 1",
            tenant.0,
            id.as_str(),
            position.commit,
            position.place,
            holder,
            time(now) as SqlTime,
            problem,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
