//! Creating, changing and reading subscriptions.

use domain::{
    delivery::Secret,
    ids::{SubscriptionId, TenantId},
    ownership::{EventKind, Position},
};
use jiff::Timestamp;

use super::{Subscription, SubscriptionState};
use crate::{
    codes::Code as _,
    error::StoreError,
    pool::Store,
    rows::Place,
    time::{SqlTime, from_opt, opt_time, time},
    tx::Tx,
};

/// A subscription that is to be.
#[derive(Debug, Clone)]
pub struct NewSubscription<'a> {
    /// Its id.
    pub id: &'a SubscriptionId,
    /// Where messages are sent.
    pub url: &'a str,
    /// What it wants to hear; none: everything.
    pub kinds: &'a [EventKind],
    /// Where it stands.
    pub state: SubscriptionState,
    /// What signs its messages, as it is to be kept.
    pub secret: &'a Secret,
    /// Now.
    pub now: Timestamp,
}

/// What is to be otherwise.
#[derive(Debug, Clone, Default)]
pub struct SubscriptionChange<'a> {
    /// Where messages are sent.
    pub url: Option<&'a str>,
    /// What it wants to hear.
    pub kinds: Option<&'a [EventKind]>,
    /// Where it stands.
    pub state: Option<SubscriptionState>,
    /// A new secret, as it is to be kept, and until when the one before is valid.
    pub secret: Option<(&'a Secret, Timestamp)>,
}

/// One subscription, with how it stands.
#[derive(Debug)]
struct SubscriptionRow {
    subscription_id: String,
    version: i64,
    url: String,
    kinds: Vec<i16>,
    state: i16,
    created_at: SqlTime,
    old_secret_until: Option<SqlTime>,
    problem: Option<String>,
    pending: i64,
    oldest: Option<SqlTime>,
    dead: i64,
}

impl TryFrom<SubscriptionRow> for Subscription {
    type Error = StoreError;

    fn try_from(row: SubscriptionRow) -> Result<Self, StoreError> {
        let place = Place { table: "subscription", row: &row.subscription_id };
        Ok(Self {
            id: place.text("subscription_id", &row.subscription_id)?,
            version: row.version,
            kinds: row.kinds.iter().map(|kind| place.code("kinds", *kind)).collect::<Result<_, _>>()?,
            state: place.code("state", row.state)?,
            created_at: row.created_at.to_jiff(),
            old_secret_until: from_opt(row.old_secret_until),
            pending: row.pending,
            oldest: from_opt(row.oldest),
            dead: row.dead,
            url: row.url,
            problem: row.problem,
        })
    }
}

/// `SELECT` of the columns of a [`SubscriptionRow`].
macro_rules! select_subscriptions {
    ($condition:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            SubscriptionRow,
            r#"SELECT s.subscription_id, s.version, s.url, s.kinds, s.state, s.created_at AS "created_at: _",
                      s.old_secret_until AS "old_secret_until: _", s.problem, d.pending AS "pending!",
                      d.oldest AS "oldest: _", d.dead AS "dead!"
               FROM subscription AS s
               CROSS JOIN LATERAL (
                   SELECT count(*) FILTER (WHERE dead_at IS NULL) AS pending, min(at) FILTER (WHERE dead_at IS NULL) AS oldest,
                          count(dead_at) AS dead
                   FROM delivery WHERE tenant_id = s.tenant_id AND subscription_id = s.subscription_id
               ) AS d
               WHERE s.tenant_id = $1 AND "# + $condition,
            $($argument),+
        )
    };
}

fn kinds(kinds: &[EventKind]) -> Vec<i16> {
    kinds.iter().map(|kind| kind.code()).collect()
}

impl Store {
    /// Subscriptions of a tenant by id, from the one after `after`, at most `limit`.
    pub async fn subscriptions(
        &self,
        tenant: TenantId,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Subscription>, StoreError> {
        let after = after.unwrap_or_default();
        let rows =
            select_subscriptions!("s.subscription_id > $2 ORDER BY s.subscription_id LIMIT $3", tenant.0, after, limit);
        rows.fetch_all(&self.pool).await?.into_iter().map(TryInto::try_into).collect()
    }
}

impl Tx {
    /// One subscription.
    pub async fn subscription(
        &mut self,
        tenant: TenantId,
        id: &SubscriptionId,
    ) -> Result<Option<Subscription>, StoreError> {
        let statement = self.statement("subscription");
        let query = select_subscriptions!("s.subscription_id = $2", tenant.0, id.as_str());
        let found = statement.run::<_, sqlx::Error>(query.fetch_optional(self.enter()?)).await;
        self.leave(found)?.map(TryInto::try_into).transpose()
    }

    /// Adds a subscription, unless there are `most`: it is told what happens after this transaction, which must hold the tenant.
    /// False: there are.
    pub async fn add_subscription(
        &mut self,
        tenant: TenantId,
        new: &NewSubscription<'_>,
        most: i64,
    ) -> Result<bool, StoreError> {
        let statement = self.statement("add_subscription");
        let query = sqlx::query!(
            "INSERT INTO subscription (tenant_id, subscription_id, version, url, kinds, state, secret, created_at, commit, place)
             SELECT $1, $2, 1, $3, $4, $5, $6, $7, t.commits, $8 FROM tenant AS t
             WHERE t.tenant_id = $1 AND (SELECT count(*) FROM subscription WHERE tenant_id = $1) < $9",
            tenant.0,
            new.id.as_str(),
            new.url,
            &kinds(new.kinds),
            new.state.code(),
            new.secret.0,
            time(new.now) as SqlTime,
            Position::WHOLE,
            most,
        );
        let added = statement.run::<_, sqlx::Error>(query.execute(self.enter()?)).await;
        Ok(self.leave(added)?.rows_affected() == 1)
    }

    /// Changes a subscription; what waits for its receiver is tried at once. One that becomes active again goes on where it was, or,
    /// where that is not kept any more, with what is.
    pub async fn change_subscription(
        &mut self,
        tenant: TenantId,
        id: &SubscriptionId,
        change: &SubscriptionChange<'_>,
    ) -> Result<(), StoreError> {
        let statement = self.statement("change_subscription");
        let wanted = change.kinds.map(kinds);
        let (secret, until) = change.secret.unzip();
        let query = sqlx::query!(
            "UPDATE subscription AS s
             SET version = version + 1, url = coalesce($3, url), kinds = coalesce($4, kinds), state = coalesce($5, state),
                 old_secret = CASE WHEN $6::bytea IS NULL THEN old_secret ELSE secret END,
                 old_secret_until = coalesce($7, old_secret_until), secret = coalesce($6, secret), failures = 0, resume_at = NULL,
                 problem = CASE WHEN $5 IS DISTINCT FROM state AND $5 = 1 THEN NULL ELSE problem END,
                 commit = CASE WHEN $5 = 1 THEN least(greatest(s.commit, t.told_from), t.commits) ELSE s.commit END,
                 place = CASE WHEN $5 = 1 AND s.commit NOT BETWEEN t.told_from + 1 AND t.commits THEN $8 ELSE s.place END
             FROM tenant AS t
             WHERE t.tenant_id = $1 AND s.tenant_id = $1 AND s.subscription_id = $2",
            tenant.0,
            id.as_str(),
            change.url,
            wanted.as_deref(),
            change.state.map(crate::codes::Code::code),
            secret.map(|secret| secret.0.as_slice()),
            opt_time(until) as Option<SqlTime>,
            Position::WHOLE,
        );
        let changed = statement.run::<_, sqlx::Error>(query.execute(self.enter()?)).await;
        self.leave(changed)?;
        Ok(())
    }

    /// Deletes a subscription with what it was still to be told.
    pub async fn delete_subscription(&mut self, tenant: TenantId, id: &SubscriptionId) -> Result<(), StoreError> {
        let statement = self.statement("delete_subscription");
        let query = sqlx::query!(
            "WITH letters AS (DELETE FROM delivery WHERE tenant_id = $1 AND subscription_id = $2)
             DELETE FROM subscription WHERE tenant_id = $1 AND subscription_id = $2",
            tenant.0,
            id.as_str(),
        );
        let deleted = statement.run::<_, sqlx::Error>(query.execute(self.enter()?)).await;
        self.leave(deleted)?;
        Ok(())
    }
}
