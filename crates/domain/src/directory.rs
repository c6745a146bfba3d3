//! Who can own leads: reps, teams, pools, accounts, territories, calendars, absences.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

use crate::ids::{AbsenceId, AccountId, CalendarId, PoolId, RepId, TeamId, TerritoryId};

/// How experienced a rep is; later ones include earlier ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seniority {
    /// Junior, or sales development.
    #[default]
    Junior,
    /// Mid-level.
    Mid,
    /// Senior.
    Senior,
    /// Account director, manager.
    Director,
}

/// A sales person who can own leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rep {
    /// Its id.
    pub id: RepId,
    /// Full name.
    pub name: String,
    /// Address for notices.
    pub email: Option<String>,
    /// The team it belongs to.
    pub team: TeamId,
    /// Its working hours and time zone; the team's when `None`.
    pub calendar: Option<CalendarId>,
    /// Experience.
    pub seniority: Seniority,
    /// What it can sell or do (lower-case words; matched against what a rule requires).
    pub skills: Vec<String>,
    /// ISO 639-1, lower case.
    pub languages: Vec<String>,
    /// Where it may own leads; empty: everywhere.
    pub territories: Vec<TerritoryId>,
    /// Not an employee: a partner.
    pub external: bool,
    /// False once the rep has left: it can own nothing.
    pub active: bool,
    /// The rep's own on/off switch for new leads.
    pub accepting: bool,
    /// Most open leads at a time; `None`: no bound.
    pub max_open: Option<u32>,
    /// Most new leads a day (of the rep's own calendar); `None`: no bound.
    pub max_per_day: Option<u32>,
    /// Who takes over when this rep does not answer; the team's next free rep when `None`.
    pub backup: Option<RepId>,
}

/// Reps with a manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Name.
    pub name: String,
    /// The rep who leads it: target of the `manager` escalation step.
    pub manager: Option<RepId>,
    /// Working hours of members that have none of their own.
    pub calendar: CalendarId,
}

/// How a pool chooses among the reps that are left after all filters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Smooth weighted round robin.
    #[default]
    RoundRobin,
    /// The smallest share of open leads for its weight.
    LeastLoaded,
}

/// What a pool makes of working hours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// Only reps on shift; nobody on shift: the lead waits.
    #[default]
    Required,
    /// Reps on shift if there are any, else all.
    Preferred,
    /// Working hours don't matter.
    Ignored,
}

/// The reps among whom a rule distributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Its id.
    pub id: PoolId,
    /// Name.
    pub name: String,
    /// How one is picked.
    pub strategy: Strategy,
    /// What working hours mean here.
    pub hours: Hours,
    /// Rotate within each grade, so that good leads are shared as evenly as many leads.
    pub rotate_per_grade: bool,
    /// Reached by the `partner` destination only.
    pub partner: bool,
    /// Most leads one rep gets from the waiting queue in ten minutes, so that the first to come on shift
    /// does not get the whole backlog; `None`: no bound.
    pub backlog_pace: Option<u32>,
    /// Members, in ascending order of rep.
    pub members: Vec<Member>,
}

/// One rep of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub rep: RepId,
    /// Share in relation to the others', 1 to 10,000.
    pub weight: u32,
}

/// A company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Name.
    pub name: String,
    /// Web domains, lower case.
    pub domains: Vec<String>,
    /// The rep who owns whatever comes from it; `Some` makes it a *named* account.
    pub owner: Option<RepId>,
    /// Free word that policies read (`strategic`, `key`).
    pub tier: Option<String>,
    /// Industry.
    pub industry: Option<String>,
    /// People.
    pub employees: Option<i64>,
    /// Whole US dollars a year.
    pub annual_revenue: Option<i64>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// The company it belongs to.
    pub parent: Option<AccountId>,
}

/// A named set of places. A lead is inside when any of the lists names its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Territory {
    /// Its id.
    pub id: TerritoryId,
    /// Name.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub countries: Vec<String>,
    /// Regions, as leads spell them (`US-CA`).
    pub regions: Vec<String>,
    /// `COUNTRY:PREFIX` of postal codes (`US:94`).
    pub postal_prefixes: Vec<String>,
}

/// Working hours of a week, holidays, time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarSpec {
    /// Its id.
    pub id: CalendarId,
    /// Name.
    pub name: String,
    /// IANA name.
    pub time_zone: String,
    /// Open intervals by weekday, Monday first; within a day ascending and apart. `end` is exclusive; 00:00 as an end is midnight.
    pub week: [Vec<OpenHours>; 7],
    /// Whole days that are closed.
    pub holidays: Vec<civil::Date>,
}

/// From `start` up to `end`, local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenHours {
    /// First moment that is open.
    pub start: civil::Time,
    /// First moment that is closed again; 00:00 means the end of the day.
    pub end: civil::Time,
}

/// An interval in which a rep gets nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// Its id.
    pub id: AbsenceId,
    /// Who.
    pub rep: RepId,
    /// From.
    pub start: Timestamp,
    /// Up to, exclusive.
    pub end: Timestamp,
    /// Why, free text.
    pub reason: Option<String>,
}

/// One entry of the directory, of whichever kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entity {
    /// A rep.
    Rep(Rep),
    /// A team.
    Team(Team),
    /// A pool.
    Pool(Pool),
    /// An account.
    Account(Account),
    /// A territory.
    Territory(Territory),
    /// A calendar.
    Calendar(CalendarSpec),
    /// An absence.
    Absence(Absence),
}

/// A whole directory as it is written down: what a YAML file holds and what the store returns. Not checked yet.
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
