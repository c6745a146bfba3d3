//! The loop that finds what is to be done.

use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    sync::Arc,
    time::Duration,
};

use kit::{clock::Clock, lifecycle::Lifecycle, seal::Seal};
use rustls::ClientConfig;
use store::{Store, SubscriptionKey, Tenants};
use tokio::{
    sync::watch,
    task::{Id, JoinError, JoinSet},
    time::Instant,
};

use crate::{
    DeliveryConfig,
    metrics::metrics,
    sender::Sender,
    worker::{Places, Worker},
};

/// Time between two looks for something to do at least, so that a crowd of commits costs a look only now and then.
const BREATH: Duration = Duration::from_millis(20);
/// Time between two looks, just after there was something, and when nothing happens.
const SHORT: Duration = Duration::from_millis(40);
const LONG: Duration = Duration::from_millis(500);
/// Time between two measurements.
const MEASURE: Duration = Duration::from_secs(15);

/// Has messages made and sent. Any number may run.
#[derive(Debug)]
pub struct Dispatcher {
    worker: Arc<Worker>,
    clock: Clock,
    /// Changes when something may have happened.
    commits: watch::Receiver<u64>,
}

/// What a subscription's task came to: whether it did anything.
type Done = Result<(Id, bool), JoinError>;

/// The tasks under way: one for each subscription at most.
#[derive(Debug, Default)]
struct Tasks {
    set: JoinSet<bool>,
    keys: HashMap<Id, SubscriptionKey>,
    /// Those under way, and whether more was found to do for them since they began.
    busy: BTreeMap<SubscriptionKey, bool>,
}

impl Dispatcher {
    /// `seal` opens the secrets, `tls` is for the receivers, `commits` changes with each commit that this process makes.
    pub fn new(
        store: Store,
        tenants: Arc<Tenants>,
        clock: Clock,
        config: DeliveryConfig,
        (seal, tls): (Arc<Seal>, Arc<ClientConfig>),
        commits: watch::Receiver<u64>,
    ) -> Self {
        let worker = Worker {
            store,
            tenants,
            clock: clock.clone(),
            seal,
            sender: Sender::new(config, tls),
            places: Places::new(config.concurrency),
            lease: config.timeout + Worker::GRACE,
        };
        Self { worker: Arc::new(worker), clock, commits }
    }

    /// Runs until the process ends. Each subscription is dealt with by itself, so that none waits for another's receiver.
    pub async fn run(mut self, lifecycle: Lifecycle) {
        let stopping = lifecycle.stopping().clone();
        let (mut tasks, mut pause, mut measured) = (Tasks::default(), SHORT, None::<Instant>);
        while stopping.run_until_cancelled(tokio::time::sleep(BREATH)).await.is_some() {
            self.commits.mark_unchanged();
            match self.worker.store.busy_subscriptions(self.clock.manual_now()).await {
                Ok(found) => found.into_iter().for_each(|(key, away)| {
                    tasks.begin(key, |key| {
                        let (worker, stopping) = (Arc::clone(&self.worker), stopping.clone());
                        async move { worker.serve(&key, away, &stopping).await }
                    });
                }),
                Err(error) => tracing::warn!(%error, "subscriptions could not be looked for; it is tried again"),
            }
            if measured.is_none_or(|at| at.elapsed() >= MEASURE) {
                self.measure().await;
                measured = Some(Instant::now());
            }
            // Until there is a reason to look again.
            loop {
                tokio::select! {
                    () = stopping.cancelled() => break,
                    () = rung(&mut self.commits) => { pause = SHORT; break }
                    () = self.clock.sleep(pause) => { pause = (2 * pause).min(LONG); break }
                    Some(done) = tasks.set.join_next_with_id() => if tasks.end(done) { pause = SHORT; break }
                }
            }
        }
        // What is under way is finished, as long as the process waits for it.
        while tasks.set.join_next().await.is_some() {}
    }

    async fn measure(&self) {
        match self.worker.store.delivery_lag(self.clock.manual_now()).await {
            Ok(lag) => {
                metrics().oldest.record(lag.age, &[]);
                #[expect(clippy::cast_precision_loss, reason = "measurements")]
                let (commits, lost) = (lag.commits as f64, lag.lost as f64);
                metrics().lag.record(commits, &[]);
                metrics().lost_now.record(lost, &[]);
            }
            Err(error) => tracing::warn!(%error, "deliveries could not be measured"),
        }
    }
}

impl Tasks {
    /// Begins a task, unless the one before is still under way: that may have looked before there was this to do.
    fn begin<F>(&mut self, key: SubscriptionKey, task: impl FnOnce(SubscriptionKey) -> F)
    where
        F: Future<Output = bool> + Send + 'static,
    {
        match self.busy.entry(key.clone()) {
            Entry::Occupied(mut more) => *more.get_mut() = true,
            Entry::Vacant(vacant) => {
                vacant.insert(false);
                let task = task(key.clone());
                self.keys.insert(self.set.spawn(task).id(), key);
            }
        }
    }

    /// Forgets a task that has ended, also one that panicked: whether there may be more to do.
    fn end(&mut self, done: Done) -> bool {
        let (id, useful) = match done {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(%error, "the task of a subscription failed; it is tried again");
                (error.id(), false)
            }
        };
        let more = self.keys.remove(&id).and_then(|key| self.busy.remove(&key));
        useful || more == Some(true)
    }
}

/// Comes back when something was committed.
async fn rung(commits: &mut watch::Receiver<u64>) {
    if commits.changed().await.is_err() {
        // Nobody commits in this process (any more).
        std::future::pending::<()>().await;
    }
}
