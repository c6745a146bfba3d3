//! Rows of the domain turned into columns: one vector a column, as `unnest` takes them.

use domain::{
    decide::RepLoad,
    ids::{PoolId, RepId},
    ownership::{Acknowledgement, Assignment, Escalation, LeadPause, Ownership, ResponseClock, Timer},
    rotation::RotationState,
    score::Grade,
};
use uuid::Uuid;

use super::counters::grade_column;
use crate::{
    changes::{Happened, MovedIdentity, NewLead},
    codes::Code as _,
    error::StoreError,
    rows::Place,
    time::{SqlDate, SqlTime, date, opt_time, time},
};

/// Leads that are new: `lead`, `ownership` and `assignment` in one. What these hold of each other, or is always empty in a new
/// lead, is left out ([`NewLead::is_new`]).
#[derive(Debug, Default)]
pub(super) struct NewColumns<'c> {
    pub(super) lead: Vec<Uuid>,
    pub(super) created_at: Vec<SqlTime>,
    /// JSON.
    pub(super) profile: Vec<String>,
    pub(super) state: Vec<i16>,
    pub(super) owner: Vec<String>,
    pub(super) since: Vec<SqlTime>,
    pub(super) sla: Vec<Option<&'c str>>,
    pub(super) respond_by: Vec<Option<SqlTime>>,
    pub(super) accept_by: Vec<Option<SqlTime>>,
    pub(super) wake_at: Vec<Option<SqlTime>>,
    pub(super) waiting_pool: Vec<Option<&'c str>>,
    pub(super) closed_at: Vec<Option<SqlTime>>,
    pub(super) close_outcome: Vec<Option<i16>>,
    pub(super) grade: Vec<i16>,
    pub(super) rule: Vec<Option<&'c str>>,
    pub(super) policy_revision: Vec<i64>,
    /// State of the assignment.
    pub(super) period_state: Vec<i16>,
    pub(super) cause: Vec<i16>,
    pub(super) actor: Vec<&'c str>,
    pub(super) note: Vec<Option<&'c str>>,
    pub(super) traceparent: Vec<Option<&'c str>>,
    pub(super) decision: Vec<Option<&'c [u8]>>,
}

impl<'c> NewColumns<'c> {
    /// Errors: a lead that is not new, or has a profile that is no JSON.
    pub(super) fn of(leads: &'c [NewLead]) -> Result<Self, StoreError> {
        let mut columns = Self::default();
        for new in leads {
            columns.push(new)?;
        }
        Ok(columns)
    }

    fn push(&mut self, new: &'c NewLead) -> Result<(), StoreError> {
        let NewLead { lead, ownership, assignment } = new;
        let place = Place { table: "lead", row: &lead.id };
        if !new.is_new() {
            return Err(place.corrupt("lead_id", "is written as new, but something has happened to it"));
        }
        self.lead.push(lead.id.0);
        self.created_at.push(time(lead.created_at));
        self.profile.push(serde_json::to_string(&lead.profile).map_err(|error| place.corrupt("profile", error))?);
        self.state.push(ownership.state.code());
        self.owner.push(ownership.owner.to_string());
        self.since.push(time(ownership.since));
        self.sla.push(ownership.sla.as_deref());
        self.respond_by.push(opt_time(ownership.respond_by));
        self.accept_by.push(opt_time(ownership.accept_by));
        self.wake_at.push(opt_time(ownership.wake_at));
        self.waiting_pool.push(ownership.waiting_pool.as_ref().map(PoolId::as_str));
        self.closed_at.push(opt_time(ownership.closed_at));
        self.close_outcome.push(ownership.close_outcome.map(crate::codes::Code::code));
        self.grade.push(ownership.grade.code());
        self.rule.push(ownership.rule.as_deref());
        self.policy_revision.push(ownership.policy_revision);
        self.period_state.push(assignment.state.code());
        self.cause.push(assignment.cause.code());
        self.actor.push(&assignment.actor);
        self.note.push(assignment.note.as_deref());
        self.traceparent.push(assignment.traceparent.as_deref());
        self.decision.push(assignment.decision.as_deref());
        Ok(())
    }
}

/// `ownership`.
#[derive(Debug, Default)]
pub(super) struct OwnershipColumns<'c> {
    pub(super) lead: Vec<Uuid>,
    pub(super) epoch: Vec<i32>,
    pub(super) state: Vec<i16>,
    pub(super) owner: Vec<String>,
    pub(super) since: Vec<SqlTime>,
    pub(super) chain_since: Vec<SqlTime>,
    pub(super) chain_step: Vec<i16>,
    pub(super) sla: Vec<Option<&'c str>>,
    pub(super) respond_by: Vec<Option<SqlTime>>,
    pub(super) accept_by: Vec<Option<SqlTime>>,
    pub(super) wake_at: Vec<Option<SqlTime>>,
    pub(super) waiting_pool: Vec<Option<&'c str>>,
    pub(super) accepted_at: Vec<Option<SqlTime>>,
    pub(super) first_response_at: Vec<Option<SqlTime>>,
    pub(super) closed_at: Vec<Option<SqlTime>>,
    pub(super) close_outcome: Vec<Option<i16>>,
    pub(super) close_value: Vec<Option<i64>>,
    pub(super) grade: Vec<i16>,
    pub(super) rule: Vec<Option<&'c str>>,
    pub(super) policy_revision: Vec<i64>,
    /// Ids joined by commas, which no id contains: `unnest` would take an array of arrays apart to its elements.
    pub(super) tried: Vec<String>,
}

impl<'c> Extend<&'c Ownership> for OwnershipColumns<'c> {
    fn extend<I: IntoIterator<Item = &'c Ownership>>(&mut self, rows: I) {
        for row in rows {
            self.lead.push(row.lead.0);
            self.epoch.push(row.epoch.0);
            self.state.push(row.state.code());
            self.owner.push(row.owner.to_string());
            self.since.push(time(row.since));
            self.chain_since.push(time(row.chain_since));
            // A chain has far fewer steps; what is out of range would be refused by the column anyway.
            self.chain_step.push(i16::try_from(row.chain_step).unwrap_or(i16::MAX));
            self.sla.push(row.sla.as_deref());
            self.respond_by.push(opt_time(row.respond_by));
            self.accept_by.push(opt_time(row.accept_by));
            self.wake_at.push(opt_time(row.wake_at));
            self.waiting_pool.push(row.waiting_pool.as_ref().map(PoolId::as_str));
            self.accepted_at.push(opt_time(row.accepted_at));
            self.first_response_at.push(opt_time(row.first_response_at));
            self.closed_at.push(opt_time(row.closed_at));
            self.close_outcome.push(row.close_outcome.map(crate::codes::Code::code));
            self.close_value.push(row.close_value);
            self.grade.push(row.grade.code());
            self.rule.push(row.rule.as_deref());
            self.policy_revision.push(row.policy_revision);
            self.tried.push(join(row.tried.iter().map(RepId::as_str)));
        }
    }
}

/// `assignment`.
#[derive(Debug, Default)]
pub(super) struct AssignmentColumns<'c> {
    pub(super) lead: Vec<Uuid>,
    pub(super) epoch: Vec<i32>,
    pub(super) owner: Vec<String>,
    pub(super) state: Vec<i16>,
    pub(super) cause: Vec<i16>,
    pub(super) started_at: Vec<SqlTime>,
    pub(super) ended_at: Vec<Option<SqlTime>>,
    pub(super) accepted_at: Vec<Option<SqlTime>>,
    pub(super) first_response_at: Vec<Option<SqlTime>>,
    pub(super) actor: Vec<&'c str>,
    pub(super) note: Vec<Option<&'c str>>,
    pub(super) end_reason: Vec<Option<&'c str>>,
    pub(super) traceparent: Vec<Option<&'c str>>,
    pub(super) decision: Vec<Option<&'c [u8]>>,
}

impl<'c> Extend<&'c Assignment> for AssignmentColumns<'c> {
    fn extend<I: IntoIterator<Item = &'c Assignment>>(&mut self, rows: I) {
        for row in rows {
            self.lead.push(row.lead.0);
            self.epoch.push(row.epoch.0);
            self.owner.push(row.owner.to_string());
            self.state.push(row.state.code());
            self.cause.push(row.cause.code());
            self.started_at.push(time(row.started_at));
            self.ended_at.push(opt_time(row.ended_at));
            self.accepted_at.push(opt_time(row.accepted_at));
            self.first_response_at.push(opt_time(row.first_response_at));
            self.actor.push(&row.actor);
            self.note.push(row.note.as_deref());
            self.end_reason.push(row.end_reason.as_deref());
            self.traceparent.push(row.traceparent.as_deref());
            self.decision.push(row.decision.as_deref());
        }
    }
}

/// `timer`.
#[derive(Debug, Default)]
pub(super) struct TimerColumns<'c> {
    pub(super) lead: Vec<Uuid>,
    pub(super) kind: Vec<i16>,
    pub(super) epoch: Vec<i32>,
    pub(super) due_at: Vec<SqlTime>,
    pub(super) traceparent: Vec<Option<&'c str>>,
}

impl<'c> Extend<&'c Timer> for TimerColumns<'c> {
    fn extend<I: IntoIterator<Item = &'c Timer>>(&mut self, rows: I) {
        for row in rows {
            self.lead.push(row.lead.0);
            self.kind.push(row.kind.code());
            self.epoch.push(row.epoch.0);
            self.due_at.push(time(row.due_at));
            self.traceparent.push(row.traceparent.as_deref());
        }
    }
}

/// `escalation`.
#[derive(Debug, Default)]
pub(super) struct EscalationColumns {
    pub(super) lead: Vec<Uuid>,
    pub(super) epoch: Vec<i32>,
    pub(super) step: Vec<i32>,
    pub(super) action: Vec<i16>,
    pub(super) target: Vec<Option<String>>,
    pub(super) due_at: Vec<SqlTime>,
    pub(super) done_at: Vec<SqlTime>,
    pub(super) acknowledged_at: Vec<Option<SqlTime>>,
    pub(super) acknowledged_by: Vec<Option<String>>,
}

impl<'c> Extend<&'c Escalation> for EscalationColumns {
    fn extend<I: IntoIterator<Item = &'c Escalation>>(&mut self, rows: I) {
        for row in rows {
            self.lead.push(row.lead.0);
            self.epoch.push(row.epoch.0);
            self.step.push(i32::from(row.step));
            self.action.push(row.action.code());
            self.target.push(row.target.as_ref().map(ToString::to_string));
            self.due_at.push(time(row.due_at));
            self.done_at.push(time(row.done_at));
            let (at, by) = row.acknowledged.clone().unzip();
            self.acknowledged_at.push(opt_time(at));
            self.acknowledged_by.push(by);
        }
    }
}

/// Steps of `escalation` that were acknowledged.
#[derive(Debug, Default)]
pub(super) struct AcknowledgementColumns<'c> {
    pub(super) lead: Vec<Uuid>,
    pub(super) step: Vec<i32>,
    pub(super) at: Vec<SqlTime>,
    pub(super) by: Vec<&'c str>,
}

impl<'c> Extend<&'c Acknowledgement> for AcknowledgementColumns<'c> {
    fn extend<I: IntoIterator<Item = &'c Acknowledgement>>(&mut self, rows: I) {
        for row in rows {
            self.lead.push(row.lead.0);
            self.step.push(i32::from(row.step));
            self.at.push(time(row.at));
            self.by.push(&row.by);
        }
    }
}

/// `response`.
#[derive(Debug, Default)]
pub(super) struct ResponseColumns<'c> {
    pub(super) lead: Vec<Uuid>,
    pub(super) epoch: Vec<i32>,
    pub(super) owner: Vec<String>,
    pub(super) sla: Vec<Option<&'c str>>,
    pub(super) began_at: Vec<SqlTime>,
    pub(super) respond_by: Vec<SqlTime>,
    pub(super) answered_at: Vec<Option<SqlTime>>,
    pub(super) ended_at: Vec<SqlTime>,
}

impl<'c> Extend<&'c ResponseClock> for ResponseColumns<'c> {
    fn extend<I: IntoIterator<Item = &'c ResponseClock>>(&mut self, rows: I) {
        for row in rows {
            self.lead.push(row.lead.0);
            self.epoch.push(row.epoch.0);
            self.owner.push(row.owner.to_string());
            self.sla.push(row.sla.as_deref());
            self.began_at.push(time(row.began_at));
            self.respond_by.push(time(row.respond_by));
            self.answered_at.push(opt_time(row.answered_at));
            self.ended_at.push(time(row.ended_at));
        }
    }
}

/// `pause`.
#[derive(Debug, Default)]
pub(super) struct PauseColumns<'c> {
    pub(super) lead: Vec<Uuid>,
    pub(super) number: Vec<i32>,
    pub(super) epoch: Vec<i32>,
    pub(super) reason: Vec<i16>,
    pub(super) note: Vec<Option<&'c str>>,
    pub(super) actor: Vec<&'c str>,
    pub(super) started_at: Vec<SqlTime>,
    pub(super) until: Vec<Option<SqlTime>>,
    pub(super) ended_at: Vec<Option<SqlTime>>,
    pub(super) respond_by: Vec<Option<SqlTime>>,
    pub(super) accept_by: Vec<Option<SqlTime>>,
    pub(super) escalate_at: Vec<Option<SqlTime>>,
}

impl<'c> Extend<&'c LeadPause> for PauseColumns<'c> {
    fn extend<I: IntoIterator<Item = &'c LeadPause>>(&mut self, rows: I) {
        for row in rows {
            self.lead.push(row.lead.0);
            self.number.push(row.number.cast_signed());
            self.epoch.push(row.epoch.0);
            self.reason.push(row.reason.code());
            self.note.push(row.note.as_deref());
            self.actor.push(&row.actor);
            self.started_at.push(time(row.started_at));
            self.until.push(opt_time(row.until));
            self.ended_at.push(opt_time(row.ended_at));
            self.respond_by.push(opt_time(row.stood.respond_by));
            self.accept_by.push(opt_time(row.stood.accept_by));
            self.escalate_at.push(opt_time(row.stood.escalate_at));
        }
    }
}

/// `identity`, of keys that are moved.
#[derive(Debug, Default)]
pub(super) struct MoveColumns {
    pub(super) kind: Vec<i16>,
    pub(super) digest: Vec<Uuid>,
    pub(super) from: Vec<Uuid>,
    pub(super) to: Vec<Uuid>,
}

impl MoveColumns {
    /// Ascending by key.
    pub(super) fn of(moves: &[MovedIdentity]) -> Self {
        let mut moves = moves.to_vec();
        moves.sort_unstable_by_key(|moved| moved.key);
        let mut columns = Self::default();
        for moved in moves {
            columns.kind.push(moved.key.kind.code());
            columns.digest.push(Uuid::from_bytes(moved.key.digest));
            columns.from.push(moved.from.0);
            columns.to.push(moved.to.0);
        }
        columns
    }
}

/// `outbox`: the arrays of one row.
#[derive(Debug, Default)]
pub(super) struct OutboxColumns {
    pub(super) at: Option<SqlTime>,
    pub(super) lead: Vec<Uuid>,
    pub(super) epoch: Vec<i32>,
    pub(super) kind: Vec<i16>,
    pub(super) state: Vec<i16>,
    pub(super) step: Vec<Option<i32>>,
    pub(super) respond_by: Vec<Option<SqlTime>>,
    pub(super) until: Vec<Option<SqlTime>>,
}

impl OutboxColumns {
    pub(super) fn of(happened: Option<&Happened>) -> Self {
        let mut columns = Self { at: happened.map(|happened| time(happened.at)), ..Self::default() };
        for event in happened.iter().flat_map(|happened| &happened.events) {
            columns.lead.push(event.lead.0);
            columns.epoch.push(event.epoch.0);
            columns.kind.push(event.kind.code());
            columns.state.push(event.state.code());
            columns.step.push(event.step.map(i32::from));
            columns.respond_by.push(opt_time(event.respond_by));
            columns.until.push(opt_time(event.until));
        }
        columns
    }
}

/// `rep_load`.
#[derive(Debug, Default)]
pub(super) struct LoadColumns<'c> {
    pub(super) rep: Vec<&'c str>,
    pub(super) open: Vec<i32>,
    pub(super) day: Vec<SqlDate>,
    pub(super) day_leads: Vec<i32>,
    pub(super) pace_since: Vec<SqlTime>,
    pub(super) pace_leads: Vec<i32>,
}

impl<'c> Extend<(&'c RepId, &'c RepLoad)> for LoadColumns<'c> {
    fn extend<I: IntoIterator<Item = (&'c RepId, &'c RepLoad)>>(&mut self, rows: I) {
        for (rep, load) in rows {
            self.rep.push(rep.as_str());
            self.open.push(load.open.cast_signed());
            self.day.push(date(load.day));
            self.day_leads.push(load.day_leads.cast_signed());
            self.pace_since.push(time(load.pace_since));
            self.pace_leads.push(load.pace_leads.cast_signed());
        }
    }
}

/// `rotation`.
#[derive(Debug, Default)]
pub(super) struct RotationColumns<'c> {
    pub(super) pool: Vec<&'c str>,
    pub(super) grade: Vec<String>,
    /// Joined by commas, like `tried`.
    pub(super) reps: Vec<String>,
    /// Joined by commas.
    pub(super) credits: Vec<String>,
    pub(super) leads: Vec<i64>,
}

impl<'c> Extend<(&'c (PoolId, Option<Grade>), &'c RotationState)> for RotationColumns<'c> {
    fn extend<I: IntoIterator<Item = (&'c (PoolId, Option<Grade>), &'c RotationState)>>(&mut self, rows: I) {
        for ((pool, grade), state) in rows {
            self.pool.push(pool.as_str());
            self.grade.push(grade_column(*grade));
            self.reps.push(join(state.credits().keys().map(RepId::as_str)));
            self.credits.push(join(state.credits().values()));
            self.leads.push(state.leads().cast_signed());
        }
    }
}

/// Commas between.
fn join(parts: impl Iterator<Item = impl std::fmt::Display>) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for part in parts {
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to a String can't fail.
        let _ = write!(text, "{comma}{part}");
    }
    text
}
