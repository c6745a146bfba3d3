//! `pause`.

use domain::{
    ids::{Epoch, LeadId},
    ownership::{LeadPause, Stood},
};
use uuid::Uuid;

use super::Place;
use crate::{
    error::StoreError,
    time::{SqlTime, from_opt},
};

/// One pause.
#[derive(Debug)]
pub(crate) struct PauseRow {
    pub(crate) lead_id: Uuid,
    pub(crate) number: i32,
    pub(crate) epoch: i32,
    pub(crate) reason: i16,
    pub(crate) note: Option<String>,
    pub(crate) actor: String,
    pub(crate) started_at: SqlTime,
    pub(crate) until: Option<SqlTime>,
    pub(crate) ended_at: Option<SqlTime>,
    pub(crate) respond_by: Option<SqlTime>,
    pub(crate) accept_by: Option<SqlTime>,
    pub(crate) escalate_at: Option<SqlTime>,
}

/// `SELECT` of the columns of a [`PauseRow`]; `$from` is the rest of the statement.
macro_rules! select_pauses {
    ($from:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            crate::rows::PauseRow,
            r#"SELECT lead_id, number, epoch, reason, note, actor, started_at AS "started_at: _", until AS "until: _",
                      ended_at AS "ended_at: _", respond_by AS "respond_by: _", accept_by AS "accept_by: _",
                      escalate_at AS "escalate_at: _" "# + $from,
            $($argument),+
        )
    };
}
pub(crate) use select_pauses;

impl TryFrom<PauseRow> for LeadPause {
    type Error = StoreError;

    fn try_from(row: PauseRow) -> Result<Self, StoreError> {
        let key = format!("{}/{}", row.lead_id, row.number);
        let place = Place { table: "pause", row: &key };
        Ok(Self {
            lead: LeadId(row.lead_id),
            number: place.number("number", row.number)?,
            epoch: Epoch(row.epoch),
            reason: place.code("reason", row.reason)?,
            note: row.note,
            actor: row.actor,
            started_at: row.started_at.to_jiff(),
            until: from_opt(row.until),
            ended_at: from_opt(row.ended_at),
            stood: Stood {
                respond_by: from_opt(row.respond_by),
                accept_by: from_opt(row.accept_by),
                escalate_at: from_opt(row.escalate_at),
            },
        })
    }
}
