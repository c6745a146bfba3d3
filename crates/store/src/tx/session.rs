//! A connection for one who works without pause.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use tracing::Instrument as _;

use super::Tx;
use crate::{
    error::StoreError,
    patience::Lent,
    pool::{Store, TRUSTED_IDLE},
};

/// Opens one unit of work after another on one connection: from one to the next it does not go through the pool, whose
/// questions at each return would cost a lone caller a round trip. A connection that failed, or lay idle for long, is exchanged.
#[derive(Debug)]
pub struct Session {
    store: Store,
    idle: Idle,
}

/// The place of the connection between two units of work.
#[derive(Debug, Clone, Default)]
pub(crate) struct Idle(Arc<Mutex<Option<Kept>>>);

#[derive(Debug)]
struct Kept {
    connection: Lent,
    since: Instant,
}

impl Idle {
    pub(super) fn keep(&self, connection: Lent) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept { connection, since: Instant::now() });
    }

    fn take(&self) -> Option<Lent> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        // The pool tries it before it lends it again.
        (kept.since.elapsed() < TRUSTED_IDLE).then_some(kept.connection)
    }
}

impl Session {
    /// Takes no connection before it is needed.
    pub fn new(store: Store) -> Self {
        Self { store, idle: Idle::default() }
    }

    /// As [`Store::open`].
    pub async fn open(&self, name: &'static str) -> Result<Tx, StoreError> {
        let span = self.store.span(name);
        let connection = match self.idle.take() {
            Some(connection) => connection,
            None => self.store.pool.acquire().instrument(span.clone()).await?,
        };
        Ok(Tx::new(connection, Some(self.idle.clone()), name, span, self.store.pool.patience))
    }
}
