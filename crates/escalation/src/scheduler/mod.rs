//! The loop that fires due timers.
//!
//! A pass asks the store for what is due, most late first, and hands it to the assignment service in batches; a timer is
//! gone only when its effect is committed, so a crash anywhere costs a repetition of the question and nothing else.
//! Any number of replicas may run: each looks at its own share first, and who comes second finds the timer stale.
//!
//! Between passes the loop sleeps until the next timer is due, but never longer than [`SchedulerConfig::poll`]: a timer that is set
//! for a moment further ahead than that is known in time, whoever sets it. What is due, and how long until then, is said by the
//! database's clock alone: a clock of this machine that is wrong or jumps changes nothing.

mod fire;
mod replica;
mod thrift;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use api::v1::assignment_service_client::AssignmentServiceClient;
use domain::{
    ids::{LeadId, TenantId},
    ownership::{Timer, TimerKind},
};
use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use kit::{client::Channel, clock::Clock, lifecycle::Lifecycle};
use opentelemetry::KeyValue;
use snapshots::Snapshots;
use store::{Due, Look, Store, StoreError, Tenants};

use self::{
    fire::{Fired, fire},
    replica::Replica,
    thrift::Thrift,
};
use crate::metrics::metrics;

/// Batches that are found by one look.
const BATCHES: u32 = 5;
/// Batches on their way at once: while one is written, the next is read and scored.
const CALLS: usize = 2;
/// A timer of another replica's share is taken when it is so late: whoever should have fired it is not there.
const PATIENCE: Duration = Duration::from_secs(2);
/// Looks without a lower bound take one part of the time in so many at most, and audits in so many.
const WHOLE_LOOKS: u32 = 100;
const AUDITS: u32 = 200;
/// A timer that has been due for so long should worry somebody.
const OVERDUE: SignedDuration = SignedDuration::from_mins(1);

/// How the scheduler paces itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchedulerConfig {
    /// Most timers of one batch.
    pub batch: u32,
    /// Longest sleep between two looks at the store.
    pub poll: Duration,
    /// Pause before a timer that could not be fired is tried again.
    pub retry: Duration,
    /// Least time between two audits of the store's laws.
    pub audit: Duration,
}

impl Default for SchedulerConfig {
    fn default() -> Self {
        Self {
            batch: 200,
            poll: Duration::from_millis(250),
            retry: Duration::from_secs(2),
            audit: Duration::from_mins(1),
        }
    }
}

/// Finds due timers and has them fired.
#[derive(Debug)]
pub struct Scheduler {
    store: Store,
    tenants: Arc<Tenants>,
    snapshots: Arc<Snapshots>,
    clock: Clock,
    config: SchedulerConfig,
    client: AssignmentServiceClient<Channel>,
    replica: Replica,
    /// Nothing that is due before it is left to be found, but for what was set in the past.
    since: Option<Timestamp>,
    /// Looks that find that as well.
    whole_looks: Thrift,
    /// Timers that could not be fired, and when they may be tried again: one that can't be fired must not hold up the others.
    resting: HashMap<Key, Timestamp>,
    audits: Thrift,
    audited_at: Option<Timestamp>,
}

/// A timer, and for when it was set: one that is set again is another.
type Key = (TenantId, LeadId, TimerKind, Timestamp);

impl Scheduler {
    /// A scheduler that fires through the assignment service at the other end of `channel`.
    pub fn new(
        store: Store,
        tenants: Arc<Tenants>,
        snapshots: Arc<Snapshots>,
        clock: Clock,
        config: SchedulerConfig,
        channel: Channel,
    ) -> Self {
        Self {
            replica: Replica::new(clock.new_uuid_v7()),
            client: AssignmentServiceClient::new(channel),
            since: None,
            whole_looks: Thrift::new(WHOLE_LOOKS),
            resting: HashMap::new(),
            audits: Thrift::new(AUDITS),
            audited_at: None,
            store,
            tenants,
            snapshots,
            clock,
            config,
        }
    }

    /// Runs until the process ends.
    pub async fn run(mut self, lifecycle: Lifecycle) {
        let stopping = lifecycle.stopping().clone();
        while !stopping.is_cancelled() {
            self.replica.show(&self.store).await;
            let pause = self.pass().await.unwrap_or_else(|error| {
                tracing::error!(%error, "looking for due timers failed");
                Some(self.config.retry)
            });
            self.audit().await;
            if let Some(pause) = pause {
                stopping.run_until_cancelled(self.clock.sleep(pause)).await;
            }
        }
        self.replica.leave(&self.store).await;
    }

    /// One look at the store: fires what is due, and says how long there is nothing to do; `None`: there is more.
    async fn pass(&mut self) -> Result<Option<Duration>, StoreError> {
        let now = self.clock.now();
        self.resting.retain(|_, until| *until > now);
        let resting = u32::try_from(self.resting.len()).unwrap_or(u32::MAX);
        let limit = (BATCHES * self.config.batch).saturating_add(resting);
        let Due { timers, next, now: asked_at } = self.look(limit).await?;
        let is_all = timers.len() < limit as usize;
        metrics()
            .oldest_due_age
            .record(timers.first().map_or(0.0, |(_, timer)| seconds_since(timer.due_at, asked_at)), &[]);

        let batches = self.batches(timers).await?;
        let is_idle = batches.is_empty();
        let fired = stream::iter(batches).map(|(tenant, slug, timers)| {
            let (client, clock) = (self.client.clone(), &self.clock);
            async move { (tenant, fire(client, &slug, timers, clock).await) }
        });
        let fired: Vec<_> = fired.buffered(CALLS).collect().await;
        let until = self.clock.now() + self.config.retry;
        for (tenant, fired) in fired {
            match fired {
                Fired::All { but } => self.resting.extend(but.iter().map(|timer| (key(tenant, timer), until))),
                Fired::Unreachable => {
                    self.since = None;
                    return Ok(Some(self.config.retry));
                }
            }
        }
        if is_all {
            // What rests must be found again, and what is left to others for now.
            let left = self.resting.keys().map(|(.., due_at)| *due_at).min();
            let found = asked_at - PATIENCE;
            self.since = Some(left.map_or(found, |left| left.min(found)));
        }
        let ahead = next.map(|next| Duration::try_from(next.duration_since(asked_at)).unwrap_or_default());
        let pause = ahead.unwrap_or(self.config.poll).min(self.config.poll);
        // Time has gone by where something was fired.
        Ok((is_all && is_idle).then_some(pause))
    }

    /// Looks from where everything is found on, and as often as that is cheap from the beginning of time on.
    async fn look(&mut self, limit: u32) -> Result<Due, StoreError> {
        let look = Look { limit, since: self.since, share: self.replica.share(), patience: PATIENCE };
        let now = self.clock.manual_now();
        if self.whole_looks.has_rested() {
            let look = Look { since: None, ..look };
            self.whole_looks.spend(self.store.due_timers(&look, now)).await
        } else {
            self.store.due_timers(&look, now).await
        }
    }

    /// What may be tried, tenant by tenant, in the order in which it is due.
    async fn batches(
        &self,
        timers: Vec<(TenantId, Timer)>,
    ) -> Result<Vec<(TenantId, Arc<str>, Vec<Timer>)>, StoreError> {
        let mut by_tenant: BTreeMap<TenantId, Vec<Timer>> = BTreeMap::new();
        for (tenant, timer) in timers {
            if !self.resting.contains_key(&key(tenant, &timer)) {
                by_tenant.entry(tenant).or_default().push(timer);
            }
        }
        let mut batches = Vec::new();
        for (tenant, timers) in by_tenant {
            let Some(slug) = self.tenants.slug(tenant).await? else { continue };
            let parts = timers.chunks(self.config.batch as usize);
            batches.extend(parts.map(|part| (tenant, Arc::clone(&slug), part.to_vec())));
        }
        // The latest first, whoever's it is.
        batches.sort_by_key(|(_, _, timers)| timers.first().map(|timer| timer.due_at));
        Ok(batches)
    }

    /// Counts rows that break a law, every now and then. Anything but 0 is a bug, and is shouted.
    async fn audit(&mut self) {
        let now = self.clock.now();
        let is_early = self.audited_at.is_some_and(|at| now.duration_since(at).unsigned_abs() < self.config.audit);
        if is_early || !self.replica.is_first() || !self.audits.has_rested() {
            return;
        }
        self.audited_at = Some(now);
        match self.audits.spend(self.snapshots.audit_all(now)).await {
            Ok(audit) => {
                for (law, rows) in audit.by_law() {
                    metrics().violations.record(shown(rows), &[KeyValue::new("law", law)]);
                }
                if audit.violations() > 0 {
                    tracing::error!(?audit, "the store breaks its laws");
                }
            }
            Err(error) => tracing::error!(%error, "the audit failed"),
        }
        match self.store.timers_due_before(now - OVERDUE).await {
            Ok(timers) => metrics().overdue.record(shown(timers), &[]),
            Err(error) => tracing::error!(%error, "overdue timers could not be counted"),
        }
    }
}

/// As metrics show it.
#[expect(clippy::cast_precision_loss, reason = "a count, shown")]
const fn shown(count: i64) -> f64 {
    count as f64
}

const fn key(tenant: TenantId, timer: &Timer) -> Key {
    (tenant, timer.lead, timer.kind, timer.due_at)
}

fn seconds_since(then: Timestamp, now: Timestamp) -> f64 {
    now.duration_since(then).as_secs_f64().max(0.0)
}
