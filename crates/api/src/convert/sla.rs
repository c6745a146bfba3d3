//! Response targets and escalation chains with their deadlines, and how a lead stands against them.

use domain::{
    calendar::Calendar,
    ownership::{LeadPause, Owner, Ownership, Timer, TimerKind, pauses_of},
    policy::{Recipient, SlaPolicy, Step, StepAction},
    sla::Pauses,
    snapshot::Snapshot,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{pause, time, timer};
use crate::{names::Resource as _, v1};

/// By whose hours and on whose clock an owner's deadlines are told.
#[derive(Debug, Clone, Copy)]
pub struct Hours<'a> {
    /// Business time.
    pub calendar: &'a Calendar,
    /// The zone that local times are shown in.
    pub zone: &'a TimeZone,
}

impl<'a> Hours<'a> {
    /// Those of a rep; for a queue, and for a rep who is gone, the policy's.
    pub fn of(owner: &Owner, snapshot: &'a Snapshot) -> Self {
        let entry = match owner {
            Owner::Rep(rep) => snapshot.directory.rep(rep),
            Owner::Queue(_) => None,
        };
        match entry {
            Some(entry) => Self { calendar: &entry.calendar, zone: entry.calendar.time_zone() },
            None => Self { calendar: &snapshot.queue_calendar, zone: &snapshot.policy.time_zone },
        }
    }

    fn local(self, at: Option<Timestamp>) -> String {
        at.map(|at| local(at, self.zone)).unwrap_or_default()
    }
}

/// What runs for one assignment.
#[derive(Debug, Clone)]
pub struct Targets<'a> {
    /// The SLA policy; `None`: no target applies.
    pub policy: Option<&'a SlaPolicy>,
    /// When the chain began, from which its steps are measured.
    pub chain_since: Timestamp,
    /// How many of its steps were done.
    pub steps_done: u16,
    /// When the next one is due, if a timer says so: hours may have changed since it was set, and it counts.
    pub next_step_due: Option<Timestamp>,
    /// First response is due.
    pub respond_by: Option<Timestamp>,
    /// Acceptance is due.
    pub accept_by: Option<Timestamp>,
    /// Times during which its clocks stood.
    pub pauses: Pauses,
}

/// Targets, steps and their deadlines.
pub fn to_wire(targets: &Targets<'_>, hours: Hours<'_>) -> v1::Sla {
    let steps = targets.policy.map_or(&[][..], |policy| &policy.steps);
    let steps = (0..).zip(steps).map(|(index, step)| {
        let set = targets.next_step_due.filter(|_| index == targets.steps_done);
        let due = set.or_else(|| step.after.due(targets.chain_since, hours.calendar, &targets.pauses));
        step_to_wire(step, due, index < targets.steps_done, hours)
    });
    v1::Sla {
        sla_policy: targets.policy.map(|policy| policy.name.clone()).unwrap_or_default(),
        respond_within: targets.policy.map(|policy| policy.respond.to_string()).unwrap_or_default(),
        respond_by: targets.respond_by.map(time::to_wire),
        respond_by_local: hours.local(targets.respond_by),
        accept_by: targets.accept_by.map(time::to_wire),
        accept_by_local: hours.local(targets.accept_by),
        steps: steps.collect(),
        time_zone: hours.zone.iana_name().unwrap_or("UTC").to_owned(),
    }
}

fn step_to_wire(step: &Step, due: Option<Timestamp>, done: bool, hours: Hours<'_>) -> v1::EscalationStep {
    let (action, queue) = match &step.action {
        StepAction::Remind => (v1::EscalationAction::Remind, None),
        StepAction::Notify(_) => (v1::EscalationAction::Notify, None),
        StepAction::Offer(_) => (v1::EscalationAction::Offer, None),
        StepAction::Reassign(_) => (v1::EscalationAction::Reassign, None),
        StepAction::Queue(queue) => (v1::EscalationAction::Queue, Some(*queue)),
    };
    let to = step.action.recipient().map(|recipient| match recipient {
        Recipient::Backup => "backup".to_owned(),
        Recipient::Another => "another".to_owned(),
        Recipient::Manager => "manager".to_owned(),
        Recipient::Team(team) => team.to_name(),
    });
    v1::EscalationStep {
        action: action.into(),
        queue: queue.map(|queue| Owner::Queue(queue).to_name()).unwrap_or_default(),
        to: to.unwrap_or_default(),
        when: step.when.as_ref().map(|condition| condition.text().to_owned()).unwrap_or_default(),
        urgent: step.urgent,
        repetition: step.repetition,
        after: step.after.to_string(),
        due_time: due.map(time::to_wire),
        due_local: hours.local(due),
        done,
    }
}

/// How a lead stands as of `now`. `policy`: the SLA policy of its running chain.
pub fn lead_to_wire(
    ownership: &Ownership,
    policy: Option<&SlaPolicy>,
    timers: &[Timer],
    pauses: &[LeadPause],
    hours: Hours<'_>,
    now: Timestamp,
) -> v1::LeadSla {
    let standing = pauses.last().filter(|pause| pause.stands());
    let state = if standing.is_some() { v1::LeadSlaState::Paused } else { state(ownership, now) };
    let runs = matches!(state, v1::LeadSlaState::Running | v1::LeadSlaState::Overdue);
    let remaining = ownership.respond_by.filter(|_| runs).map(|due| due.duration_since(now));
    let targets = Targets {
        policy,
        chain_since: ownership.chain_since,
        steps_done: ownership.chain_step,
        next_step_due: timers.iter().find(|timer| timer.kind == TimerKind::Escalate).map(|timer| timer.due_at),
        respond_by: ownership.respond_by,
        accept_by: ownership.accept_by,
        pauses: pauses_of(pauses),
    };
    let paused_clocks =
        standing.map(|pause| pause::clocks(pause, ownership, policy, &targets.pauses, hours.calendar, now));
    let mut timers: Vec<&Timer> = timers.iter().collect();
    timers.sort_by_key(|timer| (timer.due_at, timer.kind));
    v1::LeadSla {
        lead: ownership.lead.to_name(),
        epoch: ownership.epoch.0,
        owner: ownership.owner.to_name(),
        state: state.into(),
        sla: Some(to_wire(&targets, hours)),
        remaining: remaining.map(duration),
        first_response_time: ownership.first_response_at.map(time::to_wire),
        timers: timers.into_iter().map(|timer| timer::to_wire(timer, now)).collect(),
        pauses: pauses.iter().map(pause::to_wire).collect(),
        paused_clocks: paused_clocks.unwrap_or_default(),
    }
}

pub(super) fn duration(span: SignedDuration) -> prost_types::Duration {
    prost_types::Duration { seconds: span.as_secs(), nanos: span.subsec_nanos() }
}

/// A deadline is kept up to its very moment.
fn state(ownership: &Ownership, now: Timestamp) -> v1::LeadSlaState {
    use v1::LeadSlaState as State;
    let Some(due) = ownership.respond_by else { return State::NoTarget };
    let (in_time, late, at) = match (ownership.first_response_at, ownership.closed_at) {
        (Some(answered), _) => (State::Kept, State::Missed, answered),
        (None, Some(closed)) => (State::NoTarget, State::Missed, closed),
        (None, None) => (State::Running, State::Overdue, now),
    };
    if at <= due { in_time } else { late }
}

/// As a person there writes it: `Mon 2026-11-23 09:15 CET`.
pub fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %Z").to_string()
}
