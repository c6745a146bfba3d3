//! The commands do what the table says, all of it and nothing else: a walk through every kind of case that they can make.

use std::{collections::BTreeSet, sync::LazyLock};

use super::*;
use crate::{
    directory::DirectoryDocument,
    lifecycle::{Command, Outcome, Place, Presence, outcome},
    ownership::{Event, EventKind, Ownership, PauseReason, Timer},
    policy::Policy,
    snapshot::DirectoryIndex,
};

const KINDS: [TimerKind; 5] =
    [TimerKind::Accept, TimerKind::Escalate, TimerKind::Retry, TimerKind::Wake, TimerKind::Resume];

/// What came of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    Keeps(Place),
    Passes(Place),
    Nothing,
    NotTheOwner,
    WrongState,
}

type Entry = (Place, Command, Seen);

/// A company in which everybody is free or nobody is, and leads for whom nobody is free go `otherwise`. Both waiting and the
/// chain end in the queue `last`; `manager` is the step ahead of it.
fn company(free: bool, otherwise: &str, last: &str, manager: &str) -> Snapshot {
    let reps = ["ann, backup: bob", "bob", "boss"].map(|rep| {
        format!("  - {{ id: {rep}, name: Somebody, team: sales, seniority: director, accepting: {free} }}\n")
    });
    let directory = format!(
        "
calendars:
  - {{ id: office, name: Office, time_zone: Europe/Paris, hours: {{ wed: [\"00:00-24:00\"] }} }}
teams:
  - {{ id: sales, name: Sales, manager: boss, calendar: office }}
reps:
{}
pools:
  - {{ id: all, name: All, hours: ignored, members: [ann, bob] }}
",
        reps.concat()
    );
    let policy = format!(
        "
name: walk
time_zone: Europe/Paris
sla:
  fast:
    respond: 15m@wall
    accept: 10m@wall
    escalate:
      - {{ after: 15m@wall, do: remind }}
      - {{ after: 30m@wall, do: backup }}
      - {{ after: 45m@wall, do: {manager} }}
      - {{ after: 60m@wall, do: queue, queue: {last} }}
waiting: {{ retry_every: 5m@wall, deadline: 8h@wall, then: {last} }}
rules: []
default: {{ to: {{ pool: all }}, {otherwise} sla: fast }}
"
    );
    let document = DirectoryDocument::parse(&directory).unwrap();
    let policy = Policy::parse(&policy, &document).unwrap();
    let index = DirectoryIndex::compile(1, document, testing::noon()).unwrap();
    Snapshot::new(std::sync::Arc::new(index), std::sync::Arc::new(policy), 1)
}

static COMPANIES: LazyLock<Vec<Snapshot>> = LazyLock::new(|| {
    let ends = [
        ("", "review"),
        ("otherwise: [{ queue: review }],", "nurture"),
        ("otherwise: [{ queue: review }],", "self-service"),
        ("otherwise: [{ queue: nurture }],", "self-service"),
        ("otherwise: [{ queue: self-service }],", "review"),
        ("otherwise: [{ disqualify: no }],", "review"),
    ];
    let companies = ends.into_iter().flat_map(|(otherwise, last)| [true, false].map(|free| (free, otherwise, last)));
    // The review queue has no manager; whoever is on duty gets what it does not answer.
    let reassign = company(true, "otherwise: [{ queue: review }],", "nurture", "reassign, to: { team: sales }");
    companies.map(|(free, otherwise, last)| company(free, otherwise, last, "manager")).chain([reassign]).collect()
});

/// Everything that may decide what a command does to a case.
fn kind(case: &LeadCase) -> String {
    let LeadCase { ownership, timers, sla, .. } = case;
    let chain = sla.as_ref().map(|sla| (ownership.chain_step, sla.steps.last().map(|step| step.action.clone())));
    let timers: Vec<_> = timers.keys().collect();
    let stood = case.pauses.last().filter(|pause| pause.stands()).map(|pause| pause.stood);
    let stood = stood.map(|stood| [stood.respond_by, stood.accept_by, stood.escalate_at].map(|due| due.is_some()));
    format!("{:?} {:?} {chain:?} {timers:?} {:?} {stood:?}", case.place(), ownership.owner, ownership.tried)
}

fn context(snapshot: &Snapshot, now: Timestamp) -> Context<'_> {
    Context { snapshot, now, actor: "test", note: None, traceparent: None }
}

fn unchanged(before: &LeadCase, after: &LeadCase) -> bool {
    let all = |case: &LeadCase| {
        let LeadCase { ownership, assignment, timers, pauses, .. } = case.clone();
        (ownership, assignment, timers, pauses)
    };
    all(before) == all(after)
}

/// What came of it, of which nothing but the case tells.
fn seen(before: &LeadCase, after: &LeadCase, result: Result<(), Refusal>) -> Seen {
    match result {
        Err(Refusal::NotTheOwner { .. }) => Seen::NotTheOwner,
        Err(Refusal::WrongState { .. }) => Seen::WrongState,
        Err(other) => panic!("{other}"),
        Ok(()) if before.ownership.epoch != after.ownership.epoch => Seen::Passes(after.place()),
        Ok(()) if after.changes.dirty => Seen::Keeps(after.place()),
        Ok(()) => Seen::Nothing,
    }
}

/// What comes of every command that anybody can give at `now`, with the cases that come of it.
fn by_hand(case: &LeadCase, snapshot: &Snapshot, now: Timestamp) -> Vec<(Command, Seen, LeadCase)> {
    let mut all = Vec::new();
    let mut take = |command, act: &dyn Fn(&mut LeadCase, &Context<'_>, &mut Counters) -> Result<(), Refusal>| {
        let (mut after, mut counters) = (case.clone(), Counters::default());
        let result = act(&mut after, &context(snapshot, now), &mut counters);
        assert!(result.is_ok() || unchanged(case, &after), "a refused {command:?} changed something");
        all.push((command, seen(case, &after, result), after));
    };
    let score = testing::score(0);
    take(Command::Accept, &|case, context, _| case.accept(context, None));
    take(Command::Decline, &|case, context, counters| case.decline(context, None, "other", &score, counters));
    take(Command::Respond, &|case, context, _| case.record_first_response(context, None, None));
    for wakes in [true, false] {
        let wake_at = wakes.then(|| now + SignedDuration::from_mins(1));
        let what = GiveBack { reason: "other".to_owned(), wake_at };
        take(Command::Return, &|case, context, counters| case.give_back(context, None, &what, counters));
    }
    take(Command::Close, &|case, context, counters| case.close(context, None, CloseOutcome::Lost, None, counters));
    // The boss never has a lead, but by the chain.
    if case.ownership.owner != Owner::Rep(rep("boss")) {
        take(Command::Claim, &|case, context, counters| case.claim(context, &rep("boss"), counters));
    }
    for to in ["reps/ann", "reps/bob", "queues/review", "queues/nurture", "queues/self-service"] {
        let to: Owner = to.parse().unwrap();
        if case.ownership.owner != to || !case.ownership.is_open() {
            take(Command::Reassign, &|case, context, counters| case.reassign(context, &to, false, counters));
        }
    }
    // Where nobody is free it is refused, which is no matter of the place.
    if snapshot.directory.rep(&rep("ann")).unwrap().rep.accepting || !case.ownership.is_open() {
        let pool = "all".parse().unwrap();
        take(Command::ReassignToPool, &|case, context, counters| case.reassign_to_pool(context, &pool, counters));
    }
    for ends in [true, false] {
        let until = ends.then(|| now + SignedDuration::from_mins(1));
        let what = Standstill { reason: PauseReason::Other, until };
        take(Command::Pause, &|case, context, _| case.pause(context, None, &what));
    }
    // What runs is not to be resumed, wherever it is.
    if case.is_paused() || case.place().timer(TimerKind::Resume) == Presence::Never {
        take(Command::Resume, &|case, context, _| case.resume(context, None));
    }
    // Where there is no step to be on or to do, it is refused, which is no matter of the place.
    let steps = case.sla.as_ref().map_or(0, |sla| sla.steps.len());
    let (begun, left) = (case.ownership.chain_step > 0, usize::from(case.ownership.chain_step) < steps);
    let has_chain = |place: Place| place.timer(TimerKind::Escalate) != Presence::Never;
    if (begun && !case.is_paused()) || !has_chain(case.place()) {
        take(Command::Acknowledge, &|case, context, _| case.acknowledge(context, None));
    }
    if (left && !case.is_paused()) || !has_chain(case.place()) {
        take(Command::Escalate, &|case, context, counters| case.escalate_now(context, None, &score, counters));
    }
    take(Command::Reroute, &|case, context, counters| case.reroute(context, &score, counters));
    take(Command::Drain, &|case, context, counters| {
        case.drain(context, &score, counters);
        Ok(())
    });
    // Routing found whoever has it.
    all.retain(|(command, seen, _)| (*command, *seen) != (Command::Reroute, Seen::Nothing));
    all
}

/// What comes of every timer that the lead has, once it is due; and of those that it must not have.
fn by_timers(case: &LeadCase, snapshot: &Snapshot, now: Timestamp) -> Vec<(Command, Seen, LeadCase)> {
    let mut all = Vec::new();
    for kind in KINDS {
        let mut before = case.clone();
        let epoch = before.ownership.epoch;
        let never = before.place().timer(kind) == Presence::Never;
        if never {
            let forged = Timer { lead: before.lead.id, kind, epoch, due_at: now, traceparent: None };
            assert!(before.timers.insert(kind, forged).is_none(), "{:?} has a timer {kind:?}", before.place());
        }
        let Some(due_at) = before.timers.get(&kind).map(|timer| timer.due_at) else { continue };
        // As soon as it is due, and when all that the lead may wait for has passed as well.
        for now in [due_at, before.ownership.wake_at.map_or(due_at, |wake| wake.max(due_at))] {
            let (mut after, mut counters) = (before.clone(), Counters::default());
            let fired = after.fire(&context(snapshot, now), kind, epoch, &testing::score(0), &mut counters);
            assert_eq!(fired, Fired::Done);
            let is_still = after.ownership == before.ownership && after.changes.escalations.is_empty();
            let nothing = never && is_still && !after.timers.contains_key(&kind);
            let seen = if nothing { Seen::Nothing } else { seen(&before, &after, Ok(())) };
            all.push((Command::Fire(kind), seen, after));
        }
    }
    all
}

/// Others are told of every change of the ownership, of every step of the chain, and of nothing else.
fn check_told(command: Command, before: &LeadCase, after: &LeadCase) {
    let events = after.changes.clone().told();
    let place = before.place();
    let (steps, changes): (Vec<_>, Vec<_>) = events.iter().partition(|event| event.step.is_some());
    assert_eq!(steps.len(), after.changes.escalations.len(), "{command:?} of {place:?}: {events:?}");
    // Which step comes next is of no interest to others, nor which pause it is that ends with its assignment.
    let stands = [before, after].map(LeadCase::is_paused);
    let paused = matches!(command, Command::Pause | Command::Acknowledge)
        || (stands == [true, false] && before.ownership.epoch == after.ownership.epoch);
    let moved = Ownership { chain_step: after.ownership.chain_step, ..before.ownership.clone() } != after.ownership;
    let moved = moved || (after.changes.dirty && paused);
    assert_eq!(!changes.is_empty(), moved, "{command:?} of {place:?}: {events:?}");
    assert!(events.is_sorted_by_key(|event| event.epoch), "{command:?} of {place:?}: {events:?}");
    let is_begin = |event: &&&Event| match event.kind {
        EventKind::Assigned | EventKind::Queued | EventKind::Returned => true,
        EventKind::Closed => after.ownership.owner == Owner::Queue(Queue::Disqualified),
        _ => false,
    };
    let begun: Vec<_> = changes.iter().filter(is_begin).map(|event| event.epoch).collect();
    let epochs: Vec<_> = (before.ownership.epoch.0 + 1..=after.ownership.epoch.0).map(crate::ids::Epoch).collect();
    assert_eq!(begun, epochs, "{command:?} of {place:?}: {events:?}");
    if let Some(last) = changes.last() {
        assert_eq!(
            (last.epoch, last.state),
            (after.ownership.epoch, after.ownership.state),
            "{command:?} of {place:?}"
        );
    }
}

/// Walks on from every new lead until nothing new is found.
fn walk() -> BTreeSet<Entry> {
    let mut counters = Counters::default();
    let mut frontier: Vec<LeadCase> = COMPANIES.iter().map(|company| opened(company, "web", &mut counters)).collect();
    let (mut known, mut entries) = (BTreeSet::new(), BTreeSet::new());
    while let Some(mut case) = frontier.pop() {
        case.changes = CaseChanges::default();
        if !known.insert(kind(&case)) {
            continue;
        }
        for presence in KINDS {
            let has = case.timers.contains_key(&presence);
            let allowed = match case.place().timer(presence) {
                Presence::Always => has,
                Presence::If(_) => true,
                Presence::Never => !has,
            };
            assert!(allowed, "{:?}: {presence:?} is set: {has}", case.place());
        }
        let until = case.pauses.last().filter(|pause| pause.stands()).map(|pause| pause.until);
        let standing = until.is_none_or(|until| case.timers.keys().eq(until.map(|_| &TimerKind::Resume)));
        assert!(standing, "{:?} stands with timers {:?}", case.place(), case.timers);
        assert!(until.is_some() || !case.timers.contains_key(&TimerKind::Resume), "{:?}", case.place());
        let now = case.ownership.since;
        for company in &*COMPANIES {
            for (command, seen, after) in by_hand(&case, company, now).into_iter().chain(by_timers(&case, company, now))
            {
                check_told(command, &case, &after);
                entries.insert((case.place(), command, seen));
                frontier.push(after);
            }
        }
    }
    entries
}

/// The table, entry by entry.
fn table() -> BTreeSet<Entry> {
    let mut entries = BTreeSet::new();
    for place in Place::ALL {
        for command in Command::ALL {
            match outcome(command, place) {
                Outcome::Moves { keeps, passes } => {
                    let is_rep = matches!(place, Place::Offered | Place::Accepted | Place::Working);
                    let others = passes.iter().filter(|to| is_rep || **to != place);
                    entries.extend(keeps.iter().map(|to| (place, command, Seen::Keeps(*to))));
                    entries.extend(others.map(|to| (place, command, Seen::Passes(*to))));
                }
                Outcome::Nothing => drop(entries.insert((place, command, Seen::Nothing))),
                Outcome::NotTheOwner => drop(entries.insert((place, command, Seen::NotTheOwner))),
                Outcome::WrongState => drop(entries.insert((place, command, Seen::WrongState))),
            }
        }
    }
    entries
}

#[test]
fn commands_do_what_the_table_says_all_of_it_and_nothing_else() {
    let (told, done) = (table(), walk());
    let (idle, forbidden): (Vec<_>, Vec<_>) = (told.difference(&done).collect(), done.difference(&told).collect());
    assert!(forbidden.is_empty(), "happens, but the table does not say so: {forbidden:#?}");
    assert!(idle.is_empty(), "the table says so, but it does not happen: {idle:#?}");
}

#[test]
fn a_new_lead_begins_where_routing_takes_it() {
    let mut counters = Counters::default();
    let begun: BTreeSet<Place> =
        COMPANIES.iter().map(|company| opened(company, "web", &mut counters).place()).collect();
    assert_eq!(begun, Place::ROUTED.iter().copied().collect());
}

#[test]
fn what_the_owner_does_nobody_else_can_do() {
    let mut counters = Counters::default();
    let snapshot = &COMPANIES[0];
    let case = opened(snapshot, "web", &mut counters);
    assert_eq!(owner(&case), "reps/ann");
    let (bob, context) = (rep("bob"), at(snapshot, 1));
    let what = GiveBack { reason: "other".to_owned(), wake_at: None };
    let score = testing::score(0);
    let still = Standstill { reason: PauseReason::Other, until: None };
    let refusals = [
        (Command::Accept, case.clone().accept(&context, Some(&bob))),
        (Command::Decline, case.clone().decline(&context, Some(&bob), "other", &score, &mut counters)),
        (Command::Respond, case.clone().record_first_response(&context, Some(&bob), None)),
        (Command::Return, case.clone().give_back(&context, Some(&bob), &what, &mut counters)),
        (Command::Close, case.clone().close(&context, Some(&bob), CloseOutcome::Lost, None, &mut counters)),
        (Command::Pause, case.clone().pause(&context, Some(&bob), &still)),
        (Command::Resume, case.clone().resume(&context, Some(&bob))),
        (Command::Acknowledge, case.clone().acknowledge(&context, Some(&bob))),
        (Command::Escalate, case.clone().escalate_now(&context, Some(&bob), &score, &mut counters)),
    ];
    let owners: Vec<Command> = Command::ALL.into_iter().filter(|command| command.is_the_owners()).collect();
    assert_eq!(owners, refusals.iter().map(|(command, _)| *command).collect::<Vec<_>>());
    assert!(refusals.iter().all(|(_, refusal)| matches!(refusal, Err(Refusal::NotTheOwner { .. }))), "{refusals:?}");
}

#[test]
fn no_person_sends_a_lead_to_wait_or_disqualifies_it_by_giving_it_away() {
    let mut counters = Counters::default();
    let mut case = opened(&COMPANIES[0], "web", &mut counters);
    for queue in [Queue::Waiting, Queue::Disqualified] {
        let refusal = case.reassign(&at(&COMPANIES[0], 1), &Owner::Queue(queue), false, &mut counters).unwrap_err();
        assert_eq!(refusal.to_string(), "a lead that is Offered can't be sent to that queue");
    }
}
