//! Callers who call again as soon as they are answered.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use api::v1::{BatchRouteLeadsRequest, ScoreLeadRequest, batch_route_result};
use cli::Clients;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::leads::Leads;

/// Leads of one `BatchRouteLeads`.
pub(crate) const BATCH: usize = 500;
/// Longest call that is told apart, microseconds.
const LONGEST: u64 = 60_000_000;

/// What a caller calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Route,
    Batch,
    Score,
}

/// What one measurement came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// Leads a second.
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// Somebody who calls again and again.
pub(crate) trait Caller: Send + 'static {
    /// One call: leads that were done.
    fn once(&mut self) -> impl Future<Output = Result<usize>> + Send;
}

/// Calls the services.
struct Calling {
    call: Call,
    clients: Clients,
    leads: Arc<Leads>,
}

impl Caller for Calling {
    async fn once(&mut self) -> Result<usize> {
        let Self { call, clients, leads } = self;
        match call {
            Call::Route => {
                clients.assignment.route_lead(leads.next()).await?;
                Ok(1)
            }
            Call::Score => {
                let request = ScoreLeadRequest { lead: leads.next().lead, ..ScoreLeadRequest::default() };
                clients.scoring.score_lead(request).await?;
                Ok(1)
            }
            Call::Batch => {
                let requests = (0..BATCH).map(|_| leads.next()).collect();
                let answer = clients.assignment.batch_route_leads(BatchRouteLeadsRequest { requests }).await?;
                let results = answer.into_inner().results;
                for result in &results {
                    if let Some(batch_route_result::Result::Error(error)) = &result.result {
                        bail!("a lead of a batch failed: {}", error.message);
                    }
                }
                Ok(results.len())
            }
        }
    }
}

/// Keeps that many callers, who share the connections, at it for `time`.
pub(crate) async fn run(
    call: Call,
    callers: usize,
    connections: &[Clients],
    leads: &Arc<Leads>,
    time: Duration,
) -> Result<Measured> {
    let caller = |number: usize| Calling {
        call,
        clients: connections[number % connections.len()].clone(),
        leads: Arc::clone(leads),
    };
    repeat(callers, time, caller).await
}

/// Has that many callers at it for `time`.
pub(crate) async fn repeat<C: Caller>(callers: usize, time: Duration, caller: impl Fn(usize) -> C) -> Result<Measured> {
    let begun = Instant::now();
    let mut tasks: JoinSet<Result<_>> = (0..callers)
        .map(|number| {
            let mut caller = caller(number);
            async move {
                let (mut done, mut latencies) = (0, Histogram::<u64>::new_with_max(LONGEST, 3)?);
                while begun.elapsed() < time {
                    let sent = Instant::now();
                    done += caller.once().await?;
                    latencies.saturating_record(u64::try_from(sent.elapsed().as_micros()).unwrap_or(LONGEST));
                }
                Ok((done, latencies))
            }
        })
        .collect();
    measured(begun, &mut tasks).await
}

/// Calls at a steady rate, each at its moment whether those before it were answered or not, until told to stop. A call's time
/// counts from that moment on, so a stall shows in all calls that it holds up.
pub(crate) async fn steadily(
    per_second: f64,
    connections: &[Clients],
    leads: &Arc<Leads>,
    stop: &CancellationToken,
) -> Result<Measured> {
    const CALLERS: u32 = 64;
    let (begun, between) = (Instant::now(), Duration::from_secs_f64(f64::from(CALLERS) / per_second));
    let mut tasks: JoinSet<Result<_>> = (0..CALLERS)
        .map(|number| {
            let clients = connections[number as usize % connections.len()].clone();
            let mut caller = Calling { call: Call::Route, clients, leads: Arc::clone(leads) };
            let (stop, mut due) = (stop.clone(), begun + between.mul_f64(f64::from(number) / f64::from(CALLERS)));
            async move {
                let (mut done, mut latencies) = (0, Histogram::<u64>::new_with_max(LONGEST, 3)?);
                while stop.run_until_cancelled(tokio::time::sleep_until(due.into())).await.is_some() {
                    done += caller.once().await?;
                    latencies.saturating_record(u64::try_from(due.elapsed().as_micros()).unwrap_or(LONGEST));
                    due += between;
                }
                Ok((done, latencies))
            }
        })
        .collect();
    measured(begun, &mut tasks).await
}

async fn measured(begun: Instant, tasks: &mut JoinSet<Result<(usize, Histogram<u64>)>>) -> Result<Measured> {
    let (mut done, mut latencies) = (0, Histogram::<u64>::new_with_max(LONGEST, 3)?);
    while let Some(caller) = tasks.join_next().await {
        let (count, own) = caller??;
        done += count;
        latencies.add(own)?;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts, shown")]
    let (done, milliseconds) = (done as f64, |q: f64| latencies.value_at_quantile(q) as f64 / 1000.0);
    let per_second = done / begun.elapsed().as_secs_f64();
    Ok(Measured { per_second, p50_ms: milliseconds(0.5), p99_ms: milliseconds(0.99) })
}
