//! Whom a step of the escalation chain is for, and whether that one is there.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Context, LeadCase, decline::question};
use crate::{
    decide::{Counters, Occasion, decide, not_free, plan},
    ids::{RepId, TeamId},
    ownership::Owner,
    policy::Recipient,
    score::Score,
    snapshot::{DirectoryIndex, RepEntry},
};

/// Who closes reads what comes at the last moment: business time runs out just when hours end.
const LAST_MOMENT: SignedDuration = SignedDuration::from_secs(60);
/// Absences that follow each other are looked through so often.
const ABSENCES: usize = 100;

/// Who was found for a step.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// Somebody who is there.
    Now(Arc<RepEntry>),
    /// Nobody is there before that time.
    From(Timestamp),
    /// Nobody at all.
    Nobody,
}

/// What a step does with whom it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// It is handed the lead: it must be free to have it.
    Owning,
    /// It is told.
    Knowing,
}

/// What surrounds the search.
pub(super) struct Search<'a> {
    pub context: &'a Context<'a>,
    pub score: &'a Score,
    pub counters: &'a Counters,
    pub purpose: For,
    /// Hours don't matter.
    pub urgent: bool,
}

impl LeadCase {
    /// Finds whom a step is for. Counts nothing.
    pub(super) fn find(&self, recipient: &Recipient, search: &Search<'_>) -> Found {
        let directory = &search.context.snapshot.directory;
        match recipient {
            Recipient::Backup => match self.own_backup(search) {
                found @ Found::Now(_) => found,
                off => self.another(search).map_or(off, Found::Now),
            },
            Recipient::Another => self.another(search).map_or(Found::Nobody, Found::Now),
            Recipient::Manager => search.choose(self, self.of_owner(directory, |entry| entry.manager.as_ref())),
            Recipient::Team(team) => search.choose(self, members(directory, team)),
        }
    }

    /// The backup whom the owner names.
    pub(super) fn own_backup(&self, search: &Search<'_>) -> Found {
        let directory = &search.context.snapshot.directory;
        search.choose(self, self.of_owner(directory, |entry| entry.rep.backup.as_ref()))
    }

    /// Whether the owner is there to be reminded; a queue always is.
    pub(super) fn owner_there(&self, context: &Context<'_>, urgent: bool) -> Result<(), Option<Timestamp>> {
        let Owner::Rep(owner) = &self.ownership.owner else { return Ok(()) };
        let Some(entry) = context.snapshot.directory.rep(owner).filter(|_| !urgent) else { return Ok(()) };
        match there(entry, context.now) {
            Some(at) if at <= context.now => Ok(()),
            later => Err(later),
        }
    }

    /// Another rep whom routing would find, if it would find a rep.
    fn another(&self, search: &Search<'_>) -> Option<Arc<RepEntry>> {
        let context = search.context;
        let mut excluded = self.ownership.tried.clone();
        if let Owner::Rep(rep) = &self.ownership.owner {
            excluded.push(rep.clone());
        }
        let question = question(&self.lead, search.score, &excluded, Occasion::LetGo, context);
        let plan = plan(context.snapshot, &question);
        let verdict = decide(context.snapshot, &plan, &question, &mut search.counters.clone());
        match &verdict.owner {
            Owner::Rep(rep) => context.snapshot.directory.rep(rep).cloned(),
            Owner::Queue(_) => None,
        }
    }

    fn of_owner<'a>(
        &self,
        directory: &'a DirectoryIndex,
        named: impl FnOnce(&'a RepEntry) -> Option<&'a RepId>,
    ) -> Option<&'a Arc<RepEntry>> {
        let Owner::Rep(owner) = &self.ownership.owner else { return None };
        directory.rep(named(directory.rep(owner)?)?)
    }
}

impl Search<'_> {
    /// Of those who may get it, the one with the fewest open leads among those who are there.
    fn choose<'e>(&self, case: &LeadCase, entries: impl IntoIterator<Item = &'e Arc<RepEntry>>) -> Found {
        let now = self.context.now;
        let able = entries.into_iter().filter(|entry| self.may_get(case, entry));
        let there = able.filter_map(|entry| Some((if self.urgent { now } else { there(entry, now)? }, entry)));
        let open = |entry: &RepEntry| self.counters.load(&entry.rep.id).open;
        match there.min_by_key(|(at, entry)| (*at.max(&now), open(entry), entry.rep.id.clone())) {
            Some((at, entry)) if at <= now => Found::Now(Arc::clone(entry)),
            Some((at, _)) => Found::From(at),
            None => Found::Nobody,
        }
    }

    fn may_get(&self, case: &LeadCase, entry: &RepEntry) -> bool {
        let rep = &entry.rep;
        match self.purpose {
            For::Owning if case.ownership.owner == Owner::Rep(rep.id.clone()) => false,
            For::Owning => {
                not_free(entry, &case.ownership.tried, self.counters.load(&rep.id), self.context.now).is_none()
            }
            For::Knowing => rep.active,
        }
    }
}

/// The reps of whom a recipient may be one, besides those who are named by the owner or found by routing: their counters are read
/// when the step is done.
pub(super) fn may_be<'a>(directory: &'a DirectoryIndex, recipient: &'a Recipient) -> impl Iterator<Item = &'a RepId> {
    let team = match recipient {
        Recipient::Team(team) => Some(team),
        Recipient::Backup | Recipient::Another | Recipient::Manager => None,
    };
    team.into_iter().flat_map(|team| members(directory, team)).map(|entry| &entry.rep.id)
}

fn members<'a>(directory: &'a DirectoryIndex, team: &'a TeamId) -> impl Iterator<Item = &'a Arc<RepEntry>> {
    directory.document.reps.values().filter(move |rep| rep.team == *team).filter_map(|rep| directory.rep(&rep.id))
}

/// The first moment from `now` on at which a rep is at work and not absent.
fn there(entry: &RepEntry, now: Timestamp) -> Option<Timestamp> {
    let mut at = now;
    for _ in 0..ABSENCES {
        if let Some(until) = entry.absent_until(at) {
            at = until;
        }
        let open = entry.calendar.is_open(at) || at == now && entry.calendar.is_open(at - LAST_MOMENT);
        if !open {
            at = entry.calendar.next_open(at)?;
        }
        if entry.absent_until(at).is_none() {
            return Some(at);
        }
    }
    None
}
