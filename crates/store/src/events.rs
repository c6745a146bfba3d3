//! Reading what happened, in the order in which it did.

mod row;

use domain::{
    ids::TenantId,
    ownership::{Position, Told},
};
use jiff::civil::Date;
use uuid::Uuid;

use self::row::EventRow;
use crate::{
    error::StoreError,
    pool::Store,
    tenant::TenantVersions,
    time::{SqlDate, SqlTime, date},
};

/// Most commits that are read at once.
const COMMITS: i64 = 64;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Events that follow the position, in order and without a gap.
    pub events: Vec<Told>,
    /// Up to where the reader knows everything with them.
    pub until: Position,
    /// The versions in force.
    pub versions: TenantVersions,
}

impl Store {
    /// The position of the tenant's latest commit: what follows it is still to happen.
    pub async fn position(&self, tenant: TenantId) -> Result<Position, StoreError> {
        let commit = sqlx::query_scalar!("SELECT commits FROM tenant WHERE tenant_id = $1", tenant.0);
        let commit = commit.fetch_optional(&self.pool).await?.ok_or(StoreError::UnknownTenant(tenant))?;
        Ok(Position { commit, place: Position::WHOLE })
    }

    /// What happened after that position, at most `limit` events, of one moment: commits of a tenant follow each other, so
    /// whoever sees one sees all before it.
    ///
    /// `None`: what came next is not kept any more, or the position is ahead of all that happened.
    pub async fn events(&self, tenant: TenantId, after: Position, limit: i64) -> Result<Option<Read>, StoreError> {
        let place = i64::from(after.place);
        let rows = sqlx::query_file_as!(EventRow, "src/events/read.sql", tenant.0, after.commit, place, COMMITS, limit);
        let rows = rows.fetch_all(&self.pool).await?;
        let first = rows.first().ok_or(StoreError::UnknownTenant(tenant))?;
        let lost = Position { commit: first.told_from, place: Position::WHOLE };
        if after < lost || after.commit > first.commits {
            return Ok(None);
        }
        let versions = TenantVersions {
            directory: first.directory_version,
            policy: first.policy_revision,
            model: first.model_revision,
        };
        let now = Position { commit: first.commits, place: Position::WHOLE };
        let events = rows.into_iter().filter_map(EventRow::told).collect::<Result<Vec<_>, _>>()?;
        let until = events.last().map_or(now, |last| last.position);
        Ok(Some(Read { events, until, versions }))
    }

    /// Forgets the events of all days before `day` by dropping their partitions: how many. From then on nobody can go on from
    /// before them.
    pub async fn drop_events_before(&self, day: Date) -> Result<usize, StoreError> {
        let names = self.partitions_before("outbox", day).await?;
        if names.is_empty() {
            return Ok(0);
        }
        // Known before they are gone: a reader finds them, or finds that they are lost.
        sqlx::query!(
            "UPDATE tenant AS t SET told_from = last.commit
             FROM tenant AS of
             CROSS JOIN LATERAL (
                 SELECT max(commit) AS commit FROM outbox WHERE tenant_id = of.tenant_id AND day < $1
             ) AS last
             WHERE of.tenant_id = t.tenant_id AND last.commit > t.told_from",
            date(day) as SqlDate,
        )
        .execute(&self.pool)
        .await?;
        self.drop_partitions(&names).await?;
        Ok(names.len())
    }
}
