//! The directory: every version of every entry.

use std::collections::BTreeMap;

use domain::{
    directory::{Entity, EntityKind},
    ids::TenantId,
};
use jiff::Timestamp;
use sqlx::{PgConnection, types::Json};

use crate::{
    codes::Code as _,
    error::StoreError,
    pool::Store,
    time::{SqlTime, from_opt, time},
    tx::Tx,
};

/// Entries that one statement writes. A directory of 32 MiB has some 250,000, which would take one statement longer than it
/// is allowed (about 90 us each, measured with a debug build).
const PART: usize = 5_000;

/// What one change does to a directory. An entry stands in it once.
#[derive(Debug, Clone, Copy)]
pub struct DirectoryChange<'c> {
    /// The version that the change was made for; `None`: whichever is current.
    pub expected_version: Option<i64>,
    /// Entries to add or replace. Those that are already so are left alone.
    pub upserts: &'c [Entity],
    /// Entries to remove. Those that don't exist are left alone.
    pub removals: &'c [(EntityKind, String)],
    /// Who changes it.
    pub actor: &'c str,
    /// When.
    pub now: Timestamp,
}

/// Why a directory was not changed.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Somebody else changed it meanwhile.
    #[error("the directory is at version {found}, the change was made for version {expected}")]
    VersionMoved {
        /// What the change was made for.
        expected: i64,
        /// What is current.
        found: i64,
    },
    /// Anything else.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for DirectoryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// An entry with the version of the directory at which it became so: its etag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityVersion {
    /// The version of the directory.
    pub version: i64,
    /// The entry.
    pub entity: Entity,
}

/// How large a directory is, and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectorySummary {
    /// Its version; 0: it was never changed.
    pub version: i64,
    /// When that version came to be; `None`: it was never changed, or before this was kept.
    pub changed_at: Option<Timestamp>,
    /// Entries of each kind that has any.
    pub counts: BTreeMap<EntityKind, usize>,
}

impl Store {
    /// The version of a directory and how many entries it has, without reading them.
    pub async fn directory_summary(&self, tenant: TenantId) -> Result<DirectorySummary, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT t.directory_version, t.directory_changed_at AS "changed_at: SqlTime",
                      d.kind AS "kind?", d.entries AS "entries?"
               FROM tenant AS t LEFT JOIN LATERAL (
                   SELECT kind, count(*) AS entries FROM directory
                   WHERE tenant_id = $1 AND replaced_at IS NULL GROUP BY kind
               ) AS d ON true
               WHERE t.tenant_id = $1"#,
            tenant.0,
        )
        .fetch_all(&self.pool)
        .await?;
        let first = rows.first().ok_or(StoreError::UnknownTenant(tenant))?;
        let mut summary = DirectorySummary {
            version: first.directory_version,
            changed_at: from_opt(first.changed_at),
            counts: BTreeMap::new(),
        };
        for (code, entries) in rows.iter().filter_map(|row| row.kind.zip(row.entries)) {
            if let Some(kind) = EntityKind::from_code(code) {
                summary.counts.insert(kind, usize::try_from(entries).unwrap_or_default());
            }
        }
        Ok(summary)
    }

    /// When the directory came to be at its version; see [`DirectorySummary::changed_at`].
    pub async fn directory_changed_at(&self, tenant: TenantId) -> Result<Option<Timestamp>, StoreError> {
        let found = sqlx::query_scalar!(
            r#"SELECT directory_changed_at AS "changed_at: SqlTime" FROM tenant WHERE tenant_id = $1"#,
            tenant.0,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(from_opt(found.ok_or(StoreError::UnknownTenant(tenant))?))
    }

    /// The whole directory and its version, by kind and id.
    pub async fn directory(&self, tenant: TenantId) -> Result<(i64, Vec<Entity>), StoreError> {
        let rows = sqlx::query!(
            r#"SELECT t.directory_version, d.body AS "body?: Json<Entity>"
               FROM tenant AS t LEFT JOIN directory AS d ON d.tenant_id = t.tenant_id AND d.replaced_at IS NULL
               WHERE t.tenant_id = $1 ORDER BY d.kind, d.id"#,
            tenant.0,
        )
        .fetch_all(&self.pool)
        .await?;
        let version = rows.first().ok_or(StoreError::UnknownTenant(tenant))?.directory_version;
        Ok((version, rows.into_iter().filter_map(|row| row.body.map(|body| body.0)).collect()))
    }

    /// The whole directory as it was at a version, by kind and id: what a decision of then saw.
    pub async fn directory_as_of(&self, tenant: TenantId, version: i64) -> Result<Vec<Entity>, StoreError> {
        let bodies = sqlx::query_scalar!(
            r#"SELECT body AS "body: Json<Entity>" FROM directory
               WHERE tenant_id = $1 AND version <= $2 AND (replaced_at IS NULL OR replaced_at > $2) ORDER BY kind, id"#,
            tenant.0,
            version,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(bodies.into_iter().map(|body| body.0).collect())
    }

    /// One entry.
    pub async fn entity(
        &self,
        tenant: TenantId,
        kind: EntityKind,
        id: &str,
    ) -> Result<Option<EntityVersion>, StoreError> {
        let row = sqlx::query!(
            r#"SELECT version, body AS "body: Json<Entity>" FROM directory
               WHERE tenant_id = $1 AND kind = $2 AND id = $3 AND replaced_at IS NULL"#,
            tenant.0,
            kind.code(),
            id,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| EntityVersion { version: row.version, entity: row.body.0 }))
    }

    /// Entries of a kind by id, at most `limit`, from the one after `after`.
    pub async fn entities(
        &self,
        tenant: TenantId,
        kind: EntityKind,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<EntityVersion>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT version, body AS "body: Json<Entity>" FROM directory
               WHERE tenant_id = $1 AND kind = $2 AND id > $3 AND replaced_at IS NULL ORDER BY id LIMIT $4"#,
            tenant.0,
            kind.code(),
            after.unwrap_or_default(),
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| EntityVersion { version: row.version, entity: row.body.0 }).collect())
    }

    /// Changes a directory in a transaction of its own: its version afterwards. See [`Tx::change_directory`].
    pub async fn change_directory(
        &self,
        tenant: TenantId,
        expected_version: Option<i64>,
        upserts: &[Entity],
        removals: &[(EntityKind, String)],
        actor: &str,
        now: Timestamp,
    ) -> Result<i64, DirectoryError> {
        let change = DirectoryChange { expected_version, upserts, removals, actor, now };
        let mut tx = self.begin("change_directory").await?;
        let version = tx.change_directory(tenant, change).await?;
        tx.commit().await?;
        Ok(version)
    }
}

impl Tx {
    /// Changes the directory: its version afterwards, one more than before unless there was nothing to change.
    ///
    /// It holds the tenant: batches that decide by the version before are either committed by now, or will find that somebody
    /// came between and decide again by the new one. So what is read of leads after this call in the same transaction is
    /// complete: nobody gives a lead to a rep whom it deactivates.
    pub async fn change_directory(
        &mut self,
        tenant: TenantId,
        change: DirectoryChange<'_>,
    ) -> Result<i64, DirectoryError> {
        let found = self.hold_tenant(tenant).await?.directory;
        let statement = self.statement("change_directory");
        let version = statement.run(apply(self.enter()?, tenant, change, found)).await;
        self.leave(version)
    }
}

async fn apply(
    connection: &mut PgConnection,
    tenant: TenantId,
    change: DirectoryChange<'_>,
    found: i64,
) -> Result<i64, DirectoryError> {
    if let Some(expected) = change.expected_version.filter(|expected| *expected != found) {
        return Err(DirectoryError::VersionMoved { expected, found });
    }
    if write(connection, tenant, change, found + 1).await? == 0 {
        return Ok(found);
    }
    sqlx::query!(
        "UPDATE tenant SET directory_version = $2, directory_changed_at = $3 WHERE tenant_id = $1",
        tenant.0,
        found + 1,
        time(change.now) as SqlTime,
    )
    .execute(connection)
    .await?;
    Ok(found + 1)
}

/// Writes a change of whatever size, a part at a time: how many rows.
async fn write(
    connection: &mut PgConnection,
    tenant: TenantId,
    change: DirectoryChange<'_>,
    version: i64,
) -> Result<u64, sqlx::Error> {
    let mut rows = 0;
    for upserts in change.upserts.chunks(PART) {
        rows += write_part(connection, tenant, DirectoryChange { upserts, removals: &[], ..change }, version).await?;
    }
    for removals in change.removals.chunks(PART) {
        rows += write_part(connection, tenant, DirectoryChange { upserts: &[], removals, ..change }, version).await?;
    }
    Ok(rows)
}

/// Ends the rows that change and adds their successors: how many.
async fn write_part(
    connection: &mut PgConnection,
    tenant: TenantId,
    change: DirectoryChange<'_>,
    version: i64,
) -> Result<u64, sqlx::Error> {
    let kinds: Vec<i16> = change.upserts.iter().map(|entity| entity.kind().code()).collect();
    let ids: Vec<&str> = change.upserts.iter().map(Entity::id).collect();
    let bodies: Vec<Json<&Entity>> = change.upserts.iter().map(Json).collect();
    let removed_kinds: Vec<i16> = change.removals.iter().map(|(kind, _)| kind.code()).collect();
    let removed_ids: Vec<&str> = change.removals.iter().map(|(_, id)| id.as_str()).collect();
    let ended = sqlx::query!(
        "UPDATE directory AS d SET replaced_at = $2
         FROM (
             SELECT $1::integer AS tenant_id, n.kind, n.id, n.body,
                    (SELECT c.version FROM directory AS c
                     WHERE c.tenant_id = $1 AND c.kind = n.kind AND c.id = n.id AND c.replaced_at IS NULL) AS version
             FROM (
                 SELECT * FROM unnest($3::smallint[], $4::text[], $5::jsonb[]) AS n (kind, id, body)
                 UNION ALL
                 SELECT n.kind, n.id, NULL FROM unnest($6::smallint[], $7::text[]) AS n (kind, id)
             ) AS n
             OFFSET 0
         ) AS n
         WHERE d.tenant_id = n.tenant_id AND d.kind = n.kind AND d.id = n.id AND d.version = n.version
           AND d.body IS DISTINCT FROM n.body",
        tenant.0,
        version,
        &kinds,
        &ids as _,
        &bodies as _,
        &removed_kinds,
        &removed_ids as _,
    )
    .execute(&mut *connection)
    .await?;
    // What is to be and has no current row by now is new or has just ended.
    let added = sqlx::query!(
        "INSERT INTO directory (tenant_id, kind, id, version, body, changed_at, changed_by)
         SELECT $1, n.kind, n.id, $2, n.body, $6, $7
         FROM unnest($3::smallint[], $4::text[], $5::jsonb[]) AS n (kind, id, body)
         WHERE (SELECT count(*) FROM directory AS d
                WHERE d.tenant_id = $1 AND d.kind = n.kind AND d.id = n.id AND d.replaced_at IS NULL) = 0",
        tenant.0,
        version,
        &kinds,
        &ids as _,
        &bodies as _,
        time(change.now) as SqlTime,
        change.actor,
    )
    .execute(connection)
    .await?;
    Ok(ended.rows_affected() + added.rows_affected())
}
