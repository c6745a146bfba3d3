//! The loop that does operations, part by part.

use std::{sync::Arc, time::Duration};

use api::{Error, convert::bulk::Target, v1};
use jiff::SignedDuration;
use kit::lifecycle::Lifecycle;
use prost::Message as _;
use store::{Claim, Counts, Outcome, Part, Selected, StoreError};
use tracing::Instrument as _;
use uuid::Uuid;

use super::{
    pace::Pace,
    part::{Order, outcome},
    wire,
};
use crate::{committer::Urgency, grpc::Inner, metrics::metrics};

/// Most leads of a part: some commits of which each leaves room for others.
const PART: u32 = 1_024;
/// How long a part may take before somebody else takes it over. Nothing breaks if it takes longer; it is done twice, and the second
/// time changes nothing.
const LEASE: Duration = Duration::from_secs(10);
/// Time between two looks at the store, if nobody says that there is something to do.
const POLL: Duration = Duration::from_secs(1);
/// Pause before a part is gone on with that could not be finished.
const RETRY: SignedDuration = SignedDuration::from_secs(1);

/// Does what is to be done, a part at a time.
#[derive(Debug)]
pub(crate) struct Runner {
    inner: Arc<Inner>,
    holder: Uuid,
}

/// What is to be done, as the store keeps it.
struct Kept {
    order: Order,
    max_per_hour: Option<u32>,
}

/// What was done of a part.
struct Done {
    leads: Vec<(domain::ids::LeadId, Outcome)>,
    /// Why it stopped before the end.
    stopped_by: Option<Error>,
}

impl Runner {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        Self { holder: Uuid::new_v4(), inner }
    }

    /// Runs until the process ends.
    pub(crate) async fn run(self, lifecycle: Lifecycle) {
        let stopping = lifecycle.stopping().clone();
        while !stopping.is_cancelled() {
            match self.step().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "a part of an operation could not be done; it is tried again"),
            }
            tokio::select! {
                () = stopping.cancelled() => {}
                () = self.inner.operations.begun.notified() => {}
                () = self.inner.clock.sleep(POLL) => {}
            }
        }
    }

    /// Does one part of one operation. False: nothing is to be done now.
    async fn step(&self) -> Result<bool, StoreError> {
        let inner = &self.inner;
        let Some(claim) = inner.store.claim_operation(self.holder, LEASE, inner.clock.manual_now()).await? else {
            return Ok(false);
        };
        let span = tracing::info_span!(parent: None, "assignment.bulk", operation = %claim.operation.id);
        if let Some(traceparent) = &claim.operation.traceparent {
            kit::telemetry::link_to(&span, traceparent);
        }
        self.part(&claim).instrument(span).await?;
        Ok(true)
    }

    async fn part(&self, claim: &Claim) -> Result<(), StoreError> {
        let store = &self.inner.store;
        if claim.operation.cancelled_at.is_some() {
            return self.end(claim).await;
        }
        let Some(Kept { order, max_per_hour }) = self.kept(claim).await? else {
            // Perhaps of a later version, and a replica of that version takes it when the lease has run out.
            tracing::error!("an operation can't be read; it is left to others");
            return Ok(());
        };
        let pace = Pace::new(max_per_hour, claim.operation.next_at, claim.at);
        let limit = pace.allowed().min(PART);
        let leads = store.operation_part(claim.key(), claim.cursor, limit.into()).await?;
        if leads.is_empty() {
            return self.end(claim).await;
        }
        let leads: Vec<Selected> = leads.into_iter().map(|lead| lead.selected).collect();
        let done = self.submit(&order, &leads).await?;
        let mut counts = Counts::default();
        done.leads.iter().for_each(|(_, outcome)| counts.add(outcome));
        // Its end need not wait for the lead that would come next.
        let is_last = counts.done() >= claim.operation.untouched();
        let mut next_at = if is_last { claim.at } else { pace.after(counts.moved) };
        if let Some(error) = &done.stopped_by {
            tracing::warn!(%error, done = done.leads.len(), "a part of an operation stopped; it goes on in a moment");
            next_at = next_at.max(claim.at + RETRY);
        }
        let recorded = store.record_part(claim, &Part { done: done.leads, next_at }).await?;
        if recorded {
            metrics().count_bulk(counts);
        } else {
            tracing::warn!("somebody else does this operation by now");
        }
        Ok(())
    }

    /// Has the leads changed, and stops before the first of which it is not known what came of it.
    async fn submit(&self, order: &Order, leads: &[Selected]) -> Result<Done, StoreError> {
        let commands = order.commands(&self.inner, leads).await?;
        let handed = self.inner.committer.hand_in_all(commands, Urgency::Background).await;
        let answers = handed.answers().await;
        let mut done = Done { leads: Vec::with_capacity(leads.len()), stopped_by: None };
        for (selected, answer) in leads.iter().zip(answers) {
            match outcome(selected, answer) {
                Ok(outcome) => done.leads.push((selected.lead, outcome)),
                Err(error) => {
                    done.stopped_by = Some(error);
                    break;
                }
            }
        }
        Ok(done)
    }

    async fn end(&self, claim: &Claim) -> Result<(), StoreError> {
        let store = &self.inner.store;
        let response = if claim.operation.untouched() == 0 {
            Some(wire::response(&claim.operation, &store.operation_effect(claim.key()).await?))
        } else {
            None
        };
        store.end_operation(claim, response).await?;
        self.inner.operations.ended.notify_waiters();
        Ok(())
    }

    /// Reads what is to be done. `None`: no version up to this one wrote that.
    async fn kept(&self, claim: &Claim) -> Result<Option<Kept>, StoreError> {
        let operation = &claim.operation;
        let Some(slug) = self.inner.tenants.slug(claim.tenant).await? else { return Ok(None) };
        let request = v1::BulkReassignRequest::decode(operation.request.as_slice()).ok();
        let Some((request, target)) = request.and_then(|request| {
            let target = Target::try_from(request.target.clone()?).ok()?;
            Some((request, target))
        }) else {
            return Ok(None);
        };
        let order = Order {
            tenant: claim.tenant,
            slug,
            target,
            operation: Some(operation.id),
            actor: operation.actor.as_str().into(),
            note: Some(request.note).filter(|note| !note.is_empty()),
            traceparent: operation.traceparent.clone(),
        };
        let max_per_hour = u32::try_from(request.max_per_hour).ok().filter(|most| *most > 0);
        Ok(Some(Kept { order, max_per_hour }))
    }
}
