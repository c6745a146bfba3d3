//! Compiled things by tenant and version.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use domain::ids::TenantId;
use jiff::Timestamp;
use lru::LruCache;
use tokio::sync::OnceCell;

use crate::is_fresh;

type Key = (TenantId, i64);

/// Those used last. What many ask for at once is compiled once, and all wait for it.
#[derive(Debug)]
pub(crate) struct Cache<V>(Mutex<LruCache<Key, Arc<Slot<V>>>>);

#[derive(Debug)]
struct Slot<V> {
    made_at: Timestamp,
    value: OnceCell<Arc<V>>,
}

impl<V> Cache<V> {
    /// Keeps as many as `size`.
    pub(crate) fn new(size: NonZeroUsize) -> Self {
        Self(Mutex::new(LruCache::new(size)))
    }

    /// What is kept under that key, else what `make` makes. An error is not kept: the next one tries again.
    pub(crate) async fn get<E, M, F>(&self, key: Key, now: Timestamp, make: M) -> Result<Arc<V>, E>
    where
        M: FnOnce() -> F,
        F: Future<Output = Result<V, E>>,
    {
        let slot = self.slot(key, now);
        slot.value.get_or_try_init(|| async { make().await.map(Arc::new) }).await.cloned()
    }

    /// A panic elsewhere leaves the map as good as before.
    fn slot(&self, key: Key, now: Timestamp) -> Arc<Slot<V>> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match slots.get(&key) {
            Some(slot) if is_fresh(slot.made_at, now) => Arc::clone(slot),
            _ => {
                let slot = Arc::new(Slot { made_at: now, value: OnceCell::new() });
                slots.put(key, Arc::clone(&slot));
                slot
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use jiff::SignedDuration;

    use super::*;
    use crate::MAX_AGE;

    const SIZE: NonZeroUsize = NonZeroUsize::new(2).unwrap();

    async fn get(cache: &Cache<u32>, version: i64, now: Timestamp, value: u32) -> u32 {
        *cache.get::<Infallible, _, _>((TenantId(1), version), now, || async { Ok(value) }).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_kept_is_not_made_again_until_it_is_old() {
        let (cache, now) = (Cache::new(SIZE), Timestamp::UNIX_EPOCH);
        assert_eq!(get(&cache, 7, now, 1).await, 1);
        assert_eq!(get(&cache, 7, now + MAX_AGE - SignedDuration::from_secs(1), 2).await, 1);
        assert_eq!(get(&cache, 7, now + MAX_AGE, 3).await, 3);
        assert_eq!(get(&cache, 7, now, 4).await, 4);
    }

    #[tokio::test]
    async fn what_was_used_last_is_kept() {
        let (cache, now) = (Cache::new(SIZE), Timestamp::UNIX_EPOCH);
        for version in [1, 2, 1, 3] {
            get(&cache, version, now, 1).await;
        }
        assert_eq!(get(&cache, 1, now, 2).await, 1);
        assert_eq!(get(&cache, 2, now, 2).await, 2);
    }

    #[tokio::test]
    async fn an_error_is_not_kept() {
        let (cache, now) = (Cache::new(SIZE), Timestamp::UNIX_EPOCH);
        let failed = cache.get((TenantId(1), 7), now, || async { Err("away") }).await;
        assert_eq!(failed, Err("away"));
        assert_eq!(get(&cache, 7, now, 1).await, 1);
    }
}
