//! What can go wrong between this process and Postgres, told apart by what the caller can do about it.

use domain::ids::TenantId;
use sqlx::error::DatabaseError;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL or an option can't be used.
    #[error("the database settings can't be used: {0}")]
    Settings(String),
    /// No connection within the time allowed, the server is away, or the connection broke. Nothing was changed.
    #[error("the database can't be reached: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The connection broke while `COMMIT` was under way: it may or may not have happened. Send the same request again.
    #[error("the outcome of a commit is unknown: {0}")]
    CommitUnknown(#[source] sqlx::Error),
    /// A statement or a wait for a lock took longer than allowed. Nothing was changed.
    #[error("the database took too long: {0}")]
    Timeout(#[source] sqlx::Error),
    /// Postgres gave up this transaction in favour of another (deadlock, serialisation). Running it again helps.
    #[error("the transaction lost against another: {0}")]
    Contention(#[source] sqlx::Error),
    /// The transaction is over or a statement of it failed; it can only be rolled back.
    #[error("the transaction `{name}` can't go on: {why}")]
    Transaction {
        /// Name given to `begin`.
        name: &'static str,
        /// What happened to it.
        why: &'static str,
    },
    /// The database has migrations that this program does not know.
    #[error(
        "the database schema has version {database}, this program knows versions up to {program}: start a newer program"
    )]
    SchemaTooNew {
        /// Newest version in the database.
        database: i64,
        /// Newest version in the program.
        program: i64,
    },
    /// The database lacks migrations that this program needs.
    #[error("the database schema has version {database}, this program needs {program}: run the migrations first")]
    SchemaTooOld {
        /// Newest version in the database; 0: none.
        database: i64,
        /// Newest version in the program.
        program: i64,
    },
    /// A migration failed.
    #[error("the migration failed: {0}")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// There is no such tenant.
    #[error("there is no tenant {}", .0.0)]
    UnknownTenant(TenantId),
    /// There is no such revision.
    #[error("there is no {what} with revision {revision}")]
    UnknownRevision {
        /// `policy` or `scoring model`.
        what: &'static str,
        /// The revision asked for.
        revision: i64,
    },
    /// A row holds what no version of this program has written.
    #[error("table `{table}`, column `{column}`, row {row}: {problem}")]
    Corrupt {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// Primary key without the tenant.
        row: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// Anything else that the database said.
    #[error("the database refused: {0}")]
    Database(#[source] sqlx::Error),
}

impl StoreError {
    /// True when the same call may succeed a little later, and certainly changed nothing.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Timeout(_) | Self::Contention(_))
    }

    /// True when the database did not do its part: away, too slow, or of another version than this program. Another
    /// request would fare no better now.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_)
                | Self::Timeout(_)
                | Self::CommitUnknown(_)
                | Self::SchemaTooNew { .. }
                | Self::SchemaTooOld { .. }
        )
    }

    /// True when another transaction was faster and running this one again is what helps.
    pub fn is_race(&self) -> bool {
        matches!(self, Self::Contention(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Configuration(problem) => Self::Settings(problem.to_string()),
            sqlx::Error::Database(database) => match kind_of(database.as_ref()) {
                Kind::Unavailable => Self::Unavailable(error),
                Kind::Timeout => Self::Timeout(error),
                Kind::Contention => Self::Contention(error),
                Kind::Other => Self::Database(error),
            },
            _ => Self::Database(error),
        }
    }
}

enum Kind {
    Unavailable,
    Timeout,
    Contention,
    Other,
}

/// By SQLSTATE, see appendix A of the Postgres manual.
fn kind_of(error: &dyn DatabaseError) -> Kind {
    match error.code().as_deref() {
        // query_canceled (statement_timeout), lock_not_available (lock_timeout)
        Some("57014" | "55P03") => Kind::Timeout,
        // serialization_failure, deadlock_detected
        Some("40001" | "40P01") => Kind::Contention,
        // check_violation of no constraint that has a name: the row was on its way to the default partition when that of its
        // day was made. Running it again finds it.
        Some("23514") if error.constraint().is_none() => Kind::Contention,
        // admin_shutdown, crash_shutdown, cannot_connect_now, idle_in_transaction_session_timeout, too_many_connections;
        // class 08: connection exceptions
        Some("57P01" | "57P02" | "57P03" | "25P03") => Kind::Unavailable,
        // Insufficient resources: connections, memory, room on the disk.
        Some(code) if code.starts_with("53") => Kind::Unavailable,
        Some(code) if code.starts_with("08") => Kind::Unavailable,
        _ => Kind::Other,
    }
}

/// Why a batch was not written. After any of these the transaction can only be rolled back.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Another commit of the tenant came since the batch was looked up. Nothing was written. Run the batch again.
    #[error("another commit came first")]
    Overtaken,
    /// A lead is not at the epoch that the change was decided for. Run the batch again.
    #[error("another commit changed one of the leads first")]
    EpochMoved,
    /// An identity key was given to another lead meanwhile. Run the batch again; it will find that lead.
    #[error("another commit took one of the identity keys first")]
    IdentityTaken,
    /// A response to one of the request ids was stored meanwhile. Run the batch again; it will find that response.
    #[error("another commit answered one of the requests first")]
    RequestTaken,
    /// Anything else.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WriteError {
    /// True when another commit won and running the batch again is what helps.
    pub fn is_lost_race(&self) -> bool {
        matches!(
            self,
            Self::Overtaken
                | Self::EpochMoved
                | Self::IdentityTaken
                | Self::RequestTaken
                | Self::Store(StoreError::Contention(_))
        )
    }
}

impl From<sqlx::Error> for WriteError {
    fn from(error: sqlx::Error) -> Self {
        let taken =
            error.as_database_error().filter(|error| error.is_unique_violation()).and_then(DatabaseError::table);
        match taken {
            // A unique violation names the partition that it happened in.
            Some(table) if table.starts_with("request") => Self::RequestTaken,
            Some(table) if table.starts_with("assignment") || table.starts_with("escalation") => Self::EpochMoved,
            Some("identity") => Self::IdentityTaken,
            _ => Self::Store(error.into()),
        }
    }
}
