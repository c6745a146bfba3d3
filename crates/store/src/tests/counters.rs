//! Counters under concurrency.

use std::sync::Arc;

use domain::decide::{Counters, RepLoad};
use tokio::{sync::Barrier, task::JoinSet};

use super::{Base, fixtures::*, on_database};
use crate::{Changes, Store};

/// The counters of one more open lead, if the rep has fewer than `cap`.
fn one_more(counters: &Counters, cap: u32) -> Option<Changes> {
    let load = counters.load(&rep("anna"));
    let more = RepLoad { open: load.open + 1, ..load };
    (load.open < cap).then(|| Changes { loads: [(rep("anna"), more)].into(), ..Changes::default() })
}

async fn open_leads(base: &Base) -> u32 {
    let mut tx = base.store.begin("test").await.unwrap();
    let open = tx.lock_counters(base.tenant, &[rep("anna")], &[]).await.unwrap().load(&rep("anna")).open;
    tx.commit().await.unwrap();
    open
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_holds_against_64_at_once() {
    on_database(async |base: Base| {
        let tenant = base.tenant;
        // Two stores, as of two processes, neither of which knows the row.
        let stores = [base.other(8).await, base.other(8).await];
        let mut tasks = JoinSet::new();
        for n in 0..64 {
            let store: Store = stores[n % 2].clone();
            tasks.spawn(async move {
                let mut tx = store.begin("test").await.unwrap();
                let counters = tx.lock_counters(tenant, &[rep("anna"), rep("bob")], &[]).await.unwrap();
                let changes = one_more(&counters, 10);
                if let Some(changes) = &changes {
                    tx.write(tenant, changes).await.unwrap();
                }
                tx.commit().await.unwrap();
                usize::from(changes.is_some())
            });
        }
        assert_eq!(tasks.join_all().await.iter().sum::<usize>(), 10);
        assert_eq!(open_leads(&base).await, 10);
    })
    .await;
}

/// The control: the same without the lock gives a rep with a cap of one two leads, and counts one.
#[tokio::test]
async fn a_cap_does_not_hold_without_the_lock() {
    on_database(async |base: Base| {
        let tenant = base.tenant;
        let both_have_read = Arc::new(Barrier::new(2));
        let mut tasks = JoinSet::new();
        for _ in 0..2 {
            let (store, both_have_read) = (base.store.clone(), Arc::clone(&both_have_read));
            tasks.spawn(async move {
                let mut tx = store.begin("test").await.unwrap();
                let open = sqlx::query_scalar::<_, i32>("SELECT open_leads FROM rep_load WHERE rep_id = 'anna'");
                let open = open.fetch_optional(&mut *tx.connection).await.unwrap().unwrap_or_default();
                both_have_read.wait().await;
                let load = RepLoad { open: open.try_into().unwrap(), ..RepLoad::default() };
                let counters = Counters { loads: [(rep("anna"), load)].into(), ..Counters::default() };
                let changes = one_more(&counters, 1).unwrap();
                tx.write(tenant, &changes).await.unwrap();
                tx.commit().await.unwrap();
            });
        }
        assert_eq!(tasks.join_all().await.len(), 2, "both got a lead");
        assert_eq!(open_leads(&base).await, 1);
    })
    .await;
}

#[tokio::test]
async fn whoever_finds_no_row_waits_for_whoever_makes_it() {
    on_database(async |base: Base| {
        let tenant = base.tenant;
        let keys = || ([rep("bob"), rep("anna")], [(pool("inside"), Some(A1)), (pool("inside"), None)]);
        let mut first = base.other(1).await.begin("first").await.unwrap();
        let (reps, pools) = keys();
        assert_eq!(first.lock_counters(tenant, &reps, &pools).await.unwrap(), Counters::default());
        let mut second = base.other(1).await.begin("second").await.unwrap();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let (reps, pools) = keys();
            second.lock_counters(tenant, &reps, &pools).await
        });
        base.until_somebody_waits().await;
        let changes = one_more(&Counters::default(), 5).unwrap();
        first.write(tenant, &changes).await.unwrap();
        first.commit().await.unwrap();
        let counters = task.join_next().await.unwrap().unwrap().unwrap();
        assert_eq!(counters.loads, changes.loads);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overlapping_sets_of_counters_never_wait_in_a_circle() {
    on_database(async |base: Base| {
        let tenant = base.tenant;
        let stores = [base.other(6).await, base.other(6).await];
        let mut tasks = JoinSet::new();
        for n in 0..48_usize {
            let store = stores[n % 2].clone();
            tasks.spawn(async move {
                // Sets that overlap, in any order, of keys that partly exist.
                let reps: Vec<_> = (0..5).map(|i| rep(&format!("rep-{}", (n * 7 + i * (n % 3 + 1)) % 9))).collect();
                let pools: Vec<_> = (0..3).map(|i| (pool(&format!("pool-{}", (n + i * 2) % 4)), None)).collect();
                let mut tx = store.begin("test").await.unwrap();
                tx.lock_counters(tenant, &reps, &pools).await.unwrap();
                tx.commit().await.unwrap();
            });
        }
        tasks.join_all().await;
    })
    .await;
}

#[tokio::test]
async fn deleted_counters_come_back_when_the_batch_runs_again() {
    on_database(async |base: Base| {
        assert_eq!(open_leads(&base).await, 0);
        base.sql("DELETE FROM rep_load").await;
        let mut tx = base.store.begin("test").await.unwrap();
        let error = tx.lock_counters(base.tenant, &[rep("anna")], &[]).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        drop(tx);
        assert_eq!(open_leads(&base).await, 0);
    })
    .await;
}
