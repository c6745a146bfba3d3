//! What a directory must keep, whether it came as a whole or changed in one entry.

mod calendar;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Display},
    sync::Arc,
};

use jiff::SignedDuration;

use super::{Absence, Account, DirectoryDocument, EntityKind, Pool, Rep, Team, Territory, shape};
use crate::{
    ids::{AccountId, CalendarId, RepId, TeamId, TerritoryId},
    yaml::did_you_mean,
};

/// Violations that are told at once; further ones are left off, for nobody reads them.
const MAX_VIOLATIONS: usize = 1_000;
/// Bound of [`super::Member::weight`].
const MAX_WEIGHT: u32 = 10_000;
/// Accounts above an account, up to the one without a parent.
const MAX_ANCESTORS: usize = 16;
/// Most days for which an absence lets clocks stand still.
pub const MAX_DAYS_STOPPED: i64 = 366;

/// Something that a directory must not have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Resource name of the entry and path of the field: `reps/anna.team`, `pools/north.members[anna].weight`.
    pub field: String,
    /// What was found and what was expected.
    pub message: String,
}

impl Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl DirectoryDocument {
    /// Everything that is wrong, by kind and id: references to what is not there, numbers out of range, words of the
    /// wrong shape. Empty: decisions can be made on it.
    pub fn check(&self) -> Vec<Violation> {
        self.check_knowing(&BTreeSet::new())
    }

    /// The same, where the entries `unread` are meant to be there but could not be read.
    pub(super) fn check_knowing(&self, unread: &BTreeSet<(EntityKind, String)>) -> Vec<Violation> {
        let mut check = Check { document: self, unread, entry: String::new(), violations: Vec::new() };
        for calendar in self.calendars.values() {
            check.entry = format!("calendars/{}", calendar.id);
            check.calendar(calendar);
        }
        for territory in self.territories.values() {
            check.entry = format!("territories/{}", territory.id);
            check.territory(territory);
        }
        for team in self.teams.values() {
            check.entry = format!("teams/{}", team.id);
            check.team(team);
        }
        for rep in self.reps.values() {
            check.entry = format!("reps/{}", rep.id);
            check.rep(rep);
        }
        for pool in self.pools.values() {
            check.entry = format!("pools/{}", pool.id);
            check.pool(pool);
        }
        let mut domains = BTreeMap::new();
        for account in self.accounts.values() {
            check.entry = format!("accounts/{}", account.id);
            check.account(account, &mut domains);
        }
        for absence in self.absences.values() {
            check.entry = format!("absences/{}", absence.id);
            check.absence(absence);
        }
        check.violations
    }
}

struct Check<'d> {
    document: &'d DirectoryDocument,
    unread: &'d BTreeSet<(EntityKind, String)>,
    /// Resource name of the entry that is being checked.
    entry: String,
    violations: Vec<Violation>,
}

impl<'d> Check<'d> {
    fn territory(&mut self, territory: &Territory) {
        self.name(&territory.name);
        self.calendar_is_there("calendar", territory.calendar.as_ref());
        self.each("countries", &territory.countries, shape::is_country, "a country such as DE (ISO 3166-1)");
        self.each("regions", &territory.regions, is_word, "a region such as US-CA");
        let expected = "COUNTRY:PREFIX such as US:94";
        self.each("postal_prefixes", &territory.postal_prefixes, shape::is_postal_prefix, expected);
        if [&territory.countries, &territory.regions, &territory.postal_prefixes].into_iter().all(Vec::is_empty) {
            self.wrong("countries", "names no place: no lead is ever inside");
        }
    }

    fn team(&mut self, team: &Team) {
        self.name(&team.name);
        self.rep_is_there("manager", team.manager.as_ref());
        self.calendar_is_there("calendar", Some(&team.calendar));
    }

    fn rep(&mut self, rep: &Rep) {
        self.name(&rep.name);
        if rep.email.as_ref().is_some_and(|email| !shape::is_email(email)) {
            self.wrong("email", "expected an address such as anna@acme.example");
        }
        self.team_is_there("team", &rep.team);
        self.calendar_is_there("calendar", rep.calendar.as_ref());
        let is_skill = |skill: &str| is_word(skill) && !skill.contains(char::is_uppercase);
        self.each("skills", &rep.skills, is_skill, "a lower-case word");
        self.each("languages", &rep.languages, shape::is_language, "a language such as en (ISO 639-1)");
        for territory in &rep.territories {
            self.territory_is_there(format!("territories[{territory}]"), territory);
        }
        self.distinct("territories", &rep.territories);
        self.positive("max_open", rep.max_open);
        self.positive("max_per_day", rep.max_per_day);
        self.rep_is_there("backup", rep.backup.as_ref());
        if rep.backup.as_ref() == Some(&rep.id) {
            self.wrong("backup", "is the rep itself");
        }
    }

    fn pool(&mut self, pool: &Pool) {
        self.name(&pool.name);
        self.positive("backlog_pace", pool.backlog_pace);
        if pool.members.is_empty() {
            self.wrong("members", "is empty: nobody would get what is sent here");
        }
        let mut seen = BTreeSet::new();
        for member in &pool.members {
            let field = format!("members[{}]", member.rep);
            if !(1..=MAX_WEIGHT).contains(&member.weight) {
                let found = member.weight;
                self.wrong(format!("{field}.weight"), format!("expected 1 to {MAX_WEIGHT}, found {found}"));
            }
            self.rep_is_there(format!("{field}.rep"), Some(&member.rep));
            if !seen.insert(&member.rep) {
                self.wrong(field, "is a member already");
            }
        }
    }

    fn account(&mut self, account: &'d Account, domains: &mut BTreeMap<&'d str, &'d AccountId>) {
        self.name(&account.name);
        self.each("domains", &account.domains, shape::is_domain, "a domain such as acme.example, in lower case");
        for domain in &account.domains {
            let other = *domains.entry(domain).or_insert(&account.id);
            if *other != account.id {
                self.wrong(format!("domains[{domain}]"), format!("belongs to accounts/{other} already"));
            }
        }
        self.rep_is_there("owner", account.owner.as_ref());
        if account.country.as_ref().is_some_and(|country| !shape::is_country(country)) {
            self.wrong("country", "expected a country such as DE (ISO 3166-1)");
        }
        for (field, number) in [("employees", account.employees), ("annual_revenue", account.annual_revenue)] {
            if number.is_some_and(|number| number < 0) {
                self.wrong(field, "must not be negative");
            }
        }
        self.account_is_there("parent", account.parent.as_ref());
        if self.is_too_deep(account) {
            self.wrong("parent", format!("leads in a circle, or through more than {MAX_ANCESTORS} accounts"));
        }
    }

    fn absence(&mut self, absence: &Absence) {
        self.rep_is_there("rep", Some(&absence.rep));
        if absence.end <= absence.start {
            self.wrong("end", "must be later than `start`");
        }
        let length = absence.end.duration_since(absence.start);
        if absence.stops_clocks && length > SignedDuration::from_hours(24 * MAX_DAYS_STOPPED) {
            let most =
                format!("is more than {MAX_DAYS_STOPPED} days behind `start`, too long for clocks to stand still");
            self.wrong("end", most);
        }
    }

    /// True if the account has more ancestors than any company has; one that is its own ancestor has.
    fn is_too_deep(&self, account: &'d Account) -> bool {
        let parent = |account: &&'d Account| -> Option<&'d Account> {
            self.document.accounts.get(account.parent.as_ref()?).map(Arc::as_ref)
        };
        let first = parent(&account);
        std::iter::successors(first, parent).nth(MAX_ANCESTORS).is_some()
    }
}

/// Checks that several kinds share.
impl Check<'_> {
    fn wrong(&mut self, field: impl Display, message: impl Into<String>) {
        if self.violations.len() < MAX_VIOLATIONS {
            let field = format!("{}.{field}", self.entry);
            self.violations.push(Violation { field, message: message.into() });
        }
    }

    fn name(&mut self, name: &str) {
        if !is_word(name) {
            self.wrong("name", "must not be blank");
        }
    }

    fn positive(&mut self, field: &str, bound: Option<u32>) {
        if bound == Some(0) {
            self.wrong(field, "must be at least 1; leave it out for no bound");
        }
    }

    /// Every item has its shape and stands once.
    fn each(&mut self, field: &str, items: &[String], is_right: impl Fn(&str) -> bool, expected: &str) {
        for item in items.iter().filter(|item| !is_right(item)) {
            self.wrong(format!("{field}[{item}]"), format!("expected {expected}, found `{item}`"));
        }
        self.distinct(field, items);
    }

    fn distinct<T: Ord + Display>(&mut self, field: &str, items: &[T]) {
        let mut seen = BTreeSet::new();
        for item in items {
            if !seen.insert(item) {
                self.wrong(format!("{field}[{item}]"), "stands here twice");
            }
        }
    }

    fn rep_is_there(&mut self, field: impl Display, id: Option<&RepId>) {
        if let Some(id) = id.filter(|id| !self.document.reps.contains_key(id)) {
            self.unknown(field, EntityKind::Rep, id.as_str());
        }
    }

    fn team_is_there(&mut self, field: impl Display, id: &TeamId) {
        if !self.document.teams.contains_key(id) {
            self.unknown(field, EntityKind::Team, id.as_str());
        }
    }

    fn calendar_is_there(&mut self, field: impl Display, id: Option<&CalendarId>) {
        if let Some(id) = id.filter(|id| !self.document.calendars.contains_key(id)) {
            self.unknown(field, EntityKind::Calendar, id.as_str());
        }
    }

    fn territory_is_there(&mut self, field: impl Display, id: &TerritoryId) {
        if !self.document.territories.contains_key(id) {
            self.unknown(field, EntityKind::Territory, id.as_str());
        }
    }

    fn account_is_there(&mut self, field: impl Display, id: Option<&AccountId>) {
        if let Some(id) = id.filter(|id| !self.document.accounts.contains_key(id)) {
            self.unknown(field, EntityKind::Account, id.as_str());
        }
    }

    fn unknown(&mut self, field: impl Display, kind: EntityKind, id: &str) {
        if self.violations.len() < MAX_VIOLATIONS && !self.unread.contains(&(kind, id.to_owned())) {
            let hint = did_you_mean(id, self.document.ids(kind));
            self.wrong(field, format!("there is no {} `{id}`{hint}", kind.name()));
        }
    }
}

fn is_word(text: &str) -> bool {
    !text.trim().is_empty()
}
