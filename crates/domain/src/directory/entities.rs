//! The entries of a directory.

use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

use crate::{
    calendar::{HolidayRule, weekdays},
    ids::{AbsenceId, AccountId, CalendarId, PoolId, RepId, TeamId, TerritoryId},
};

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

impl Seniority {
    /// All of them, with the names that documents use.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Junior, "junior"), (Self::Mid, "mid"), (Self::Senior, "senior"), (Self::Director, "director")];
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
    /// Its working hours and time zone; `None`: see [`super::DirectoryDocument::calendar_of`].
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
    /// Working hours of members for whom nothing else says them, see [`super::DirectoryDocument::calendar_of`].
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

impl Strategy {
    /// All of them, with the names that documents use.
    pub const ALL: [(Self, &'static str); 2] = [(Self::RoundRobin, "round_robin"), (Self::LeastLoaded, "least_loaded")];
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

impl Hours {
    /// All of them, with the names that documents use.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Required, "required"), (Self::Preferred, "preferred"), (Self::Ignored, "ignored")];
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
    /// Working hours of reps who work here and have none of their own, see [`super::DirectoryDocument::calendar_of`].
    #[serde(default)]
    pub calendar: Option<CalendarId>,
}

/// Working hours, holidays, time zone.
///
/// What a date has is the first of these that names it:
///
/// 1. its opening: those hours, whatever else is said of the date;
/// 2. a holiday, dated, by a rule, or the substitute of one: it is closed;
/// 3. the hours of its weekday, in the latest version that is in force by then.
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
    /// Other hours of the week from a date on, ascending by date: what was before stays as it was.
    #[serde(default)]
    pub later_hours: Vec<LaterHours>,
    /// Whole days that are closed.
    pub holidays: Vec<civil::Date>,
    /// Days that are closed each year.
    #[serde(default)]
    pub holiday_rules: Vec<HolidayRule>,
    /// Days on which a holiday gets a substitute, whether hours say that they are open or not.
    #[serde(default = "saturday_and_sunday", with = "weekdays")]
    pub weekend: Vec<civil::Weekday>,
    /// Dates with hours of their own.
    #[serde(default)]
    pub openings: Vec<Opening>,
}

/// The weekend of calendars that name none.
pub fn saturday_and_sunday() -> Vec<civil::Weekday> {
    vec![civil::Weekday::Saturday, civil::Weekday::Sunday]
}

/// The hours of a week from a date on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaterHours {
    /// The first local date on which they hold.
    pub from: civil::Date,
    /// As [`CalendarSpec::week`].
    pub week: [Vec<OpenHours>; 7],
}

/// A date that has its own hours, in place of those of its weekday: a Saturday before Christmas, a half day, a holiday on which
/// somebody works after all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The local date.
    pub date: civil::Date,
    /// Ascending and apart, one at least.
    pub hours: Vec<OpenHours>,
}

/// From `start` up to `end`, local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenHours {
    /// First moment that is open.
    pub start: civil::Time,
    /// First moment that is closed again; 00:00 means the end of the day.
    pub end: civil::Time,
}

/// An interval in which a rep gets nothing: days, half days, an hour.
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
    /// The rep's business clocks stand still meanwhile, as on a holiday. Otherwise they run on, and what the rep can't answer goes
    /// up the chain in time: a lead does not wait because somebody is ill.
    #[serde(default)]
    pub stops_clocks: bool,
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

impl Entity {
    /// Of which kind it is.
    pub fn kind(&self) -> EntityKind {
        match self {
            Self::Rep(_) => EntityKind::Rep,
            Self::Team(_) => EntityKind::Team,
            Self::Pool(_) => EntityKind::Pool,
            Self::Account(_) => EntityKind::Account,
            Self::Territory(_) => EntityKind::Territory,
            Self::Calendar(_) => EntityKind::Calendar,
            Self::Absence(_) => EntityKind::Absence,
        }
    }

    /// Its id, unique within its kind.
    pub fn id(&self) -> &str {
        match self {
            Self::Rep(rep) => rep.id.as_str(),
            Self::Team(team) => team.id.as_str(),
            Self::Pool(pool) => pool.id.as_str(),
            Self::Account(account) => account.id.as_str(),
            Self::Territory(territory) => territory.id.as_str(),
            Self::Calendar(calendar) => calendar.id.as_str(),
            Self::Absence(absence) => absence.id.as_str(),
        }
    }
}

/// The kinds of entries of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// A sales person.
    Rep,
    /// Reps with a manager.
    Team,
    /// Reps among whom a rule distributes.
    Pool,
    /// A company.
    Account,
    /// A named set of places.
    Territory,
    /// Working hours.
    Calendar,
    /// An interval in which a rep gets nothing.
    Absence,
}

impl EntityKind {
    /// All of them, in the order in which a document names them best: what is referred to comes first.
    pub const ALL: [Self; 7] =
        [Self::Calendar, Self::Territory, Self::Team, Self::Rep, Self::Pool, Self::Account, Self::Absence];

    /// One of them: `rep`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rep => "rep",
            Self::Team => "team",
            Self::Pool => "pool",
            Self::Account => "account",
            Self::Territory => "territory",
            Self::Calendar => "calendar",
            Self::Absence => "absence",
        }
    }

    /// All of them, in resource names and as a key of documents: `reps`.
    pub const fn collection(self) -> &'static str {
        match self {
            Self::Rep => "reps",
            Self::Team => "teams",
            Self::Pool => "pools",
            Self::Account => "accounts",
            Self::Territory => "territories",
            Self::Calendar => "calendars",
            Self::Absence => "absences",
        }
    }
}
