//! The one write path. Commands that arrive together share one commit.
//!
//! A lane takes whatever waits (up to [`MAX_BATCH`]), commits it, answers, and takes what has come in the meantime: a lone
//! caller waits for nobody, and a crowd shares the disk. A command that is refused fails alone. A batch that fails as a whole
//! is split until the command that breaks it stands alone.

mod attempt;
pub(crate) mod unit;

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use api::Error;
use domain::ids::TenantId;
use kit::clock::Clock;
use snapshots::Snapshots;
use store::Store;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span};

use self::attempt::{Attempt, AttemptError};
use crate::{
    command::{Command, Reply},
    error::overloaded,
    metrics::metrics,
};

/// Most commands in one transaction: a few hundred rows, so that locks are held for milliseconds.
pub(crate) const MAX_BATCH: usize = 256;
/// Commands that may wait; more are shed.
const QUEUE: usize = 4096;
/// How often a batch is tried again when another replica was faster.
const MAX_RACES: u32 = 8;

/// What a command comes to.
pub(crate) type Answer = Result<Reply, Error>;

/// Where commands are handed in.
#[derive(Debug, Clone)]
pub(crate) struct Committer {
    queue: mpsc::Sender<Pending>,
}

/// A command and whoever waits for its answer.
#[derive(Debug)]
struct Pending {
    command: Command,
    /// The span of the request: the parent of what is done for it.
    span: Span,
    answer: oneshot::Sender<Answer>,
}

impl Committer {
    /// Starts `lanes` lanes. They end when every handle is gone and all that was accepted is answered.
    pub(crate) fn start(
        store: &Store,
        snapshots: &Arc<Snapshots>,
        clock: &Clock,
        lanes: usize,
        tasks: &TaskTracker,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..lanes.max(1) {
            let lane = Lane {
                waiting: Arc::clone(&waiting),
                attempt: Arc::new(Attempt {
                    store: store.clone(),
                    snapshots: Arc::clone(snapshots),
                    clock: clock.clone(),
                }),
                tasks: tasks.clone(),
            };
            tasks.spawn(lane.run());
        }
        Self { queue }
    }

    /// Hands a command in and waits for its answer. A command whose caller has hung up before it was begun is not begun; once
    /// begun it is carried out whoever listens.
    pub(crate) async fn submit(&self, command: Command) -> Answer {
        self.hand_in(command)?.await.unwrap_or(Err(Error::ServiceUnavailable))
    }

    /// Hands commands in, in this order, and waits for all answers. When the queue is full the rest waits for room.
    pub(crate) async fn submit_all(&self, commands: Vec<Command>) -> Vec<Answer> {
        let mut receivers = Vec::with_capacity(commands.len());
        for command in commands {
            let (answer, receiver) = oneshot::channel();
            let sent = self.queue.send(Pending { command, span: Span::current(), answer }).await;
            receivers.push(sent.map(|()| receiver));
        }
        let mut answers = Vec::with_capacity(receivers.len());
        for receiver in receivers {
            let answer = match receiver {
                Ok(receiver) => receiver.await.ok(),
                Err(_) => None,
            };
            answers.push(answer.unwrap_or(Err(Error::ServiceUnavailable)));
        }
        answers
    }

    fn hand_in(&self, command: Command) -> Result<oneshot::Receiver<Answer>, Error> {
        let (answer, receiver) = oneshot::channel();
        match self.queue.try_send(Pending { command, span: Span::current(), answer }) {
            Ok(()) => Ok(receiver),
            Err(mpsc::error::TrySendError::Full(_)) => Err(overloaded()),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Error::ServiceUnavailable),
        }
    }
}

/// One loop that commits.
struct Lane {
    waiting: Arc<Mutex<mpsc::Receiver<Pending>>>,
    attempt: Arc<Attempt>,
    tasks: TaskTracker,
}

impl Lane {
    async fn run(self) {
        let mut taken = Vec::with_capacity(MAX_BATCH);
        loop {
            if self.waiting.lock().await.recv_many(&mut taken, MAX_BATCH).await == 0 {
                return;
            }
            let mut by_tenant: BTreeMap<TenantId, Vec<Pending>> = BTreeMap::new();
            for pending in taken.drain(..).filter(|pending| !pending.answer.is_closed()) {
                by_tenant.entry(pending.command.tenant).or_default().push(pending);
            }
            for (tenant, batch) in by_tenant {
                self.commit(tenant, batch).await;
            }
        }
    }

    /// Carries out a batch: whole if possible, else in ever smaller parts.
    async fn commit(&self, tenant: TenantId, batch: Vec<Pending>) {
        let mut parts = vec![(batch, 0)];
        while let Some((part, races)) = parts.pop() {
            let (commands, waiting): (Vec<Command>, Vec<_>) =
                part.into_iter().map(|pending| (pending.command, (pending.span, pending.answer))).unzip();
            let commands = Arc::new(commands);
            let outcome = self.attempt(tenant, Arc::clone(&commands), waiting.first().map(|(span, _)| span)).await;
            // The attempt is over, so this is the only handle; were it not, the commands could not be tried again.
            let Ok(commands) = Arc::try_unwrap(commands) else { continue };
            let rejoin = |commands: Vec<Command>, waiting: Vec<(Span, oneshot::Sender<Answer>)>| -> Vec<Pending> {
                let pairs = commands.into_iter().zip(waiting);
                pairs.map(|(command, (span, answer))| Pending { command, span, answer }).collect()
            };
            match outcome {
                Ok(answers) => {
                    for ((_, sender), answer) in waiting.into_iter().zip(answers) {
                        // Whoever hung up does not want to know.
                        let _ = sender.send(answer);
                    }
                }
                Err(AttemptError::Raced) if races < MAX_RACES => parts.push((rejoin(commands, waiting), races + 1)),
                Err(error) if error.may_be_one_command() && commands.len() > 1 => {
                    let mut first = rejoin(commands, waiting);
                    let second = first.split_off(first.len() / 2);
                    parts.extend([(second, 0), (first, 0)]);
                }
                Err(error) => {
                    tracing::error!(%error, commands = commands.len(), "a batch failed");
                    metrics().failed_commits.add(1, &[]);
                    for (_, sender) in waiting {
                        let _ = sender.send(Err(error.answer()));
                    }
                }
            }
        }
    }

    /// One attempt, in a task of its own: a panic costs the attempt, not the lane, and nobody's hanging up cancels it.
    async fn attempt(
        &self,
        tenant: TenantId,
        commands: Arc<Vec<Command>>,
        parent: Option<&Span>,
    ) -> Result<Vec<Answer>, AttemptError> {
        let span = tracing::info_span!(
            parent: parent.cloned().unwrap_or_else(Span::none),
            "assignment.commit",
            batch = commands.len(),
        );
        let (attempt, size, begun) = (Arc::clone(&self.attempt), commands.len() as u64, Instant::now());
        let task = self.tasks.spawn(async move { attempt.run(tenant, &commands).await }.instrument(span));
        let outcome = task.await.unwrap_or(Err(AttemptError::Panicked));
        metrics().batch_size.record(size, &[]);
        metrics().commit_duration.record(begun.elapsed().as_secs_f64(), &[]);
        match &outcome {
            Ok(_) => metrics().decisions.add(size, &[]),
            Err(AttemptError::Raced) => metrics().raced_commits.add(1, &[]),
            Err(_) => {}
        }
        outcome
    }
}
