use domain::{
    ids::{Epoch, LeadId},
    ownership::{CloseOutcome, Owner, PauseReason, Queue, TimerKind},
};
use uuid::Uuid;

use super::fields;
use crate::{
    convert::{
        command::{LeadAction, LeadCommand},
        timer,
    },
    names::Resource as _,
    v1,
};

fn lead() -> LeadId {
    LeadId(Uuid::from_u128(7))
}

#[test]
fn a_command_is_read_whole() {
    let id = Uuid::from_u128(9);
    let wire = v1::ReturnLeadRequest {
        name: lead().to_name(),
        etag: "3".to_owned(),
        request_id: id.to_string(),
        rep: "reps/anna".to_owned(),
        reason: v1::ReturnReason::TooEarly.into(),
        note: " next year ".to_owned(),
        wake_time: Some(prost_types::Timestamp { seconds: 2_000_000_000, nanos: 1_999 }),
    };
    let command = LeadCommand::try_from(wire).unwrap();
    assert_eq!((command.lead, command.seen, command.request_id), (lead(), Epoch(3), Some(id)));
    assert_eq!(command.rep, Some("anna".parse().unwrap()));
    assert_eq!(command.note.as_deref(), Some("next year"));
    let LeadAction::Return { reason, wake_at } = command.action else { panic!("{command:?}") };
    assert_eq!(reason, "too_early");
    assert_eq!(wake_at.unwrap().as_microsecond(), 2_000_000_000_000_001, "as precise as the store");
}

#[test]
fn everything_wrong_with_a_command_is_told_at_once() {
    let wire = v1::CloseLeadRequest {
        name: "leads/7".to_owned(),
        etag: String::new(),
        request_id: "once".to_owned(),
        rep: "anna".to_owned(),
        outcome: v1::CloseOutcome::Unspecified.into(),
        value: Some(-1),
        note: "x".repeat(501),
    };
    let violations = LeadCommand::try_from(wire).unwrap_err();
    assert_eq!(fields(&violations), ["value", "outcome", "name", "etag", "request_id", "rep", "note"]);
}

#[test]
fn a_value_belongs_to_a_lead_that_was_won() {
    let close = |outcome: v1::CloseOutcome| v1::CloseLeadRequest {
        name: lead().to_name(),
        etag: "1".to_owned(),
        outcome: outcome.into(),
        value: Some(500),
        ..v1::CloseLeadRequest::default()
    };
    let won = LeadCommand::try_from(close(v1::CloseOutcome::Won)).unwrap();
    assert_eq!(won.action, LeadAction::Close { outcome: CloseOutcome::Won, value: Some(500) });
    assert_eq!(fields(&LeadCommand::try_from(close(v1::CloseOutcome::Lost)).unwrap_err()), ["value"]);
}

#[test]
fn other_reasons_need_words() {
    let decline = |reason: v1::DeclineReason, note: &str| {
        LeadCommand::try_from(v1::DeclineLeadRequest {
            name: lead().to_name(),
            etag: "1".to_owned(),
            reason: reason.into(),
            note: note.to_owned(),
            ..v1::DeclineLeadRequest::default()
        })
    };
    assert!(decline(v1::DeclineReason::NoCapacity, "").is_ok());
    assert!(decline(v1::DeclineReason::Other, "my cousin works there").is_ok());
    assert_eq!(fields(&decline(v1::DeclineReason::Other, " ").unwrap_err()), ["note"]);
    assert_eq!(fields(&decline(v1::DeclineReason::Unspecified, "").unwrap_err()), ["reason"]);
}

#[test]
fn some_queues_are_not_for_people_to_send_to() {
    let reassign = |owner: &str| {
        LeadCommand::try_from(v1::ReassignLeadRequest {
            name: lead().to_name(),
            etag: "1".to_owned(),
            owner: owner.to_owned(),
            ..v1::ReassignLeadRequest::default()
        })
    };
    let to_review = LeadAction::Reassign { to: Owner::Queue(Queue::Review), ignore_caps: false };
    assert_eq!(reassign("queues/review").unwrap().action, to_review);
    for wrong in ["queues/waiting", "queues/disqualified", "queues/lost", "anna", ""] {
        assert_eq!(fields(&reassign(wrong).unwrap_err()), ["owner"], "{wrong}");
    }
}

#[test]
fn a_claim_says_who() {
    let claim = |rep: &str| {
        LeadCommand::try_from(v1::ClaimLeadRequest {
            name: lead().to_name(),
            etag: "1".to_owned(),
            rep: rep.to_owned(),
            ..v1::ClaimLeadRequest::default()
        })
    };
    assert_eq!(claim("reps/anna").unwrap().action, LeadAction::Claim { rep: "anna".parse().unwrap() });
    for wrong in ["", "anna"] {
        assert_eq!(fields(&claim(wrong).unwrap_err()), ["rep"], "{wrong}");
    }
}

#[test]
fn one_bad_timer_of_a_batch_fails_alone() {
    let good = v1::TimerRef {
        lead: lead().to_name(),
        kind: v1::TimerKind::Accept.into(),
        epoch: 2,
        due_time: Some(prost_types::Timestamp { seconds: 1_000, nanos: 0 }),
    };
    let batch = v1::BatchFireTimersRequest { timers: vec![good, v1::TimerRef::default()] };
    let read = timer::read_batch(&batch).unwrap();
    let first = read[0].as_ref().unwrap();
    assert_eq!((first.lead, first.kind, first.epoch), (lead(), TimerKind::Accept, Epoch(2)));
    let wrong = read[1].as_ref().unwrap_err();
    assert_eq!(fields(wrong), ["timers[1].lead", "timers[1].kind", "timers[1].epoch", "timers[1].due_time"]);
}

#[test]
fn a_pause_needs_a_reason_and_another_one_words() {
    let pause = |reason: v1::PauseReason, note: &str, resume_time| {
        LeadCommand::try_from(v1::PauseSlaRequest {
            name: format!("leads/{}", Uuid::from_u128(7)),
            etag: "2".to_owned(),
            reason: reason.into(),
            note: note.to_owned(),
            resume_time,
            ..v1::PauseSlaRequest::default()
        })
    };
    let until = prost_types::Timestamp { seconds: 1_795_420_800, nanos: 0 };
    let hold = pause(v1::PauseReason::LegalHold, "", Some(until)).unwrap();
    let expected = Some(jiff::Timestamp::constant(1_795_420_800, 0));
    assert_eq!(hold.action, LeadAction::Pause { reason: PauseReason::LegalHold, until: expected });
    let other = pause(v1::PauseReason::Other, "asked for it", None).unwrap();
    assert_eq!(other.action, LeadAction::Pause { reason: PauseReason::Other, until: None });
    assert_eq!(other.note.as_deref(), Some("asked for it"));
    assert_eq!(fields(&pause(v1::PauseReason::Unspecified, "", None).unwrap_err()), ["reason"]);
    assert_eq!(fields(&pause(v1::PauseReason::Other, " ", None).unwrap_err()), ["note"]);
    let resume = v1::ResumeSlaRequest { name: "leads/7".to_owned(), etag: String::new(), ..Default::default() };
    assert_eq!(fields(&LeadCommand::try_from(resume).unwrap_err()), ["name", "etag"]);
}
