//! The history checker. It is given what clients sent and received and what was found at the end, and knows the promises of the
//! contract, but nothing of how they are kept.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::history::{Answer, Assignment, Attempt, Cause, Export, Kind, Lead, Operation, Outcome, Wish};

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Law {
    /// Sent again for long enough, a request is answered with yes or no.
    EveryRequestEnds,
    /// The same request id, the same answer; and not yes after no, or no after yes.
    SameRequestSameAnswer,
    /// In one epoch a lead has one owner, whoever tells it.
    OneOwnerPerEpoch,
    /// Epochs are 1, 2, 3 ... without gaps, each beginning when the one before ends, and the last one is the lead's.
    GaplessEpochs,
    /// What was acknowledged is there.
    AcknowledgedIsPresent,
    /// What was refused, or never asked for, is not there; and nothing is there twice.
    NothingUnasked,
    /// What was accepted is open or closed, once.
    Conservation,
    /// Nobody is told less than what was acknowledged before the call began.
    TimeGoesForward,
    /// A closed lead stays as it was closed.
    ClosedIsClosed,
    /// A person has one open lead.
    OneOpenLeadPerPerson,
    /// Nobody has more open leads than allowed.
    CapsHold,
    /// The services' counts are what a recount gives.
    CountersAreTrue,
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Which.
    pub law: Law,
    /// By what.
    pub detail: String,
}

/// Finds every broken promise.
pub fn check(operations: &[Operation], export: &Export) -> Vec<Violation> {
    let mut checker = Checker {
        operations,
        export,
        leads: export.leads.iter().map(|lead| (lead.name.as_str(), lead)).collect(),
        violations: Vec::new(),
    };
    checker.requests();
    checker.owners();
    checker.histories();
    checker.effects();
    checker.causes();
    checker.arrivals();
    checker.order();
    checker.people();
    checker.counts();
    checker.violations
}

struct Checker<'a> {
    operations: &'a [Operation],
    export: &'a Export,
    leads: BTreeMap<&'a str, &'a Lead>,
    violations: Vec<Violation>,
}

impl<'a> Checker<'a> {
    fn broken(&mut self, law: Law, detail: String) {
        self.violations.push(Violation { law, detail });
    }

    fn holds(&mut self, law: Law, holds: bool, detail: impl FnOnce() -> String) {
        if !holds {
            self.broken(law, detail());
        }
    }

    fn acknowledged(&self) -> impl Iterator<Item = (&'a Operation, &'a Answer)> + use<'a> {
        self.operations.iter().filter_map(|operation| Some((operation, operation.answer()?)))
    }

    fn requests(&mut self) {
        for operation in self.operations {
            self.holds(Law::EveryRequestEnds, operation.end().is_some(), || format!("{operation:?}"));
            let told: BTreeSet<String> = operation.attempts.iter().filter_map(told).collect();
            self.holds(Law::SameRequestSameAnswer, told.len() <= 1, || {
                format!(
                    "{} got {}",
                    operation.request,
                    told.iter().map(String::as_str).collect::<Vec<_>>().join(", then ")
                )
            });
        }
    }

    /// Compares all that was ever told of an epoch's owner.
    fn owners(&mut self) {
        let listed = self.export.leads.iter().flat_map(|lead| {
            let history = lead.history.iter().map(|a| (lead.name.as_str(), a.epoch, a.owner.as_str()));
            history.chain([(lead.name.as_str(), lead.epoch, lead.owner.as_str())])
        });
        let answered = self.acknowledged().map(|(_, a)| (a.lead.as_str(), a.epoch, a.owner.as_str()));
        let mut owners: BTreeMap<(&str, i32), BTreeSet<&str>> = BTreeMap::new();
        for (lead, epoch, owner) in listed.chain(answered) {
            owners.entry((lead, epoch)).or_default().insert(owner);
        }
        for ((lead, epoch), owners) in owners {
            let one = owners.len() == 1 && !owners.contains("");
            self.holds(Law::OneOwnerPerEpoch, one, || format!("{lead} in epoch {epoch}: {owners:?}"));
        }
    }

    fn histories(&mut self) {
        for lead in &self.export.leads {
            let about = || format!("{lead:?}");
            let numbers = lead.history.iter().map(|assignment| assignment.epoch);
            self.holds(Law::GaplessEpochs, numbers.eq(1..=lead.epoch) && lead.epoch > 0, about);
            let joined = lead.history.windows(2).all(|pair| pair[0].end == Some(pair[1].start));
            self.holds(Law::GaplessEpochs, joined, about);
            let is_over = lead.history.last().is_some_and(|assignment| assignment.end.is_some());
            self.holds(Law::GaplessEpochs, is_over == lead.is_closed, about);
        }
    }

    /// Looks for each acknowledged effect.
    fn effects(&mut self) {
        for (operation, answer) in self.acknowledged() {
            let Some(lead) = self.leads.get(answer.lead.as_str()).copied() else {
                self.broken(Law::AcknowledgedIsPresent, format!("{} is gone: {operation:?}", answer.lead));
                continue;
            };
            let assignment = lead.history.iter().find(|assignment| assignment.epoch == answer.epoch);
            let present = assignment.is_some_and(|assignment| shows(operation, assignment));
            self.holds(Law::AcknowledgedIsPresent, present, || format!("{operation:?}: {lead:?}"));
            if let Wish::Change { kind: Kind::Close, .. } = operation.wish {
                let stays = lead.is_closed && lead.epoch == answer.epoch;
                self.holds(Law::ClosedIsClosed, stays, || format!("{operation:?}: {lead:?}"));
            }
        }
    }

    /// Looks for whoever wanted each change of owner, and each yes, answer and end.
    fn causes(&mut self) {
        let mut wanted: BTreeMap<(&str, i32, Kind), usize> = BTreeMap::new();
        for (operation, answer) in self.acknowledged() {
            if let Wish::Change { lead, kind, seen } = &operation.wish
                && (!begins_an_epoch(*kind) || answer.epoch == seen + 1)
            {
                *wanted.entry((lead, answer.epoch, *kind)).or_default() += 1;
            }
        }
        for lead in &self.export.leads {
            for assignment in &lead.history {
                let asked =
                    |kind| wanted.get(&(lead.name.as_str(), assignment.epoch, kind)).copied().unwrap_or_default();
                let unasked = |what: &str| format!("{what} of {} that nobody was granted: {assignment:?}", lead.name);
                if let Cause::Person(kind) = assignment.cause {
                    // The next epoch can be begun once only, so two who were told that they did it can't both be right.
                    self.holds(Law::NothingUnasked, asked(kind) == 1, || {
                        format!("{} granted to {}: {}", unasked("a change"), asked(kind), lead.name)
                    });
                }
                let is_first = assignment.epoch == 1;
                self.holds(Law::NothingUnasked, (assignment.cause == Cause::Arrival) == is_first, || {
                    unasked("an arrival")
                });
                let claimed = assignment.cause == Cause::Person(Kind::Claim);
                let accepted = claimed || asked(Kind::Accept) > 0;
                // Whoever answers a lead has thereby accepted it.
                let answered = asked(Kind::Respond) > 0;
                self.holds(Law::NothingUnasked, !assignment.is_accepted || accepted || answered, || unasked("a yes"));
                self.holds(Law::NothingUnasked, !assignment.is_answered || answered, || unasked("an answer"));
                let closed = asked(Kind::Close) > 0;
                self.holds(Law::NothingUnasked, !assignment.is_closed || closed, || unasked("an end"));
            }
        }
    }

    /// Compares the leads that were acknowledged as new with those that are there.
    fn arrivals(&mut self) {
        let mut accepted: BTreeMap<&str, usize> = BTreeMap::new();
        for (operation, answer) in self.acknowledged() {
            if matches!(operation.wish, Wish::Route { .. }) && answer.is_new {
                *accepted.entry(&answer.lead).or_default() += 1;
            }
        }
        for (lead, times) in &accepted {
            self.holds(Law::NothingUnasked, *times == 1, || format!("{lead} is new for {times} requests"));
        }
        let mut found = BTreeSet::new();
        for lead in &self.export.leads {
            self.holds(Law::Conservation, found.insert(lead.name.as_str()), || format!("{} is there twice", lead.name));
            self.holds(Law::NothingUnasked, accepted.contains_key(lead.name.as_str()), || {
                format!("{} was acknowledged to nobody", lead.name)
            });
        }
        let lost = accepted.keys().filter(|lead| !found.contains(**lead)).count();
        self.holds(Law::Conservation, lost == 0, || {
            format!("{} accepted, of which {lost} are neither open nor closed", accepted.len())
        });
    }

    /// Whoever asks after an acknowledgement is told of the same epoch or of a later one.
    fn order(&mut self) {
        let mut by_lead: BTreeMap<&str, Vec<(&Operation, &Answer)>> = BTreeMap::new();
        for (operation, answer) in self.acknowledged() {
            by_lead.entry(&answer.lead).or_default().push((operation, answer));
        }
        for (lead, told) in by_lead {
            for (operation, answer) in &told {
                // One that was sent more than once may be answered as it would have been the first time.
                let Some(began) = operation.attempts.first().map(|first| first.began) else { continue };
                let before = told.iter().filter(|(other, _)| other.end().is_some_and(|end| end.ended < began));
                let latest = before.map(|(_, before)| before.epoch).max().unwrap_or_default();
                self.holds(Law::TimeGoesForward, answer.epoch >= latest, || {
                    format!("{lead}: {} is told of epoch {} after {latest}", operation.request, answer.epoch)
                });
            }
        }
    }

    fn people(&mut self) {
        let mut people: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for lead in self.export.leads.iter().filter(|lead| !lead.is_closed) {
            people.entry(&lead.person).or_default().push(&lead.name);
        }
        for (person, leads) in people {
            self.holds(Law::OneOpenLeadPerPerson, leads.len() == 1, || format!("{person}: {leads:?}"));
        }
    }

    fn counts(&mut self) {
        let open = |rep: &str| {
            let open = self.export.leads.iter().filter(|lead| !lead.is_closed && lead.owner == rep).count();
            i32::try_from(open).unwrap_or(i32::MAX)
        };
        let capped: Vec<_> = self.export.caps.iter().map(|(rep, cap)| (rep, *cap, open(rep))).collect();
        let counted: Vec<_> = self.export.counted.iter().map(|(rep, count)| (rep, *count, open(rep))).collect();
        for (rep, cap, open) in capped {
            self.holds(Law::CapsHold, open <= cap, || format!("{rep} has {open} open leads, of {cap} at most"));
        }
        for (rep, count, open) in counted {
            self.holds(Law::CountersAreTrue, open == count, || format!("{rep} has {open} open leads, counted {count}"));
        }
    }
}

/// What an attempt told its caller, if it told anything.
fn told(attempt: &Attempt) -> Option<String> {
    match &attempt.outcome {
        Outcome::Acknowledged(answer) => Some(answer.whole.clone()),
        Outcome::Refused(reason) => Some(reason.clone()),
        Outcome::Unknown(_) => None,
    }
}

/// Whether the assignment that an operation was answered with shows what it did.
fn shows(operation: &Operation, assignment: &Assignment) -> bool {
    match &operation.wish {
        Wish::Route { .. } => true,
        Wish::Change { kind: Kind::Accept, .. } => assignment.is_accepted,
        Wish::Change { kind: Kind::Respond, .. } => assignment.is_answered,
        Wish::Change { kind: Kind::Close, .. } => assignment.is_closed,
        // Whoever gives a lead to its owner is told so, and nothing changes.
        Wish::Change { kind, seen, .. } => assignment.epoch == *seen || assignment.cause == Cause::Person(*kind),
    }
}

/// Whether it makes the next assignment.
fn begins_an_epoch(kind: Kind) -> bool {
    match kind {
        Kind::Decline | Kind::Reassign | Kind::Claim | Kind::Return => true,
        Kind::Accept | Kind::Respond | Kind::Close => false,
    }
}
