//! Deciding a batch, and writing what was decided if nobody came between.

use std::sync::Arc;

use api::Error;
use domain::{
    decide::Counters,
    identity::IdentityKey,
    ids::{LeadId, PoolId, TenantId},
    lifecycle::LeadCase,
    ownership::Ownership,
    policy::SlaPolicy,
    snapshot::Snapshot,
};
use jiff::Timestamp;
use kit::clock::Clock;
use snapshots::{SnapshotError, Snapshots};
use store::{Changes, Lookup, Session, StoreError, TenantVersions, Tx, WriteError};
use tokio::runtime::Handle;
use tracing::Instrument as _;

use super::{Answer, unit::Unit};
use crate::{
    command::Command,
    error::{overloaded, snapshot_error},
    reply,
};

/// Decides batches.
#[derive(Debug)]
pub(super) struct Decider {
    session: Session,
    /// The runtime of the rest of the process.
    home: Handle,
    snapshots: Arc<Snapshots>,
    clock: Clock,
}

/// What a batch is decided on.
#[derive(Debug, Default)]
pub(super) struct Basis {
    /// The tenant's number of commits at which the counters were as they stand here; `None`: nothing is known.
    commits: Option<i64>,
    counters: Counters,
    /// Another replica wrote last. Then the tenant is held from the start: deciding first would too often be in vain.
    contended: bool,
    /// Nothing of it was written: whatever else was, the counters stand.
    rehearsed: bool,
}

impl Basis {
    /// What a batch is decided on, as if the one before it had been written.
    pub(super) fn rehearsed(self) -> Self {
        Self { rehearsed: true, contended: false, ..self }
    }

    /// The last commit that is known of.
    pub(super) const fn commit(&self) -> Option<i64> {
        self.commits
    }

    /// Nothing is known, but that another replica writes too.
    pub(super) fn contended() -> Self {
        Self { contended: true, ..Self::default() }
    }
}

/// What comes of a batch, once it is written.
#[derive(Debug)]
pub(super) struct Decided {
    /// An answer for each command.
    pub answers: Vec<Answer>,
    /// On what the next batch is decided.
    pub basis: Basis,
}

/// What is left to do for a batch that is decided.
#[derive(Debug)]
pub(super) struct Write {
    tx: Tx,
    tenant: TenantId,
    changes: Changes,
    /// Pools in which so many places have become free.
    freed: (Vec<PoolId>, usize),
    now: Timestamp,
}

/// Why no command of a batch took effect.
#[derive(Debug, thiserror::Error)]
pub(super) enum AttemptError {
    /// Another replica changed what this attempt had read. Trying again helps.
    #[error("another replica was faster")]
    Raced,
    /// One command changed which counters another one needs. A smaller batch helps.
    #[error("the commands depend on each other")]
    Entangled,
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
        match error {
            StoreError::CommitUnknown(_) => Self::Unknown(error),
            error if error.is_race() => Self::Raced,
            error => Self::Store(error),
        }
    }
}

impl AttemptError {
    /// True when a smaller batch may succeed.
    pub(super) fn may_be_one_command(&self) -> bool {
        match self {
            Self::Panicked | Self::Raced | Self::Entangled => true,
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
            Self::Store(_) | Self::Panicked | Self::Entangled => Error::Internal,
        }
    }
}

impl Decider {
    pub(super) fn new(session: Session, home: Handle, snapshots: Arc<Snapshots>, clock: Clock) -> Self {
        Self { session, home, snapshots, clock }
    }

    /// Decides the commands, in order. Nothing of it is so before it is written.
    pub(super) async fn decide(
        &self,
        tenant: TenantId,
        commands: &[Command],
        basis: Basis,
    ) -> Result<(Decided, Write), AttemptError> {
        let mut tx = self.session.open("assignment.commit").await?;
        if basis.contended {
            tx.hold_tenant(tenant).await?;
        }
        let requests: Vec<_> = commands.iter().filter_map(Command::request_id).collect();
        let identities: Vec<IdentityKey> = commands.iter().flat_map(Command::identity_keys).copied().collect();
        let lookup = tx.lookup(tenant, &requests, &identities).await?;
        let (commits, waiting) = (lookup.commits, lookup.waiting);
        // Timers are due by the database's clock, the only one that all replicas share; tests move one of their own.
        let now = self.clock.manual_now().unwrap_or(lookup.now);
        // Holding the tenant counts as a commit.
        let before = commits - i64::from(basis.contended);
        let as_known = basis.rehearsed || basis.commits == Some(before);
        let contended = basis.commits.is_some() && !as_known;
        let mut counters = if as_known { basis.counters } else { Counters::default() };

        let snapshot = self.snapshot(tenant, lookup.versions, now).await?;
        let cases = self.cases(&mut tx, tenant, commands, &lookup, &snapshot, now).await?;
        let mut unit = Unit::new(&snapshot, now, cases, lookup);
        let missing = unit.plan(commands, &counters);
        if !missing.is_empty() {
            counters.extend(tx.counters(tenant, &missing).await?);
        }
        unit.count(counters);
        let answers = unit.run(commands);
        if unit.is_entangled() {
            return Err(AttemptError::Entangled);
        }
        let (changes, freed, counters) = unit.into_changes();
        // Nobody else can begin to wait before this is written.
        let waits = waiting || changes.waits();
        let freed = if waits { (snapshots::pools_of(&snapshot, &freed), freed.len()) } else { (Vec::new(), 0) };
        let basis = Basis { commits: Some(commits), counters, contended, ..Basis::default() };
        Ok((Decided { answers, basis }, Write { tx, tenant, changes, freed, now }))
    }

    async fn snapshot(
        &self,
        tenant: TenantId,
        versions: TenantVersions,
        now: Timestamp,
    ) -> Result<Arc<Snapshot>, AttemptError> {
        if let Some(kept) = self.snapshots.kept(tenant, &versions, now) {
            return Ok(kept);
        }
        let snapshots = Arc::clone(&self.snapshots);
        self.at_home(async move { snapshots.of(tenant, &versions, now).await }).await
    }

    /// The SLA policy of a lead's running chain.
    async fn sla(
        &self,
        tenant: TenantId,
        ownership: &Ownership,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Option<Arc<SlaPolicy>>, AttemptError> {
        if ownership.policy_revision == snapshot.policy_revision {
            return Ok(ownership.sla.as_ref().and_then(|name| snapshot.policy.slas.get(name)).cloned());
        }
        let (snapshots, ownership) = (Arc::clone(&self.snapshots), ownership.clone());
        self.at_home(async move { snapshots.sla_of(tenant, &ownership, now).await }).await
    }

    /// Runs what may open connections that others will use.
    async fn at_home<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, SnapshotError>> + Send + 'static,
    ) -> Result<T, AttemptError> {
        let done = self.home.spawn(work.in_current_span()).await;
        Ok(done.map_err(|_| AttemptError::Panicked)??)
    }

    /// The leads that the commands change, those that new leads may duplicate, and those that kept answers are about.
    async fn cases(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        commands: &[Command],
        lookup: &Lookup,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Vec<LeadCase>, AttemptError> {
        let mut leads: Vec<LeadId> = commands.iter().filter_map(Command::lead).collect();
        leads.extend(lookup.identities.iter().map(|(_, lead)| *lead));
        leads.extend(lookup.responses.iter().filter_map(|kept| {
            let command = commands.iter().find(|command| command.request_id() == Some(kept.request_id))?;
            reply::lead_of(kept, &command.action)
        }));
        leads.sort_unstable();
        leads.dedup();
        let mut cases = Vec::with_capacity(leads.len());
        for row in tx.leads(tenant, &leads).await? {
            let mut case = LeadCase::read(row.lead, row.ownership, row.assignment, row.timers, row.pauses);
            case.sla = self.sla(tenant, &case.ownership, snapshot, now).await?;
            cases.push(case);
        }
        Ok(cases)
    }
}

impl Write {
    /// Writes it, unless somebody has come between: what `basis` is from then on.
    pub(super) async fn run(mut self, basis: Basis) -> Result<Basis, AttemptError> {
        let (pools, places) = &self.freed;
        if *places > 0 {
            // What follows the write belongs to it.
            self.tx.begin().await?;
        }
        let mut commits = basis.commits;
        if !self.changes.is_empty() {
            let written = self.tx.write(self.tenant, &self.changes).await.map_err(|error| match error {
                WriteError::Store(error) => AttemptError::from(error),
                WriteError::Overtaken
                | WriteError::EpochMoved
                | WriteError::IdentityTaken
                | WriteError::RequestTaken => AttemptError::Raced,
            })?;
            commits = written.or(commits);
        }
        if *places > 0 {
            let places = i64::try_from(*places).unwrap_or(i64::MAX);
            self.tx.wake_waiting(self.tenant, pools, places, self.now).await?;
        }
        self.tx.commit().await?;
        Ok(Basis { commits, ..basis })
    }
}
