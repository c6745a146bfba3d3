//! Dead letters.

use domain::{
    ids::{LeadId, SubscriptionId, TenantId},
    ownership::{EventKind, Position},
};
use jiff::Timestamp;

use crate::{
    error::StoreError,
    pool::Store,
    rows::Place,
    time::{SqlTime, time},
    tx::Tx,
};

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its place in the tenant's order.
    pub position: Position,
    /// The lead that it is about.
    pub lead: LeadId,
    /// What happened.
    pub kind: EventKind,
    /// When it was given up.
    pub dead_at: Timestamp,
    /// How often it was tried.
    pub attempts: i32,
    /// What went wrong last.
    pub problem: Option<String>,
    /// What was sent.
    pub body: String,
}

impl Store {
    /// Dead letters of a subscription in the order of what happened, from the one after `after`, at most `limit`.
    pub async fn dead_letters(
        &self,
        tenant: TenantId,
        subscription: &SubscriptionId,
        after: (i64, i32),
        limit: i64,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT commit, place, lead_id, kind, dead_at AS "dead_at!: SqlTime", attempts, problem, body FROM delivery
               WHERE tenant_id = $1 AND subscription_id = $2 AND dead_at IS NOT NULL AND (commit, place) > ($3, $4)
               ORDER BY commit, place LIMIT $5"#,
            tenant.0,
            subscription.as_str(),
            after.0,
            after.1,
            limit,
        );
        let rows = rows.fetch_all(&self.pool).await?;
        let place = Place { table: "delivery", row: &subscription };
        rows.into_iter()
            .map(|row| {
                Ok(DeadLetter {
                    position: Position { commit: row.commit, place: row.place },
                    lead: LeadId(row.lead_id),
                    kind: place.code("kind", row.kind)?,
                    dead_at: row.dead_at.to_jiff(),
                    attempts: row.attempts,
                    problem: row.problem,
                    body: row.body,
                })
            })
            .collect()
    }

    /// Forgets the letters that died before: how many.
    pub async fn drop_dead_letters_before(&self, before: Timestamp) -> Result<u64, StoreError> {
        let dropped = sqlx::query!("DELETE FROM delivery WHERE dead_at < $1", time(before) as SqlTime);
        Ok(dropped.execute(&self.pool).await?.rows_affected())
    }
}

impl Tx {
    /// Has dead letters sent again, as if they had just happened: those that are named, or all if none is. How many.
    pub async fn revive_letters(
        &mut self,
        tenant: TenantId,
        subscription: &SubscriptionId,
        named: &[Position],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let commits: Vec<i64> = named.iter().map(|position| position.commit).collect();
        let places: Vec<i32> = named.iter().map(|position| position.place).collect();
        let statement = self.statement("revive_letters");
        let query = sqlx::query!(
            "UPDATE delivery SET dead_at = NULL, attempts = 0, since = $5, next_at = $5, problem = NULL
             WHERE tenant_id = $1 AND subscription_id = $2 AND dead_at IS NOT NULL
               AND (cardinality($3::bigint[]) = 0
                    OR (commit, place) IN (SELECT * FROM unnest($3::bigint[], $4::integer[])))",
            tenant.0,
            subscription.as_str(),
            &commits,
            &places,
            time(now) as SqlTime,
        );
        let revived = statement.run::<_, sqlx::Error>(query.execute(self.enter()?)).await;
        Ok(self.leave(revived)?.rows_affected())
    }
}
