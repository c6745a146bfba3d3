//! Whom the steps of a chain reach, when they wait, and when they don't.

use std::sync::Arc;

use super::*;
use crate::{directory::DirectoryDocument, policy::Policy, snapshot::DirectoryIndex};

/// Ann and Ben work by day, the night shift after them, the boss on Thursdays only. It is Wednesday, noon.
const DIRECTORY: &str = r#"
calendars:
  - { id: day, name: Day, time_zone: Europe/Paris, hours: { wed: ["09:00-17:00"], thu: ["09:00-17:00"], fri: ["09:00-17:00"] } }
  - { id: night, name: Night, time_zone: Europe/Paris, hours: { wed: ["12:30-22:00"], thu: ["17:00-22:00"] } }
  - { id: thursday, name: Thursday, time_zone: Europe/Paris, hours: { thu: ["09:00-17:00"] } }
teams:
  - { id: sales, name: Sales, manager: boss, calendar: day }
  - { id: late, name: Late, calendar: night }
reps:
  - { id: ann, name: Ann, team: sales, backup: ben }
  - { id: ben, name: Ben, team: sales, accepting: false }
  - { id: boss, name: Boss, team: sales, calendar: thursday }
  - { id: nia, name: Nia, team: late }
  - { id: noa, name: Noa, team: late }
pools: [{ id: all, name: All, hours: ignored, members: [ann] }]
"#;

/// A company whose only chain is that one.
fn company(steps: &str) -> Snapshot {
    let document = DirectoryDocument::parse(DIRECTORY).unwrap();
    let policy = format!(
        "
name: steps
time_zone: Europe/Paris
attributes: {{ stage: text }}
sla:
  fast:
    respond: 20m@wall
    escalate:
{steps}
rules: []
default: {{ to: {{ pool: all }}, sla: fast }}
"
    );
    let policy = Policy::parse(&policy, &document).unwrap();
    let index = DirectoryIndex::compile(1, document, testing::noon()).unwrap();
    Snapshot::new(Arc::new(index), Arc::new(policy), 1)
}

/// What the chain did up to `until`, each step fired when it was due: minute, action and target. The lead, and who has how many.
fn run(snapshot: &Snapshot, until: i64) -> (Vec<(i64, EscalationAction, String)>, LeadCase, Counters) {
    let mut counters = Counters::default();
    counters.loads.entry(rep("nia")).or_default().open = 1;
    let mut case = opened(snapshot, "web", &mut counters);
    let mut last = 0;
    while let Some(minutes) = due(&case, TimerKind::Escalate).filter(|due| *due <= until) {
        assert!(minutes >= last, "a timer lies in the past");
        assert_eq!(fire(&mut case, snapshot, minutes, TimerKind::Escalate, &mut counters), Fired::Done);
        last = minutes;
    }
    let done = case.changes.escalations.iter().map(|done| {
        let minutes = done.done_at.duration_since(testing::noon()).as_mins();
        (minutes, done.action, done.target.as_ref().map(ToString::to_string).unwrap_or_default())
    });
    (done.collect(), case, counters)
}

const DAY: i64 = 24 * 60;
/// Thursday, nine o'clock.
const THURSDAY: i64 = DAY - 3 * 60;

fn done(at: i64, action: EscalationAction, target: &str) -> (i64, EscalationAction, String) {
    (at, action, target.to_owned())
}

#[test]
fn who_is_told_does_not_get_the_lead() {
    let snapshot = company("      - { after: 10m@wall, do: notify, to: manager, urgent: true }");
    let (steps, case, counters) = run(&snapshot, DAY);
    assert_eq!(steps, [done(10, EscalationAction::Notify, "reps/boss")]);
    assert_eq!((owner(&case).as_str(), case.ownership.epoch), ("reps/ann", Epoch::FIRST));
    assert_eq!(counters.load(&rep("boss")).open, 0);
}

#[test]
fn of_a_team_whoever_is_on_duty_with_the_fewest_leads_gets_it() {
    let snapshot = company("      - { after: 40m@wall, do: offer, to: { team: late } }");
    let (steps, case, counters) = run(&snapshot, DAY);
    assert_eq!(steps, [done(40, EscalationAction::Offer, "reps/noa")]);
    assert_eq!((case.ownership.state, counters.load(&rep("noa")).open), (LeadState::Offered, 1));
}

#[test]
fn what_is_reassigned_is_accepted() {
    let snapshot = company("      - { after: 40m@wall, do: reassign, to: { team: late } }");
    let (steps, case, _) = run(&snapshot, DAY);
    assert_eq!(steps, [done(40, EscalationAction::Reassign, "reps/noa")]);
    assert_eq!(case.ownership.state, LeadState::Accepted);
    assert!(case.ownership.accepted_at.is_some() && case.assignment.accepted_at.is_some());
}

#[test]
fn a_step_waits_for_the_hours_of_whom_it_is_for() {
    let snapshot = company("      - { after: 25m@wall, do: offer, to: { team: late } }");
    // Their shift begins half an hour after noon.
    assert_eq!(run(&snapshot, DAY).0, [done(30, EscalationAction::Offer, "reps/noa")]);
    let snapshot = company("      - { after: 25m@wall, do: manager }\n      - { after: 2d@wall, do: remind }");
    assert_eq!(run(&snapshot, DAY).0, [done(THURSDAY, EscalationAction::Offer, "reps/boss")]);
}

#[test]
fn it_does_not_wait_longer_than_the_next_step() {
    let manager = "      - { after: 25m@wall, do: manager }\n";
    let snapshot = company(&[manager, "      - { after: 60m@wall, do: queue, queue: review }"].concat());
    let expected = [done(25, EscalationAction::FellThrough, ""), done(60, EscalationAction::Queue, "queues/review")];
    assert_eq!(run(&snapshot, DAY).0, expected);
    // Whoever is at work does not wait: the late shift has begun.
    let late = "      - { after: 35m@wall, do: manager }\n      - { after: 60m@wall, do: offer, to: { team: late } }";
    let expected = [done(35, EscalationAction::FellThrough, ""), done(35, EscalationAction::Offer, "reps/noa")];
    assert_eq!(run(&company(late), DAY).0, expected);
    // There is no manager of the late team, so nobody to wait for.
    let nobody = "      - { after: 35m@wall, do: offer, to: { team: late } }
      - { after: 40m@wall, do: manager }
      - { after: 60m@wall, do: queue, queue: review }";
    let expected = [
        done(35, EscalationAction::Offer, "reps/noa"),
        done(40, EscalationAction::FellThrough, ""),
        done(40, EscalationAction::Queue, "queues/review"),
    ];
    assert_eq!(run(&company(nobody), DAY).0, expected);
}

#[test]
fn the_urgent_does_not_wait_for_hours() {
    let snapshot = company("      - { after: 25m@wall, do: manager, urgent: true }");
    assert_eq!(run(&snapshot, DAY).0, [done(25, EscalationAction::Offer, "reps/boss")]);
}

#[test]
fn an_owner_who_is_not_there_is_reminded_when_he_is() {
    // Ten hours after noon.
    let remind = "      - { after: 10h@wall, do: remind }";
    assert_eq!(run(&company(remind), 2 * DAY).0, [done(THURSDAY, EscalationAction::Remind, "reps/ann")]);
    let urgent = "      - { after: 10h@wall, do: remind, urgent: true }";
    assert_eq!(run(&company(urgent), DAY).0, [done(600, EscalationAction::Remind, "reps/ann")]);
    // Five hours are over just when the day is: that is not too late.
    let last = "      - { after: 5h@business, do: remind }";
    assert_eq!(run(&company(last), DAY).0, [done(300, EscalationAction::Remind, "reps/ann")]);
}

/// A backup who is switched off, nobody else in the pool: the step is empty.
#[test]
fn what_finds_nobody_hurries_the_next_step_but_takes_no_lead_before_its_time() {
    let backup = "      - { after: 30m@wall, do: backup }\n      - { after: 90m@wall, do: offer, to: { team: late } }";
    let expected = [done(30, EscalationAction::FellThrough, ""), done(30, EscalationAction::Offer, "reps/noa")];
    assert_eq!(run(&company(backup), DAY).0, expected);
    let notify = "      - { after: 5m@wall, do: notify, to: another }\n      - { after: 45m@wall, do: offer, to: { team: late } }";
    // Ann has until 12:20 to answer.
    let expected = [done(5, EscalationAction::FellThrough, ""), done(45, EscalationAction::Offer, "reps/noa")];
    assert_eq!(run(&company(notify), DAY).0, expected);
}

#[test]
fn a_step_whose_condition_does_not_hold_is_left_out_and_hurries_nothing() {
    let steps = |when: &str| {
        format!(
            "      - {{ after: 25m@wall, do: offer, to: {{ team: late }}, when: '{when}', urgent: true }}
      - {{ after: 60m@wall, do: queue, queue: review }}"
        )
    };
    let (left_out, _, _) = run(&company(&steps("lead.deal_value > 10")), DAY);
    let expected = [done(25, EscalationAction::Skipped, ""), done(60, EscalationAction::Queue, "queues/review")];
    assert_eq!(left_out, expected);
    // "web" is the source of the lead.
    let (taken, _, _) = run(&company(&steps("lead.source == \"web\"")), 30);
    assert_eq!(taken, [done(25, EscalationAction::Offer, "reps/noa")]);
}

#[test]
fn a_repeated_step_is_done_that_often_more() {
    let snapshot = company("      - { after: 10m@wall, do: remind, repeat: { every: 15m@wall, times: 3 } }");
    let reminded = |at| done(at, EscalationAction::Remind, "reps/ann");
    assert_eq!(run(&snapshot, DAY).0, [10, 25, 40, 55].map(reminded));
}

/// Nobody has it twice by the same chain, and an answer ends it.
#[test]
fn repeated_offers_go_to_one_after_the_other_until_somebody_answers() {
    let snapshot =
        company("      - { after: 40m@wall, do: offer, to: { team: late }, repeat: { every: 10m@wall, times: 4 } }");
    let expected = [
        done(40, EscalationAction::Offer, "reps/noa"),
        done(50, EscalationAction::Offer, "reps/nia"),
        done(60, EscalationAction::FellThrough, ""),
        done(60, EscalationAction::FellThrough, ""),
        done(60, EscalationAction::FellThrough, ""),
    ];
    assert_eq!(run(&snapshot, DAY).0, expected);
    let (_, mut case, _) = run(&snapshot, 45);
    case.record_first_response(&at(&snapshot, 46), Some(&rep("noa")), None).unwrap();
    assert_eq!(due(&case, TimerKind::Escalate), None);
}

/// The chain goes on; only what would be said again is not.
#[test]
fn what_is_acknowledged_is_not_repeated() {
    let steps = "      - { after: 10m@wall, do: remind, repeat: { every: 5m@wall, times: 2 } }
      - { after: 40m@wall, do: remind }";
    let snapshot = company(steps);
    let (_, mut case, mut counters) = run(&snapshot, 12);
    assert_eq!(due(&case, TimerKind::Escalate), Some(15));
    case.acknowledge(&at(&snapshot, 12), Some(&rep("ann"))).unwrap();
    assert_eq!(due(&case, TimerKind::Escalate), Some(40));
    let acknowledged = case.changes.escalations[0].acknowledged.clone();
    assert_eq!(acknowledged, Some((at(&snapshot, 12).now, "test".to_owned())));
    assert_eq!(fire(&mut case, &snapshot, 40, TimerKind::Escalate, &mut counters), Fired::Done);
    assert_eq!(case.changes.escalations.iter().map(|done| done.step).collect::<Vec<_>>(), [0, 3]);

    let (_, mut fresh, _) = run(&snapshot, 5);
    let refused = fresh.acknowledge(&at(&snapshot, 5), None).unwrap_err();
    assert_eq!(refused.to_string(), "no step of its chain was done yet");
    let refused = case.acknowledge(&at(&snapshot, 41), Some(&rep("ben"))).unwrap_err();
    assert!(matches!(refused, Refusal::NotTheOwner { .. }), "{refused}");
}

#[test]
fn a_person_does_the_next_step_at_any_hour_and_before_the_time_to_answer_is_over() {
    let snapshot = company("      - { after: 25m@wall, do: manager }\n      - { after: 60m@wall, do: remind }");
    let (_, mut case, mut counters) = run(&snapshot, 0);
    case.escalate_now(&at(&snapshot, 3), None, &testing::score(0), &mut counters).unwrap();
    assert_eq!((owner(&case).as_str(), due(&case, TimerKind::Escalate)), ("reps/boss", Some(60)));
    let done = &case.changes.escalations[0];
    assert_eq!((done.step, done.due_at > done.done_at, counters.load(&rep("ann")).open), (0, true, 0));

    case.escalate_now(&at(&snapshot, 4), Some(&rep("boss")), &testing::score(0), &mut counters).unwrap();
    let before = case.ownership.clone();
    let refused = case.escalate_now(&at(&snapshot, 5), None, &testing::score(0), &mut counters).unwrap_err();
    assert_eq!((refused.to_string().as_str(), &case.ownership), ("no step of its chain is left", &before));
    let what = Standstill { reason: crate::ownership::PauseReason::Other, until: None };
    let (_, mut paused, mut counters) = run(&snapshot, 0);
    paused.pause(&at(&snapshot, 1), None, &what).unwrap();
    let refused = paused.escalate_now(&at(&snapshot, 5), None, &testing::score(0), &mut counters).unwrap_err();
    assert_eq!(refused.to_string(), "its clocks stand");
}
