//! Migrations, and whether program and database fit together.

use sqlx::{
    ConnectOptions as _, Connection as _,
    migrate::{MigrateError, Migrator},
};

use crate::{error::StoreError, pool::Store};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

impl Store {
    /// Brings the schema up to this program's version. Several programs may do so at once: one works, the others wait for it.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        // Not from the pool: a migration may take longer than a statement of a request, and the lock that keeps other
        // migrators out belongs to the session, which must end if anything fails.
        let mut connection = self.connect.as_ref().clone().connect().await?;
        let migrated = MIGRATIONS.run_direct(None, &mut connection, false).await;
        let closed = connection.close().await;
        match migrated {
            Ok(()) => Ok(closed?),
            Err(MigrateError::VersionMissing(database)) => {
                Err(StoreError::SchemaTooNew { database, program: newest() })
            }
            Err(error) => Err(StoreError::Migration(error)),
        }
    }

    /// Makes sure that the schema is the one that this program was built for, and changes nothing.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        let program = newest();
        let exists = sqlx::query_scalar!(r#"SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS "exists!""#)
            .fetch_one(&self.pool)
            .await?;
        let database = if exists { self.newest_applied().await? } else { 0 };
        match database {
            _ if database > program => Err(StoreError::SchemaTooNew { database, program }),
            _ if database < program => Err(StoreError::SchemaTooOld { database, program }),
            _ => Ok(()),
        }
    }

    async fn newest_applied(&self) -> Result<i64, StoreError> {
        // Not checked at build time: the table belongs to the migrator.
        let newest =
            sqlx::query_scalar::<_, i64>("SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success");
        Ok(newest.fetch_one(&self.pool).await?)
    }
}

fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Tells this schema from any other, as 16 hexadecimal digits.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn fingerprint() -> String {
    // Each checksum is a SHA-384, whose first bytes are as good as all.
    let parts = MIGRATIONS.iter().filter_map(|migration| migration.checksum.first_chunk());
    let sum = parts.fold(0_u64, |sum, part| sum.rotate_left(1) ^ u64::from_be_bytes(*part));
    format!("{sum:016x}")
}
