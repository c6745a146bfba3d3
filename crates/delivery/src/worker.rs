//! One subscription: its messages are made, sent and noted.

use std::{sync::Arc, time::Duration};

use domain::delivery::{Attempt, PATIENCE, Verdict, again_at, is_over, judge, pause};
use jiff::Timestamp;
use kit::{clock::Clock, seal::Seal};
use store::{Claimed, Held, Made, Ready, Store, StoreError, SubscriptionKey, Tenants};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    body::{body, id},
    metrics::metrics,
    sender::{Message, Sender},
};

/// Messages of one subscription that are under way at once.
const AT_ONCE: usize = 8;
/// While some are under way for long, others are looked for so often.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Statements under way at once, so that others find connections too.
const STATEMENTS: usize = 4;

/// What is needed to deal with subscriptions.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) store: Store,
    pub(crate) tenants: Arc<Tenants>,
    pub(crate) clock: Clock,
    pub(crate) seal: Arc<Seal>,
    pub(crate) sender: Sender,
    pub(crate) places: Places,
    /// How long a message belongs to whoever has taken it.
    pub(crate) lease: Duration,
}

/// What bounds the work of a process.
#[derive(Debug)]
pub(crate) struct Places {
    /// Attempts to speak to receivers that were there the last time.
    steady: Arc<Semaphore>,
    /// Attempts to find others: however many hang, they take no place of the former.
    finding: Arc<Semaphore>,
    statements: Semaphore,
}

impl Places {
    pub(crate) fn new(concurrency: usize) -> Self {
        let semaphore = |places: usize| Arc::new(Semaphore::new(places.max(1)));
        let finding = concurrency / 4;
        Self {
            steady: semaphore(concurrency - finding),
            finding: semaphore(finding),
            statements: Semaphore::new(STATEMENTS),
        }
    }

    fn of(&self, away: bool) -> Arc<Semaphore> {
        Arc::clone(if away { &self.finding } else { &self.steady })
    }
}

/// Where messages go, and how they are signed.
struct Target {
    key: SubscriptionKey,
    tenant: Arc<str>,
    url: String,
    secrets: Vec<Vec<u8>>,
    /// Attempts that found nobody, one after the other.
    failures: u32,
    /// When the messages were taken, by the clock that says what is due.
    at: Timestamp,
    taken: Instant,
    holder: Uuid,
}

impl Worker {
    /// How much longer than an attempt may take a message belongs to whoever has taken it: time to note what came of it.
    pub(crate) const GRACE: Duration = Duration::from_secs(5);

    /// Does what is to be done for a subscription, until nothing is: whether there was anything. `away`: nobody was there the last
    /// time.
    pub(crate) async fn serve(
        self: &Arc<Self>,
        key: &SubscriptionKey,
        away: bool,
        stopping: &CancellationToken,
    ) -> bool {
        let mut useful = false;
        if let Err(error) = self.make_and_send(key, away, stopping, &mut useful).await {
            tracing::warn!(%error, subscription = %key.1, "messages could not be dealt with; it is tried again");
            return false;
        }
        useful
    }

    async fn make_and_send(
        self: &Arc<Self>,
        key: &SubscriptionKey,
        mut away: bool,
        stopping: &CancellationToken,
        useful: &mut bool,
    ) -> Result<(), StoreError> {
        let Some(tenant) = self.tenants.slug(key.0).await? else { return Ok(()) };
        // Tasks, so that each goes on while this one waits for the store.
        let (mut under_way, mut noted) = (JoinSet::new(), Ok(()));
        // All for whoever was away: what happens is not kept in the outbox for ever.
        while !stopping.is_cancelled() && self.make(key, &tenant).await? > 0 {
            *useful = true;
            if !away {
                break;
            }
        }
        loop {
            // Whoever was away is asked with one message at a time.
            while noted.is_ok() && !stopping.is_cancelled() && under_way.len() <= if away { 0 } else { AT_ONCE / 2 } {
                let most = if away { 1 } else { AT_ONCE - under_way.len() };
                let places = self.take_places(away, most, under_way.is_empty()).await;
                let claimed = self.claim(key, &tenant, places.len()).await;
                let Some((target, messages)) = claimed.unwrap_or_else(|error| {
                    noted = Err(error);
                    None
                }) else {
                    break;
                };
                away = target.failures > 0;
                *useful |= !messages.is_empty();
                let dry = messages.len() < places.len();
                for (message, place) in messages.into_iter().zip(places) {
                    under_way.spawn(Arc::clone(self).deliver(Arc::clone(&target), message, place));
                }
                if dry {
                    match self.make(key, &tenant).await {
                        Ok(0) => break,
                        Ok(_) => {}
                        Err(error) => noted = Err(error),
                    }
                }
            }
            tokio::select! {
                done = under_way.join_next() => match done {
                    Some(Ok(Ok(()))) => {}
                    // Those under way are not broken off for that.
                    Some(Ok(Err(error))) => noted = noted.and(Err(error)),
                    Some(Err(error)) => tracing::error!(%error, "an attempt failed; it is made again"),
                    None => return noted,
                },
                // A receiver that takes its time for one lead holds up no other.
                () = tokio::time::sleep(LOOK_AGAIN), if !under_way.is_empty() => {}
            }
        }
    }

    /// Waits for one place if there is nothing else to do, and takes as many as are free.
    async fn take_places(&self, away: bool, most: usize, wait: bool) -> Vec<OwnedSemaphorePermit> {
        let semaphore = self.places.of(away);
        let mut places = Vec::with_capacity(most);
        if wait {
            places.extend(Arc::clone(&semaphore).acquire_owned().await.ok());
        }
        while places.len() < most
            && let Ok(place) = Arc::clone(&semaphore).try_acquire_owned()
        {
            places.push(place);
        }
        places
    }

    /// The right to one statement.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.places.statements.acquire().await.ok()
    }

    /// Makes messages: of how many events.
    async fn make(&self, key: &SubscriptionKey, tenant: &str) -> Result<usize, StoreError> {
        let _turn = self.turn().await;
        match self.store.make_messages(key, self.clock.manual_now(), |told| body(tenant, told)).await? {
            Made::Events(events) => Ok(events),
            Made::Lost => {
                metrics().lost.add(1, &[]);
                tracing::error!(tenant, subscription = %key.1, "what it was to be told next is not kept any more; it is not sent to");
                Ok(0)
            }
        }
    }

    /// Takes messages, at most so many; `None`: it is not the time.
    async fn claim(
        &self,
        key: &SubscriptionKey,
        tenant: &Arc<str>,
        most: usize,
    ) -> Result<Option<(Arc<Target>, Vec<Claimed>)>, StoreError> {
        if most == 0 {
            return Ok(None);
        }
        let _turn = self.turn().await;
        // Each claim has a name of its own: whoever comes back too late finds that the message is another's, in the same process too.
        let holder = Uuid::new_v4();
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let claimed = self.store.claim_messages(key, holder, (self.lease, limit), self.clock.manual_now()).await?;
        let Some(Ready { url, secrets, failures, messages, now }) = claimed else { return Ok(None) };
        let what = key.1.secret_of(key.0);
        let secrets: Vec<_> = secrets.iter().filter_map(|secret| self.seal.open(&secret.0, &what)).collect();
        if secrets.is_empty() && !messages.is_empty() {
            tracing::error!(%tenant, subscription = %key.1, "no key of `webhooks.sealing_keys` opens its secret");
        }
        let (tenant, taken) = (Arc::clone(tenant), Instant::now());
        let target = Target { key: key.clone(), tenant, url, secrets, failures, at: now, taken, holder };
        Ok(Some((Arc::new(target), messages)))
    }

    /// One attempt, and what came of it.
    async fn deliver(
        self: Arc<Self>,
        target: Arc<Target>,
        message: Claimed,
        _place: OwnedSemaphorePermit,
    ) -> Result<(), StoreError> {
        if message.again {
            tracing::info!(tenant = %target.tenant, subscription = %target.key.1, "a message is sent again: nobody said what came of it");
        }
        let attempt = self
            .sender
            .send(Message {
                url: &target.url,
                secrets: &target.secrets,
                id: &id(&target.tenant, message.position),
                timestamp: target.at.as_second(),
                body: &message.body,
            })
            .await;
        metrics().duration.record(target.taken.elapsed().as_secs_f64(), &[]);
        let _turn = self.turn().await;
        self.note(&target, &message, attempt).await
    }

    async fn note(&self, target: &Target, message: &Claimed, attempt: Attempt) -> Result<(), StoreError> {
        let passed = || target.at.saturating_add(target.taken.elapsed()).unwrap_or(target.at);
        let now = self.clock.manual_now().unwrap_or_else(passed);
        let held = Held { key: &target.key, position: message.position, holder: target.holder, now };
        let problem = problem(attempt, target);
        match judge(attempt) {
            Verdict::Delivered => {
                metrics().attempt("delivered");
                self.store.record_delivered(held).await
            }
            Verdict::Refused => {
                metrics().attempt("refused");
                let again_at = again_at(message.attempts + 1, message.since, now, chance());
                let noted = self.store.record_refused(held, again_at, &problem).await;
                Self::given_up(target, i64::from(again_at.is_none()), &problem);
                noted
            }
            Verdict::Absent => {
                metrics().attempt("absent");
                let failures = target.failures.saturating_add(1);
                let resume_at = now.saturating_add(pause(failures, chance())).unwrap_or(now);
                let given_up = is_over(message.since, resume_at).then(|| resume_at - PATIENCE);
                let dead = self.store.record_absent(held, (resume_at, failures), given_up, &problem).await?;
                if failures == 1 {
                    tracing::warn!(tenant = %target.tenant, subscription = %target.key.1, problem, "the receiver is away");
                }
                Self::given_up(target, dead, &problem);
                Ok(())
            }
            Verdict::Gone => {
                metrics().attempt("gone");
                tracing::warn!(tenant = %target.tenant, subscription = %target.key.1, "the receiver wants nothing any more; it is disabled");
                self.store.record_gone(held, &problem).await
            }
        }
    }

    fn given_up(target: &Target, messages: i64, problem: &str) {
        if let Ok(messages @ 1..) = u64::try_from(messages) {
            metrics().dead.add(messages, &[]);
            tracing::warn!(tenant = %target.tenant, subscription = %target.key.1, messages, problem, "messages were given up");
        }
    }
}

/// For a person. Nothing of what the receiver said but its status is told.
fn problem(attempt: Attempt, target: &Target) -> String {
    match attempt {
        Attempt::Answered(status) => format!("it answered {status}"),
        Attempt::Unanswered => "there was no answer".to_owned(),
        Attempt::Forbidden if target.secrets.is_empty() => "its secret can't be opened".to_owned(),
        Attempt::Forbidden => "its address may not be sent to".to_owned(),
    }
}

/// From 0 up to 1.
fn chance() -> f64 {
    let bytes = kit::seal::random::<4>().unwrap_or_default();
    f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}
