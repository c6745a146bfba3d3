//! The write path: one unit of work for one batch of commands of one tenant.
//!
//! A unit of work reads without locks and writes only if no other commit of the tenant came between: each commit adds one to the
//! tenant's number of commits, on condition that it still is what was read with the rest. That costs no lock while the batch is decided, and
//! no `BEGIN` and `COMMIT` where one statement writes everything. Whoever must not lose that race, because it has lost one
//! or reads for long, holds the tenant first ([`Tx::hold_tenant`]); everybody else then waits at its write.

mod columns;
mod counters;
mod erase;
mod existing;
mod insert;
mod leads;
mod lookup;
mod session;
mod tell;
mod wake;
mod write;

use std::time::Duration;

use sqlx::PgConnection;
use tracing::{Instrument as _, Span, debug_span, field::Empty, info_span};

use self::session::Idle;
use crate::{
    error::StoreError,
    patience::{Lent, within},
    pool::Store,
};

pub use leads::LeadRow;
pub use lookup::Lookup;
pub use session::Session;

/// How far a unit of work came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No transaction is open: each statement sees what is committed by then.
    Reading,
    /// `BEGIN` is under way; whether it happened is not known yet.
    Beginning,
    /// In a transaction, ready for the next statement.
    Ready,
    /// A statement is under way in a transaction, or its future was dropped: what it did is not known.
    Busy,
    /// A statement failed: Postgres would answer `COMMIT` with a silent `ROLLBACK`.
    Failed,
    /// Committed or rolled back.
    Over,
}

/// What keeps others from changing what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// Nothing was read that a write could depend on.
    None,
    /// The tenant's number of commits when it was read: the compare of the write's compare-and-set.
    Seen(i64),
    /// The tenant's row is locked by this transaction.
    Held,
}

/// A unit of work. Dropped without [`Tx::commit`] it changes nothing.
#[derive(Debug)]
pub struct Tx {
    /// There until it is over.
    connection: Option<Lent>,
    /// Where the connection goes when all went well; `None`: to the pool.
    home: Option<Idle>,
    stage: Stage,
    guard: Guard,
    name: &'static str,
    span: Span,
    patience: Duration,
}

/// What belongs to one statement of a unit of work.
#[derive(Debug)]
pub(crate) struct Statement {
    span: Span,
    patience: Duration,
}

impl Statement {
    /// Boxed, since every layer around a future doubles it.
    pub(crate) fn run<T, E: From<sqlx::Error>>(
        self,
        answer: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, E>> {
        within(self.patience, Box::pin(answer)).instrument(self.span)
    }
}

impl Store {
    /// A unit of work that begins to read. The name is that of the use case (`route`, `fire_timers`) and appears in traces.
    pub async fn open(&self, name: &'static str) -> Result<Tx, StoreError> {
        let span = self.span(name);
        let connection = self.pool.acquire().instrument(span.clone()).await?;
        Ok(Tx::new(connection, None, name, span, self.pool.patience))
    }

    /// A unit of work in a transaction from the start: for whoever writes by several statements or holds the tenant.
    ///
    /// Call it from a task of its own that nobody drops; if it is dropped nevertheless, no later user of the connection
    /// sees anything of it.
    pub async fn begin(&self, name: &'static str) -> Result<Tx, StoreError> {
        let mut tx = self.open(name).await?;
        tx.begin().await?;
        Ok(tx)
    }

    /// Begins a transaction that reads much, from one snapshot, with a planner that may read whole tables.
    pub(crate) async fn begin_report(&self, name: &'static str) -> Result<Tx, StoreError> {
        let mut tx = self.begin(name).await?;
        let statement = tx.statement("settings");
        let set = statement.run(sqlx::raw_sql(REPORT_SETTINGS).execute(tx.enter()?)).await;
        tx.leave(set)?;
        Ok(tx)
    }

    fn span(&self, name: &'static str) -> Span {
        info_span!(
            "store.tx",
            otel.name = name,
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = "postgresql",
            db.operation.name = name,
            db.namespace = self.connect.get_database(),
            store.outcome = Empty,
        )
    }
}

const REPORT_SETTINGS: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
     SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; \
     SET LOCAL enable_mergejoin = on; SET LOCAL enable_bitmapscan = on; SET LOCAL enable_material = on";

impl Tx {
    pub(crate) fn new(
        connection: Lent,
        home: Option<Idle>,
        name: &'static str,
        span: Span,
        patience: Duration,
    ) -> Self {
        Self { connection: Some(connection), home, stage: Stage::Reading, guard: Guard::None, name, span, patience }
    }

    /// Begins a transaction: what follows is written as a whole, by [`Self::commit`]. Nothing if it is in one already.
    pub async fn begin(&mut self) -> Result<(), StoreError> {
        if self.stage != Stage::Reading {
            return Ok(());
        }
        let statement = self.statement("begin");
        let connection = self.connection.as_deref_mut().ok_or(over(self.name))?;
        // Set before `BEGIN` is sent: if this future is dropped, the drop knows what to do.
        self.stage = Stage::Beginning;
        statement.run(sqlx::raw_sql("BEGIN").execute(connection)).await?;
        self.stage = Stage::Ready;
        Ok(())
    }

    /// The span of the whole unit of work, for links to the requests that share it.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Makes it durable. After an error of the kind [`StoreError::CommitUnknown`] it may have happened.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        match self.stage {
            // It has only read, or its one write is committed.
            Stage::Reading | Stage::Over => self.stage = Stage::Over,
            _ => {
                let statement = self.statement("commit");
                let committed = statement.run(sqlx::raw_sql("COMMIT").execute(self.enter()?)).await;
                committed.map_err(|error| outcome_unknown(error.into()))?;
                self.committed();
            }
        }
        Ok(())
    }

    /// Undoes it and gives the connection back. (Dropping does the same a little later.)
    pub async fn rollback(mut self) -> Result<(), StoreError> {
        if self.stage != Stage::Reading {
            let statement = self.statement("rollback");
            let connection = self.connection.as_deref_mut().ok_or(over(self.name))?;
            statement.run(sqlx::raw_sql("ROLLBACK").execute(connection)).await?;
        }
        self.stage = Stage::Over;
        self.span.record("store.outcome", "rolled back");
        Ok(())
    }

    /// One statement, which is traced as part of this and waited for, but not for ever.
    pub(crate) fn statement(&self, operation: &'static str) -> Statement {
        let span =
            debug_span!(parent: &self.span, "store.statement", otel.name = operation, db.operation.name = operation);
        Statement { span, patience: self.patience }
    }

    /// The connection for one statement, whose result goes through [`Self::leave`]. A transaction that failed takes none.
    pub(crate) fn enter(&mut self) -> Result<&mut PgConnection, StoreError> {
        let why = match self.stage {
            Stage::Reading => None,
            Stage::Ready => {
                self.stage = Stage::Busy;
                None
            }
            Stage::Failed => Some("a statement failed"),
            Stage::Beginning | Stage::Busy => Some("a statement was abandoned"),
            Stage::Over => Some("it is over"),
        };
        match why {
            None => self.connection.as_deref_mut().ok_or(over(self.name)),
            Some(why) => Err(StoreError::Transaction { name: self.name, why }),
        }
    }

    /// After a statement.
    pub(crate) fn leave<T, E>(&mut self, result: Result<T, E>) -> Result<T, E> {
        if self.stage == Stage::Busy {
            self.stage = if result.is_ok() { Stage::Ready } else { Stage::Failed };
        }
        if result.is_err() {
            self.span.record("otel.status_code", "ERROR");
        }
        result
    }

    /// The tenant is held from here on.
    pub(crate) fn held(&mut self) {
        self.guard = Guard::Held;
    }

    pub(crate) fn is_held(&self) -> bool {
        self.guard == Guard::Held
    }

    fn committed(&mut self) {
        self.stage = Stage::Over;
        self.span.record("store.outcome", "committed");
    }
}

fn over(name: &'static str) -> StoreError {
    StoreError::Transaction { name, why: "it is over" }
}

/// What a broken connection means while something is being committed.
fn outcome_unknown(error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(error) => StoreError::CommitUnknown(error),
        other => other,
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        match (self.stage, self.connection.take()) {
            (Stage::Over, Some(connection)) => {
                if let Some(home) = &self.home {
                    home.keep(connection);
                }
            }
            // The driver does not know of a transaction here. Nobody shall get this connection.
            (Stage::Beginning, Some(connection)) => connection.close(),
            // The pool's `after_release` rolls back what is open.
            (Stage::Reading | Stage::Ready | Stage::Busy | Stage::Failed, _) => {
                self.span.record("store.outcome", "dropped");
            }
            (Stage::Over | Stage::Beginning, None) => {}
        }
    }
}
