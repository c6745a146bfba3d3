//! One transaction: read and lock, decide in memory, write, commit.

use std::sync::Arc;

use api::Error;
use domain::{
    identity::IdentityKey,
    ids::{LeadId, TenantId},
    lifecycle::LeadCase,
};
use kit::clock::Clock;
use snapshots::{SnapshotError, Snapshots};
use store::{Store, StoreError, WriteError};

use super::{Answer, unit::Unit};
use crate::{
    command::{Action, Command},
    error::{overloaded, snapshot_error},
};

/// What an attempt needs.
#[derive(Debug)]
pub(super) struct Attempt {
    pub store: Store,
    pub snapshots: Arc<Snapshots>,
    pub clock: Clock,
}

/// Why no command of a batch took effect.
#[derive(Debug, thiserror::Error)]
pub(super) enum AttemptError {
    /// Another replica changed what this attempt had read. Trying again helps.
    #[error("another replica was faster")]
    Raced,
    /// The connection broke while committing: it may have happened.
    #[error("the outcome of the commit is unknown: {0}")]
    Unknown(StoreError),
    /// The store refused or is not there.
    #[error(transparent)]
    Store(StoreError),
    /// Directory or policy can't be had.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A bug.
    #[error("the attempt panicked")]
    Panicked,
}

impl From<StoreError> for AttemptError {
    fn from(error: StoreError) -> Self {
        if error.is_race() { Self::Raced } else { Self::Store(error) }
    }
}

impl AttemptError {
    /// True when a smaller batch may succeed.
    pub(super) fn may_be_one_command(&self) -> bool {
        match self {
            Self::Panicked | Self::Raced => true,
            Self::Store(error) => !error.is_unavailable(),
            Self::Unknown(_) | Self::Snapshot(_) => false,
        }
    }

    /// What callers are told.
    pub(super) fn answer(&self) -> Error {
        match self {
            Self::Raced => overloaded(),
            Self::Unknown(_) => Error::StoreUnavailable,
            Self::Store(error) if error.is_unavailable() => Error::StoreUnavailable,
            Self::Snapshot(error) => snapshot_error(error),
            Self::Store(_) | Self::Panicked => Error::Internal,
        }
    }
}

impl Attempt {
    /// Carries out the commands, in order, in one transaction. An answer for each.
    pub(super) async fn run(&self, tenant: TenantId, commands: &[Command]) -> Result<Vec<Answer>, AttemptError> {
        let mut tx = self.store.begin("assignment.commit").await?;
        let requests: Vec<_> = commands.iter().filter_map(|command| Some(command.request?.id)).collect();
        let identities: Vec<IdentityKey> = commands.iter().flat_map(identity_keys).copied().collect();
        let lookup = tx.lookup(tenant, &requests, &identities).await?;
        // Timers are due by the database's clock, the only one that all replicas share; tests move one of their own.
        let now = self.clock.manual_now().unwrap_or(lookup.now);
        let snapshot = self.snapshots.of(tenant, &lookup.versions, now).await?;

        let mut leads: Vec<LeadId> = commands.iter().filter_map(Command::lead).collect();
        leads.extend(lookup.identities.iter().map(|(_, lead)| *lead));
        leads.sort_unstable();
        leads.dedup();
        let mut cases: Vec<LeadCase> = Vec::with_capacity(leads.len());
        if !leads.is_empty() {
            for row in tx.lock_leads(tenant, &leads).await? {
                let mut case = LeadCase::read(row.lead, row.ownership, row.assignment, row.timers);
                case.sla = self.snapshots.sla_of(tenant, &case.ownership, now).await?;
                cases.push(case);
            }
        }

        let mut unit = Unit::new(&snapshot, now, cases, lookup);
        let keys = unit.counter_keys(commands);
        if !keys.reps.is_empty() || !keys.rotations.is_empty() {
            let reps: Vec<_> = keys.reps.iter().cloned().collect();
            let rotations: Vec<_> = keys.rotations.iter().cloned().collect();
            unit.lock(keys, tx.lock_counters(tenant, &reps, &rotations).await?);
        }
        let answers: Vec<Answer> = commands.iter().map(|command| unit.apply(command)).collect();
        let (changes, freed) = unit.into_changes();
        if !changes.is_empty() {
            tx.write(tenant, &changes).await.map_err(|error| match error {
                WriteError::Store(error) => AttemptError::from(error),
                WriteError::EpochMoved | WriteError::IdentityTaken | WriteError::RequestTaken => AttemptError::Raced,
            })?;
        }
        if !freed.is_empty() {
            let places = i64::try_from(freed.len()).unwrap_or(i64::MAX);
            let pools = snapshots::pools_of(&snapshot, &freed);
            tx.wake_waiting(tenant, &pools, places, now).await?;
        }
        tx.commit().await.map_err(AttemptError::Unknown)?;
        Ok(answers)
    }
}

/// The keys by which a command's lead may be known already.
fn identity_keys(command: &Command) -> &[IdentityKey] {
    match &command.action {
        Action::Route { keys, .. } => keys,
        Action::Change { .. } | Action::Fire { .. } | Action::Drain { .. } => &[],
    }
}
