//! What wakes those who watch, within one process.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::ids::TenantId;
use tokio::sync::watch;

/// Knows the last commit of each tenant to which somebody listens.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    tenants: Mutex<HashMap<TenantId, watch::Sender<i64>>>,
    /// How often it was rung at all.
    rung: watch::Sender<u64>,
}

impl Bell {
    /// Hears of the tenant's commits from now on: their numbers, which go up.
    pub(crate) fn listen(&self, tenant: TenantId) -> watch::Receiver<i64> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.entry(tenant).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Hears of all commits from now on; the number says nothing but that there was another.
    pub(crate) fn listen_to_all(&self) -> watch::Receiver<u64> {
        self.rung.subscribe()
    }

    /// Says that this commit was made.
    pub(crate) fn ring(&self, tenant: TenantId, commit: i64) {
        self.rung.send_modify(|rung| *rung = rung.wrapping_add(1));
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(heard) = tenants.get(&tenant) else { return };
        if heard.receiver_count() == 0 {
            tenants.remove(&tenant);
            return;
        }
        heard.send_if_modified(|last| {
            let newer = commit > *last;
            *last = commit.max(*last);
            newer
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_listen_are_remembered() {
        let (bell, tenant, other) = (Bell::default(), TenantId(1), TenantId(2));
        bell.ring(tenant, 1);
        assert!(bell.tenants.lock().unwrap_or_else(PoisonError::into_inner).is_empty());

        let mut listener = bell.listen(tenant);
        let second = bell.listen(tenant);
        bell.ring(other, 7);
        assert!(!listener.has_changed().unwrap_or(true));
        // Two lanes may ring in another order than they committed.
        bell.ring(tenant, 3);
        bell.ring(tenant, 2);
        assert_eq!((*listener.borrow_and_update(), *second.borrow()), (3, 3));

        let mut all = bell.listen_to_all();
        bell.ring(other, 8);
        assert!(all.has_changed().unwrap_or(false));
        all.mark_unchanged();

        drop((listener, second));
        bell.ring(tenant, 4);
        assert!(bell.tenants.lock().unwrap_or_else(PoisonError::into_inner).is_empty());
    }
}
