//! The one write path. Commands that arrive together share one commit.
//!
//! A lane takes whatever waits (some [`MAX_BATCH`] commands, those of callers first), commits it, answers, and takes what has come in
//! the meantime: a lone caller waits for nobody, and a crowd shares the disk. A command that is refused fails alone. A batch that fails as a whole
//! is split until the command that breaks it stands alone.

mod attempt;
mod lane;
mod rehearse;
pub(crate) mod unit;
mod waiting;

use std::{io, sync::Arc};

use api::Error;
use kit::clock::Clock;
use snapshots::Snapshots;
use store::{Session, Store};
use tokio::{
    runtime::Handle,
    sync::{Mutex, mpsc, oneshot},
};
use tokio_util::task::TaskTracker;
use tracing::Span;

use self::{
    attempt::Decider,
    lane::Lane,
    waiting::{Doors, queues},
};

pub(crate) use rehearse::Rehearsal;
pub(crate) use waiting::Urgency;

use crate::{
    command::{Command, Reply},
    error::overloaded,
    watch::Bell,
};

/// Most commands in one commit, but for some of the background beside those of callers: a few hundred rows, so that the tenant is held
/// for milliseconds.
pub(crate) const MAX_BATCH: usize = 256;
/// Commands that may wait, of each urgency; more are shed.
const QUEUE: usize = 4096;

/// What a command comes to.
pub(crate) type Answer = Result<Reply, Error>;

/// Where commands are handed in.
#[derive(Debug, Clone)]
pub(crate) struct Committer {
    doors: Arc<Doors<Pending>>,
}

/// A command and whoever waits for its answer.
#[derive(Debug)]
struct Pending {
    command: Command,
    /// The span of the request: the parent of what is done for it.
    span: Span,
    answer: oneshot::Sender<Answer>,
}

/// Commands that were handed in. Whoever drops it hangs up: what has not been begun is not begun.
#[derive(Debug)]
pub(crate) struct Handed(Vec<Option<oneshot::Receiver<Answer>>>);

impl Handed {
    /// The answer to each.
    pub(crate) async fn answers(self) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(self.0.len());
        for receiver in self.0 {
            let answer = match receiver {
                Some(receiver) => receiver.await.ok(),
                None => None,
            };
            answers.push(answer.unwrap_or(Err(Error::ServiceUnavailable)));
        }
        answers
    }
}

impl Committer {
    /// Starts `lanes` lanes. They end when every handle is gone and all that was accepted is answered.
    ///
    /// Each has a thread and a connection of its own: what everybody waits for does not queue behind what is done for each
    /// caller. Must be called inside of a runtime.
    ///
    /// Errors: the system has no more threads.
    pub(crate) fn start(
        store: &Store,
        snapshots: &Arc<Snapshots>,
        clock: &Clock,
        bell: &Arc<Bell>,
        lanes: usize,
        tasks: &TaskTracker,
    ) -> io::Result<Self> {
        let (doors, waiting) = queues();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..lanes.max(1) {
            // A connection belongs to the runtime in which it was opened.
            let store = store.apart(1);
            let session = Session::new(store.clone());
            let decider = Decider::new(session, Handle::current(), Arc::clone(snapshots), clock.clone());
            let lane = Lane::new(Arc::clone(&waiting), decider, Arc::clone(bell));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let tracked = tasks.token();
            std::thread::Builder::new().name("committer".to_owned()).spawn(move || {
                runtime.block_on(async {
                    lane.run().await;
                    store.close().await;
                });
                drop(tracked);
            })?;
        }
        Ok(Self { doors: Arc::new(doors) })
    }

    /// Hands a caller's command in and waits for its answer. A command whose caller has hung up before it was begun is not begun; once
    /// begun it is carried out whoever listens.
    pub(crate) async fn submit(&self, command: Command) -> Answer {
        self.hand_in(command)?.await.unwrap_or(Err(Error::ServiceUnavailable))
    }

    /// Hands commands in, in this order. When the queue is full the rest waits for room.
    pub(crate) async fn hand_in_all(&self, commands: Vec<Command>, urgency: Urgency) -> Handed {
        let door = self.doors.of(urgency);
        let mut receivers = Vec::with_capacity(commands.len());
        for command in commands {
            let (answer, receiver) = oneshot::channel();
            let sent = door.send(Pending { command, span: Span::current(), answer }).await;
            receivers.push(sent.ok().map(|()| receiver));
        }
        Handed(receivers)
    }

    fn hand_in(&self, command: Command) -> Result<oneshot::Receiver<Answer>, Error> {
        let (answer, receiver) = oneshot::channel();
        match self.doors.of(Urgency::Caller).try_send(Pending { command, span: Span::current(), answer }) {
            Ok(()) => Ok(receiver),
            Err(mpsc::error::TrySendError::Full(_)) => Err(overloaded()),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Error::ServiceUnavailable),
        }
    }
}
