//! Asks the scoring service, in batches, and knows what to do when it does not answer.
//!
//! Leads that arrive together are scored by one call: while one is under way the next gathers. A score that does not come in
//! time, or makes no sense, is replaced by the *fallback score*: no points, grade B2, model revision 0. So a lead is never lost to
//! scoring; it is routed as a middling one, and its decision says so.

use std::{sync::Arc, time::Duration};

use api::{convert, v1};
use domain::{
    lead::Lead,
    score::{FitLevel, Grade, IntentLevel, Score},
};
use kit::client::Channel;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span};

use crate::metrics::metrics;

/// Most leads in one call.
const MAX_BATCH: usize = 256;
/// Calls under way at once.
const CALLS: usize = 2;
/// Leads that may wait for a score.
const QUEUE: usize = 4096;

/// Where scores are asked for.
#[derive(Debug, Clone)]
pub(crate) struct Scores {
    queue: mpsc::Sender<Asked>,
}

#[derive(Debug)]
struct Asked {
    tenant: TenantSlug,
    lead: Arc<Lead>,
    span: Span,
    answer: oneshot::Sender<Score>,
}

/// The tenant's name, as the scoring service is told it.
pub(crate) type TenantSlug = Arc<str>;

impl Scores {
    /// Starts the loops that ask. They end when every handle is gone.
    pub(crate) fn start(channel: &Channel, timeout: Duration, tasks: &TaskTracker) -> Self {
        let (queue, asked) = mpsc::channel(QUEUE);
        let asked = Arc::new(tokio::sync::Mutex::new(asked));
        for _ in 0..CALLS {
            let client = v1::scoring_service_client::ScoringServiceClient::new(channel.clone());
            tasks.spawn(ask(client, Arc::clone(&asked), timeout));
        }
        Self { queue }
    }

    /// The scores of these leads as of now, in order; the fallback score where none is to be had.
    pub(crate) async fn of(&self, tenant: &TenantSlug, leads: impl IntoIterator<Item = Arc<Lead>>) -> Vec<Score> {
        let mut receivers = Vec::new();
        for lead in leads {
            let (answer, receiver) = oneshot::channel();
            let asked = Asked { tenant: Arc::clone(tenant), lead, span: Span::current(), answer };
            receivers.push(self.queue.send(asked).await.ok().map(|()| receiver));
        }
        let mut scores = Vec::with_capacity(receivers.len());
        for receiver in receivers {
            let score = match receiver {
                Some(receiver) => receiver.await.ok(),
                None => None,
            };
            scores.push(score.unwrap_or_else(fallback));
        }
        scores
    }
}

/// The score of a lead that could not be scored: a middling one.
pub(crate) fn fallback() -> Score {
    Score::of(Grade { fit: FitLevel::B, intent: IntentLevel::Medium })
}

type Client = v1::scoring_service_client::ScoringServiceClient<Channel>;

async fn ask(client: Client, asked: Arc<tokio::sync::Mutex<mpsc::Receiver<Asked>>>, timeout: Duration) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    loop {
        if asked.lock().await.recv_many(&mut batch, MAX_BATCH).await == 0 {
            return;
        }
        // Callers of different tenants rarely meet; each tenant gets a call of its own.
        while let Some(first) = batch.first() {
            let tenant = Arc::clone(&first.tenant);
            let (same, others): (Vec<_>, Vec<_>) = batch.drain(..).partition(|asked| asked.tenant == tenant);
            batch = others;
            let span = tracing::info_span!(parent: &same[0].span, "assignment.score", batch = same.len());
            score(client.clone(), &tenant, same, timeout).instrument(span).await;
        }
    }
}

async fn score(mut client: Client, tenant: &TenantSlug, batch: Vec<Asked>, timeout: Duration) {
    let requests = batch.iter().map(|asked| v1::ScoreLeadRequest {
        lead: Some(asked.lead.profile.clone().into()),
        create_time: Some(convert::time::to_wire(asked.lead.created_at)),
        view: v1::ScoreView::Basic.into(),
        ..v1::ScoreLeadRequest::default()
    });
    let mut request = tonic::Request::new(v1::BatchScoreLeadsRequest { requests: requests.collect() });
    kit::auth::name_caller(request.metadata_mut(), tenant, "assignment");
    let results = match tokio::time::timeout(timeout, client.batch_score_leads(request)).await {
        Ok(Ok(response)) => response.into_inner().results,
        Ok(Err(status)) => {
            tracing::warn!(code = ?status.code(), message = status.message(), "scoring failed; leads get the fallback score");
            Vec::new()
        }
        Err(_) => {
            tracing::warn!(?timeout, "scoring took too long; leads get the fallback score");
            Vec::new()
        }
    };
    let mut results = results.into_iter();
    for asked in batch {
        let score = results.next().and_then(|result| from_result(&result));
        let score = score.unwrap_or_else(|| {
            metrics().fallback_scores.add(1, &[]);
            fallback()
        });
        let _ = asked.answer.send(score);
    }
}

/// The score in one result; `None` if there is none, or none that makes sense.
fn from_result(result: &v1::BatchScoreResult) -> Option<Score> {
    match &result.result {
        Some(v1::batch_score_result::Result::Response(response)) => {
            response.score.as_ref().and_then(convert::score::from_wire)
        }
        Some(v1::batch_score_result::Result::Error(_)) | None => None,
    }
}
