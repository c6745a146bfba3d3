//! One loop that commits what waits.

use std::{
    collections::{BTreeMap, HashMap},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Instant,
};

use domain::ids::TenantId;
use futures::FutureExt as _;
use tokio::sync::{Mutex, oneshot};
use tracing::{Instrument as _, Span};

use super::{
    Answer, MAX_BATCH, Pending,
    attempt::{AttemptError, Basis, Decider},
    waiting::Waiting,
};
use crate::{command::Command, metrics::metrics, watch::Bell};

/// How often a batch is tried again when another replica was faster.
const MAX_RACES: u32 = 8;
/// Tenants of which something is remembered. Beyond them all is forgotten: what is remembered only saves reading.
const MAX_REMEMBERED: usize = 1_000;

/// A loop with what it remembers.
pub(super) struct Lane {
    waiting: Arc<Mutex<Waiting<Pending>>>,
    decider: Decider,
    /// On what each tenant's next batch is decided.
    remembered: HashMap<TenantId, Basis>,
    bell: Arc<Bell>,
}

/// Commands of one tenant that are decided and written together, and whoever waits for each.
#[derive(Default)]
struct Batch {
    commands: Vec<Command>,
    waiting: Vec<(Span, oneshot::Sender<Answer>)>,
    /// How often it has lost a race.
    races: u32,
}

impl Lane {
    pub(super) fn new(waiting: Arc<Mutex<Waiting<Pending>>>, decider: Decider, bell: Arc<Bell>) -> Self {
        Self { waiting, decider, remembered: HashMap::new(), bell }
    }

    /// Runs until every handle is gone and all that was accepted is answered.
    pub(super) async fn run(mut self) {
        let mut taken = Vec::with_capacity(MAX_BATCH);
        loop {
            self.waiting.lock().await.take(&mut taken).await;
            if taken.is_empty() {
                return;
            }
            let mut by_tenant: BTreeMap<TenantId, Batch> = BTreeMap::new();
            for pending in taken.drain(..).filter(|pending| !pending.answer.is_closed()) {
                by_tenant.entry(pending.command.tenant).or_default().push(pending);
            }
            for (tenant, batch) in by_tenant {
                self.commit(tenant, batch).await;
            }
        }
    }

    /// Carries out a batch: whole if possible, else in ever smaller parts.
    async fn commit(&mut self, tenant: TenantId, batch: Batch) {
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            match self.attempt(tenant, &part).await {
                Ok(answers) => part.answer(answers),
                Err(AttemptError::Raced) if part.races < MAX_RACES => {
                    metrics().raced_commits.add(1, &[]);
                    self.remembered.insert(tenant, Basis::contended());
                    parts.push(Batch { races: part.races + 1, ..part });
                }
                Err(error) if error.may_be_one_command() && part.commands.len() > 1 => {
                    let (first, second) = part.halves();
                    parts.extend([second, first]);
                }
                Err(error) => {
                    tracing::error!(%error, commands = part.commands.len(), "a batch failed");
                    metrics().failed_commits.add(1, &[]);
                    part.answer(std::iter::repeat_with(|| Err(error.answer())));
                }
            }
        }
    }

    /// One attempt at a batch. It runs in the lane's own task, so nobody's hanging up cancels it; a panic costs the batch, not
    /// the lane.
    async fn attempt(&mut self, tenant: TenantId, batch: &Batch) -> Result<Vec<Answer>, AttemptError> {
        if self.remembered.len() >= MAX_REMEMBERED {
            self.remembered.clear();
        }
        // Whatever goes wrong from here on, nothing is remembered.
        let basis = self.remembered.remove(&tenant).unwrap_or_default();
        let begun = Instant::now();
        let carried_out = async {
            let (decided, write) = self.decider.decide(tenant, &batch.commands, basis).await?;
            Ok((decided.answers, write.run(decided.basis).await?))
        };
        let outcome = AssertUnwindSafe(carried_out).catch_unwind().instrument(batch.span()).await;
        let size = batch.commands.len() as u64;
        metrics().batch_size.record(size, &[]);
        metrics().commit_duration.record(begun.elapsed().as_secs_f64(), &[]);
        let (answers, basis) = outcome.unwrap_or(Err(AttemptError::Panicked))?;
        metrics().decisions.add(size, &[]);
        if let Some(commit) = basis.commit() {
            self.bell.ring(tenant, commit);
        }
        self.remembered.insert(tenant, basis);
        Ok(answers)
    }
}

impl Batch {
    fn push(&mut self, Pending { command, span, answer }: Pending) {
        self.commands.push(command);
        self.waiting.push((span, answer));
    }

    /// A span for what is done for all of them, in the trace of the first.
    fn span(&self) -> Span {
        let parent = self.waiting.first().map_or_else(Span::none, |(span, _)| span.clone());
        tracing::info_span!(parent: parent, "assignment.commit", batch = self.commands.len())
    }

    fn halves(mut self) -> (Self, Self) {
        let middle = self.commands.len() / 2;
        let (commands, waiting) = (self.commands.split_off(middle), self.waiting.split_off(middle));
        (Self { races: 0, ..self }, Self { commands, waiting, races: 0 })
    }

    fn answer(self, answers: impl IntoIterator<Item = Answer>) {
        for ((_, sender), answer) in self.waiting.into_iter().zip(answers) {
            // Whoever hung up does not want to know.
            let _ = sender.send(answer);
        }
    }
}
