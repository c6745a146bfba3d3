//! Timers and what came of them.

use domain::{
    ids::{Epoch, LeadId},
    ownership::{Escalation, EscalationAction, Timer, TimerKind},
};
use jiff::Timestamp;

use super::{assignment::trace_id, fields, lead::Unspecified, time};
use crate::{
    Path, Violations,
    names::{AssignmentName, Resource as _, TimerName},
    v1,
};

/// Step of an escalation that means the acceptance window.
const ACCEPTANCE: u16 = u16::MAX;

/// A timer; it is overdue if `now` is past it.
pub fn to_wire(timer: &Timer, now: Timestamp) -> v1::Timer {
    v1::Timer {
        name: TimerName(timer.lead, timer.kind).to_name(),
        lead: timer.lead.to_name(),
        kind: v1::TimerKind::from(timer.kind).into(),
        epoch: timer.epoch.0,
        due_time: Some(time::to_wire(timer.due_at)),
        overdue: timer.due_at < now,
        trace_id: trace_id(timer.traceparent.as_deref()),
    }
}

/// An escalation step that was done.
pub fn escalation_to_wire(escalation: &Escalation) -> v1::Escalation {
    let step = (escalation.step != ACCEPTANCE).then_some(escalation.step);
    let assignment = AssignmentName(escalation.lead, escalation.epoch).to_name();
    let last = step.map_or_else(|| "accept".to_owned(), |step| step.to_string());
    v1::Escalation {
        name: format!("{assignment}/escalations/{last}"),
        lead: escalation.lead.to_name(),
        epoch: escalation.epoch.0,
        step: step.map(i32::from),
        action: v1::EscalationAction::from(escalation.action).into(),
        target: escalation.target.as_ref().map(ToString::to_string).unwrap_or_default(),
        due_time: Some(time::to_wire(escalation.due_at)),
        done_time: Some(time::to_wire(escalation.done_at)),
        acknowledge_time: escalation.acknowledged.as_ref().map(|(at, _)| time::to_wire(*at)),
        acknowledged_by: escalation.acknowledged.as_ref().map(|(_, by)| by.clone()).unwrap_or_default(),
    }
}

/// A timer as somebody read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerRef {
    /// Whose.
    pub lead: LeadId,
    /// What it does.
    pub kind: TimerKind,
    /// The assignment that set it.
    pub epoch: Epoch,
    /// When.
    pub due_at: Timestamp,
}

impl From<&Timer> for v1::TimerRef {
    fn from(timer: &Timer) -> Self {
        Self {
            lead: timer.lead.to_name(),
            kind: v1::TimerKind::from(timer.kind).into(),
            epoch: timer.epoch.0,
            due_time: Some(time::to_wire(timer.due_at)),
        }
    }
}

/// Reads the timers to fire: each for itself, in order.
///
/// Errors: a batch that is empty or too large.
pub fn read_batch(wire: &v1::BatchFireTimersRequest) -> Result<Vec<Result<TimerRef, Violations>>, Violations> {
    let timers = Path::Request.field("timers");
    let mut violations = Violations::default();
    fields::batch_fits(wire.timers.len(), &timers, &mut violations);
    violations.check(())?;
    let entries = wire.timers.iter().enumerate();
    Ok(entries.map(|(index, timer)| read(timer, &timers.item(index))).collect())
}

fn read(wire: &v1::TimerRef, path: &Path<'_>) -> Result<TimerRef, Violations> {
    let mut violations = Violations::default();
    let v = &mut violations;
    let lead = fields::name(&wire.lead, &path.field("lead"), v);
    let kind = fields::known::<v1::TimerKind>(wire.kind, &path.field("kind"), v);
    let kind = kind.and_then(|kind| {
        let told = TimerKind::try_from(kind);
        fields::noted(told.map_err(|Unspecified| "is absent: expected what the timer is for"), &path.field("kind"), v)
    });
    if wire.epoch < Epoch::FIRST.0 {
        v.add(&path.field("epoch"), format!("is {}: expected at least 1", wire.epoch));
    }
    let due_at = time::required(wire.due_time, &path.field("due_time"), v);
    let timer = lead.zip(kind).zip(due_at);
    let timer = timer.map(|((lead, kind), due_at)| TimerRef { lead, kind, epoch: Epoch(wire.epoch), due_at });
    violations.check_some(timer)
}

impl From<TimerKind> for v1::TimerKind {
    fn from(kind: TimerKind) -> Self {
        match kind {
            TimerKind::Accept => Self::Accept,
            TimerKind::Escalate => Self::Escalate,
            TimerKind::Retry => Self::Retry,
            TimerKind::Wake => Self::Wake,
            TimerKind::Resume => Self::Resume,
        }
    }
}

impl TryFrom<v1::TimerKind> for TimerKind {
    type Error = Unspecified;

    fn try_from(kind: v1::TimerKind) -> Result<Self, Unspecified> {
        match kind {
            v1::TimerKind::Unspecified => Err(Unspecified),
            v1::TimerKind::Accept => Ok(Self::Accept),
            v1::TimerKind::Escalate => Ok(Self::Escalate),
            v1::TimerKind::Retry => Ok(Self::Retry),
            v1::TimerKind::Wake => Ok(Self::Wake),
            v1::TimerKind::Resume => Ok(Self::Resume),
        }
    }
}

impl From<EscalationAction> for v1::EscalationAction {
    fn from(action: EscalationAction) -> Self {
        match action {
            EscalationAction::Remind => Self::Remind,
            EscalationAction::Offer => Self::Offer,
            EscalationAction::Reassign => Self::Reassign,
            EscalationAction::Notify => Self::Notify,
            EscalationAction::Skipped => Self::Skipped,
            EscalationAction::Queue => Self::Queue,
            EscalationAction::FellThrough => Self::FellThrough,
        }
    }
}
