//! Which reps of a pool may get a lead, and what removed the others.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Counters, Occasion, Question, RepLoad};
use crate::{
    directory::{Hours, Seniority, Territory},
    ids::RepId,
    lead::Profile,
    policy::Requirements,
    snapshot::{PoolEntry, RepEntry},
};

/// One member of a pool as a decision saw it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Who.
    pub entry: Arc<RepEntry>,
    /// Share in relation to the others'.
    pub weight: u32,
    /// What the rep had in hand before the decision.
    pub load: RepLoad,
    /// Credit in the pool's rotation before the decision, in 2^-32 leads.
    pub credit: i64,
    /// What removed it; `None`: it could have been picked.
    pub removed: Option<Removal>,
}

/// What removed a rep from the candidates: the first filter, in this order, that it did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// Has left.
    Inactive,
    /// Had this lead and let it go.
    LetGo,
    /// Switched off.
    NotAccepting,
    /// Absent until then.
    Absent(Timestamp),
    /// Less experienced than the rule requires.
    Seniority(Seniority),
    /// Lacks a skill that the rule requires.
    Skill(String),
    /// Does not speak the lead's language.
    Language(String),
    /// The lead's place is not in the rep's territories.
    Territory,
    /// As many open leads as allowed.
    OpenCap(u32),
    /// As many new leads today as allowed.
    DayCap(u32),
    /// As many leads from the waiting queue in ten minutes as the pool hands out.
    BacklogPace(u32),
    /// Not at work now; the next shift starts then (`None`: none is known).
    OffShift(Option<Timestamp>),
}

/// All members of the pool, in order, each with what removed it.
pub(super) fn candidates(
    pool: &PoolEntry,
    require: &Requirements,
    question: &Question<'_>,
    counters: &Counters,
) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = pool
        .members
        .iter()
        .map(|(entry, weight)| {
            let load = counters.load(&entry.rep.id);
            let removed = unavailable(entry, question.excluded, question.now)
                .or_else(|| unsuited(entry, require, &question.lead.profile))
                .or_else(|| at_capacity(entry, load, question.now))
                .or_else(|| at_pace(pool, load, question));
            Candidate { entry: Arc::clone(entry), weight: *weight, load, credit: 0, removed }
        })
        .collect();
    keep_those_on_shift(&mut candidates, pool.pool.hours, question.now);
    candidates
}

/// What keeps a rep from getting a lead that is sent to it by name: by the account, the escalation chain or a rule.
pub fn not_free(entry: &RepEntry, excluded: &[RepId], load: RepLoad, now: Timestamp) -> Option<Removal> {
    unavailable(entry, excluded, now).or_else(|| at_capacity(entry, load, now))
}

/// A lead never goes to somebody who is not there.
fn unavailable(entry: &RepEntry, excluded: &[RepId], now: Timestamp) -> Option<Removal> {
    if !entry.rep.active {
        return Some(Removal::Inactive);
    }
    if excluded.contains(&entry.rep.id) {
        return Some(Removal::LetGo);
    }
    if !entry.rep.accepting {
        return Some(Removal::NotAccepting);
    }
    entry.absent_until(now).map(Removal::Absent)
}

fn at_capacity(entry: &RepEntry, load: RepLoad, now: Timestamp) -> Option<Removal> {
    if let Some(max) = entry.rep.max_open.filter(|max| load.open >= *max) {
        return Some(Removal::OpenCap(max));
    }
    let max = entry.rep.max_per_day?;
    (load.on(entry.calendar.day_of(now)) >= max).then_some(Removal::DayCap(max))
}

fn unsuited(entry: &RepEntry, require: &Requirements, profile: &Profile) -> Option<Removal> {
    if let Some(least) = require.min_seniority.filter(|least| entry.rep.seniority < *least) {
        return Some(Removal::Seniority(least));
    }
    let of_lead = require.skill_of.and_then(|field| field.read(profile)).map(str::to_lowercase);
    if let Some(missing) = require.skills.iter().chain(&of_lead).find(|skill| !entry.rep.skills.contains(skill)) {
        return Some(Removal::Skill(missing.clone()));
    }
    // A lead whose language or place is not known can be served by anybody.
    let language =
        profile.language.as_ref().filter(|language| require.language && !entry.rep.languages.contains(language));
    if let Some(language) = language {
        return Some(Removal::Language(language.clone()));
    }
    (require.territory && !covers(&entry.territories, profile)).then_some(Removal::Territory)
}

fn covers(territories: &[Arc<Territory>], profile: &Profile) -> bool {
    let place_unknown = profile.country.is_none() && profile.region.is_none() && profile.postal_code.is_none();
    territories.is_empty() || place_unknown || territories.iter().any(|territory| territory.contains(profile))
}

fn at_pace(pool: &PoolEntry, load: RepLoad, question: &Question<'_>) -> Option<Removal> {
    let pace = pool.pool.backlog_pace.filter(|_| question.occasion == Occasion::Waiting)?;
    (load.paced(question.now) >= pace).then_some(Removal::BacklogPace(pace))
}

fn keep_those_on_shift(candidates: &mut [Candidate], hours: Hours, now: Timestamp) {
    let on_shift = |candidate: &Candidate| candidate.entry.calendar.is_open(now);
    let matters = match hours {
        Hours::Ignored => false,
        Hours::Required => true,
        Hours::Preferred => candidates.iter().any(|c| c.removed.is_none() && on_shift(c)),
    };
    if !matters {
        return;
    }
    for candidate in candidates.iter_mut().filter(|c| c.removed.is_none()) {
        if !on_shift(candidate) {
            candidate.removed = Some(Removal::OffShift(candidate.entry.calendar.next_open(now)));
        }
    }
}
