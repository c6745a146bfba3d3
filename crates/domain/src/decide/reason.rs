//! One sentence that says why, for the rep who got the lead and for the one who did not.

use std::fmt::Write as _;

use super::{DestinationTrial, NotTaken, Verdict};
use crate::{
    ownership::{Owner, Queue},
    policy::{Destination, Policy},
    rotation::Reason,
};

/// Why the lead went where it went.
pub fn reason(policy: &Policy, verdict: &Verdict) -> String {
    let mut text = match policy.rule(verdict.rule) {
        Some(rule) => format!("Rule \"{}\" applies", rule.name),
        None => "No rule applies, so the default does".to_owned(),
    };
    let route = policy.route(verdict.rule);
    for trial in verdict.trials.iter().filter(|trial| trial.not_taken.is_some()) {
        let _ = write!(text, "; {}", passed_over(&route.destinations[trial.destination], trial));
    }
    text.push_str("; ");
    match (&verdict.owner, verdict.trials.last()) {
        (Owner::Rep(rep), Some(trial)) => {
            text.push_str(&taken(&route.destinations[trial.destination], trial, rep.as_str()));
        }
        (Owner::Queue(Queue::Waiting), _) => text.push_str("it waits until somebody is free"),
        (Owner::Queue(Queue::Disqualified), _) => {
            let _ = write!(text, "disqualified: {}", verdict.disqualified.as_deref().unwrap_or("by rule"));
        }
        (owner, _) => {
            let _ = write!(text, "it goes to {owner}");
        }
    }
    text.push('.');
    text
}

fn taken(destination: &Destination, trial: &DestinationTrial, rep: &str) -> String {
    match destination {
        Destination::AccountOwner => format!("{rep} owns the account"),
        Destination::ExistingOwner => format!("{rep} had this person before"),
        Destination::Pool(pool) | Destination::Partner(pool) => {
            let free = trial.candidates.iter().filter(|candidate| candidate.removed.is_none()).count();
            let of = trial.candidates.len();
            let why = match trial.picked.map(|(_, reason)| reason) {
                Some(Reason::OnlyOne) => "was the only one who could take it",
                Some(Reason::MostOwed) => "was owed most",
                Some(Reason::SoonestBehind) | None => "was next in turn",
            };
            format!("in pool {pool} {free} of {of} reps were free and {rep} {why}")
        }
        Destination::Rep(_) | Destination::Queue(_) | Destination::Disqualify { .. } => format!("it names {rep}"),
    }
}

fn passed_over(destination: &Destination, trial: &DestinationTrial) -> String {
    match trial.not_taken {
        Some(NotTaken::NobodyFree) => format!("nobody was free at {destination}"),
        Some(NotTaken::NoSuchRep) => format!("there was no {destination}"),
        Some(NotTaken::Gone) | None => format!("{destination} is not in the directory any more"),
    }
}
