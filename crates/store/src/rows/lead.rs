//! `lead` joined with `ownership`.

use domain::{
    ids::{Epoch, LeadId},
    lead::{Lead, Profile},
    ownership::Ownership,
};
use sqlx::types::Json;
use uuid::Uuid;

use super::Place;
use crate::{
    error::StoreError,
    time::{SqlTime, from_opt},
};

/// One lead and who has it.
#[derive(Debug)]
pub(crate) struct LeadOwnershipRow {
    pub(crate) lead_id: Uuid,
    pub(crate) created_at: SqlTime,
    pub(crate) profile: Json<Profile>,
    pub(crate) epoch: i32,
    pub(crate) state: i16,
    pub(crate) owner: String,
    pub(crate) since: SqlTime,
    pub(crate) chain_since: SqlTime,
    pub(crate) chain_step: i16,
    pub(crate) sla: Option<String>,
    pub(crate) respond_by: Option<SqlTime>,
    pub(crate) accept_by: Option<SqlTime>,
    pub(crate) wake_at: Option<SqlTime>,
    pub(crate) waiting_pool: Option<String>,
    pub(crate) accepted_at: Option<SqlTime>,
    pub(crate) first_response_at: Option<SqlTime>,
    pub(crate) closed_at: Option<SqlTime>,
    pub(crate) close_outcome: Option<i16>,
    pub(crate) close_value: Option<i64>,
    pub(crate) grade: i16,
    pub(crate) rule: Option<String>,
    pub(crate) policy_revision: i64,
    pub(crate) tried: Vec<String>,
}

/// `SELECT` of the columns of a [`LeadOwnershipRow`]; `$from` is the rest of the statement, in which `lead` and
/// `ownership` go by the names `l` and `o`.
macro_rules! select_leads {
    ($from:literal $(+ $more:literal)*, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            crate::rows::LeadOwnershipRow,
            r#"SELECT l.lead_id, l.created_at AS "created_at: _", l.profile AS "profile: _", o.epoch, o.state, o.owner,
                      o.since AS "since: _", o.chain_since AS "chain_since: _", o.chain_step, o.sla,
                      o.respond_by AS "respond_by: _", o.accept_by AS "accept_by: _", o.wake_at AS "wake_at: _",
                      o.waiting_pool, o.accepted_at AS "accepted_at: _", o.first_response_at AS "first_response_at: _",
                      o.closed_at AS "closed_at: _", o.close_outcome, o.close_value, o.grade, o.rule, o.policy_revision,
                      o.tried "# + $from $(+ $more)*,
            $($argument),+
        )
    };
}
pub(crate) use select_leads;

impl TryFrom<LeadOwnershipRow> for (Lead, Ownership) {
    type Error = StoreError;

    fn try_from(row: LeadOwnershipRow) -> Result<Self, StoreError> {
        let place = Place { table: "ownership", row: &row.lead_id };
        let id = LeadId(row.lead_id);
        let ownership = Ownership {
            lead: id,
            epoch: Epoch(row.epoch),
            state: place.code("state", row.state)?,
            owner: place.text("owner", &row.owner)?,
            since: row.since.to_jiff(),
            chain_since: row.chain_since.to_jiff(),
            chain_step: place.number("chain_step", row.chain_step)?,
            sla: row.sla,
            respond_by: from_opt(row.respond_by),
            accept_by: from_opt(row.accept_by),
            wake_at: from_opt(row.wake_at),
            waiting_pool: place.opt_text("waiting_pool", row.waiting_pool.as_deref())?,
            accepted_at: from_opt(row.accepted_at),
            first_response_at: from_opt(row.first_response_at),
            closed_at: from_opt(row.closed_at),
            close_outcome: place.opt_code("close_outcome", row.close_outcome)?,
            close_value: row.close_value,
            grade: place.code("grade", row.grade)?,
            rule: row.rule,
            policy_revision: row.policy_revision,
            tried: row.tried.iter().map(|rep| place.text("tried", rep)).collect::<Result<_, _>>()?,
        };
        Ok((Lead { id, created_at: row.created_at.to_jiff(), profile: row.profile.0 }, ownership))
    }
}
