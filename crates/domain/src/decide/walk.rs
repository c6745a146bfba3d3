//! Walks the destinations of a rule until somebody takes the lead.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Candidate, Clocks, Counters, Occasion, Plan, Question, Removal,
    candidates::{candidates, not_free},
    plan::rotation_key,
};
use crate::{
    directory::Strategy,
    ids::PoolId,
    ownership::{LeadState, Owner, Queue},
    policy::{Destination, SlaPolicy},
    rotation::{Reason, RotationState, Standing},
    snapshot::{RepEntry, Snapshot},
};

/// The outcome of one decision.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Index of the rule that matched; `None`: the policy's default.
    pub rule: Option<u32>,
    /// The destinations that were tried, in order; the last one took the lead unless it waits.
    pub trials: Vec<DestinationTrial>,
    /// Who has the lead now.
    pub owner: Owner,
    /// In which state.
    pub state: LeadState,
    /// The pool it waits for, when the owner is the waiting queue.
    pub waiting_pool: Option<PoolId>,
    /// When something must have happened.
    pub clocks: Clocks,
    /// The SLA policy whose clocks run.
    pub sla: Option<Arc<SlaPolicy>>,
    /// Why the lead was disqualified, when it was.
    pub disqualified: Option<String>,
}

/// One destination that was tried.
#[derive(Debug, Clone)]
pub struct DestinationTrial {
    /// Index among the destinations of the route.
    pub destination: usize,
    /// The members of the pool, or the one rep that was named; empty for a queue.
    pub candidates: Vec<Candidate>,
    /// Each candidate's part in the turn, when the pool turned.
    pub standings: Vec<Standing>,
    /// How many leads the pool's rotation had handed out before.
    pub leads_before: u64,
    /// Index of the candidate who was picked, and why that one; `None` for a queue or when nobody was free.
    pub picked: Option<(usize, Reason)>,
    /// Why the destination did not take the lead.
    pub not_taken: Option<NotTaken>,
}

/// Why a destination did not take the lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    /// Every candidate was removed.
    NobodyFree,
    /// The lead has no account, the account no owner, or the person had no rep before.
    NoSuchRep,
    /// The rep or pool is not in the directory any more.
    Gone,
}

/// Decides, and counts the lead that it gives away.
pub fn decide(snapshot: &Snapshot, plan: &Plan<'_>, question: &Question<'_>, counters: &mut Counters) -> Verdict {
    let mut trials = Vec::new();
    for (index, destination) in plan.route.destinations.iter().enumerate() {
        let mut trial = DestinationTrial {
            destination: index,
            candidates: Vec::new(),
            standings: Vec::new(),
            leads_before: 0,
            picked: None,
            not_taken: None,
        };
        let taker = match destination {
            Destination::Queue(queue) => Ok(Taker::Queue(*queue, None)),
            Destination::Disqualify { reason } => Ok(Taker::Queue(Queue::Disqualified, Some(reason.clone()))),
            Destination::Pool(pool) | Destination::Partner(pool) => {
                from_pool(snapshot, pool, plan, question, counters, &mut trial)
            }
            Destination::Rep(_) | Destination::AccountOwner | Destination::ExistingOwner => {
                from_rep(snapshot, destination, plan, question, counters, &mut trial)
            }
        };
        trial.not_taken = taker.as_ref().err().copied();
        trials.push(trial);
        if let Ok(taker) = taker {
            return verdict(snapshot, plan, question, counters, taker, trials);
        }
    }
    let waiting_pool = plan.route.destinations.iter().find_map(Destination::pool).cloned();
    let clocks = Clocks::waiting(&snapshot.policy.waiting, question.now, &snapshot.queue_calendar, next_shift(&trials));
    Verdict {
        rule: plan.rule,
        trials,
        owner: Owner::Queue(Queue::Waiting),
        state: LeadState::Queued,
        waiting_pool,
        clocks,
        sla: None,
        disqualified: None,
    }
}

/// Who takes the lead.
enum Taker {
    Rep(Arc<RepEntry>),
    /// With the reason, when it is the queue of the disqualified.
    Queue(Queue, Option<String>),
}

fn verdict(
    snapshot: &Snapshot,
    plan: &Plan<'_>,
    question: &Question<'_>,
    counters: &mut Counters,
    taker: Taker,
    trials: Vec<DestinationTrial>,
) -> Verdict {
    let (owner, state, sla, clocks, disqualified) = match taker {
        Taker::Rep(entry) => {
            let today = entry.calendar.day_of(question.now);
            let from_waiting = question.occasion == Occasion::Waiting;
            counters.load_mut(&entry.rep.id).take(today, question.now, from_waiting);
            let sla = plan.route.sla.clone();
            let clocks =
                sla.as_ref().map_or_else(Clocks::default, |sla| Clocks::start(sla, question.now, &entry.calendar));
            (Owner::Rep(entry.rep.id.clone()), LeadState::Offered, sla, clocks, None)
        }
        Taker::Queue(Queue::Disqualified, reason) => {
            (Owner::Queue(Queue::Disqualified), LeadState::Closed, None, Clocks::default(), reason)
        }
        Taker::Queue(queue, _) => {
            // Only people in review are waited for; nurture and self-service run on their own time.
            let sla = plan.route.sla.clone().filter(|_| queue == Queue::Review);
            let clocks = sla.as_ref().map_or_else(Clocks::default, |sla| {
                Clocks::start_in_queue(sla, question.now, &snapshot.queue_calendar)
            });
            (Owner::Queue(queue), LeadState::Queued, sla, clocks, None)
        }
    };
    Verdict { rule: plan.rule, trials, owner, state, waiting_pool: None, clocks, sla, disqualified }
}

fn from_pool(
    snapshot: &Snapshot,
    id: &PoolId,
    plan: &Plan<'_>,
    question: &Question<'_>,
    counters: &mut Counters,
    trial: &mut DestinationTrial,
) -> Result<Taker, NotTaken> {
    let pool = snapshot.directory.pool(id).ok_or(NotTaken::Gone)?;
    trial.candidates = candidates(pool, &plan.route.require, question, counters);
    let eligible: Vec<bool> = trial.candidates.iter().map(|candidate| candidate.removed.is_none()).collect();
    let key = rotation_key(snapshot, id, question.score.grade());
    let unused = RotationState::default();
    let rotation = counters.rotations.get(&key).unwrap_or(&unused);
    let members = &pool.pool.members;
    let turn = match pool.pool.strategy {
        Strategy::RoundRobin => rotation.turn(members, &eligible),
        Strategy::LeastLoaded => {
            let open: Vec<u32> = trial.candidates.iter().map(|candidate| candidate.load.open).collect();
            rotation.turn_least_loaded(members, &eligible, &open)
        }
    };
    trial.leads_before = rotation.leads();
    for (index, candidate) in trial.candidates.iter_mut().enumerate() {
        // A turn knows the credits as a changed roster settled them.
        let stored = || rotation.credits().get(&candidate.entry.rep.id).copied().unwrap_or(0);
        candidate.credit = turn.as_ref().map_or_else(stored, |turn| turn.standings[index].credit_before);
    }
    let turn = turn.ok_or(NotTaken::NobodyFree)?;
    counters.rotation_mut(&key).take(members, &turn);
    trial.picked = Some((turn.winner, turn.reason));
    trial.standings = turn.standings;
    Ok(Taker::Rep(Arc::clone(&trial.candidates[turn.winner].entry)))
}

fn from_rep(
    snapshot: &Snapshot,
    destination: &Destination,
    plan: &Plan<'_>,
    question: &Question<'_>,
    counters: &Counters,
    trial: &mut DestinationTrial,
) -> Result<Taker, NotTaken> {
    let rep = plan.rep_of(destination, question).ok_or(NotTaken::NoSuchRep)?;
    let entry = snapshot.directory.rep(rep).ok_or(NotTaken::Gone)?;
    let load = counters.load(rep);
    let removed = not_free(entry, question.excluded, load, question.now);
    let free = removed.is_none();
    trial.candidates = vec![Candidate { entry: Arc::clone(entry), weight: 1, load, credit: 0, removed }];
    if !free {
        return Err(NotTaken::NobodyFree);
    }
    trial.picked = Some((0, Reason::OnlyOne));
    Ok(Taker::Rep(Arc::clone(entry)))
}

/// The first moment at which somebody who was only off shift or absent is there again.
fn next_shift(trials: &[DestinationTrial]) -> Option<Timestamp> {
    let opens = trials.iter().flat_map(|trial| &trial.candidates).filter_map(|candidate| match &candidate.removed {
        Some(Removal::OffShift(opens)) => *opens,
        Some(Removal::Absent(until)) => Some(*until),
        _ => None,
    });
    opens.min()
}
