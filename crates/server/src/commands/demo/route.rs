//! Routing the example's leads: many callers at once, one lead a call, as a company's services would do it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use api::v1::{LeadProfile, RouteLeadRequest, RouteOutcome};
use cli::{
    Clients,
    import::{Converter, Next, Rows, mapping::Format},
};
use futures::{StreamExt as _, stream};
use hdrhistogram::Histogram;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use super::example;

/// Microseconds; three digits are kept.
const LONGEST: u64 = 60_000_000;

/// What came of the calls.
#[derive(Debug)]
pub(super) struct Run {
    /// Rows of the input.
    pub leads_in: u64,
    /// Rows that became no lead, with the reason.
    pub rejected: Vec<String>,
    /// Leads that were known already.
    pub duplicates: u64,
    /// From the first call to the last answer.
    pub elapsed: Duration,
    /// Time of each call, microseconds.
    pub latencies: Histogram<u64>,
}

/// Routes all leads of the example with that many calls under way at a time.
pub(super) async fn all(clients: &Clients, now: Timestamp, callers: usize) -> Result<Run> {
    let (requests, rejected) = requests(now)?;
    let leads_in = (requests.len() + rejected.len()) as u64;
    let mut run = Run {
        leads_in,
        rejected,
        duplicates: 0,
        elapsed: Duration::ZERO,
        latencies: Histogram::new_with_max(LONGEST, 3)?,
    };
    let style = ProgressStyle::with_template("Routing {bar:40} {pos}/{len} leads  {per_sec}  {eta} left")?;
    let bar = ProgressBar::new(requests.len() as u64).with_style(style);
    let begun = Instant::now();
    let mut answers = stream::iter(requests)
        .map(|request| async {
            let (mut client, begun) = (clients.assignment.clone(), Instant::now());
            (client.route_lead(request).await, begun.elapsed())
        })
        .buffer_unordered(callers);
    while let Some((answer, took)) = answers.next().await {
        bar.inc(1);
        run.latencies.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LONGEST));
        match answer {
            Ok(response) if response.get_ref().outcome() == RouteOutcome::Duplicate => run.duplicates += 1,
            Ok(_) => {}
            Err(status) if status.code() == tonic::Code::InvalidArgument => run.rejected.push(cli::told(&status)),
            Err(status) => return Err(anyhow::anyhow!(cli::told(&status))).context("a lead could not be routed"),
        }
    }
    run.elapsed = begun.elapsed();
    bar.finish_and_clear();
    Ok(run)
}

/// The rows as requests, and why some became none.
fn requests(now: Timestamp) -> Result<(Vec<RouteLeadRequest>, Vec<String>)> {
    let mapping = example::mapping()?;
    let mut rows = Rows::from_reader(example::LEADS, Format::Csv, &mapping)?;
    let converter = Converter::new(&mapping, now);
    let (mut requests, mut rejected) = (Vec::new(), Vec::new());
    while let Some(next) = rows.read()? {
        match next {
            Next::Rejected(problem) => rejected.push(problem.to_string()),
            Next::Row(record) => match converter.convert(record) {
                Ok(row) => requests.push(RouteLeadRequest {
                    lead: Some(LeadProfile::from(row.profile)),
                    request_id: row.request_id.to_string(),
                    validate_only: false,
                }),
                Err(problems) => {
                    let reasons: Vec<String> = problems.iter().map(ToString::to_string).collect();
                    rejected.push(reasons.join("; "));
                }
            },
        }
    }
    Ok((requests, rejected))
}
