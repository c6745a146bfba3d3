//! Deciding without writing.

use std::sync::Arc;

use api::Error;
use domain::ids::TenantId;
use kit::clock::Clock;
use snapshots::Snapshots;
use store::{Session, Store};
use tokio::runtime::Handle;

use super::{
    Answer,
    attempt::{Basis, Decider},
};
use crate::command::Command;

/// Decides batches one after the other, as if each had been written, and writes none.
#[derive(Debug)]
pub(crate) struct Rehearsal {
    decider: Decider,
    basis: Basis,
}

impl Rehearsal {
    /// On things as they stand. Must be called inside of a runtime.
    pub(crate) fn new(store: &Store, snapshots: &Arc<Snapshots>, clock: &Clock) -> Self {
        let session = Session::new(store.clone());
        let decider = Decider::new(session, Handle::current(), Arc::clone(snapshots), clock.clone());
        Self { decider, basis: Basis::default() }
    }

    /// What would be answered.
    pub(crate) async fn decide(&mut self, tenant: TenantId, commands: &[Command]) -> Result<Vec<Answer>, Error> {
        let basis = std::mem::take(&mut self.basis);
        let decided = self.decider.decide(tenant, commands, basis).await;
        let (decided, _) = decided.map_err(|error| error.answer())?;
        self.basis = decided.basis.rehearsed();
        Ok(decided.answers)
    }
}
