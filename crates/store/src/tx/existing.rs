//! The statement that changes what existed.

use domain::ids::TenantId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::columns::{
    AcknowledgementColumns, AssignmentColumns, EscalationColumns, MoveColumns, OutboxColumns, OwnershipColumns,
    PauseColumns, ResponseColumns, TimerColumns,
};
use crate::{
    changes::{Changes, Happened},
    codes::Code as _,
    error::WriteError,
};

/// True when there is nothing for [`change`] to do.
pub(super) fn is_empty(changes: &Changes) -> bool {
    changes.ownerships.is_empty()
        && changes.assignments.is_empty()
        && changes.new_assignments.is_empty()
        && changes.cleared_timers.is_empty()
        && changes.set_timers.is_empty()
        && changes.moved_identities.is_empty()
        && changes.escalations.is_empty()
        && changes.acknowledgements.is_empty()
        && changes.response_clocks.is_empty()
        && changes.pauses.is_empty()
}

/// Ownership by compare-and-set, assignments, timers, identity keys, escalations, pauses, and what others are told: one round trip, whatever their number.
#[expect(clippy::too_many_lines, reason = "one statement, with a line for each column")]
pub(super) async fn change(
    connection: &mut PgConnection,
    tenant: TenantId,
    seen: Option<i64>,
    changes: &Changes,
    happened: Option<&Happened>,
) -> Result<i64, WriteError> {
    let told = OutboxColumns::of(happened);
    let expected: Vec<i32> = changes.ownerships.iter().map(|(epoch, _)| epoch.0).collect();
    let mut owned = OwnershipColumns::default();
    owned.extend(changes.ownerships.iter().map(|(_, ownership)| ownership));
    let mut periods = AssignmentColumns::default();
    periods.extend(&changes.assignments);
    let mut begun = AssignmentColumns::default();
    begun.extend(&changes.new_assignments);
    let cleared: Vec<Uuid> = changes.cleared_timers.iter().map(|(lead, _)| lead.0).collect();
    let cleared_kinds: Vec<i16> = changes.cleared_timers.iter().map(|(_, kind)| kind.code()).collect();

    let mut timers = TimerColumns::default();
    timers.extend(&changes.set_timers);
    let moves = MoveColumns::of(&changes.moved_identities);
    let mut done = EscalationColumns::default();
    done.extend(&changes.escalations);
    let mut acknowledged = AcknowledgementColumns::default();
    acknowledged.extend(&changes.acknowledgements);
    let mut responses = ResponseColumns::default();
    responses.extend(&changes.response_clocks);
    let mut paused = PauseColumns::default();
    paused.extend(&changes.pauses);

    let counts = sqlx::query_file!(
        "src/tx/existing.sql",
        tenant.0,
        &expected,
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
        &periods.lead,
        &periods.epoch,
        &periods.state,
        &periods.ended_at as _,
        &periods.accepted_at as _,
        &periods.first_response_at as _,
        &periods.note as _,
        &periods.end_reason as _,
        &cleared,
        &cleared_kinds,
        &moves.kind,
        &moves.digest,
        &moves.from,
        &moves.to,
        &done.lead,
        &done.epoch,
        &done.step,
        &done.action,
        &done.target as _,
        &done.due_at as _,
        &done.done_at as _,
        seen,
        &timers.lead,
        &timers.kind,
        &timers.epoch,
        &timers.due_at as _,
        &timers.traceparent as _,
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
        told.at as _,
        &told.lead,
        &told.epoch,
        &told.kind,
        &told.state,
        &told.step as _,
        &told.respond_by as _,
        &told.until as _,
        &paused.lead,
        &paused.number,
        &paused.epoch,
        &paused.reason,
        &paused.note as _,
        &paused.actor as _,
        &paused.started_at as _,
        &paused.until as _,
        &paused.ended_at as _,
        &paused.respond_by as _,
        &paused.accept_by as _,
        &paused.escalate_at as _,
        &done.acknowledged_at as _,
        &done.acknowledged_by as _,
        &acknowledged.lead,
        &acknowledged.step,
        &acknowledged.at as _,
        &acknowledged.by as _,
        &responses.lead,
        &responses.epoch,
        &responses.owner,
        &responses.sla as _,
        &responses.began_at as _,
        &responses.respond_by as _,
        &responses.answered_at as _,
        &responses.ended_at as _,
    )
    .fetch_one(connection)
    .await
    .map_err(WriteError::from)?;
    let commits = counts.commits.ok_or(WriteError::Overtaken)?;
    as_expected(changes, counts.ownerships, counts.assignments, counts.identities)?;
    Ok(commits)
}

/// Whether so many rows of each kind were found as everything was decided on.
fn as_expected(changes: &Changes, ownerships: i64, assignments: i64, identities: i64) -> Result<(), WriteError> {
    if !is_all(ownerships, &changes.ownerships) || !is_all(assignments, &changes.assignments) {
        return Err(WriteError::EpochMoved);
    }
    if !is_all(identities, &changes.moved_identities) {
        return Err(WriteError::IdentityTaken);
    }
    Ok(())
}

fn is_all<T>(count: i64, rows: &[T]) -> bool {
    usize::try_from(count) == Ok(rows.len())
}
