//! Tokens that were verified: a caller sends the same one with every call.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use lru::LruCache;
use ring::digest;

use super::keys::KeySet;
use crate::auth::Grant;

/// Most tokens that are remembered: some 2 MiB. Those longest unused go first.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// SHA-256 of a token: what is remembered can't be used to call.
pub(super) type Digest = [u8; 32];

pub(super) fn digest(token: &str) -> Digest {
    let mut digest = [0; 32];
    digest.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    digest
}

/// The tokens, each with the keys that it was verified with: when those are replaced, it is verified anew.
#[derive(Debug)]
pub(super) struct Cache(Mutex<LruCache<Digest, Entry>>);

#[derive(Debug)]
struct Entry {
    grant: Arc<Grant>,
    expires: i64,
    keys: Arc<KeySet>,
}

impl Default for Cache {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(CAPACITY)))
    }
}

impl Cache {
    /// What a token gives, and when it expires.
    pub(super) fn get(&self, digest: &Digest, keys: &Arc<KeySet>) -> Option<(Arc<Grant>, i64)> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(digest)?;
        Arc::ptr_eq(&entry.keys, keys).then(|| (Arc::clone(&entry.grant), entry.expires))
    }

    pub(super) fn put(&self, digest: Digest, grant: Arc<Grant>, expires: i64, keys: &Arc<KeySet>) {
        let entry = Entry { grant, expires, keys: Arc::clone(keys) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(digest, entry);
    }
}
