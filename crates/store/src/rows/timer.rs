//! `timer` and `escalation`.

use domain::{
    ids::{Epoch, LeadId},
    ownership::{Escalation, Timer},
};
use uuid::Uuid;

use super::Place;
use crate::{error::StoreError, time::SqlTime};

/// One timer.
#[derive(Debug)]
pub(crate) struct TimerRow {
    pub(crate) lead_id: Uuid,
    pub(crate) kind: i16,
    pub(crate) epoch: i32,
    pub(crate) due_at: SqlTime,
    pub(crate) traceparent: Option<String>,
}

impl TryFrom<TimerRow> for Timer {
    type Error = StoreError;

    fn try_from(row: TimerRow) -> Result<Self, StoreError> {
        let place = Place { table: "timer", row: &row.lead_id };
        Ok(Self {
            lead: LeadId(row.lead_id),
            kind: place.code("kind", row.kind)?,
            epoch: Epoch(row.epoch),
            due_at: row.due_at.to_jiff(),
            traceparent: row.traceparent,
        })
    }
}

/// One escalation step that was done.
#[derive(Debug)]
pub(crate) struct EscalationRow {
    pub(crate) lead_id: Uuid,
    pub(crate) epoch: i32,
    pub(crate) step: i32,
    pub(crate) action: i16,
    pub(crate) target: Option<String>,
    pub(crate) due_at: SqlTime,
    pub(crate) done_at: SqlTime,
    pub(crate) acknowledged_at: Option<SqlTime>,
    pub(crate) acknowledged_by: Option<String>,
}

impl TryFrom<EscalationRow> for Escalation {
    type Error = StoreError;

    fn try_from(row: EscalationRow) -> Result<Self, StoreError> {
        let key = format!("{}/{}/{}", row.lead_id, row.epoch, row.step);
        let place = Place { table: "escalation", row: &key };
        Ok(Self {
            lead: LeadId(row.lead_id),
            epoch: Epoch(row.epoch),
            step: place.number("step", row.step)?,
            action: place.code("action", row.action)?,
            target: place.opt_text("target", row.target.as_deref())?,
            due_at: row.due_at.to_jiff(),
            done_at: row.done_at.to_jiff(),
            acknowledged: row.acknowledged_at.map(SqlTime::to_jiff).zip(row.acknowledged_by),
        })
    }
}
