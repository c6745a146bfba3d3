//! Dating running clocks anew because hours or the policy change, in the transaction that changes them.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use api::{Error, Path, Violations, convert::clocks::Redated, convert::fields, v1};
use domain::{
    directory::DirectoryDocument,
    ids::LeadId,
    lifecycle::{Context, LeadCase, Moved},
    ownership::{LeadState, Owner, Queue},
    policy::Policy,
    snapshot::{DirectoryIndex, Snapshot},
};
use jiff::Timestamp;
use kit::telemetry::current_traceparent;
use store::{Changes, LeadFilter, Store, Tx};

use crate::{
    committer::unit::add_case,
    grpc::Asker,
    kept,
    standing::{Failed, compute, rejected},
};

/// Leads that are read, dated and written at once.
const CHUNK: u16 = 1_000;

/// A directory and its version.
type Versioned = (i64, DirectoryDocument);

/// Whether running clocks are to be dated anew; they keep their deadlines unless the request says so.
pub(crate) fn is_wanted(clocks: i32, violations: &mut Violations) -> bool {
    let path = Path::Request.field("running_clocks");
    fields::known::<v1::RunningClocks>(clocks, &path, violations) == Some(v1::RunningClocks::Redate)
}

/// What is needed to date clocks anew: all that takes long, before anybody is kept waiting.
#[derive(Debug)]
pub(crate) struct Redate {
    /// As it will be.
    snapshot: Snapshot,
    cause: Cause,
}

/// Why clocks are dated anew.
#[derive(Debug)]
enum Cause {
    Hours {
        /// Who has other hours than before.
        owners: Vec<Owner>,
        /// The revisions under which chains of their leads run.
        policies: BTreeMap<i64, Arc<Policy>>,
    },
    Policy,
}

impl Redate {
    /// Because the directory changes from one to the other: compiles both. `None`: nobody gets other hours.
    pub(crate) async fn by_hours(
        store: &Store,
        asker: &Asker,
        (before, after): (Versioned, Versioned),
        revision: i64,
        now: Timestamp,
    ) -> Result<Option<Self>, Failed> {
        let policy = policy(store, asker, revision).await?;
        let compiled = compute(move || {
            let before = Snapshot::new(Arc::new(compile(before, now)?), Arc::clone(&policy), revision);
            let after = Snapshot::new(Arc::new(compile(after, now)?), policy, revision);
            let owners = whose_hours_change(&before, &after);
            Ok::<_, Error>((owners, after))
        });
        let (owners, snapshot) = compiled.await??;
        if owners.is_empty() {
            return Ok(None);
        }
        let mut policies = BTreeMap::from([(revision, Arc::clone(&snapshot.policy))]);
        for revision in revisions(store, asker, &owners).await? {
            if let Entry::Vacant(vacant) = policies.entry(revision) {
                vacant.insert(self::policy(store, asker, revision).await?);
            }
        }
        Ok(Some(Self { snapshot, cause: Cause::Hours { owners, policies } }))
    }

    /// Because that revision of the policy is put in force.
    pub(crate) async fn by_policy(
        store: &Store,
        asker: &Asker,
        directory: Versioned,
        revision: i64,
        now: Timestamp,
    ) -> Result<Self, Failed> {
        let policy = policy(store, asker, revision).await?;
        let directory = compute(move || compile(directory, now)).await??;
        Ok(Self { snapshot: Snapshot::new(Arc::new(directory), policy, revision), cause: Cause::Policy })
    }

    /// Dates the clocks: which ones moved. The transaction must hold the tenant, so that nobody comes between.
    pub(crate) async fn run(self, tx: &mut Tx, asker: &Asker, now: Timestamp) -> Result<Redated, Failed> {
        let traceparent = current_traceparent();
        let context = Context {
            snapshot: &self.snapshot,
            now,
            actor: &asker.caller.actor,
            note: None,
            traceparent: traceparent.as_deref(),
        };
        let mut redated = Redated::default();
        let mut after: Option<LeadId> = None;
        loop {
            let page = match &self.cause {
                Cause::Hours { owners, .. } => tx.open_leads_of(asker.tenant, owners, after, CHUNK.into()).await,
                Cause::Policy => tx.open_leads(asker.tenant, after, CHUNK.into()).await,
            };
            let page = page.map_err(rejected)?;
            let is_last = page.len() < usize::from(CHUNK);
            after = page.last().copied();
            let mut changes = Changes::default();
            for row in tx.leads(asker.tenant, &page).await.map_err(rejected)? {
                let mut case = LeadCase::read(row.lead, row.ownership, row.assignment, row.timers, row.pauses);
                redated.add(case.id(), &self.date(&mut case, &context)?);
                if case.changes.dirty {
                    add_case(&mut changes, case, now);
                }
            }
            if !changes.is_empty() {
                kept::write(tx, asker.tenant, &changes).await?;
            }
            if is_last {
                return Ok(redated);
            }
        }
    }

    fn date(&self, case: &mut LeadCase, context: &Context<'_>) -> Result<Vec<Moved>, Failed> {
        match &self.cause {
            Cause::Hours { policies, .. } => {
                // One that was routed since the policies were read is dated by the next attempt.
                let policy = policies.get(&case.ownership.policy_revision).ok_or(Failed::Raced)?;
                case.sla = case.ownership.sla.as_ref().and_then(|name| policy.slas.get(name)).cloned();
                Ok(case.redate(context, &policy.waiting))
            }
            Cause::Policy => Ok(case.adopt_policy(context)),
        }
    }
}

fn compile((version, document): Versioned, now: Timestamp) -> Result<DirectoryIndex, Error> {
    DirectoryIndex::compile(version, document, now).map_err(|error| {
        tracing::error!(%error, "a checked directory can't be compiled");
        Error::Internal
    })
}

/// Reps who work by other hours than before, and the queues with clocks if theirs are others.
fn whose_hours_change(before: &Snapshot, after: &Snapshot) -> Vec<Owner> {
    let reps = after.directory.document.reps.keys().filter(|rep| {
        let hours = |snapshot: &'_ Snapshot| snapshot.directory.rep(rep).map(|entry| Arc::clone(&entry.calendar));
        hours(before) != hours(after)
    });
    let queues = [Queue::Review, Queue::Waiting].into_iter().filter(|_| before.queue_calendar != after.queue_calendar);
    reps.cloned().map(Owner::Rep).chain(queues.map(Owner::Queue)).collect()
}

/// The policy revisions under which the open leads of those owners were routed.
async fn revisions(store: &Store, asker: &Asker, owners: &[Owner]) -> Result<Vec<i64>, Failed> {
    let filter = LeadFilter {
        owners: Some(owners.to_vec()),
        states: Some(vec![LeadState::Offered, LeadState::Accepted, LeadState::Working, LeadState::Queued]),
        ..LeadFilter::default()
    };
    let (mut found, mut after): (Vec<i64>, Option<LeadId>) = (Vec::new(), None);
    loop {
        let page = store.leads(asker.tenant, &filter, after, CHUNK.into()).await.map_err(rejected)?;
        after = page.last().map(|(lead, _)| lead.id);
        found.extend(page.iter().map(|(_, ownership)| ownership.policy_revision));
        found.sort_unstable();
        found.dedup();
        if page.len() < usize::from(CHUNK) {
            return Ok(found);
        }
    }
}

/// That revision, read against the directory that it was written against.
async fn policy(store: &Store, asker: &Asker, revision: i64) -> Result<Arc<Policy>, Failed> {
    let row = store.policy(asker.tenant, revision).await.map_err(rejected)?.ok_or(Failed::Raced)?;
    let entities = store.directory_as_of(asker.tenant, row.directory_version).await.map_err(rejected)?;
    let parsed = compute(move || Policy::parse(&row.source, &DirectoryDocument::from_entities(entities))).await?;
    let parsed = parsed.map_err(|problems| {
        tracing::error!(revision, problems = problems.len(), "a stored policy can't be read");
        Error::Internal
    })?;
    Ok(Arc::new(parsed))
}
