//! The loop that fires due timers.
//!
//! A pass asks the store for what is due, most late first, and hands it to the assignment service in batches; a timer is
//! gone only when its effect is committed, so a crash anywhere costs a repetition of the question and nothing else.
//! Any number of replicas may run: who comes second finds the timer stale. Between passes the loop sleeps until the
//! next timer is due, but never longer than [`SchedulerConfig::poll`], because others set timers too.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use api::v1;
use domain::{
    ids::{LeadId, TenantId},
    ownership::{Timer, TimerKind},
};
use jiff::Timestamp;
use kit::{client::Channel, clock::Clock, lifecycle::Lifecycle};
use snapshots::Snapshots;
use store::{Store, StoreError, Tenants};
use tracing::Instrument;

use crate::metrics::metrics;

/// How the scheduler paces itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchedulerConfig {
    /// Most timers of one batch.
    pub batch: u32,
    /// Longest sleep between two looks at the store.
    pub poll: Duration,
    /// Pause before a timer that could not be fired is tried again.
    pub retry: Duration,
    /// Time between two audits of the store's laws.
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
    client: v1::assignment_service_client::AssignmentServiceClient<Channel>,
    /// Timers that failed, and when they may be tried again: one that can't be fired must not hold up the others.
    resting: HashMap<Key, Timestamp>,
}

type Key = (TenantId, LeadId, TimerKind);

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
        let client = v1::assignment_service_client::AssignmentServiceClient::new(channel);
        Self { store, tenants, snapshots, clock, config, client, resting: HashMap::new() }
    }

    /// Runs until the process ends.
    pub async fn run(mut self, lifecycle: Lifecycle) {
        let stopping = lifecycle.stopping().clone();
        let mut audited_at: Option<Timestamp> = None;
        while !stopping.is_cancelled() {
            let pause = match self.pass().await {
                // A full batch: there is more.
                Ok(found) if found == self.config.batch as usize => continue,
                Ok(_) => self.until_next().await,
                Err(error) => {
                    tracing::error!(%error, "looking for due timers failed");
                    self.config.retry
                }
            };
            let now = self.clock.now();
            if audited_at.is_none_or(|at| now.duration_since(at).unsigned_abs() >= self.config.audit) {
                self.audit().await;
                audited_at = Some(now);
            }
            tokio::select! {
                () = stopping.cancelled() => {}
                () = self.clock.sleep(pause) => {}
            }
        }
    }

    /// One look at the store: fires what is due, and says how much that was.
    async fn pass(&mut self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        self.resting.retain(|_, until| *until > now);
        let skipped = u32::try_from(self.resting.len()).unwrap_or(u32::MAX);
        let limit = self.config.batch.saturating_add(skipped);
        let due = self.store.due_timers(i64::from(limit), None, self.clock.manual_now()).await?;
        metrics().oldest_due_age.record(due.first().map_or(0.0, |(_, timer)| seconds_since(timer.due_at, now)), &[]);
        let mut by_tenant: BTreeMap<TenantId, Vec<Timer>> = BTreeMap::new();
        let mut taken = 0;
        for (tenant, timer) in due {
            if !self.resting.contains_key(&(tenant, timer.lead, timer.kind)) && taken < self.config.batch as usize {
                by_tenant.entry(tenant).or_default().push(timer);
                taken += 1;
            }
        }
        for (tenant, timers) in by_tenant {
            self.fire(tenant, timers).await?;
        }
        Ok(taken)
    }

    /// Fires timers of one tenant. The trace of a firing is new, and links to those that set the timers.
    async fn fire(&mut self, tenant: TenantId, timers: Vec<Timer>) -> Result<(), StoreError> {
        let Some(slug) = self.tenants.slug(tenant).await? else { return Ok(()) };
        let span = tracing::info_span!(parent: None, "escalation.fire", timers = timers.len());
        for timer in &timers {
            if let Some(traceparent) = &timer.traceparent {
                kit::telemetry::link_to(&span, traceparent);
            }
        }
        let refs = timers.iter().map(v1::TimerRef::from).collect();
        let mut request = tonic::Request::new(v1::BatchFireTimersRequest { timers: refs });
        kit::auth::name_caller(request.metadata_mut(), &slug, "escalation");
        let mut client = self.client.clone();
        let answer = client.batch_fire_timers(request).instrument(span).await;
        let now = self.clock.now();
        let results = match answer {
            Ok(response) => response.into_inner().results,
            Err(status) => {
                tracing::warn!(code = ?status.code(), message = status.message(), "timers could not be fired");
                Vec::new()
            }
        };
        let mut results = results.into_iter();
        for timer in timers {
            match results.next().map(|result| result.outcome()) {
                Some(v1::FireOutcome::Fired) => {
                    metrics().fired.add(1, &[]);
                    metrics().lateness.record(seconds_since(timer.due_at, now), &[]);
                }
                // Somebody else was faster, or the lead has moved on.
                Some(v1::FireOutcome::Stale) => {}
                Some(v1::FireOutcome::NotDue | v1::FireOutcome::Failed | v1::FireOutcome::Unspecified) | None => {
                    metrics().failed.add(1, &[]);
                    self.resting.insert((tenant, timer.lead, timer.kind), now + self.config.retry);
                }
            }
        }
        Ok(())
    }

    /// How long to sleep: until the next timer is due, at most one poll.
    async fn until_next(&self) -> Duration {
        match self.store.next_due().await {
            Ok(Some(due)) => {
                let ahead = due.duration_since(self.clock.now());
                Duration::try_from(ahead).unwrap_or(Duration::from_millis(1)).min(self.config.poll)
            }
            Ok(None) | Err(_) => self.config.poll,
        }
    }

    /// Counts rows that break a law. Anything but 0 is a bug, and is shouted.
    async fn audit(&self) {
        match self.snapshots.audit_all(self.clock.now()).await {
            Ok(audit) => {
                let violations = audit.violations();
                #[expect(clippy::cast_precision_loss, reason = "a count of rows, shown")]
                metrics().violations.record(violations as f64, &[]);
                if violations > 0 {
                    tracing::error!(?audit, "the store breaks its laws");
                }
            }
            Err(error) => tracing::error!(%error, "the audit failed"),
        }
    }
}

fn seconds_since(then: Timestamp, now: Timestamp) -> f64 {
    now.duration_since(then).as_secs_f64().max(0.0)
}
