//! Events as the database returns them.

use domain::{
    ids::{Epoch, LeadId},
    ownership::{Before, Escalation, Event, EventKind, Owner, Position, Queue, Told},
};
use uuid::Uuid;

use crate::{
    error::StoreError,
    rows::Place,
    time::{SqlTime, from_opt},
};

/// How a tenant stands, and one event, if there is one.
#[derive(Debug)]
pub(super) struct EventRow {
    pub(super) commits: i64,
    pub(super) told_from: i64,
    pub(super) directory_version: i64,
    pub(super) policy_revision: Option<i64>,
    pub(super) model_revision: Option<i64>,
    pub(super) commit: Option<i64>,
    pub(super) place: Option<i64>,
    pub(super) at: Option<SqlTime>,
    pub(super) lead_id: Option<Uuid>,
    pub(super) epoch: Option<i32>,
    pub(super) kind: Option<i16>,
    pub(super) state: Option<i16>,
    pub(super) step: Option<i32>,
    pub(super) respond_by: Option<SqlTime>,
    pub(super) until: Option<SqlTime>,
    pub(super) owner: Option<String>,
    pub(super) cause: Option<i16>,
    pub(super) owner_before: Option<String>,
    pub(super) state_before: Option<i16>,
    pub(super) end_reason: Option<String>,
    pub(super) action: Option<i16>,
    pub(super) target: Option<String>,
    pub(super) due_at: Option<SqlTime>,
    pub(super) done_at: Option<SqlTime>,
    pub(super) close_outcome: Option<i16>,
    pub(super) close_value: Option<i64>,
}

impl EventRow {
    /// The event; `None`: there is none in this row.
    pub(super) fn told(self) -> Option<Result<Told, StoreError>> {
        let (commit, place) = (self.commit?, self.place?);
        Some(self.event(commit, place))
    }

    fn event(self, commit: i64, number: i64) -> Result<Told, StoreError> {
        let key = format!("{commit}/{number}");
        let place = Place { table: "outbox", row: &key };
        let lead = LeadId(told(self.lead_id, place, "leads")?);
        let epoch = Epoch(told(self.epoch, place, "epochs")?);
        let kind = place.code("kinds", told(self.kind, place, "kinds")?)?;
        let step = self.step.map(|step| place.number("steps", step)).transpose()?;
        let event = Event {
            lead,
            epoch,
            kind,
            state: place.code("states", told(self.state, place, "states")?)?,
            step,
            respond_by: from_opt(self.respond_by),
            until: from_opt(self.until),
        };
        let owner = place.text("owner", &told(self.owner, place, "owner")?)?;
        let begins = match kind {
            EventKind::Assigned | EventKind::Queued | EventKind::Returned => true,
            EventKind::Closed => owner == Owner::Queue(Queue::Disqualified),
            _ => false,
        };
        let before = match (self.owner_before, self.state_before) {
            (Some(owner), Some(state)) if begins => Some(Before {
                owner: place.text("owner", &owner)?,
                state: place.code("state", state)?,
                end_reason: self.end_reason,
            }),
            _ => None,
        };
        let escalation = match (step, self.action) {
            (Some(step), Some(action)) => Some(Escalation {
                lead,
                epoch,
                step,
                action: place.code("action", action)?,
                target: place.opt_text("target", self.target.as_deref())?,
                due_at: told(self.due_at, place, "due_at")?.to_jiff(),
                done_at: told(self.done_at, place, "done_at")?.to_jiff(),
                // It was not when it happened.
                acknowledged: None,
            }),
            (Some(_), None) => return Err(place.corrupt("steps", "is in no row of the history")),
            (None, _) => None,
        };
        let outcome = place.opt_code("close_outcome", self.close_outcome)?.filter(|_| kind == EventKind::Closed);
        Ok(Told {
            position: Position { commit, place: place.number("leads", number)? },
            at: told(self.at, place, "at")?.to_jiff(),
            event,
            owner,
            cause: place.code("cause", told(self.cause, place, "cause")?)?,
            before,
            escalation,
            closed: outcome.map(|outcome| (outcome, self.close_value)),
        })
    }
}

/// What must be there: the arrays are parallel, and what an event is about is in the history.
fn told<T>(value: Option<T>, place: Place<'_>, column: &'static str) -> Result<T, StoreError> {
    value.ok_or_else(|| place.corrupt(column, "is missing"))
}
