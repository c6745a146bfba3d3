//! Rows of `operation` and `operation_lead`.

use domain::ids::{Epoch, LeadId};
use uuid::Uuid;

use super::{Counts, Operation, OperationLead, Outcome, Selected, Why};
use crate::{
    error::StoreError,
    rows::Place,
    time::{SqlTime, from_opt},
};

/// One operation.
#[derive(Debug)]
pub(super) struct OperationRow {
    pub(super) operation_id: Uuid,
    pub(super) request: Vec<u8>,
    pub(super) actor: String,
    pub(super) traceparent: Option<String>,
    pub(super) created_at: SqlTime,
    pub(super) cancelled_at: Option<SqlTime>,
    pub(super) ended_at: Option<SqlTime>,
    pub(super) total: i32,
    pub(super) moved: i32,
    pub(super) unchanged: i32,
    pub(super) changed_meanwhile: i32,
    pub(super) refused: i32,
    pub(super) next_at: SqlTime,
    pub(super) response: Option<Vec<u8>>,
}

impl TryFrom<OperationRow> for Operation {
    type Error = StoreError;

    fn try_from(row: OperationRow) -> Result<Self, StoreError> {
        let place = Place { table: "operation", row: &row.operation_id };
        Ok(Self {
            id: row.operation_id,
            request: row.request,
            actor: row.actor,
            traceparent: row.traceparent,
            created_at: row.created_at.to_jiff(),
            cancelled_at: from_opt(row.cancelled_at),
            ended_at: from_opt(row.ended_at),
            total: place.number("total", row.total)?,
            counts: Counts {
                moved: place.number("moved", row.moved)?,
                unchanged: place.number("unchanged", row.unchanged)?,
                changed_meanwhile: place.number("changed_meanwhile", row.changed_meanwhile)?,
                refused: place.number("refused", row.refused)?,
            },
            next_at: row.next_at.to_jiff(),
            response: row.response,
        })
    }
}

/// One lead of an operation.
#[derive(Debug)]
pub(super) struct OperationLeadRow {
    pub(super) lead_id: Uuid,
    pub(super) epoch: i32,
    pub(super) state: i16,
    pub(super) owner: String,
    pub(super) outcome: Option<i16>,
    pub(super) new_owner: Option<String>,
    pub(super) new_epoch: Option<i32>,
    pub(super) reason: Option<i32>,
    pub(super) message: Option<String>,
}

/// The columns that an outcome takes.
#[derive(Debug, Default)]
pub(super) struct OutcomeColumns {
    pub(super) outcome: i16,
    pub(super) owner: Option<String>,
    pub(super) epoch: Option<i32>,
    pub(super) reason: Option<i32>,
    pub(super) message: Option<String>,
}

pub(super) const MOVED: i16 = 1;
const UNCHANGED: i16 = 2;
const CHANGED_MEANWHILE: i16 = 3;
pub(super) const REFUSED: i16 = 4;

impl From<&Outcome> for OutcomeColumns {
    fn from(outcome: &Outcome) -> Self {
        let left_alone = |outcome, why: &Why| Self {
            outcome,
            reason: Some(why.reason),
            message: Some(why.message.clone()),
            ..Self::default()
        };
        match outcome {
            Outcome::Moved { owner, epoch } => {
                Self { outcome: MOVED, owner: Some(owner.to_string()), epoch: Some(epoch.0), ..Self::default() }
            }
            Outcome::Unchanged => Self { outcome: UNCHANGED, ..Self::default() },
            Outcome::ChangedMeanwhile(why) => left_alone(CHANGED_MEANWHILE, why),
            Outcome::Refused(why) => left_alone(REFUSED, why),
        }
    }
}

impl TryFrom<OperationLeadRow> for OperationLead {
    type Error = StoreError;

    fn try_from(row: OperationLeadRow) -> Result<Self, StoreError> {
        let place = Place { table: "operation_lead", row: &row.lead_id };
        let null = |column: &'static str| move || place.corrupt(column, "is NULL");
        let why = || -> Result<Why, StoreError> {
            let reason = row.reason.ok_or_else(null("reason"))?;
            Ok(Why { reason, message: row.message.clone().unwrap_or_default() })
        };
        let outcome = match row.outcome {
            None => None,
            Some(MOVED) => {
                let owner = row.new_owner.as_deref().ok_or_else(null("new_owner"))?;
                let epoch = row.new_epoch.ok_or_else(null("new_epoch"))?;
                Some(Outcome::Moved { owner: place.text("new_owner", owner)?, epoch: Epoch(epoch) })
            }
            Some(UNCHANGED) => Some(Outcome::Unchanged),
            Some(CHANGED_MEANWHILE) => Some(Outcome::ChangedMeanwhile(why()?)),
            Some(REFUSED) => Some(Outcome::Refused(why()?)),
            Some(other) => return Err(place.corrupt("outcome", format_args!("{other} is not a known code"))),
        };
        let selected = Selected {
            lead: LeadId(row.lead_id),
            epoch: Epoch(row.epoch),
            state: place.code("state", row.state)?,
            owner: place.text("owner", &row.owner)?,
        };
        Ok(Self { selected, outcome })
    }
}
