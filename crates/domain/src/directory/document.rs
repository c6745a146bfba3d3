//! A whole directory as it is written down.

use std::{collections::BTreeMap, str::FromStr, sync::Arc};

use super::{Absence, Account, CalendarSpec, Entity, EntityKind, Pool, Rep, Team, Territory};
use crate::ids::{AbsenceId, AccountId, CalendarId, PoolId, RepId, TeamId, TerritoryId};

/// A whole directory: what a YAML file holds and what the store returns.
///
/// Nothing is checked until [`DirectoryDocument::check`]; [`DirectoryDocument::parse`] does that too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectoryDocument {
    /// By id.
    pub reps: BTreeMap<RepId, Arc<Rep>>,
    /// By id.
    pub teams: BTreeMap<TeamId, Arc<Team>>,
    /// By id.
    pub pools: BTreeMap<PoolId, Arc<Pool>>,
    /// By id.
    pub accounts: BTreeMap<AccountId, Arc<Account>>,
    /// By id.
    pub territories: BTreeMap<TerritoryId, Arc<Territory>>,
    /// By id.
    pub calendars: BTreeMap<CalendarId, Arc<CalendarSpec>>,
    /// By id.
    pub absences: BTreeMap<AbsenceId, Arc<Absence>>,
}

impl DirectoryDocument {
    /// A document of these entries; of two with the same kind and id the later one counts.
    pub fn from_entities(entities: impl IntoIterator<Item = Entity>) -> Self {
        let mut document = Self::default();
        entities.into_iter().for_each(|entity| document.apply(entity));
        document
    }

    /// Adds the entry, or puts it in the place of the one with its id. Members of a pool are put in order.
    pub fn apply(&mut self, entity: Entity) {
        match entity {
            Entity::Rep(rep) => drop(self.reps.insert(rep.id.clone(), Arc::new(rep))),
            Entity::Team(team) => drop(self.teams.insert(team.id.clone(), Arc::new(team))),
            Entity::Pool(mut pool) => {
                pool.members.sort_by(|a, b| a.rep.cmp(&b.rep));
                self.pools.insert(pool.id.clone(), Arc::new(pool));
            }
            Entity::Account(account) => drop(self.accounts.insert(account.id.clone(), Arc::new(account))),
            Entity::Territory(territory) => drop(self.territories.insert(territory.id.clone(), Arc::new(territory))),
            Entity::Calendar(calendar) => drop(self.calendars.insert(calendar.id.clone(), Arc::new(calendar))),
            Entity::Absence(absence) => drop(self.absences.insert(absence.id.clone(), Arc::new(absence))),
        }
    }

    /// Takes the entry out, if it is there.
    pub fn remove(&mut self, kind: EntityKind, id: &str) {
        match kind {
            EntityKind::Rep => remove(&mut self.reps, id),
            EntityKind::Team => remove(&mut self.teams, id),
            EntityKind::Pool => remove(&mut self.pools, id),
            EntityKind::Account => remove(&mut self.accounts, id),
            EntityKind::Territory => remove(&mut self.territories, id),
            EntityKind::Calendar => remove(&mut self.calendars, id),
            EntityKind::Absence => remove(&mut self.absences, id),
        }
    }

    /// All entries: by kind in the order of [`EntityKind::ALL`], then by id.
    pub fn entities(&self) -> impl Iterator<Item = Entity> {
        let calendars = self.calendars.values().map(|entry| Entity::Calendar(CalendarSpec::clone(entry)));
        let territories = self.territories.values().map(|entry| Entity::Territory(Territory::clone(entry)));
        let teams = self.teams.values().map(|entry| Entity::Team(Team::clone(entry)));
        let reps = self.reps.values().map(|entry| Entity::Rep(Rep::clone(entry)));
        let pools = self.pools.values().map(|entry| Entity::Pool(Pool::clone(entry)));
        let accounts = self.accounts.values().map(|entry| Entity::Account(Account::clone(entry)));
        let absences = self.absences.values().map(|entry| Entity::Absence(Absence::clone(entry)));
        calendars.chain(territories).chain(teams).chain(reps).chain(pools).chain(accounts).chain(absences)
    }

    /// The calendar by which a rep works: the rep's own; else that of the first of its territories, in the order in which
    /// the rep names them, that has one; else the team's. `None`: the team is not there.
    pub fn calendar_of<'d>(&'d self, rep: &'d Rep) -> Option<&'d CalendarId> {
        let of_places = || rep.territories.iter().find_map(|place| self.territories.get(place)?.calendar.as_ref());
        let of_team = || self.teams.get(&rep.team).map(|team| &team.calendar);
        rep.calendar.as_ref().or_else(of_places).or_else(of_team)
    }

    /// The ids of all entries of a kind, ascending.
    pub fn ids(&self, kind: EntityKind) -> Box<dyn Iterator<Item = &str> + '_> {
        match kind {
            EntityKind::Rep => Box::new(self.reps.keys().map(RepId::as_str)),
            EntityKind::Team => Box::new(self.teams.keys().map(TeamId::as_str)),
            EntityKind::Pool => Box::new(self.pools.keys().map(PoolId::as_str)),
            EntityKind::Account => Box::new(self.accounts.keys().map(AccountId::as_str)),
            EntityKind::Territory => Box::new(self.territories.keys().map(TerritoryId::as_str)),
            EntityKind::Calendar => Box::new(self.calendars.keys().map(CalendarId::as_str)),
            EntityKind::Absence => Box::new(self.absences.keys().map(AbsenceId::as_str)),
        }
    }
}

fn remove<K: Ord + FromStr, V>(entries: &mut BTreeMap<K, V>, id: &str) {
    if let Ok(id) = id.parse() {
        entries.remove(&id);
    }
}
