//! Clocks stand and run again.

use super::*;
use crate::ownership::{Event, EventKind, LeadPause, PauseReason};

fn legal_hold(until: Option<i64>) -> Standstill {
    let until = until.map(|minutes| testing::noon() + SignedDuration::from_mins(minutes));
    Standstill { reason: PauseReason::LegalHold, until }
}

fn timers(case: &LeadCase) -> Vec<(TimerKind, Option<i64>)> {
    case.timers.keys().map(|kind| (*kind, due(case, *kind))).collect()
}

fn respond_by(case: &LeadCase) -> Option<i64> {
    case.ownership.respond_by.map(|due| due.duration_since(testing::noon()).as_mins())
}

fn kinds(case: &LeadCase) -> Vec<EventKind> {
    case.changes.clone().told().iter().map(|event| event.kind).collect()
}

/// In minutes from noon.
fn pauses(case: &LeadCase) -> Vec<(i64, Option<i64>)> {
    let minutes = |at: Timestamp| at.duration_since(testing::noon()).as_mins();
    case.pauses.iter().map(|pause| (minutes(pause.started_at), pause.ended_at.map(minutes))).collect()
}

#[test]
fn clocks_stand_until_somebody_lets_them_run() {
    let (snapshot, mut counters) = (testing::snapshot(), Counters::default());
    let mut case = opened(snapshot, "web", &mut counters);
    let context = Context { note: Some("asked for a brochure"), ..at(snapshot, 4) };
    case.pause(&context, None, &legal_hold(None)).unwrap();
    assert_eq!((timers(&case), respond_by(&case), case.ownership.accept_by), (Vec::new(), None, None));
    assert!(case.is_paused());
    let LeadPause { number, epoch, reason, note, actor, ended_at, stood, .. } = &case.pauses[0];
    assert_eq!((*number, *epoch, *reason, *ended_at), (1, Epoch::FIRST, PauseReason::LegalHold, None));
    assert_eq!((note.as_deref(), actor.as_str()), (Some("asked for a brochure"), "test"));
    assert!(stood.respond_by.is_some() && stood.accept_by.is_some() && stood.escalate_at.is_some());
    // What was due by then has no timer that could fire.
    assert_eq!(fire(&mut case, snapshot, 30, TimerKind::Escalate, &mut counters), Fired::Stale);

    case.resume(&at(snapshot, 34), None).unwrap();
    let running = vec![(TimerKind::Accept, Some(40)), (TimerKind::Escalate, Some(45))];
    assert_eq!((timers(&case), respond_by(&case)), (running.clone(), Some(45)));
    assert_eq!(kinds(&case), [EventKind::Assigned, EventKind::Paused, EventKind::Resumed]);
    // Running on changes nothing.
    case.resume(&at(snapshot, 35), None).unwrap();
    assert_eq!((timers(&case), case.changes.events.len()), (running, 3));

    // Pauses add up, also for the steps that come later.
    case.pause(&at(snapshot, 36), None, &legal_hold(None)).unwrap();
    case.resume(&at(snapshot, 46), None).unwrap();
    assert_eq!((timers(&case)[1], respond_by(&case)), ((TimerKind::Escalate, Some(55)), Some(55)));
    case.accept(&at(snapshot, 47), None).unwrap();
    fire(&mut case, snapshot, 55, TimerKind::Escalate, &mut counters);
    assert_eq!(timers(&case), [(TimerKind::Escalate, Some(70))]);
    assert_eq!(pauses(&case), [(4, Some(34)), (36, Some(46))]);
}

#[test]
fn a_snooze_ends_by_itself_when_it_was_to_however_late_that_is_found() {
    let (snapshot, mut counters) = (testing::snapshot(), Counters::default());
    let mut case = opened(snapshot, "web", &mut counters);
    case.pause(&at(snapshot, 5), None, &legal_hold(Some(25))).unwrap();
    assert_eq!(timers(&case), [(TimerKind::Resume, Some(25))]);
    let told: &Event = case.changes.events.last().unwrap();
    assert_eq!((told.kind, told.respond_by), (EventKind::Paused, None));
    assert_eq!(told.until.unwrap().duration_since(testing::noon()).as_mins(), 25);
    assert_eq!(fire(&mut case, snapshot, 24, TimerKind::Resume, &mut counters), Fired::NotDue);
    let mut late = case.clone();
    assert_eq!(fire(&mut case, snapshot, 25, TimerKind::Resume, &mut counters), Fired::Done);
    assert_eq!(fire(&mut late, snapshot, 300, TimerKind::Resume, &mut counters), Fired::Done);
    for case in [case, late] {
        assert_eq!(timers(&case), [(TimerKind::Accept, Some(30)), (TimerKind::Escalate, Some(35))]);
        assert_eq!((pauses(&case), case.is_paused()), (vec![(5, Some(25))], false));
    }
}

#[test]
fn the_next_pause_takes_the_place_of_the_one_that_lasts() {
    let (snapshot, mut counters) = (testing::snapshot(), Counters::default());
    let mut case = opened(snapshot, "web", &mut counters);
    case.pause(&at(snapshot, 5), None, &legal_hold(Some(25))).unwrap();
    case.pause(&at(snapshot, 10), None, &legal_hold(Some(60))).unwrap();
    assert_eq!((timers(&case), pauses(&case)), (vec![(TimerKind::Resume, Some(60))], vec![(5, Some(10)), (10, None)]));
    // The scheduler may have read the timer of before.
    assert_eq!(fire(&mut case, snapshot, 25, TimerKind::Resume, &mut counters), Fired::NotDue);
    case.pause(&at(snapshot, 30), None, &legal_hold(None)).unwrap();
    assert_eq!(timers(&case), []);
    case.resume(&at(snapshot, 65), None).unwrap();
    assert_eq!(timers(&case), [(TimerKind::Accept, Some(70)), (TimerKind::Escalate, Some(75))]);
    let past = case.pause(&at(snapshot, 66), None, &legal_hold(Some(66))).unwrap_err();
    assert_eq!(past.to_string(), "resume_time must lie in the future");
}

#[test]
fn a_pause_ends_with_its_assignment() {
    let (snapshot, mut counters) = (testing::snapshot(), Counters::default());
    let mut paused = opened(snapshot, "web", &mut counters);
    paused.pause(&at(snapshot, 5), None, &legal_hold(Some(90))).unwrap();
    let after = |act: &dyn Fn(&mut LeadCase, &mut Counters)| {
        let (mut case, mut counters) = (paused.clone(), counters.clone());
        act(&mut case, &mut counters);
        assert_eq!((pauses(&case), case.is_paused()), (vec![(5, Some(25))], false));
        assert!(!kinds(&case).contains(&EventKind::Resumed));
        (timers(&case), respond_by(&case))
    };
    let context = at(snapshot, 25);
    let (ann, score) = (Owner::Rep(rep("ann")), testing::score(0));
    // Somebody else's clocks begin anew.
    let anew = (vec![(TimerKind::Accept, Some(35)), (TimerKind::Escalate, Some(40))], Some(40));
    assert_eq!(after(&|case, counters| case.reassign(&context, &ann, false, counters).unwrap()), anew);
    // The chain goes on with the next rep, less the pause.
    let on = (vec![(TimerKind::Accept, Some(35)), (TimerKind::Escalate, Some(35))], Some(35));
    assert_eq!(after(&|case, counters| case.decline(&context, None, "other", &score, counters).unwrap()), on);
    assert_eq!(after(&|case, counters| case.drain(&context, &score, counters)), on);
    // What was answered or closed keeps the target that it met.
    assert_eq!(after(&|case, _| case.record_first_response(&context, None, None).unwrap()), (Vec::new(), Some(35)));
    let close = |case: &mut LeadCase, counters: &mut Counters| {
        case.close(&context, None, CloseOutcome::Lost, None, counters).unwrap();
    };
    assert_eq!(after(&close), (Vec::new(), Some(35)));
    let what = GiveBack { reason: "other".to_owned(), wake_at: None };
    assert_eq!(after(&|case, counters| case.give_back(&context, None, &what, counters).unwrap()), (Vec::new(), None));

    // The owner says yes: the clocks stand on.
    let mut accepted = paused.clone();
    accepted.accept(&context, None).unwrap();
    assert_eq!((timers(&accepted), accepted.is_paused()), (vec![(TimerKind::Resume, Some(90))], true));
    fire(&mut accepted, snapshot, 90, TimerKind::Resume, &mut counters);
    assert_eq!(timers(&accepted), [(TimerKind::Escalate, Some(100))]);
}

#[test]
fn only_what_has_clocks_can_be_paused_and_by_its_owner() {
    let (snapshot, mut counters) = (testing::snapshot(), Counters::default());
    let mut case = opened(snapshot, "web", &mut counters);
    let refused = case.pause(&at(snapshot, 1), Some(&rep("ann")), &legal_hold(None)).unwrap_err();
    assert_eq!(refused.to_string(), "reps/ann can't do this: reps/cat has the lead");
    case.record_first_response(&at(snapshot, 1), None, None).unwrap();
    let refused = case.pause(&at(snapshot, 2), None, &legal_hold(None)).unwrap_err();
    assert_eq!(refused.to_string(), "a lead that is Working can't be paused");
    case.resume(&at(snapshot, 2), None).unwrap();
    assert_eq!(case.pauses, []);
    // A queue to which a person sent it has no clocks; standing still it has none either.
    let mut reviewed = opened(snapshot, "web", &mut counters);
    reviewed.reassign(&at(snapshot, 1), &Owner::Queue(Queue::Review), false, &mut counters).unwrap();
    reviewed.pause(&at(snapshot, 2), None, &legal_hold(Some(9))).unwrap();
    fire(&mut reviewed, snapshot, 9, TimerKind::Resume, &mut counters);
    assert_eq!((timers(&reviewed), respond_by(&reviewed)), (Vec::new(), None));
}

/// Minutes from noon in which the clocks stood, told by whoever did it.
#[derive(Debug, Default)]
struct Diary {
    stood: Vec<bool>,
    /// They stand until then; `FOR_EVER`: until somebody lets them run.
    until: Option<i64>,
}

const FOR_EVER: i64 = i64::MAX;

impl Diary {
    fn write_up_to(&mut self, now: i64) {
        for minute in i64::try_from(self.stood.len()).unwrap()..now {
            self.stood.push(self.until.is_some_and(|until| minute < until));
        }
        self.until = self.until.filter(|until| *until > now);
    }

    /// When so many minutes have run since then, counted one by one.
    fn due(&self, since: Timestamp, minutes: i64) -> i64 {
        let (mut minute, mut left) = (since.duration_since(testing::noon()).as_mins(), minutes);
        while left > 0 {
            left -= i64::from(!self.stood.get(usize::try_from(minute).unwrap()).is_some_and(|stood| *stood));
            minute += 1;
        }
        minute
    }
}

#[derive(Debug, Clone)]
enum Turn {
    Pause(Option<i64>),
    Resume,
    Accept,
    Decline,
    Reassign(&'static str),
    Fire(TimerKind),
}

fn turns() -> impl Strategy<Value = Vec<(Turn, i64)>> {
    let turn = prop_oneof![
        4 => prop::option::of(1_i64..40).prop_map(Turn::Pause),
        3 => Just(Turn::Resume),
        1 => Just(Turn::Accept),
        2 => Just(Turn::Decline),
        1 => prop::sample::select(vec!["ann", "bob"]).prop_map(Turn::Reassign),
        3 => prop::sample::select(vec![TimerKind::Accept, TimerKind::Escalate]).prop_map(Turn::Fire),
    ];
    prop::collection::vec((turn, 0_i64..25), 1..25)
}

proptest! {
    /// However often its clocks stood, whoever has had it: while they run, each is due when a count of the minutes says so;
    /// while they stand, nothing is due but their end.
    #[test]
    fn clocks_that_stood_are_due_when_counting_minutes_says_so(turns in turns()) {
        let (snapshot, mut counters) = (testing::snapshot(), Counters::default());
        let mut case = opened(snapshot, "web", &mut counters);
        let (mut diary, mut now) = (Diary::default(), 0);
        for (turn, minutes) in turns {
            now += minutes;
            let context = at(snapshot, now);
            diary.write_up_to(now);
            fire(&mut case, snapshot, now, TimerKind::Resume, &mut counters);
            let (epoch, place) = (case.ownership.epoch, case.place());
            match &turn {
                Turn::Pause(length) => {
                    let until = length.map(|length| now + length);
                    if case.pause(&context, None, &legal_hold(until)).is_ok() {
                        diary.until = Some(until.unwrap_or(FOR_EVER));
                    }
                }
                Turn::Resume if case.resume(&context, None).is_ok() => diary.until = None,
                Turn::Accept => drop(case.accept(&context, None)),
                Turn::Decline => drop(case.decline(&context, None, "other", &testing::score(0), &mut counters)),
                Turn::Reassign(to) => drop(case.reassign(&context, &Owner::Rep(rep(to)), true, &mut counters)),
                Turn::Fire(kind) => drop(fire(&mut case, snapshot, now, *kind, &mut counters)),
                Turn::Resume => {}
            }
            if case.ownership.epoch != epoch {
                diary.until = None;
            }
            prop_assert_eq!(case.is_paused(), diary.until.is_some(), "{:?} of {:?}", turn, place);
            if let Some(until) = diary.until {
                let end = Some(until).filter(|until| *until != FOR_EVER);
                let expected: Vec<_> = end.map(|until| (TimerKind::Resume, Some(until))).into_iter().collect();
                prop_assert_eq!((timers(&case), respond_by(&case)), (expected, None));
                continue;
            }
            let ownership = &case.ownership;
            if !matches!(ownership.state, LeadState::Offered | LeadState::Accepted) {
                continue;
            }
            let step = [15, 30, 45, 60].get(usize::from(ownership.chain_step));
            let step = case.sla.as_ref().and(step).map(|after| diary.due(ownership.chain_since, *after));
            prop_assert_eq!(due(&case, TimerKind::Escalate), step);
            let offered = ownership.state == LeadState::Offered && case.sla.is_some();
            prop_assert_eq!(due(&case, TimerKind::Accept), offered.then(|| diary.due(ownership.since, 10)));
            prop_assert_eq!(respond_by(&case), case.sla.as_ref().map(|_| diary.due(ownership.chain_since, 15)));
        }
    }
}
