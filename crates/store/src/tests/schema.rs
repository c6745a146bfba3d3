//! Migrations.

use tokio::task::JoinSet;

use crate::{StoreError, testing::Database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_programs_may_migrate_at_once() {
    let database = Database::create_empty().await;
    let store = database.store_of(2).await;
    let error = store.check_schema().await.unwrap_err();
    assert!(matches!(error, StoreError::SchemaTooOld { database: 0, .. }), "{error}");
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let store = store.clone();
        tasks.spawn(async move { store.migrate().await.unwrap() });
    }
    tasks.join_all().await;
    store.check_schema().await.unwrap();
    store.migrate().await.unwrap();
}

#[tokio::test]
async fn an_old_program_stops_at_a_newer_schema() {
    let database = Database::create_empty().await;
    let store = database.store_of(2).await;
    store.migrate().await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'from tomorrow', true, '', 0)";
    sqlx::raw_sql(newer).execute(&store.pool).await.unwrap();
    for error in [store.check_schema().await.unwrap_err(), store.migrate().await.unwrap_err()] {
        assert!(matches!(error, StoreError::SchemaTooNew { database: 9999, .. }), "{error}");
        assert!(error.to_string().contains("start a newer program"), "{error}");
    }
}
