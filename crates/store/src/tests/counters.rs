//! Counters under concurrency.

use std::sync::Arc;

use domain::decide::{Counters, RepLoad};
use tokio::{sync::Barrier, task::JoinSet};

use super::{Base, fixtures::*, on_database};
use crate::{Changes, Store, WriteError};

/// The counters of one more open lead, if the rep has fewer than `cap`.
fn one_more(counters: &Counters, cap: u32) -> Option<Changes> {
    let load = counters.load(&rep("anna"));
    let more = RepLoad { open: load.open + 1, ..load };
    (load.open < cap).then(|| Changes { loads: [(rep("anna"), more)].into(), ..Changes::default() })
}

async fn open_leads(base: &Base) -> u32 {
    let mut tx = base.store.open("test").await.unwrap();
    tx.counters(base.tenant, &counters_of(&["anna"], &[])).await.unwrap().load(&rep("anna")).open
}

/// Gives the rep one more lead, if it has room: whether it had.
async fn take(store: &Store, base: &Base, hold: bool) -> bool {
    loop {
        let mut tx = store.open("test").await.unwrap();
        if hold {
            tx.hold_tenant(base.tenant).await.unwrap();
        }
        tx.lookup(base.tenant, &[], &[]).await.unwrap();
        let counters = tx.counters(base.tenant, &counters_of(&["anna", "bob"], &[])).await.unwrap();
        let Some(changes) = one_more(&counters, 10) else { return false };
        match tx.write(base.tenant, &changes).await {
            Ok(_) => {
                tx.commit().await.unwrap();
                return true;
            }
            Err(WriteError::Overtaken) if !hold => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_holds_against_64_at_once() {
    on_database(async |base: Base| {
        // Two stores, as of two processes. Some hold the tenant, others only compare.
        let stores = [base.other(8).await, base.other(8).await];
        let mut tasks = JoinSet::new();
        for n in 0..64 {
            let (store, base) = (stores[n % 2].clone(), base.clone());
            tasks.spawn(async move { usize::from(take(&store, &base, n % 3 == 0).await) });
        }
        assert_eq!(tasks.join_all().await.iter().sum::<usize>(), 10);
        assert_eq!(open_leads(&base).await, 10);
    })
    .await;
}

/// The control: who reads first and holds only to write gives a rep with a cap of one two leads, and counts one.
#[tokio::test]
async fn a_cap_does_not_hold_without_the_comparison() {
    on_database(async |base: Base| {
        let tenant = base.tenant;
        let both_have_read = Arc::new(Barrier::new(2));
        let mut tasks = JoinSet::new();
        for _ in 0..2 {
            let (store, both_have_read) = (base.store.clone(), Arc::clone(&both_have_read));
            tasks.spawn(async move {
                let mut tx = store.open("test").await.unwrap();
                let counters = tx.counters(tenant, &counters_of(&["anna"], &[])).await.unwrap();
                both_have_read.wait().await;
                tx.hold_tenant(tenant).await.unwrap();
                tx.write(tenant, &one_more(&counters, 1).unwrap()).await.unwrap();
                tx.commit().await.unwrap();
            });
        }
        assert_eq!(tasks.join_all().await.len(), 2, "both got a lead");
        assert_eq!(open_leads(&base).await, 1);
    })
    .await;
}
