//! Operations and what came of them, as messages.

use api::{
    convert::time,
    longrunning::{self, operation::Result as OperationResult},
    names::{AssignmentName, OperationName, Resource as _},
    v1,
};
use jiff::{SignedDuration, Timestamp};
use prost::Message as _;
use prost_types::Any;
use store::{Counts, Effect, Operation, OperationLead, Outcome};
use tonic::Code;

/// An operation as it stands.
pub(super) fn operation(operation: &Operation, now: Timestamp) -> longrunning::Operation {
    let result = match &operation.response {
        _ if operation.ended_at.is_none() => None,
        Some(response) => Some(OperationResult::Response(any("BulkReassignResponse", response.clone()))),
        None => Some(OperationResult::Error(cancelled(operation))),
    };
    longrunning::Operation {
        name: if operation.id.is_nil() { String::new() } else { OperationName(operation.id).to_name() },
        metadata: Some(any("BulkReassignMetadata", metadata(operation, now).encode_to_vec())),
        done: operation.ended_at.is_some(),
        result,
    }
}

fn metadata(operation: &Operation, now: Timestamp) -> v1::BulkReassignMetadata {
    let until = operation.ended_at.unwrap_or(now);
    let hours = until.duration_since(operation.created_at).as_secs_f64() / 3_600.0;
    let leads_per_hour = if hours > 0.0 { f64::from(operation.counts.done()) / hours } else { 0.0 };
    v1::BulkReassignMetadata {
        // What was written can be read; if not, nothing else depends on it.
        request: v1::BulkReassignRequest::decode(operation.request.as_slice()).ok(),
        actor: operation.actor.clone(),
        total_count: number(operation.total),
        counts: Some(counts(operation)),
        create_time: Some(time::to_wire(operation.created_at)),
        end_time: operation.ended_at.map(time::to_wire),
        estimated_end_time: estimated_end(operation, leads_per_hour, now).map(time::to_wire),
        leads_per_hour,
        cancel_time: operation.cancelled_at.map(time::to_wire),
    }
}

fn estimated_end(operation: &Operation, leads_per_hour: f64, now: Timestamp) -> Option<Timestamp> {
    if operation.ended_at.is_some() || operation.cancelled_at.is_some() || leads_per_hour <= 0.0 {
        return None;
    }
    let left = SignedDuration::try_from_secs_f64(f64::from(operation.untouched()) / leads_per_hour * 3_600.0).ok()?;
    now.checked_add(left).ok()
}

/// What an operation came to, encoded.
pub(super) fn response(operation: &Operation, effect: &Effect) -> Vec<u8> {
    let owners = effect.owners.iter().map(|(owner, (lost, gained))| v1::OwnerEffect {
        owner: owner.to_name(),
        lost_count: number(*lost),
        gained_count: number(*gained),
    });
    let refusals =
        effect.refusals.iter().map(|(reason, leads)| v1::RefusalCount { reason: *reason, lead_count: number(*leads) });
    let (owners, refusals) = (owners.collect(), refusals.collect());
    v1::BulkReassignResponse { counts: Some(counts(operation)), owners, refusals }.encode_to_vec()
}

fn counts(operation: &Operation) -> v1::BulkReassignCounts {
    let Counts { moved, unchanged, changed_meanwhile, refused } = operation.counts;
    v1::BulkReassignCounts {
        moved_count: number(moved),
        unchanged_count: number(unchanged),
        changed_meanwhile_count: number(changed_meanwhile),
        refused_count: number(refused),
        untouched_count: number(operation.untouched()),
    }
}

fn cancelled(operation: &Operation) -> longrunning::Status {
    let (done, total) = (operation.counts.done(), operation.total);
    let message = format!("cancelled after {done} of {total} leads; what was done stays");
    longrunning::Status { code: Code::Cancelled.into(), message, details: Vec::new() }
}

/// What came of one lead of an operation.
pub(super) fn result(operation: &Operation, lead: OperationLead) -> v1::BulkReassignResult {
    use v1::BulkReassignOutcome as Wire;
    let mut result = v1::BulkReassignResult {
        lead: lead.selected.lead.to_name(),
        owner_before: lead.selected.owner.to_name(),
        ..v1::BulkReassignResult::default()
    };
    let (outcome, why) = match lead.outcome {
        None if operation.ended_at.is_some() => (Wire::Cancelled, None),
        None => (Wire::Pending, None),
        Some(Outcome::Moved { owner, epoch }) => {
            result.owner = owner.to_name();
            result.assignment = AssignmentName(lead.selected.lead, epoch).to_name();
            (Wire::Moved, None)
        }
        Some(Outcome::Unchanged) => (Wire::Unchanged, None),
        Some(Outcome::ChangedMeanwhile(why)) => (Wire::ChangedMeanwhile, Some(why)),
        Some(Outcome::Refused(why)) => (Wire::Refused, Some(why)),
    };
    result.outcome = outcome.into();
    if let Some(why) = why {
        (result.reason, result.message) = (why.reason, why.message);
    }
    result
}

fn any(message: &str, value: Vec<u8>) -> Any {
    Any { type_url: format!("type.googleapis.com/leadrouter.v1.{message}"), value }
}

fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
