//! What is kept of a decision: enough to make it again, bit for bit, in well under a kilobyte.
//!
//! The lead does not change, and directory, policy and points model are kept by version. What is left to keep is the score,
//! the counters that the decision read (positional: the roster of the directory's version names the reps) and the
//! outcome, against which a replay is compared.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Clocks, Counters, Occasion, Question, RepLoad, Verdict, decide, plan, plan::rotation_key};
use crate::{
    ids::{PoolId, RepId},
    lead::Lead,
    ownership::Owner,
    rotation::RotationState,
    score::Score,
    snapshot::Snapshot,
};

/// A decision as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DecisionRecord {
    /// The first layout. A later one is a new variant; old rows stay readable.
    V1(RecordV1),
}

/// The first layout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordV1 {
    /// Unix time of the decision, microseconds.
    pub now_us: i64,
    /// Revision of the policy.
    pub policy_revision: i64,
    /// Version of the directory.
    pub directory_version: i64,
    /// The score that the rules read.
    pub score: Score,
    /// The rep who had the same person before.
    pub existing_owner: Option<RepId>,
    /// Reps who may not get it.
    pub excluded: Vec<RepId>,
    /// Why it was asked.
    pub occasion: Occasion,
    /// What was read of each destination that was tried, in order.
    inputs: Vec<Input>,
    /// What came out.
    pub outcome: Outcome,
}

/// The counters that one destination read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Input {
    /// A queue reads none.
    None,
    /// The one rep that was named.
    Rep(Load),
    /// A pool's members in the order of the roster, and its rotation.
    Pool { leads: u64, members: Vec<(Load, i64)> },
}

/// What a decision read of a rep: open leads, leads today, leads from the waiting queue in the last ten minutes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Load(u32, u32, u32);

/// What came out of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Index of the rule; `None`: the default.
    pub rule: Option<u32>,
    /// How many destinations were tried.
    pub tried: u32,
    /// Who got it.
    pub owner: Owner,
    /// The pool it waits for.
    pub waiting_pool: Option<PoolId>,
    /// The deadlines that were set.
    pub clocks: Clocks,
}

/// Why a decision can't be replayed, or came out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The bytes are not a decision record.
    #[error("the decision record can't be read: {0}")]
    Unreadable(String),
    /// The snapshot is not that of the decision.
    #[error("the decision used {what} {recorded}, the replay was given {given}")]
    OtherSnapshot {
        /// `policy revision` or `directory version`.
        what: &'static str,
        /// That of the decision.
        recorded: i64,
        /// That of the replay.
        given: i64,
    },
    /// The same inputs gave another outcome: a bug.
    #[error("the replay gives {replayed:?}, recorded is {recorded:?}")]
    Differs {
        /// As stored.
        recorded: Box<Outcome>,
        /// As replayed.
        replayed: Box<Outcome>,
    },
}

impl DecisionRecord {
    /// Keeps a decision.
    pub fn new(snapshot: &Snapshot, question: &Question<'_>, verdict: &Verdict) -> Self {
        let inputs = verdict.trials.iter().map(|trial| {
            let destination = &snapshot.policy.route(verdict.rule).destinations[trial.destination];
            let load = |candidate: &super::Candidate| {
                let load = candidate.load;
                let today = load.on(candidate.entry.calendar.day_of(question.now));
                Load(load.open, today, load.paced(question.now))
            };
            match destination.pool() {
                Some(_) => Input::Pool {
                    leads: trial.leads_before,
                    members: trial.candidates.iter().map(|candidate| (load(candidate), candidate.credit)).collect(),
                },
                None => trial.candidates.first().map_or(Input::None, |candidate| Input::Rep(load(candidate))),
            }
        });
        Self::V1(RecordV1 {
            now_us: question.now.as_microsecond(),
            policy_revision: snapshot.policy_revision,
            directory_version: snapshot.directory.version,
            score: question.score.clone(),
            existing_owner: question.existing_owner.cloned(),
            excluded: question.excluded.to_vec(),
            occasion: question.occasion,
            inputs: inputs.collect(),
            outcome: Outcome::of(verdict),
        })
    }

    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        // Writing plain data to memory has no way to fail; an empty record would show as unreadable.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// From bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, ReplayError> {
        postcard::from_bytes(bytes).map_err(|error| ReplayError::Unreadable(error.to_string()))
    }

    /// The layout that all others are read as.
    pub fn v1(&self) -> &RecordV1 {
        let Self::V1(record) = self;
        record
    }
}

impl Outcome {
    fn of(verdict: &Verdict) -> Self {
        Self {
            rule: verdict.rule,
            tried: u32::try_from(verdict.trials.len()).unwrap_or(u32::MAX),
            owner: verdict.owner.clone(),
            waiting_pool: verdict.waiting_pool.clone(),
            clocks: verdict.clocks,
        }
    }
}

/// Makes a decision again from what was stored, on the snapshot of then, and compares the outcome.
pub fn replay(record: &DecisionRecord, lead: &Lead, snapshot: &Snapshot) -> Result<Verdict, ReplayError> {
    let record = record.v1();
    let versions = [
        ("policy revision", record.policy_revision, snapshot.policy_revision),
        ("directory version", record.directory_version, snapshot.directory.version),
    ];
    if let Some((what, recorded, given)) = versions.into_iter().find(|(_, recorded, given)| recorded != given) {
        return Err(ReplayError::OtherSnapshot { what, recorded, given });
    }
    let now = Timestamp::from_microsecond(record.now_us).map_err(|error| ReplayError::Unreadable(error.to_string()))?;
    let question = Question {
        lead,
        score: &record.score,
        existing_owner: record.existing_owner.as_ref(),
        excluded: &record.excluded,
        occasion: record.occasion,
        now,
    };
    let plan = plan(snapshot, &question);
    let mut counters = record.counters(snapshot, &plan, &question);
    let verdict = decide(snapshot, &plan, &question, &mut counters);
    let replayed = Outcome::of(&verdict);
    if replayed == record.outcome {
        Ok(verdict)
    } else {
        Err(ReplayError::Differs { recorded: Box::new(record.outcome.clone()), replayed: Box::new(replayed) })
    }
}

impl RecordV1 {
    /// The counters as they were, as far as the decision read them.
    fn counters(&self, snapshot: &Snapshot, plan: &super::Plan<'_>, question: &Question<'_>) -> Counters {
        let mut counters = Counters::default();
        for (destination, input) in plan.route.destinations.iter().zip(&self.inputs) {
            match input {
                Input::None => {}
                Input::Rep(load) => {
                    if let Some(entry) = plan.rep_of(destination, question).and_then(|rep| snapshot.directory.rep(rep))
                    {
                        counters.loads.insert(entry.rep.id.clone(), load.restore(entry, question.now));
                    }
                }
                Input::Pool { leads, members } => {
                    let Some(pool) = destination.pool().and_then(|id| snapshot.directory.pool(id)) else { continue };
                    let mut credits = std::collections::BTreeMap::new();
                    for ((entry, _), (load, credit)) in pool.members.iter().zip(members) {
                        counters.loads.insert(entry.rep.id.clone(), load.restore(entry, question.now));
                        credits.insert(entry.rep.id.clone(), *credit);
                    }
                    let key = rotation_key(snapshot, &pool.pool.id, question.score.grade());
                    counters.rotations.insert(key, RotationState::new(credits, *leads));
                }
            }
        }
        counters
    }
}

impl Load {
    fn restore(self, entry: &crate::snapshot::RepEntry, now: Timestamp) -> RepLoad {
        let Self(open, day_leads, pace_leads) = self;
        RepLoad { open, day: entry.calendar.day_of(now), day_leads, pace_since: now, pace_leads }
    }
}
