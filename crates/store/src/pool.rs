//! The connection pool and what makes its connections safe to share.

use std::{str::FromStr as _, sync::Arc, time::Duration};

use jiff::Timestamp;
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection,
    pool::PoolConnectionMetadata,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    error::StoreError,
    patience::{Pool, TRIAL, within},
    time::SqlTime,
};

/// A connection that lay idle for longer than this is tried before it is lent again; a shorter time saves the round trip.
pub(crate) const TRUSTED_IDLE: Duration = Duration::from_secs(5);

/// How the pool behaves.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Most connections at a time.
    pub max_connections: u32,
    /// How long a caller waits for a free connection.
    pub acquire_timeout: Duration,
    /// Longest time one statement may run, and longest pause inside a transaction; half of it for one lock.
    pub statement_timeout: Duration,
    /// Shown in `pg_stat_activity`.
    pub application_name: String,
}

impl Default for StoreOptions {
    /// 16 connections, 5 s for a connection, 10 s for a statement.
    fn default() -> Self {
        Self {
            max_connections: 16,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            application_name: "leadrouter".to_owned(),
        }
    }
}

/// The ownership store. Cheap to clone; clones share the connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: Pool,
    pub(crate) connect: Arc<PgConnectOptions>,
}

impl Store {
    /// Connects to the database of that URL (`postgres://user@host/database`, or `?host=/directory` for a socket), and
    /// makes sure that it answers.
    pub async fn connect(url: &str, options: StoreOptions) -> Result<Self, StoreError> {
        let connect = connect_options(url, &options.application_name)?;
        let pool = pool_options(&options).connect_with(connect.clone()).await?;
        Ok(Self { pool: Pool::new(pool, options.statement_timeout), connect: Arc::new(connect) })
    }

    /// The same database by connections of its own, at most so many, which are opened when they are needed: for a runtime
    /// of its own, to which they then belong.
    #[must_use]
    pub fn apart(&self, max_connections: u32) -> Self {
        Self { pool: self.pool.apart(max_connections, &self.connect), connect: Arc::clone(&self.connect) }
    }

    /// The database's clock: what decides whether a timer is due.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        let now = sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!: SqlTime""#).fetch_one(&self.pool).await?;
        Ok(now.to_jiff())
    }

    /// Waits until all connections are back, and closes them. Calls that come later get [`StoreError::Unavailable`].
    pub async fn close(&self) {
        self.pool.inner().close().await;
    }
}

/// Statements are traced by this crate (see `tx`), not by the driver, whose log lines would cost a copy of each text.
pub(crate) fn connect_options(url: &str, application_name: &str) -> Result<PgConnectOptions, StoreError> {
    Ok(PgConnectOptions::from_str(url)?.application_name(application_name).disable_statement_logging())
}

/// The pool's hooks: limits on each new connection, a trial of those that lay idle, a clean state on each that comes back.
pub(crate) fn pool_options(options: &StoreOptions) -> PgPoolOptions {
    let statement = options.statement_timeout;
    PgPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        // `before_acquire` tries only what lay idle for long.
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| Box::pin(is_alive(connection, metadata)))
        .after_connect(move |connection, _| Box::pin(set_limits(connection, statement)))
        .after_release(|connection, _| Box::pin(within(TRIAL, clean(connection))))
}

async fn is_alive(connection: &mut PgConnection, metadata: PoolConnectionMetadata) -> Result<bool, sqlx::Error> {
    if metadata.idle_for > TRUSTED_IDLE {
        within(TRIAL, connection.ping()).await?;
    }
    Ok(true)
}

/// Limits on time, and on the planner. A database that has just begun to fill has no statistics, and a plan that suits a
/// hundred rows is kept until statistics come, a minute and 300,000 rows later. All statements but reports look rows up
/// by key: so what reads many rows is off, and a plan is made once and for all arguments. `jit` is off
/// because compiling costs more than any statement here.
async fn set_limits(connection: &mut PgConnection, statement: Duration) -> Result<(), sqlx::Error> {
    let milliseconds = |time: Duration| time.as_millis().max(1).to_string();
    sqlx::query!(
        "SELECT count(set_config(name, setting, false)) FROM (VALUES
             ('statement_timeout', $1), ('idle_in_transaction_session_timeout', $1), ('lock_timeout', $2),
             ('plan_cache_mode', 'force_generic_plan'), ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'),
             ('enable_mergejoin', 'off'), ('enable_bitmapscan', 'off'), ('enable_material', 'off'),
             ('random_page_cost', '1.1'), ('jit', 'off')) AS s (name, setting)",
        milliseconds(statement),
        milliseconds(statement / 2),
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Makes sure that a connection which comes back is not inside a transaction: a caller that was cancelled between sending
/// `BEGIN` and hearing of it leaves one open without the driver knowing, and the next borrower's writes would vanish in it.
///
/// Outside of a transaction a statement that stands alone begins one of its own, at the same instant; inside, the
/// transaction began earlier. (A bare `ROLLBACK` would do, but outside of a transaction each one is a warning in the server's log.)
async fn clean(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let inside = match sqlx::raw_sql("SELECT now() <> statement_timestamp()").fetch_one(&mut *connection).await {
        Ok(row) => sqlx::Row::try_get::<bool, _>(&row, 0)?,
        // in_failed_sql_transaction
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("25P02") => true,
        Err(error) => return Err(error),
    };
    if inside {
        sqlx::raw_sql("ROLLBACK").execute(connection).await?;
    }
    Ok(true)
}
