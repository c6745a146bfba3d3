//! A caller who hangs up leaves no transaction open for the next borrower of the connection.

use std::time::Duration;

use domain::ids::Epoch;
use sqlx::{PgPool, postgres::PgPoolOptions};

use super::{Base, cancel_after, fixtures::*, on_database};
use crate::{
    Session, StoreError, StoreOptions, Tx,
    patience::Lent,
    pool::{connect_options, pool_options},
};

/// Attempts, each cancelled at another of the first polls. (On a busy machine the answer to `BEGIN` is sometimes there at
/// once, and there is no moment to be cancelled in between.)
const ATTEMPTS: usize = 60;

/// After how many polls an attempt is cancelled: connecting takes about ten, beginning one or two.
fn polls(attempt: usize) -> usize {
    attempt % 6
}

fn bare(base: &Base) -> PgPool {
    PgPoolOptions::new().max_connections(1).connect_lazy_with(connect_options(&base.database.url(), "test").unwrap())
}

/// Inserts by that pool, outside of any transaction as far as it knows: whether everybody can see it.
async fn is_kept(base: &Base, pool: &PgPool, n: usize) -> bool {
    let slug = format!("kept-{n}");
    sqlx::query("INSERT INTO tenant (slug, created_at) VALUES ($1, now())").bind(&slug).execute(pool).await.unwrap();
    base.store.tenant(&slug).await.unwrap().is_some()
}

#[tokio::test]
async fn a_driver_without_guards_loses_acknowledged_writes() {
    on_database(async |base: Base| {
        let pool = bare(&base);
        for attempt in 0..100 * ATTEMPTS {
            drop(cancel_after(polls(attempt), pool.begin()).await);
            if !is_kept(&base, &pool, attempt).await {
                return;
            }
        }
        panic!("the trap is gone from the driver: the guards may go as well");
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_begin_closes_the_connection() {
    on_database(async |base: Base| {
        let pool = bare(&base);
        for attempt in 0..ATTEMPTS {
            let begin = async {
                let connection = pool.acquire().await?;
                let mut tx =
                    Tx::new(Lent::new(connection), None, "test", tracing::Span::none(), Duration::from_mins(1));
                tx.begin().await.map(|()| tx)
            };
            if let Some(tx) = cancel_after(polls(attempt), begin).await {
                tx.unwrap().rollback().await.unwrap();
            }
            assert!(is_kept(&base, &pool, attempt).await, "attempt {attempt}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_connection_comes_back_to_the_pool_outside_of_a_transaction() {
    on_database(async |base: Base| {
        let options = StoreOptions { max_connections: 1, ..StoreOptions::default() };
        let pool = pool_options(&options).connect_lazy_with(connect_options(&base.database.url(), "test").unwrap());
        for attempt in 0..ATTEMPTS {
            drop(cancel_after(polls(attempt), pool.begin()).await);
            assert!(is_kept(&base, &pool, attempt).await, "attempt {attempt}");
        }
        let before = backend(&pool).await;
        let mut connection = pool.acquire().await.unwrap();
        sqlx::raw_sql("BEGIN").execute(&mut *connection).await.unwrap();
        sqlx::raw_sql("SELECT 1 / 0").execute(&mut *connection).await.unwrap_err();
        drop(connection);
        assert!(is_kept(&base, &pool, ATTEMPTS).await, "after a failed transaction");
        assert_eq!(before, backend(&pool).await, "the connection is kept");
    })
    .await;
}

async fn backend(pool: &PgPool) -> i32 {
    sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back() {
    on_database(async |base: Base| {
        let store = base.other(1).await;
        let mut tx = store.begin("test").await.unwrap();
        tx.hold_tenant(base.tenant).await.unwrap();
        tx.write(base.tenant, &routed(offered(id(1), "anna"))).await.unwrap();
        drop(tx);
        assert_eq!(store.lead(base.tenant, id(1)).await.unwrap(), None);
        let mut tx = store.begin("test").await.unwrap();
        tx.hold_tenant(base.tenant).await.unwrap();
        tx.write(base.tenant, &routed(offered(id(2), "anna"))).await.unwrap();
        tx.commit().await.unwrap();
        assert!(base.store.lead(base.tenant, id(2)).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn what_failed_or_was_abandoned_cannot_be_committed() {
    on_database(async |base: Base| {
        base.route([(id(1), "anna")]).await;
        let mut tx = base.held().await;
        tx.write(base.tenant, &routed(offered(id(1), "anna"))).await.unwrap_err();
        assert!(matches!(tx.commit().await, Err(StoreError::Transaction { why: "a statement failed", .. })));

        // Somebody is in the way, so that the write can't be over at once.
        let mut other = base.store.begin("other").await.unwrap();
        sqlx::raw_sql("LOCK TABLE lead IN EXCLUSIVE MODE").execute(other.enter().unwrap()).await.unwrap();
        let mut tx = base.held().await;
        assert!(cancel_after(0, tx.write(base.tenant, &routed(offered(id(2), "anna")))).await.is_none());
        other.rollback().await.unwrap();
        assert!(matches!(tx.commit().await, Err(StoreError::Transaction { why: "a statement was abandoned", .. })));
        assert_eq!(base.store.lead(base.tenant, id(2)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn no_free_connection_is_an_error_of_its_own() {
    on_database(async |base: Base| {
        let mut tx = base.store.begin("test").await.unwrap();
        tx.lookup(base.tenant, &[], &[]).await.unwrap();
        let options = StoreOptions {
            max_connections: 1,
            acquire_timeout: std::time::Duration::from_millis(50),
            ..StoreOptions::default()
        };
        let store = crate::Store::connect(&base.database.url(), options).await.unwrap();
        let _held = store.begin("test").await.unwrap();
        let error = store.begin("test").await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)) && error.is_transient(), "{error}");
    })
    .await;
}

/// A batch that is one statement has no `BEGIN` to be cancelled after; what can be cancelled is the waiting for its end.
#[tokio::test]
async fn a_write_that_nobody_waits_for_is_whole_or_not_there() {
    on_database(async |base: Base| {
        let store = base.other(1).await;
        for attempt in 0..60 {
            let lead = id(attempt);
            let mut tx = store.open("test").await.unwrap();
            tx.lookup(base.tenant, &[], &[]).await.unwrap();
            let polls = usize::try_from(attempt % 3).unwrap();
            drop(cancel_after(polls, tx.write(base.tenant, &routed(offered(lead, "anna")))).await);
            drop(tx);
            // The one connection serves the next, who sees all of it or nothing.
            let found = store.lead(base.tenant, lead).await.unwrap();
            let timers = store.timers_of(base.tenant, lead).await.unwrap();
            let history = store.assignments(base.tenant, lead, Epoch(0), 10).await.unwrap();
            let whole = (1, 2, 1);
            let seen = (usize::from(found.is_some()), timers.len(), history.len());
            assert!(seen == whole || seen == (0, 0, 0), "attempt {attempt}: {seen:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_keeps_its_connection_unless_something_went_wrong() {
    on_database(async |base: Base| {
        let session = Session::new(base.other(1).await);
        let ask = async |session: &Session| {
            let mut tx = session.open("test").await.unwrap();
            let backend: i32 =
                sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(tx.enter().unwrap()).await.unwrap();
            (tx, backend)
        };
        let (tx, first) = ask(&session).await;
        tx.commit().await.unwrap();
        let (mut tx, again) = ask(&session).await;
        assert_eq!(first, again);
        // Abandoned in a transaction: the pool cleans it before the session gets it again.
        tx.hold_tenant(base.tenant).await.unwrap();
        tx.write(base.tenant, &routed(offered(id(1), "anna"))).await.unwrap();
        drop(tx);
        let (mut tx, _) = ask(&session).await;
        tx.lookup(base.tenant, &[], &[]).await.unwrap();
        tx.write(base.tenant, &routed(offered(id(2), "anna"))).await.unwrap();
        tx.commit().await.unwrap();
        let there = async |n| base.store.lead(base.tenant, id(n)).await.unwrap().is_some();
        assert_eq!((there(1).await, there(2).await), (false, true));
    })
    .await;
}
