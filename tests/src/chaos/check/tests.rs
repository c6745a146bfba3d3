//! The checker finds what it is there to find: each tampered history breaks the law that it was tampered against.

use std::time::Duration;

use super::*;

const ANN: &str = "ann@one.example";
const BOB: &str = "bob@two.example";

/// One history: all operations, and what was found.
struct History {
    operations: Vec<Operation>,
    export: Export,
}

/// Calls of a history, each sent when the one before had ended.
#[derive(Default)]
struct Calls {
    operations: Vec<Operation>,
    clock: u64,
}

impl Calls {
    fn add(&mut self, wish: Wish, outcomes: &[Outcome]) {
        let attempts = outcomes.iter().map(|outcome| {
            let began = Duration::from_millis(self.clock);
            self.clock += 10;
            Attempt { replica: 0, began, ended: Duration::from_millis(self.clock - 1), outcome: outcome.clone() }
        });
        let attempts = attempts.collect();
        self.operations.push(Operation { request: format!("request {}", self.operations.len()), wish, attempts });
    }

    fn route(&mut self, person: &str, outcome: Outcome) {
        self.add(Wish::Route { person: person.to_owned() }, &[outcome]);
    }

    fn change(&mut self, lead: &str, kind: Kind, seen: i32, outcomes: &[Outcome]) {
        self.add(Wish::Change { lead: lead.to_owned(), kind, seen }, outcomes);
    }
}

fn yes(lead: &str, epoch: i32, owner: &str, is_new: bool) -> Outcome {
    let whole = format!("{lead} {epoch} {owner} {is_new}");
    Outcome::Acknowledged(Answer { lead: lead.to_owned(), owner: owner.to_owned(), epoch, is_new, whole })
}

fn no(reason: &str) -> Outcome {
    Outcome::Refused(reason.to_owned())
}

fn lost() -> Outcome {
    Outcome::Unknown("the connection broke".to_owned())
}

fn assignment(epoch: i32, owner: &str, cause: Cause, end: Option<i64>) -> Assignment {
    let start = i64::from(epoch) * 100;
    let (is_accepted, is_answered, is_closed) = (false, false, false);
    Assignment { epoch, owner: owner.to_owned(), cause, start, end, is_accepted, is_answered, is_closed }
}

fn lead(name: &str, person: &str, owner: &str, is_closed: bool, history: Vec<Assignment>) -> Lead {
    let epoch = history.len().try_into().unwrap();
    Lead { name: name.to_owned(), person: person.to_owned(), owner: owner.to_owned(), epoch, is_closed, history }
}

/// Nothing is wrong with it.
fn good() -> History {
    let mut calls = Calls::default();
    calls.route(ANN, yes("leads/a", 1, "reps/ana", true));
    calls.change("leads/a", Kind::Decline, 1, &[lost(), yes("leads/a", 2, "reps/ben", false)]);
    calls.change("leads/a", Kind::Accept, 2, &[yes("leads/a", 2, "reps/ben", false)]);
    calls.change("leads/a", Kind::Respond, 2, &[yes("leads/a", 2, "reps/ben", false)]);
    calls.change("leads/a", Kind::Close, 2, &[yes("leads/a", 2, "reps/ben", false)]);
    calls.route(BOB, yes("leads/b", 1, "reps/ana", true));
    // Nobody answered, so it went to a queue.
    calls.change("leads/b", Kind::Decline, 1, &[no("STALE_ETAG")]);
    calls.change("leads/b", Kind::Claim, 2, &[yes("leads/b", 3, "reps/cem", false)]);
    calls.route(BOB, yes("leads/b", 3, "reps/cem", false));
    calls.change("leads/b", Kind::Reassign, 3, &[yes("leads/b", 3, "reps/cem", false)]);
    calls.route("nobody", no("INVALID_REQUEST"));
    let done =
        Assignment { is_accepted: true, is_answered: true, is_closed: true, ..decline(2, "reps/ben", Some(900)) };
    let a = vec![assignment(1, "reps/ana", Cause::Arrival, Some(200)), done];
    let claimed = Assignment { is_accepted: true, ..assignment(3, "reps/cem", Cause::Person(Kind::Claim), None) };
    let b = vec![
        assignment(1, "reps/ana", Cause::Arrival, Some(200)),
        assignment(2, "queues/review", Cause::Time, Some(300)),
        claimed,
    ];
    let leads = vec![lead("leads/a", ANN, "reps/ben", true, a), lead("leads/b", BOB, "reps/cem", false, b)];
    let counted =
        [("reps/ana", 0), ("reps/ben", 0), ("reps/cem", 1)].map(|(rep, count)| (rep.to_owned(), count)).into();
    let export = Export { leads, counted, caps: [("reps/cem".to_owned(), 1)].into() };
    History { operations: calls.operations, export }
}

fn decline(epoch: i32, owner: &str, end: Option<i64>) -> Assignment {
    assignment(epoch, owner, Cause::Person(Kind::Decline), end)
}

#[test]
fn what_is_good_is_found_good() {
    let History { operations, export } = good();
    assert_eq!(check(&operations, &export), []);
}

/// What was done to a history, the law that it breaks, and how it was done.
type Tampering = (&'static str, Law, fn(&mut History));

const TAMPERINGS: &[Tampering] = &[
    ("a lead is lost", Law::Conservation, |h| drop(h.export.leads.remove(1))),
    ("an acknowledged lead is not there", Law::AcknowledgedIsPresent, |h| drop(h.export.leads.remove(1))),
    ("a lead is there twice", Law::Conservation, |h| h.export.leads.push(h.export.leads[0].clone())),
    ("a lead is there that nobody sent", Law::NothingUnasked, |h| {
        let history = vec![assignment(1, "reps/ben", Cause::Arrival, None)];
        h.export.leads.push(lead("leads/c", "cy@three.example", "reps/ben", false, history));
    }),
    ("a lead that was refused is there", Law::NothingUnasked, |h| {
        h.operations[5].attempts[0].outcome = no("NO_ACTIVE_POLICY");
        h.operations[8].attempts[0].outcome = no("NO_ACTIVE_POLICY");
    }),
    ("two requests made the same lead", Law::NothingUnasked, |h| {
        h.operations[8].attempts[0].outcome = yes("leads/b", 3, "reps/cem", true);
    }),
    ("an assignment is missing", Law::GaplessEpochs, |h| drop(h.export.leads[1].history.remove(1))),
    ("the last assignment is missing", Law::GaplessEpochs, |h| drop(h.export.leads[1].history.pop())),
    ("the lead's epoch has no assignment", Law::GaplessEpochs, |h| h.export.leads[1].epoch = 4),
    ("an epoch is there twice", Law::GaplessEpochs, |h| {
        let again = h.export.leads[1].history[1].clone();
        h.export.leads[1].history.insert(1, again);
    }),
    ("nobody had it for a while", Law::GaplessEpochs, |h| h.export.leads[1].history[0].end = Some(150)),
    ("two had it for a while", Law::GaplessEpochs, |h| h.export.leads[1].history[0].end = Some(250)),
    ("an open lead's assignment has ended", Law::GaplessEpochs, |h| h.export.leads[1].history[2].end = Some(400)),
    ("lead and assignment name two owners", Law::OneOwnerPerEpoch, |h| {
        h.export.leads[1].owner = "reps/ana".to_owned();
    }),
    ("a caller was told of another owner", Law::OneOwnerPerEpoch, |h| {
        h.operations[0].attempts[0].outcome = yes("leads/a", 1, "reps/ben", true);
    }),
    ("a lead has no owner", Law::OneOwnerPerEpoch, |h| {
        h.export.leads[1].owner.clear();
        h.export.leads[1].history[1].owner.clear();
    }),
    ("an accept is lost", Law::AcknowledgedIsPresent, |h| h.export.leads[0].history[1].is_accepted = false),
    ("an answer is lost", Law::AcknowledgedIsPresent, |h| h.export.leads[0].history[1].is_answered = false),
    ("a close is lost", Law::AcknowledgedIsPresent, |h| {
        h.export.leads[0].is_closed = false;
        h.export.leads[0].history[1].is_closed = false;
        h.export.leads[0].history[1].end = None;
    }),
    ("a decline is lost", Law::AcknowledgedIsPresent, |h| {
        h.export.leads[0].history[1].cause = Cause::Time;
    }),
    ("a refused decline was done", Law::NothingUnasked, |h| {
        h.export.leads[1].history[1].cause = Cause::Person(Kind::Decline);
    }),
    ("a refused close was done", Law::NothingUnasked, |h| {
        h.operations[4].attempts[0].outcome = no("NOT_THE_OWNER");
    }),
    ("one change of owner was granted to two", Law::NothingUnasked, |h| {
        let mut second = h.operations[1].clone();
        second.request = "another".to_owned();
        h.operations.push(second);
    }),
    ("a closed lead went on", Law::ClosedIsClosed, |h| {
        h.export.leads[0].history.push(assignment(3, "reps/ana", Cause::Time, None));
        h.export.leads[0].epoch = 3;
        h.export.leads[0].is_closed = false;
    }),
    ("the same request got two answers", Law::SameRequestSameAnswer, |h| {
        let mut again = h.operations[2].attempts[0].clone();
        again.outcome = yes("leads/a", 2, "reps/ana", false);
        h.operations[2].attempts.push(again);
    }),
    ("what was acknowledged is refused later", Law::SameRequestSameAnswer, |h| {
        let mut again = h.operations[2].attempts[0].clone();
        again.outcome = no("STALE_ETAG");
        h.operations[2].attempts.push(again);
    }),
    ("a request never got an answer", Law::EveryRequestEnds, |h| h.operations[10].attempts[0].outcome = lost()),
    ("somebody was told what was over", Law::TimeGoesForward, |h| {
        h.operations[8].attempts[0].outcome = yes("leads/b", 2, "queues/review", false);
    }),
    ("a person has two open leads", Law::OneOpenLeadPerPerson, |h| {
        let second = Lead { name: "leads/c".to_owned(), ..h.export.leads[1].clone() };
        h.export.leads.push(second);
    }),
    ("a rep has too many leads", Law::CapsHold, |h| *h.export.caps.get_mut("reps/cem").unwrap() = 0),
    ("a count is wrong", Law::CountersAreTrue, |h| *h.export.counted.get_mut("reps/ana").unwrap() = 1),
];

#[test]
fn each_tampered_history_is_found() {
    for (what, law, tamper) in TAMPERINGS {
        let mut history = good();
        tamper(&mut history);
        let found: BTreeSet<Law> =
            check(&history.operations, &history.export).into_iter().map(|violation| violation.law).collect();
        assert!(found.contains(law), "{what}: {found:?}");
    }
}
