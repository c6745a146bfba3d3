//! Routing the open leads of reps who leave again, in the transaction that lets them leave.

use std::{collections::BTreeMap, sync::Arc};

use api::Error;
use domain::{
    decide::{Counters, DecisionRecord},
    directory::DirectoryDocument,
    ids::{LeadId, RepId},
    lifecycle::LeadCase,
    ownership::{LeadState, Owner},
    policy::Policy,
    score::Score,
    snapshot::{DirectoryIndex, Snapshot},
};
use jiff::Timestamp;
use kit::telemetry::current_traceparent;
use store::{LeadFilter, Lookup, Store, Tx};

use crate::{
    command::{Action, Command},
    committer::unit::Unit,
    grpc::Asker,
    kept,
    scores::fallback,
    standing::{Failed, compute, rejected},
};

/// Leads that are read at once.
const CHUNK: u16 = 1_000;

/// What is needed to route the leads of reps who leave: all that takes long, before anybody is kept waiting.
#[derive(Debug)]
pub(super) struct Drain {
    leaving: Vec<RepId>,
    snapshot: Snapshot,
    /// With the score that the last decision on each read.
    leads: BTreeMap<LeadId, Score>,
}

impl Drain {
    /// Reads the leads, and compiles the directory as it will be at that version.
    pub(super) async fn read(
        store: &Store,
        asker: &Asker,
        leaving: Vec<RepId>,
        (version, after): (i64, DirectoryDocument),
        (revision, policy): (i64, Policy),
        now: Timestamp,
    ) -> Result<Self, Failed> {
        let directory = compute(move || DirectoryIndex::compile(version, after, now)).await?;
        let directory = directory.map_err(|error| {
            tracing::error!(%error, "a checked directory can't be compiled");
            Error::Internal
        })?;
        let snapshot = Snapshot::new(Arc::new(directory), Arc::new(policy), revision);
        let mut leads = BTreeMap::new();
        for lead in open_leads(store, asker, &leaving).await? {
            let decided = store.latest_decided(asker.tenant, lead).await.map_err(rejected)?;
            let record = decided.and_then(|decided| DecisionRecord::decode(&decided.decision?).ok());
            leads.insert(lead, record.map_or_else(fallback, |record| record.v1().score.clone()));
        }
        Ok(Self { leaving, snapshot, leads })
    }

    /// Routes the leads again: how many. The directory must have been changed by this transaction: from then on nobody
    /// gives those reps any.
    pub(super) async fn run(self, tx: &mut Tx, asker: &Asker, lookup: Lookup, now: Timestamp) -> Result<usize, Failed> {
        let ids: Vec<LeadId> = self.leads.keys().copied().collect();
        let rows = tx.leads(asker.tenant, &ids).await.map_err(rejected)?;
        let mut cases: Vec<LeadCase> = rows
            .into_iter()
            .map(|row| LeadCase::read(row.lead, row.ownership, row.assignment, row.timers, row.pauses))
            .collect();
        cases.retain(|case| case.ownership.is_open() && self.has_owner(case));
        for case in &mut cases {
            // The clocks of a chain run on only under the same revision, which is the one at hand.
            let same = case.ownership.policy_revision == self.snapshot.policy_revision;
            let sla = case.ownership.sla.as_ref().filter(|_| same);
            case.sla = sla.and_then(|name| self.snapshot.policy.slas.get(name)).cloned();
        }
        let commands: Vec<Command> = cases.iter().map(|case| self.command(asker, case.id())).collect();

        let mut unit = Unit::new(&self.snapshot, now, cases, lookup);
        let mut keys = unit.plan(&commands, &Counters::default());
        keys.reps.extend(self.leaving.iter().cloned());
        let counters = tx.counters(asker.tenant, &keys).await.map_err(rejected)?;
        let open: usize = self.leaving.iter().map(|rep| counters.load(rep).open as usize).sum();
        if open != commands.len() {
            // Somebody got or lost a lead between the reading and the holding.
            return Err(Failed::Raced);
        }
        unit.count(counters);
        for answer in unit.run(&commands) {
            answer?;
        }
        let (changes, _, _) = unit.into_changes();
        if !changes.is_empty() {
            kept::write(tx, asker.tenant, &changes).await?;
        }
        Ok(commands.len())
    }

    fn has_owner(&self, case: &LeadCase) -> bool {
        self.leaving.iter().any(|rep| case.ownership.owner == Owner::Rep(rep.clone()))
    }

    fn command(&self, asker: &Asker, lead: LeadId) -> Command {
        Command {
            tenant: asker.tenant,
            request: None,
            actor: Arc::clone(&asker.caller.actor),
            note: None,
            traceparent: current_traceparent(),
            action: Action::Drain { lead, score: self.leads.get(&lead).cloned().unwrap_or_else(fallback) },
        }
    }
}

/// The open leads of those reps.
async fn open_leads(store: &Store, asker: &Asker, reps: &[RepId]) -> Result<Vec<LeadId>, Failed> {
    let filter = LeadFilter {
        owners: Some(reps.iter().cloned().map(Owner::Rep).collect()),
        states: Some(vec![LeadState::Offered, LeadState::Accepted, LeadState::Working]),
        ..LeadFilter::default()
    };
    let mut found: Vec<LeadId> = Vec::new();
    loop {
        let after = found.last().copied();
        let page = store.leads(asker.tenant, &filter, after, CHUNK.into()).await.map_err(rejected)?;
        let is_last = page.len() < usize::from(CHUNK);
        found.extend(page.into_iter().map(|(lead, _)| lead.id));
        if is_last {
            return Ok(found);
        }
    }
}
