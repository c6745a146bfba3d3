use domain::{
    ids::{Epoch, LeadId},
    ownership::{Assignment, AssignmentState, Cause, Escalation, EscalationAction, Timer, TimerKind},
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    convert::{
        assignment::{self, DecidedBy},
        time, timer,
    },
    v1,
};

const LEAD: LeadId = LeadId(Uuid::from_u128(7));
const NAME: &str = "leads/00000000-0000-0000-0000-000000000007";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

#[test]
fn an_assignment_names_what_decided_it() {
    let assignment = Assignment {
        lead: LEAD,
        epoch: Epoch(2),
        owner: "reps/anna".parse().unwrap(),
        state: AssignmentState::Returned,
        cause: Cause::Expired,
        started_at: at(10),
        ended_at: Some(at(20)),
        accepted_at: None,
        first_response_at: None,
        actor: "escalation".to_owned(),
        note: None,
        end_reason: Some("too_early".to_owned()),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        decision: Some(vec![1]),
    };
    let wire = assignment::to_wire(&assignment, Some(DecidedBy { policy_revision: 4, rule: Some("large-deals") }));
    assert_eq!(wire.name, format!("{NAME}/assignments/2"));
    assert_eq!(wire.decision, format!("{NAME}/decisions/2"));
    assert_eq!((wire.policy.as_str(), wire.rule.as_str()), ("policies/4", "large-deals"));
    assert_eq!(wire.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(wire.end_reason, "TOO_EARLY");
    assert_eq!((wire.state(), wire.cause()), (v1::AssignmentState::Returned, v1::AssignmentCause::Expired));

    let by_hand = Assignment { decision: None, traceparent: Some("garbled".to_owned()), ..assignment };
    let wire = assignment::to_wire(&by_hand, None);
    assert_eq!((wire.decision, wire.policy, wire.trace_id), (String::new(), String::new(), String::new()));
}

#[test]
fn a_timer_is_overdue_after_its_time_only() {
    let set = Timer { lead: LEAD, kind: TimerKind::Wake, epoch: Epoch(1), due_at: at(100), traceparent: None };
    assert!(!timer::to_wire(&set, at(100)).overdue);
    let wire = timer::to_wire(&set, at(101));
    assert!(wire.overdue);
    assert_eq!(wire.name, format!("{NAME}/timers/wake"));
}

#[test]
fn the_acceptance_window_is_a_step_without_number() {
    let step = |step| Escalation {
        lead: LEAD,
        epoch: Epoch(3),
        step,
        action: EscalationAction::Offer,
        target: Some("reps/ben".parse().unwrap()),
        due_at: at(1),
        done_at: at(2),
        acknowledged: Some((at(3), "ana".to_owned())),
    };
    let first = timer::escalation_to_wire(&step(0));
    assert_eq!((first.name, first.step), (format!("{NAME}/assignments/3/escalations/0"), Some(0)));
    assert_eq!((first.acknowledge_time, first.acknowledged_by.as_str()), (Some(time::to_wire(at(3))), "ana"));
    let window = timer::escalation_to_wire(&step(u16::MAX));
    assert_eq!((window.name, window.step), (format!("{NAME}/assignments/3/escalations/accept"), None));
}

#[test]
fn moments_before_1970_count_their_nanoseconds_forward() {
    let wire = time::to_wire(Timestamp::new(-1, -500_000_000).unwrap());
    assert_eq!((wire.seconds, wire.nanos), (-2, 500_000_000));
}
