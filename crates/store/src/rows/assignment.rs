//! `assignment`.

use domain::{
    ids::{Epoch, LeadId},
    ownership::Assignment,
};
use uuid::Uuid;

use super::Place;
use crate::{
    error::StoreError,
    time::{SqlTime, from_opt},
};

/// One period of ownership.
#[derive(Debug)]
pub(crate) struct AssignmentRow {
    pub(crate) lead_id: Uuid,
    pub(crate) epoch: i32,
    pub(crate) owner: String,
    pub(crate) state: i16,
    pub(crate) cause: i16,
    pub(crate) started_at: SqlTime,
    pub(crate) ended_at: Option<SqlTime>,
    pub(crate) accepted_at: Option<SqlTime>,
    pub(crate) first_response_at: Option<SqlTime>,
    pub(crate) actor: String,
    pub(crate) note: Option<String>,
    pub(crate) end_reason: Option<String>,
    pub(crate) traceparent: Option<String>,
    pub(crate) decision: Option<Vec<u8>>,
}

/// `SELECT` of the columns of an [`AssignmentRow`]; `$from` is the rest of the statement, in which `assignment` goes by `a`.
macro_rules! select_assignments {
    ($from:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            crate::rows::AssignmentRow,
            r#"SELECT a.lead_id, a.epoch, a.owner, a.state, a.cause, a.started_at AS "started_at: _",
                      a.ended_at AS "ended_at: _", a.accepted_at AS "accepted_at: _",
                      a.first_response_at AS "first_response_at: _", a.actor, a.note, a.end_reason, a.traceparent,
                      a.decision "# + $from,
            $($argument),+
        )
    };
}
pub(crate) use select_assignments;

impl TryFrom<AssignmentRow> for Assignment {
    type Error = StoreError;

    fn try_from(row: AssignmentRow) -> Result<Self, StoreError> {
        let key = format!("{}/{}", row.lead_id, row.epoch);
        let place = Place { table: "assignment", row: &key };
        Ok(Self {
            lead: LeadId(row.lead_id),
            epoch: Epoch(row.epoch),
            owner: place.text("owner", &row.owner)?,
            state: place.code("state", row.state)?,
            cause: place.code("cause", row.cause)?,
            started_at: row.started_at.to_jiff(),
            ended_at: from_opt(row.ended_at),
            accepted_at: from_opt(row.accepted_at),
            first_response_at: from_opt(row.first_response_at),
            actor: row.actor,
            note: row.note,
            end_reason: row.end_reason,
            traceparent: row.traceparent,
            decision: row.decision,
        })
    }
}
