//! Sending one batch until every row of it is answered.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::bail;
use api::v1::{
    BatchRouteLeadsRequest, BatchRouteLeadsResponse, Error, ErrorReason, RouteLeadRequest, RouteOutcome,
    assignment_service_client::AssignmentServiceClient, batch_route_result,
};
use futures::future::BoxFuture;
use tonic::{Code, Request, Status};

use crate::{clients::Link, told};

use super::{batch::Batch, mapping::Mapping, reader::Position, record::RowProblem, summary::ImportSummary};

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_mins(1);

/// The answer to a batch.
pub type Answer = Result<BatchRouteLeadsResponse, Status>;

/// Sends batches to the assignment service.
pub fn over(
    client: AssignmentServiceClient<Link>,
) -> impl Fn(BatchRouteLeadsRequest) -> BoxFuture<'static, Answer> + Clone {
    move |batch| {
        let mut client = client.clone();
        let mut request = Request::new(batch);
        request.set_timeout(TIMEOUT);
        Box::pin(async move { client.batch_route_leads(request).await.map(tonic::Response::into_inner) })
    }
}

/// How long to go on trying when the service can't be reached, or asks for patience.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// Wait before the second try; it doubles with each further one.
    pub first: Duration,
    /// Longest wait.
    pub longest: Duration,
    /// After this time the import stops, to go on when it is started again.
    pub patience: Duration,
}

impl Default for Retry {
    /// 0.1 s, doubling to 5 s, for five minutes: longer than a service takes to start again.
    fn default() -> Self {
        let (first, longest, patience) = (Duration::from_millis(100), Duration::from_secs(5), Duration::from_mins(5));
        Self { first, longest, patience }
    }
}

/// A batch whose rows are all answered.
#[derive(Debug)]
pub(super) struct Done {
    /// What came of them.
    pub summary: ImportSummary,
    /// Why some of them became no lead, by line.
    pub problems: Vec<RowProblem>,
    /// Behind the last of them.
    pub end: Option<Position>,
}

/// Sends `batch`, and what is left of it again, with the same request ids, until every row is answered.
///
/// Errors: the service refuses all of it, or can't be reached for too long. Rows may have been routed then; sending
/// them again does not route them again.
pub(super) async fn send<F, A>(batch: Batch, mapping: Arc<Mapping>, submit: F, retry: Retry) -> anyhow::Result<Done>
where
    F: Fn(BatchRouteLeadsRequest) -> A,
    A: Future<Output = Answer>,
{
    let summary = ImportSummary { rows: batch.rows(), rejected: batch.rejected, ..ImportSummary::default() };
    let mut done = Done { summary, problems: batch.problems, end: batch.end };
    let mut open = batch.requests;
    let mut wait = retry.first;
    let started = Instant::now();
    while !open.is_empty() {
        let requests: Vec<RouteLeadRequest> = open.iter().map(|(_, request)| request.clone()).collect();
        let (again, asked) = match submit(BatchRouteLeadsRequest { requests }).await {
            Ok(answer) => done.take(open, answer, &mapping)?,
            Err(status) if is_temporary(status.code()) => (open, Why { text: told(&status), delay: None }),
            Err(status) => bail!("the service refuses the import: {}", told(&status)),
        };
        open = again;
        if open.is_empty() {
            break;
        }
        if started.elapsed() >= retry.patience {
            bail!("the service does not take the leads: {}", asked.text);
        }
        tokio::time::sleep(asked.delay.unwrap_or(wait).clamp(wait, retry.longest.max(wait))).await;
        wait = (wait * 2).min(retry.longest);
    }
    done.problems.sort_by_key(|problem| problem.line);
    Ok(done)
}

/// Why rows are to be sent again.
#[derive(Default)]
struct Why {
    text: String,
    /// What the service asked for.
    delay: Option<Duration>,
}

type Requests = Vec<(u64, RouteLeadRequest)>;

impl Done {
    /// Counts what came of `sent`; returns what is to be sent again.
    fn take(
        &mut self,
        sent: Requests,
        answer: BatchRouteLeadsResponse,
        mapping: &Mapping,
    ) -> anyhow::Result<(Requests, Why)> {
        if answer.results.len() != sent.len() {
            bail!("the service answered {} of {} rows", answer.results.len(), sent.len());
        }
        let mut again = Vec::new();
        let mut why = Why::default();
        for ((line, request), result) in sent.into_iter().zip(answer.results) {
            match result.result {
                Some(batch_route_result::Result::Response(response)) => self.count(line, response.outcome()),
                Some(batch_route_result::Result::Error(error)) => match fate(&error) {
                    Fate::Again => {
                        let delay = error.retry_delay.and_then(|delay| Duration::try_from(delay).ok());
                        why = Why { text: error.message, delay: delay.max(why.delay) };
                        again.push((line, request));
                    }
                    Fate::Known => self.summary.duplicates += 1,
                    Fate::Rejected => {
                        self.summary.rejected += 1;
                        self.problems.extend(reasons(line, &error, mapping));
                    }
                    Fate::Stop => bail!("nothing can be routed: {}", error.message),
                },
                None => self.reject(line, "the service told neither a result nor an error"),
            }
        }
        Ok((again, why))
    }

    fn count(&mut self, line: u64, outcome: RouteOutcome) {
        let counter = match outcome {
            RouteOutcome::Offered => &mut self.summary.routed,
            RouteOutcome::Queued => &mut self.summary.queued,
            RouteOutcome::Duplicate => &mut self.summary.duplicates,
            RouteOutcome::Disqualified => &mut self.summary.disqualified,
            RouteOutcome::Unspecified => return self.reject(line, "the service told no outcome"),
        };
        *counter += 1;
    }

    fn reject(&mut self, line: u64, reason: &str) {
        self.summary.rejected += 1;
        self.problems.push(RowProblem::row(line, reason));
    }
}

/// What an error means for its row.
enum Fate {
    /// Nothing yet.
    Again,
    /// A row with this key was sent before, with other values: the lead is there.
    Known,
    /// It becomes no lead.
    Rejected,
    /// No row of any batch will fare better.
    Stop,
}

fn fate(error: &Error) -> Fate {
    match error.reason() {
        ErrorReason::RequestIdReused => Fate::Known,
        ErrorReason::NoActivePolicy
        | ErrorReason::NoActiveScoringModel
        | ErrorReason::PolicyDoesNotFit
        | ErrorReason::TenantDenied => Fate::Stop,
        _ if is_temporary(Code::from_i32(error.code)) => Fate::Again,
        _ => Fate::Rejected,
    }
}

/// True if the same request may fare better a little later. The outcome of some of these is unknown; the request ids
/// see to it that nothing is done twice.
fn is_temporary(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded | Code::Cancelled | Code::Aborted
    )
}

fn reasons(line: u64, error: &Error, mapping: &Mapping) -> Vec<RowProblem> {
    if error.field_violations.is_empty() {
        return vec![RowProblem::row(line, error.message.as_str())];
    }
    let problem = |field: &str, description: &str| {
        let field = field.split_once("lead.").map_or(field, |(_, field)| field);
        let reason = format!("{field}: {description}");
        let rule = mapping.fields.iter().find(|rule| rule.target.name == field);
        let column = rule.and_then(|rule| rule.source.column()).map(|column| mapping.columns.name(column).to_owned());
        RowProblem { line, column, reason }
    };
    error.field_violations.iter().map(|violation| problem(&violation.field, &violation.description)).collect()
}
