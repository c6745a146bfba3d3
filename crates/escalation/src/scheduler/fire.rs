//! Having due timers fired by the assignment service.

use api::v1::{self, assignment_service_client::AssignmentServiceClient};
use domain::ownership::Timer;
use kit::{client::Channel, clock::Clock};
use tonic::{Code, Status};
use tracing::Instrument as _;

use crate::metrics::metrics;

/// What became of the timers of one call.
#[derive(Debug)]
pub(super) enum Fired {
    /// Those that are still there, and can't be fired now.
    All { but: Vec<Timer> },
    /// Nobody is there to fire them.
    Unreachable,
}

/// Fires timers of one tenant. The trace of a firing is new, and links to those that set the timers.
pub(super) async fn fire(
    mut client: AssignmentServiceClient<Channel>,
    slug: &str,
    timers: Vec<Timer>,
    clock: &Clock,
) -> Fired {
    let span = tracing::info_span!(parent: None, "escalation.fire", timers = timers.len());
    for timer in &timers {
        if let Some(traceparent) = &timer.traceparent {
            kit::telemetry::link_to(&span, traceparent);
        }
    }
    let refs = timers.iter().map(v1::TimerRef::from).collect();
    let mut request = tonic::Request::new(v1::BatchFireTimersRequest { timers: refs });
    kit::auth::name_caller(request.metadata_mut(), slug, "escalation");
    let results = match client.batch_fire_timers(request).instrument(span).await {
        Ok(response) => response.into_inner().results,
        Err(status) => {
            tracing::warn!(code = ?status.code(), message = status.message(), "timers could not be fired");
            metrics().failed.add(timers.len() as u64, &[]);
            return if is_everybodys(&status) { Fired::Unreachable } else { Fired::All { but: timers } };
        }
    };
    let now = clock.now();
    let outcomes = results.iter().map(v1::FireTimerResult::outcome).map(Some).chain(std::iter::repeat(None));
    let mut but = Vec::new();
    for (timer, outcome) in timers.into_iter().zip(outcomes) {
        match outcome {
            Some(v1::FireOutcome::Fired) => {
                metrics().fired.add(1, &[]);
                metrics().lateness.record(super::seconds_since(timer.due_at, now), &[]);
            }
            // Somebody else was faster. Should it be there all the same, it must not be asked for again and again.
            Some(v1::FireOutcome::Stale) => but.push(timer),
            Some(v1::FireOutcome::NotDue | v1::FireOutcome::Failed | v1::FireOutcome::Unspecified) | None => {
                metrics().failed.add(1, &[]);
                but.push(timer);
            }
        }
    }
    Fired::All { but }
}

/// Whether other timers would fare the same.
fn is_everybodys(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted | Code::Cancelled)
}
