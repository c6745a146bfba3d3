//! The directory, indexed.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    calendar::{Calendar, CalendarError},
    directory::{Account, DirectoryDocument, Pool, Rep, Territory},
    identity::normalise_company,
    ids::{CalendarId, PoolId, RepId},
    lead::Profile,
};

/// Years of opening hours that are kept before and after the moment of compiling. Clocks that start or end further away
/// have no deadline; a snapshot is compiled anew at least once a day, so nothing that runs comes near the edge.
const YEARS_BACK: i16 = 3;
const YEARS_AHEAD: i16 = 5;

/// Why a directory can't be indexed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CompileError {
    /// A calendar has no open hour, or an unknown time zone.
    #[error("calendar `{0}`: {1}")]
    Calendar(CalendarId, CalendarError),
    /// Something refers to what is not there.
    #[error("{0} refers to {1}, which does not exist")]
    Dangling(String, String),
}

/// The directory of one version, indexed for decisions.
#[derive(Debug, Clone)]
pub struct DirectoryIndex {
    /// The version: counts the changes of the tenant's directory.
    pub version: i64,
    /// What it was made from.
    pub document: DirectoryDocument,
    reps: BTreeMap<RepId, Arc<RepEntry>>,
    pools: BTreeMap<PoolId, PoolEntry>,
    calendars: BTreeMap<CalendarId, Arc<Calendar>>,
    account_by_domain: HashMap<String, Arc<Account>>,
    account_by_name: HashMap<String, Arc<Account>>,
}

/// A rep with everything that a decision asks of it.
#[derive(Debug, Clone)]
pub struct RepEntry {
    /// The rep.
    pub rep: Arc<Rep>,
    /// Its working hours ([`DirectoryDocument::calendar_of`]), without the absences that stop its clocks. Absences that would
    /// leave nothing open in all the years that are kept stop nothing: a clock must have a deadline.
    pub calendar: Arc<Calendar>,
    /// Intervals of absence, `[start, end)`, ascending.
    pub absences: Vec<(Timestamp, Timestamp)>,
    /// Where it may own leads; empty: everywhere.
    pub territories: Vec<Arc<Territory>>,
    /// The manager of its team, unless that is the rep itself.
    pub manager: Option<RepId>,
    /// Pools that it is in.
    pub pools: Vec<PoolId>,
}

impl RepEntry {
    /// The end of the absence that covers `now`, if there is one.
    pub fn absent_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.absences.iter().find(|(start, end)| *start <= now && now < *end).map(|(_, end)| *end)
    }
}

/// A pool with its members resolved.
#[derive(Debug, Clone)]
pub struct PoolEntry {
    /// The pool.
    pub pool: Arc<Pool>,
    /// `pool.members` with their weights, in the same order.
    pub members: Vec<(Arc<RepEntry>, u32)>,
}

impl DirectoryIndex {
    /// Indexes a checked document. `around`: the moment whose neighbouring years the calendars cover.
    pub fn compile(version: i64, document: DirectoryDocument, around: Timestamp) -> Result<Self, CompileError> {
        let year = around.to_zoned(TimeZone::UTC).year();
        let mut calendars: BTreeMap<CalendarId, Arc<Calendar>> = BTreeMap::new();
        for (id, spec) in &document.calendars {
            let compiled = Calendar::compile(spec, year - YEARS_BACK..=year + YEARS_AHEAD)
                .map_err(|error| CompileError::Calendar(id.clone(), error))?;
            calendars.insert(id.clone(), Arc::new(compiled));
        }

        let mut absences: BTreeMap<&RepId, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
        let mut stops: BTreeMap<&RepId, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
        for absence in document.absences.values() {
            absences.entry(&absence.rep).or_default().push((absence.start, absence.end));
            if absence.stops_clocks {
                stops.entry(&absence.rep).or_default().push((absence.start, absence.end));
            }
        }
        let mut pools_of: BTreeMap<&RepId, Vec<PoolId>> = BTreeMap::new();
        for (pool, member) in document.pools.values().flat_map(|pool| pool.members.iter().map(move |m| (pool, m))) {
            pools_of.entry(&member.rep).or_default().push(pool.id.clone());
        }

        let mut reps = BTreeMap::new();
        for (id, rep) in &document.reps {
            let mut absences = absences.remove(id).unwrap_or_default();
            absences.sort_unstable();
            let dangling = |what: String| CompileError::Dangling(format!("reps/{id}"), what);
            let team = document.teams.get(&rep.team).ok_or_else(|| dangling(format!("teams/{}", rep.team)))?;
            let hours = document.calendar_of(rep).unwrap_or(&team.calendar);
            let calendar = calendars.get(hours).ok_or_else(|| dangling(format!("calendars/{hours}")))?;
            let cut = stops.get(id).and_then(|stops| calendar.without(stops));
            let entry = RepEntry {
                calendar: cut.map_or_else(|| Arc::clone(calendar), Arc::new),
                absences,
                territories: rep.territories.iter().filter_map(|t| document.territories.get(t).cloned()).collect(),
                manager: team.manager.clone().filter(|manager| manager != id),
                pools: pools_of.remove(id).unwrap_or_default(),
                rep: Arc::clone(rep),
            };
            reps.insert(id.clone(), Arc::new(entry));
        }

        let mut pools = BTreeMap::new();
        for (id, pool) in &document.pools {
            let mut members = Vec::with_capacity(pool.members.len());
            for member in &pool.members {
                let entry = reps
                    .get(&member.rep)
                    .ok_or_else(|| CompileError::Dangling(format!("pools/{id}"), format!("reps/{}", member.rep)))?;
                members.push((Arc::clone(entry), member.weight));
            }
            pools.insert(id.clone(), PoolEntry { pool: Arc::clone(pool), members });
        }

        let mut account_by_domain = HashMap::new();
        let mut account_by_name = HashMap::new();
        // Accounts come in ascending order of id; of two with the same name the first wins, whatever the hash order.
        for account in document.accounts.values() {
            for domain in &account.domains {
                account_by_domain.entry(domain.clone()).or_insert_with(|| Arc::clone(account));
            }
            account_by_name.entry(normalise_company(&account.name)).or_insert_with(|| Arc::clone(account));
        }
        Ok(Self { version, document, reps, pools, calendars, account_by_domain, account_by_name })
    }

    /// The rep of that id.
    pub fn rep(&self, id: &RepId) -> Option<&Arc<RepEntry>> {
        self.reps.get(id)
    }

    /// The pool of that id.
    pub fn pool(&self, id: &PoolId) -> Option<&PoolEntry> {
        self.pools.get(id)
    }

    /// The calendar of that id.
    pub fn calendar(&self, id: &CalendarId) -> Option<&Arc<Calendar>> {
        self.calendars.get(id)
    }

    /// The account that a lead belongs to: by its company's domain or a parent domain of it, else by its company's
    /// normalised name. `company_domain` is what [`company_domain`](crate::identity::company_domain) makes of the profile.
    pub fn account_of(&self, profile: &Profile, company_domain: Option<&str>) -> Option<&Arc<Account>> {
        let by_domain = company_domain.and_then(|domain| self.account_by_domain(domain));
        by_domain.or_else(|| {
            let name = normalise_company(profile.company_name.as_deref()?);
            if name.is_empty() { None } else { self.account_by_name.get(&name) }
        })
    }

    /// `eu.mail.acme.com` finds `acme.com`; a bare top-level domain finds nothing.
    fn account_by_domain(&self, domain: &str) -> Option<&Arc<Account>> {
        let mut rest = domain;
        loop {
            if let Some(account) = self.account_by_domain.get(rest) {
                return Some(account);
            }
            rest = rest.split_once('.').map(|(_, parent)| parent).filter(|parent| parent.contains('.'))?;
        }
    }
}
