//! The statement that writes all that is new, and the counters.

use domain::ids::TenantId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::columns::{LoadColumns, NewColumns, OutboxColumns, RotationColumns, TimerColumns};
use crate::{
    changes::{Changes, Happened},
    codes::Code as _,
    error::WriteError,
};

/// True when there is nothing for [`insert`] to do.
pub(super) fn is_empty(changes: &Changes) -> bool {
    changes.new_leads.is_empty()
        && changes.new_timers.is_empty()
        && changes.new_identities.is_empty()
        && changes.responses.is_empty()
        && changes.loads.is_empty()
        && changes.rotations.is_empty()
}

/// New leads with ownership, assignment and timers, identity keys, counters and responses, and what others are told: one round trip,
/// whatever their number. Rows of one table go in ascending order, so that two batches that both insert two keys
/// wait for each other in one direction only.
pub(super) async fn insert(
    connection: &mut PgConnection,
    tenant: TenantId,
    seen: Option<i64>,
    changes: &Changes,
    happened: Option<&Happened>,
) -> Result<i64, WriteError> {
    let told = OutboxColumns::of(happened);
    let new = NewColumns::of(&changes.new_leads)?;
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
        seen,
        &new.lead,
        &new.created_at as _,
        &new.profile,
        &new.state,
        &new.owner,
        &new.since as _,
        &new.sla as _,
        &new.respond_by as _,
        &new.accept_by as _,
        &new.wake_at as _,
        &new.waiting_pool as _,
        &new.closed_at as _,
        &new.close_outcome as _,
        &new.grade,
        &new.rule as _,
        &new.policy_revision,
        &new.period_state,
        &new.cause,
        &new.actor as _,
        &new.note as _,
        &new.traceparent as _,
        &new.decision as _,
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
        told.at as _,
        &told.lead,
        &told.epoch,
        &told.kind,
        &told.state,
        &told.step as _,
        &told.respond_by as _,
        &told.until as _,
    )
    .fetch_one(connection)
    .await?;
    commits.ok_or(WriteError::Overtaken)
}
