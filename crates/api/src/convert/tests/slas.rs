use domain::{
    calendar::Calendar,
    ids::{Epoch, LeadId},
    ownership::{CloseOutcome, LeadPause, LeadState, Ownership, PauseReason, Stood, Timer, TimerKind},
    policy::SlaPolicy,
    score::{FitLevel, Grade, IntentLevel},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use uuid::Uuid;

use crate::{
    convert::sla::{Hours, lead_to_wire},
    v1::{self, LeadSlaState as State},
};

/// Monday 2026-11-23, 9:00 in Paris.
const SINCE: Timestamp = Timestamp::constant(1_795_420_800, 0);

fn after(minutes: i64) -> Timestamp {
    SINCE + SignedDuration::from_mins(minutes)
}

/// A lead that is to be answered within a quarter of an hour.
fn ownership() -> Ownership {
    Ownership {
        lead: LeadId(Uuid::from_u128(7)),
        epoch: Epoch(2),
        state: LeadState::Offered,
        owner: "reps/anna".parse().unwrap(),
        since: SINCE,
        chain_since: SINCE,
        chain_step: 1,
        sla: Some("demo-request".to_owned()),
        respond_by: Some(after(15)),
        accept_by: None,
        wake_at: None,
        waiting_pool: None,
        accepted_at: None,
        first_response_at: None,
        closed_at: None,
        close_outcome: None,
        close_value: None,
        grade: Grade { fit: FitLevel::A, intent: IntentLevel::High },
        rule: None,
        policy_revision: 1,
        tried: Vec::new(),
    }
}

fn told(ownership: &Ownership, now: Timestamp) -> v1::LeadSla {
    let policy = SlaPolicy::built_in().into_iter().find(|policy| policy.name == "demo-request").unwrap();
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let hours = Hours { calendar: &Calendar::always_open(), zone: &zone };
    let timer = |kind, minutes| Timer {
        lead: ownership.lead,
        kind,
        epoch: ownership.epoch,
        due_at: after(minutes),
        traceparent: None,
    };
    let timers = [timer(TimerKind::Accept, 20), timer(TimerKind::Escalate, 15)];
    lead_to_wire(ownership, Some(&policy), &timers, &[], hours, now)
}

/// The clocks of a lead stand; before that they have stood for a while.
#[test]
fn what_stands_is_told_with_what_is_left_of_it() {
    let policy = SlaPolicy::built_in().into_iter().find(|policy| policy.name == "demo-request").unwrap();
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let hours = Hours { calendar: &Calendar::always_open(), zone: &zone };
    let pause = |number, start, end: Option<i64>| LeadPause {
        lead: ownership().lead,
        number,
        epoch: Epoch(2),
        reason: PauseReason::WaitingForLead,
        note: Some("is on holiday".to_owned()),
        actor: "anna".to_owned(),
        started_at: after(start),
        until: Some(after(90)),
        ended_at: end.map(after),
        stood: Stood { respond_by: Some(after(25)), accept_by: None, escalate_at: Some(after(30)) },
    };
    let pauses = [pause(1, 2, Some(12)), pause(2, 20, None)];
    let stands = Ownership { respond_by: None, ..ownership() };
    let told = lead_to_wire(&stands, Some(&policy), &[], &pauses, hours, after(60));
    assert_eq!((told.state(), told.remaining), (State::Paused, None));
    // Of a quarter of an hour, 10 minutes have run; of the step that comes next, after 20, as many.
    let left: Vec<_> =
        told.paused_clocks.iter().map(|clock| (clock.clock(), clock.remaining.unwrap().seconds)).collect();
    assert_eq!(left, [(v1::ClockKind::Response, 300), (v1::ClockKind::Escalation, 600)]);
    assert_eq!(told.paused_clocks[0].old_due_time.unwrap().seconds, after(25).as_second());
    let ends: Vec<_> = told.pauses.iter().map(|pause| pause.end_time.map(|end| end.seconds)).collect();
    assert_eq!(ends, [Some(after(12).as_second()), None]);
    let last = &told.pauses[1];
    assert_eq!((last.reason(), last.note.as_str()), (v1::PauseReason::WaitingForLead, "is on holiday"));
    assert_eq!((last.actor.as_str(), last.resume_time.unwrap().seconds), ("anna", after(90).as_second()));
    // Steps that are to come have no time yet; what was done keeps its own.
    let steps = told.sla.unwrap().steps;
    assert!(steps.iter().skip(1).all(|step| step.due_time.is_none() && step.due_local.is_empty()), "{steps:?}");

    // They run again: nothing stands, and later steps are put off by both pauses.
    let pauses = [pause(1, 2, Some(12)), pause(2, 20, Some(60))];
    let runs = Ownership { respond_by: Some(after(65)), ..ownership() };
    let told = lead_to_wire(&runs, Some(&policy), &[], &pauses, hours, after(61));
    assert_eq!((told.state(), told.paused_clocks.len(), told.pauses.len()), (State::Running, 0, 2));
    let steps = told.sla.unwrap().steps;
    assert_eq!(steps[2].due_time.unwrap().seconds, after(30 + 50).as_second());
}

#[test]
fn targets_and_steps_are_told_in_the_owners_zone() {
    let told = told(&ownership(), after(10));
    assert_eq!((told.state(), told.remaining.unwrap().seconds), (State::Running, 300));
    assert_eq!(
        told.timers.iter().map(v1::Timer::kind).collect::<Vec<_>>(),
        [v1::TimerKind::Escalate, v1::TimerKind::Accept]
    );
    let sla = told.sla.unwrap();
    assert_eq!((sla.respond_within.as_str(), sla.time_zone.as_str()), ("15m@wall", "Europe/Paris"));
    assert_eq!(sla.respond_by_local, "Mon 2026-11-23 09:15 CET");
    let steps: Vec<_> = sla.steps.iter().map(|step| (step.action(), step.after.as_str(), step.done)).collect();
    assert_eq!(
        steps,
        [
            (v1::EscalationAction::Remind, "15m@wall", true),
            (v1::EscalationAction::Offer, "20m@wall", false),
            (v1::EscalationAction::Offer, "30m@wall", false),
            (v1::EscalationAction::Queue, "45m@wall", false),
        ]
    );
    // The next one is due when its timer says, whatever today's hours would make of it; later ones by these.
    assert_eq!(sla.steps[1].due_local, "Mon 2026-11-23 09:15 CET");
    assert_eq!(sla.steps[2].due_local, "Mon 2026-11-23 09:30 CET");
    assert_eq!(
        (sla.steps[3].queue.as_str(), sla.steps[3].due_local.as_str()),
        ("queues/review", "Mon 2026-11-23 09:45 CET")
    );
}

#[test]
fn a_target_is_kept_up_to_its_very_moment() {
    let state = |change: fn(&mut Ownership), minutes| {
        let mut ownership = ownership();
        change(&mut ownership);
        told(&ownership, after(minutes)).state()
    };
    assert_eq!(state(|_| {}, 15), State::Running);
    assert_eq!(state(|_| {}, 16), State::Overdue);
    assert_eq!(state(|o| o.respond_by = None, 16), State::NoTarget);
    assert_eq!(state(|o| o.first_response_at = Some(after(15)), 90), State::Kept);
    assert_eq!(state(|o| o.first_response_at = Some(after(16)), 90), State::Missed);
    let closed = |ownership: &mut Ownership, minutes| {
        ownership.closed_at = Some(after(minutes));
        ownership.close_outcome = Some(CloseOutcome::Lost);
    };
    let state = |minutes| {
        let mut ownership = ownership();
        closed(&mut ownership, minutes);
        told(&ownership, after(90)).state()
    };
    assert_eq!((state(15), state(16)), (State::NoTarget, State::Missed));
}

#[test]
fn what_is_late_has_less_than_no_time_left() {
    let late = told(&ownership(), after(16));
    assert_eq!(late.remaining.unwrap().seconds, -60);
    assert_eq!(late.timers.iter().map(|timer| timer.overdue).collect::<Vec<_>>(), [true, false]);
    let answered = Ownership { first_response_at: Some(after(1)), ..ownership() };
    assert_eq!(told(&answered, after(16)).remaining, None);
}
