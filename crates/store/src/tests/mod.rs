//! Tests against a real Postgres; each has a database of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod audit;
mod counters;
mod directory;
mod documents;
mod due;
mod events;
mod fixtures;
mod laws;
mod operations;
mod pages;
mod partitions;
mod plans;
mod pool;
mod responses;
mod round_trips;
mod schema;
mod subscriptions;
mod write;

use std::{future::Future, pin::pin, sync::Arc, task::Poll};

use domain::ids::TenantId;
use jiff::Timestamp;

use crate::{Store, testing::Database};

/// A database of a test's own, migrated, with one tenant.
#[derive(Debug, Clone)]
struct Base {
    database: Arc<Database>,
    store: Store,
    tenant: TenantId,
}

impl Base {
    /// Another store on the same database, as another process would have it.
    async fn other(&self, max_connections: u32) -> Store {
        self.database.store_of(max_connections).await
    }

    /// How many commits the tenant has had.
    async fn commits(&self) -> u32 {
        let mut tx = self.store.open("test").await.unwrap();
        tx.lookup(self.tenant, &[], &[]).await.unwrap().commits.try_into().unwrap()
    }

    /// Runs a statement that plants a fault.
    async fn sql(&self, sql: &'static str) -> u64 {
        sqlx::raw_sql(sql).execute(&self.store.pool).await.unwrap().rows_affected()
    }

    /// Comes back as soon as somebody in this database waits for a lock.
    async fn until_somebody_waits(&self) {
        self.until_waiting(1).await;
    }

    /// Comes back as soon as so many in this database wait for a lock.
    async fn until_waiting(&self, many: i64) {
        self.database.until_waiting(many).await;
    }
}

fn now() -> Timestamp {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

/// Runs a test on a database of its own, which is dropped afterwards, also when the test fails.
async fn on_database<F: Future<Output = ()>>(test: impl FnOnce(Base) -> F) {
    let database = Database::create().await;
    let store = database.store().await;
    let tenant = store.ensure_tenant("default", now()).await.unwrap();
    test(Base { database: database.into(), store, tenant }).await;
}

/// Polls a future so many times and then drops it, as a caller does who hangs up. `None`: it was not finished.
async fn cancel_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(move |context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}
