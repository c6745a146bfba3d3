//! The statement that writes all that is new, and the counters.

use domain::{ids::TenantId, lead::Profile};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::columns::{AssignmentColumns, LoadColumns, OwnershipColumns, RotationColumns, TimerColumns};
use crate::{
    changes::Changes,
    codes::Code as _,
    error::WriteError,
    time::{SqlTime, time},
};

/// True when there is nothing for [`insert`] to do.
pub(super) fn is_empty(changes: &Changes) -> bool {
    changes.new_leads.is_empty()
        && changes.new_assignments.is_empty()
        && changes.new_timers.is_empty()
        && changes.new_identities.is_empty()
        && changes.responses.is_empty()
        && changes.loads.is_empty()
        && changes.rotations.is_empty()
}

/// New leads with their ownership, assignments that began, timers, identity keys, counters and responses: one round trip,
/// whatever their number. Rows of one table go in ascending order, so that two batches that both insert two keys
/// wait for each other in one direction only.
pub(super) async fn insert(
    connection: &mut PgConnection,
    tenant: TenantId,
    seen: Option<i64>,
    changes: &Changes,
) -> Result<i64, WriteError> {
    let ids: Vec<Uuid> = changes.new_leads.iter().map(|new| new.lead.id.0).collect();
    let arrived: Vec<SqlTime> = changes.new_leads.iter().map(|new| time(new.lead.created_at)).collect();
    let profiles: Vec<Json<&Profile>> = changes.new_leads.iter().map(|new| Json(&new.lead.profile)).collect();
    let mut owned = OwnershipColumns::default();
    owned.extend(changes.new_leads.iter().map(|new| &new.ownership));
    let mut begun = AssignmentColumns::default();
    begun.extend(&changes.new_assignments);
    let mut timers = TimerColumns::default();
    timers.extend(&changes.new_timers);
    let mut loads = LoadColumns::default();
    loads.extend(&changes.loads);
    let mut turns = RotationColumns::default();
    turns.extend(&changes.rotations);

    let mut identities = changes.new_identities.clone();
    identities.sort_unstable();
    let kinds: Vec<i16> = identities.iter().map(|(key, _)| key.kind.code()).collect();
    let digests: Vec<Uuid> = identities.iter().map(|(key, _)| Uuid::from_bytes(key.digest)).collect();
    let holders: Vec<Uuid> = identities.iter().map(|(_, lead)| lead.0).collect();

    let mut responses: Vec<_> = changes.responses.iter().collect();
    responses.sort_unstable_by_key(|response| response.request_id);
    let requests: Vec<Uuid> = responses.iter().map(|response| response.request_id).collect();
    let fingerprints: Vec<Uuid> = responses.iter().map(|response| response.fingerprint).collect();
    let answers: Vec<&[u8]> = responses.iter().map(|response| response.response.as_slice()).collect();

    let commits = sqlx::query_file_scalar!(
        "src/tx/insert.sql",
        tenant.0,
        &ids,
        &arrived as _,
        &profiles as _,
        &owned.lead,
        &owned.epoch,
        &owned.state,
        &owned.owner,
        &owned.since as _,
        &owned.chain_since as _,
        &owned.chain_step,
        &owned.sla as _,
        &owned.respond_by as _,
        &owned.accept_by as _,
        &owned.wake_at as _,
        &owned.waiting_pool as _,
        &owned.accepted_at as _,
        &owned.first_response_at as _,
        &owned.closed_at as _,
        &owned.close_outcome as _,
        &owned.close_value as _,
        &owned.grade,
        &owned.rule as _,
        &owned.policy_revision,
        &owned.tried,
        &begun.lead,
        &begun.epoch,
        &begun.owner,
        &begun.state,
        &begun.cause,
        &begun.started_at as _,
        &begun.ended_at as _,
        &begun.accepted_at as _,
        &begun.first_response_at as _,
        &begun.actor as _,
        &begun.note as _,
        &begun.end_reason as _,
        &begun.traceparent as _,
        &begun.decision as _,
        &timers.lead,
        &timers.kind,
        &timers.epoch,
        &timers.due_at as _,
        &timers.traceparent as _,
        &kinds,
        &digests,
        &holders,
        &loads.rep as _,
        &loads.open,
        &loads.day as _,
        &loads.day_leads,
        &loads.pace_since as _,
        &loads.pace_leads,
        &turns.pool as _,
        &turns.grade,
        &turns.reps,
        &turns.credits,
        &turns.leads,
        &requests,
        &fingerprints,
        &answers as _,
        seen,
    )
    .fetch_one(connection)
    .await?;
    commits.ok_or(WriteError::Overtaken)
}
