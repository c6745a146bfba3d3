//! The write path: one transaction for one batch of commands of one tenant.

mod columns;
mod counters;
mod existing;
mod insert;
mod lock_leads;
mod lookup;
mod wake;
mod write;

use std::sync::Arc;

use sqlx::{Postgres, pool::PoolConnection};
use tracing::{Instrument as _, Span, debug_span, field::Empty, info_span};

use crate::{error::StoreError, pool::Store};

pub(crate) use counters::KnownCounters;
pub use lock_leads::LeadRow;
pub use lookup::Lookup;

/// How far a transaction came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// `BEGIN` is under way; whether it happened is not known yet.
    Beginning,
    /// Ready for the next statement.
    Ready,
    /// A statement is under way, or its future was dropped: what it did is not known.
    Busy,
    /// A statement failed: Postgres would answer `COMMIT` with a silent `ROLLBACK`.
    Failed,
    /// Committed or rolled back.
    Over,
}

/// An open transaction. Dropped without [`Tx::commit`] it is rolled back.
#[derive(Debug)]
pub struct Tx {
    pub(crate) connection: PoolConnection<Postgres>,
    stage: Stage,
    name: &'static str,
    span: Span,
    known: Arc<KnownCounters>,
    /// Counter rows that this transaction inserted: known to everybody once it commits.
    inserted: Vec<counters::CounterKey>,
}

impl Store {
    /// Begins a transaction. The name is that of the use case (`route`, `fire_timers`) and appears in traces.
    ///
    /// Call it from a task of its own that nobody drops; if it is dropped nevertheless, no later user of the connection
    /// sees anything of it.
    pub async fn begin(&self, name: &'static str) -> Result<Tx, StoreError> {
        let span = info_span!(
            "store.tx",
            otel.name = name,
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = "postgresql",
            db.operation.name = name,
            db.namespace = self.connect.get_database(),
            store.outcome = Empty,
        );
        let connection = self.pool.acquire().instrument(span.clone()).await?;
        Tx::begin(connection, name, span, Arc::clone(&self.known)).await
    }

    /// Begins a transaction that reads much, from one snapshot, with a planner that may read whole tables.
    pub(crate) async fn begin_report(&self, name: &'static str) -> Result<Tx, StoreError> {
        let mut tx = self.begin(name).await?;
        tx.enter()?;
        let statement = tx.statement("settings");
        let set = sqlx::raw_sql(REPORT_SETTINGS).execute(&mut *tx.connection).instrument(statement).await;
        tx.leave(set)?;
        Ok(tx)
    }
}

const REPORT_SETTINGS: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
     SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; \
     SET LOCAL enable_mergejoin = on; SET LOCAL enable_bitmapscan = on; SET LOCAL enable_material = on";

impl Tx {
    pub(crate) async fn begin(
        connection: PoolConnection<Postgres>,
        name: &'static str,
        span: Span,
        known: Arc<KnownCounters>,
    ) -> Result<Self, StoreError> {
        // Made before `BEGIN` is sent: if this future is dropped, so is the `Tx`, which knows what to do.
        let mut tx = Self { connection, stage: Stage::Beginning, name, span, known, inserted: Vec::new() };
        let statement = tx.statement("begin");
        sqlx::raw_sql("BEGIN").execute(&mut *tx.connection).instrument(statement).await?;
        tx.stage = Stage::Ready;
        Ok(tx)
    }

    /// The span of the whole transaction, for links to the requests that share it.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Makes it durable. After an error of the kind [`StoreError::CommitUnknown`] it may have happened.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.enter()?;
        let statement = self.statement("commit");
        let committed = sqlx::raw_sql("COMMIT").execute(&mut *self.connection).instrument(statement).await;
        match committed.map_err(StoreError::from) {
            Ok(_) => {
                self.stage = Stage::Over;
                self.known.add(self.inserted.drain(..));
                self.span.record("store.outcome", "committed");
                Ok(())
            }
            Err(StoreError::Unavailable(error)) => Err(StoreError::CommitUnknown(error)),
            Err(error) => Err(error),
        }
    }

    /// Undoes it and gives the connection back. (Dropping does the same a little later.)
    pub async fn rollback(mut self) -> Result<(), StoreError> {
        let statement = self.statement("rollback");
        sqlx::raw_sql("ROLLBACK").execute(&mut *self.connection).instrument(statement).await?;
        self.stage = Stage::Over;
        self.span.record("store.outcome", "rolled back");
        Ok(())
    }

    /// A span for one statement.
    pub(crate) fn statement(&self, operation: &'static str) -> Span {
        debug_span!(parent: &self.span, "store.statement", otel.name = operation, db.operation.name = operation)
    }

    /// Before a statement: only a transaction that is ready can take one.
    pub(crate) fn enter(&mut self) -> Result<(), StoreError> {
        let why = match self.stage {
            Stage::Ready => {
                self.stage = Stage::Busy;
                return Ok(());
            }
            Stage::Failed => "a statement failed",
            Stage::Beginning | Stage::Busy => "a statement was abandoned",
            Stage::Over => "it is over",
        };
        Err(StoreError::Transaction { name: self.name, why })
    }

    /// After a statement.
    pub(crate) fn leave<T, E>(&mut self, result: Result<T, E>) -> Result<T, E> {
        self.stage = if result.is_ok() { Stage::Ready } else { Stage::Failed };
        if result.is_err() {
            self.span.record("otel.status_code", "ERROR");
        }
        result
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        match self.stage {
            Stage::Over => {}
            // The driver does not know of a transaction here. Nobody shall get this connection.
            Stage::Beginning => self.connection.close_on_drop(),
            // The pool's `after_release` rolls it back.
            Stage::Ready | Stage::Busy | Stage::Failed => {
                self.span.record("store.outcome", "dropped");
            }
        }
    }
}
