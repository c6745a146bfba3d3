//! A directory written in YAML.
//!
//! One list for each kind of entry, whose keys are the fields of the entry; what may be left out has the default that
//! stands with the field.
//!
//! ```yaml
//! calendars:
//!   - { id: office, name: Office, time_zone: Europe/Berlin, hours: { mon: ["09:00-12:30", "13:30-18:00"] } }
//! teams:
//!   - { id: north, name: North, calendar: office, manager: anna }
//! reps:
//!   - { id: anna, name: Anna Berg, team: north, seniority: senior, languages: [de, en] }
//! pools:
//!   - { id: inbound, name: Inbound, members: [anna, { rep: ben, weight: 2 }] }
//! ```

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time, Weekday};

use super::{
    Absence, Account, CalendarSpec, DirectoryDocument, Entity, EntityKind, Hours, LaterHours, Member, OpenHours,
    Opening, Pool, Rep, Seniority, Strategy, Team, Territory, saturday_and_sunday,
};
use crate::{
    calendar::{HolidayRule, Substitute, WEEKDAYS, weekday_named},
    yaml::{self, Field, Map, Problem},
};

/// Largest document that is read, in bytes.
pub const MAX_BYTES: usize = 32 << 20;

impl DirectoryDocument {
    /// Reads and checks a directory of at most [`MAX_BYTES`].
    ///
    /// Errors: all problems with their places: what could not be read, and every [`super::Violation`].
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        yaml::read(text, MAX_BYTES, |root| {
            let map = root.map(&EntityKind::ALL.map(EntityKind::collection))?;
            let mut reader = Reader::default();
            for kind in EntityKind::ALL {
                for field in map.get(kind.collection()).map(Field::list).unwrap_or_default() {
                    reader.entry(kind, field);
                }
            }
            for violation in reader.document.check_knowing(&reader.unread) {
                reader.field_of(&violation.field).unwrap_or(root).note(violation.message);
            }
            Some(reader.document)
        })
    }
}

#[derive(Default)]
struct Reader<'d> {
    document: DirectoryDocument,
    /// Resource name -> where the entry stands.
    places: BTreeMap<String, Field<'d>>,
    /// Entries that have an id and something that can't be read.
    unread: BTreeSet<(EntityKind, String)>,
}

impl<'d> Reader<'d> {
    fn entry(&mut self, kind: EntityKind, field: Field<'d>) {
        let Some(entity) = entity(kind, field) else {
            self.unread.extend(field.name().map(|id| (kind, id.to_owned())));
            return;
        };
        let name = format!("{}/{}", kind.collection(), entity.id());
        if let Some(first) = self.places.get(&name) {
            let line = first.place().line;
            field.descend("id").note(format!("{} `{}` stands on line {line} already", kind.name(), entity.id()));
            return;
        }
        self.places.insert(name, field);
        self.document.apply(entity);
    }

    /// The field of `reps/anna.team`, or the nearest one around it.
    fn field_of(&self, path: &str) -> Option<Field<'d>> {
        let (name, rest) = path.split_once('.')?;
        self.places.get(name).map(|entry| entry.descend(rest))
    }
}

fn entity(kind: EntityKind, field: Field<'_>) -> Option<Entity> {
    match kind {
        EntityKind::Rep => rep(field).map(Entity::Rep),
        EntityKind::Team => team(field).map(Entity::Team),
        EntityKind::Pool => pool(field).map(Entity::Pool),
        EntityKind::Account => account(field).map(Entity::Account),
        EntityKind::Territory => territory(field).map(Entity::Territory),
        EntityKind::Calendar => calendar(field).map(Entity::Calendar),
        EntityKind::Absence => absence(field).map(Entity::Absence),
    }
}

// In what follows, every key is read before the first `?`, so that one mistake does not hide another: hence the
// required ones, which may be missing, come last.

fn rep(field: Field<'_>) -> Option<Rep> {
    let map = field.map(&[
        "id",
        "name",
        "email",
        "team",
        "calendar",
        "seniority",
        "skills",
        "languages",
        "territories",
        "external",
        "active",
        "accepting",
        "max_open",
        "max_per_day",
        "backup",
    ])?;
    let (id, name, team) = (id(map), name(map), map.require("team").and_then(Field::parse));
    Some(Rep {
        email: map.get("email").and_then(Field::string),
        calendar: map.get("calendar").and_then(Field::parse),
        seniority: map.get("seniority").and_then(|f| f.one_of(Seniority::ALL)).unwrap_or_default(),
        skills: map.list_of("skills", Field::string),
        languages: map.list_of("languages", Field::string),
        territories: map.list_of("territories", Field::parse),
        external: map.get("external").and_then(Field::flag).unwrap_or(false),
        active: map.get("active").and_then(Field::flag).unwrap_or(true),
        accepting: map.get("accepting").and_then(Field::flag).unwrap_or(true),
        max_open: map.get("max_open").and_then(count),
        max_per_day: map.get("max_per_day").and_then(count),
        backup: map.get("backup").and_then(Field::parse),
        id: id?,
        name,
        team: team?,
    })
}

fn team(field: Field<'_>) -> Option<Team> {
    let map = field.map(&["id", "name", "manager", "calendar"])?;
    let (id, name, calendar) = (id(map), name(map), map.require("calendar").and_then(Field::parse));
    Some(Team { manager: map.get("manager").and_then(Field::parse), id: id?, name, calendar: calendar? })
}

fn pool(field: Field<'_>) -> Option<Pool> {
    let known = ["id", "name", "strategy", "hours", "rotate_per_grade", "partner", "backlog_pace", "members"];
    let map = field.map(&known)?;
    let (id, name, members) = (id(map), name(map), map.require("members"));
    Some(Pool {
        strategy: map.get("strategy").and_then(|f| f.one_of(Strategy::ALL)).unwrap_or_default(),
        hours: map.get("hours").and_then(|f| f.one_of(Hours::ALL)).unwrap_or_default(),
        rotate_per_grade: map.get("rotate_per_grade").and_then(Field::flag).unwrap_or(false),
        partner: map.get("partner").and_then(Field::flag).unwrap_or(false),
        backlog_pace: map.get("backlog_pace").and_then(count),
        members: members.map(|f| f.list_of(member)).unwrap_or_default(),
        id: id?,
        name,
    })
}

/// `anna`, or `{ rep: anna, weight: 2 }`.
fn member(field: Field<'_>) -> Option<Member> {
    if field.is_scalar() {
        return Some(Member { rep: field.parse()?, weight: 1 });
    }
    let map = field.map(&["rep", "weight"])?;
    let rep = map.require("rep").and_then(Field::parse);
    Some(Member { weight: map.get("weight").and_then(count).unwrap_or(1), rep: rep? })
}

fn account(field: Field<'_>) -> Option<Account> {
    let map = field.map(&[
        "id",
        "name",
        "domains",
        "owner",
        "tier",
        "industry",
        "employees",
        "annual_revenue",
        "country",
        "parent",
    ])?;
    let (id, name) = (id(map), name(map));
    Some(Account {
        domains: map.list_of("domains", Field::string),
        owner: map.get("owner").and_then(Field::parse),
        tier: map.get("tier").and_then(Field::string),
        industry: map.get("industry").and_then(Field::string),
        employees: map.get("employees").and_then(amount),
        annual_revenue: map.get("annual_revenue").and_then(amount),
        country: map.get("country").and_then(Field::string),
        parent: map.get("parent").and_then(Field::parse),
        id: id?,
        name,
    })
}

fn territory(field: Field<'_>) -> Option<Territory> {
    let map = field.map(&["id", "name", "countries", "regions", "postal_prefixes", "calendar"])?;
    let (id, name) = (id(map), name(map));
    Some(Territory {
        countries: map.list_of("countries", Field::string),
        regions: map.list_of("regions", Field::string),
        postal_prefixes: map.list_of("postal_prefixes", Field::string),
        calendar: map.get("calendar").and_then(Field::parse),
        id: id?,
        name,
    })
}

fn calendar(field: Field<'_>) -> Option<CalendarSpec> {
    let map = field.map(&[
        "id",
        "name",
        "time_zone",
        "hours",
        "later_hours",
        "holidays",
        "holiday_rules",
        "weekend",
        "openings",
    ])?;
    let (id, name) = (id(map), name(map));
    let time_zone = map.require("time_zone").and_then(Field::string).unwrap_or_else(|| "UTC".to_owned());
    let hours = map.require("hours");
    Some(CalendarSpec {
        week: hours.map(week).unwrap_or_default(),
        later_hours: map.list_of("later_hours", later_hours),
        holidays: map.list_of("holidays", date),
        holiday_rules: map.list_of("holiday_rules", holiday_rule),
        weekend: map.get("weekend").map_or_else(saturday_and_sunday, |f| f.list_of(weekday)),
        openings: map.list_of("openings", opening),
        id: id?,
        name,
        time_zone,
    })
}

fn week(field: Field<'_>) -> [Vec<OpenHours>; 7] {
    let days = field.map(&WEEKDAYS);
    WEEKDAYS.map(|day| days.map(|days| days.list_of(day, open_hours)).unwrap_or_default())
}

fn later_hours(field: Field<'_>) -> Option<LaterHours> {
    let map = field.map(&["from", "hours"])?;
    let (from, hours) = (map.require("from").and_then(date), map.require("hours").map(week));
    Some(LaterHours { from: from?, week: hours? })
}

fn opening(field: Field<'_>) -> Option<Opening> {
    let map = field.map(&["date", "hours"])?;
    let (date, hours) = (map.require("date").and_then(date), map.require("hours"));
    let hours = hours.map(|f| f.list_of(open_hours));
    Some(Opening { date: date?, hours: hours? })
}

fn holiday_rule(field: Field<'_>) -> Option<HolidayRule> {
    let map = field.map(&["name", "on", "substitute", "first_year", "last_year"])?;
    let year = |field: Field<'_>| field.integer(HolidayRule::YEARS);
    let (name, on) = (name(map), map.require("on").and_then(Field::parse));
    Some(HolidayRule {
        substitute: map.get("substitute").and_then(|f| f.one_of(Substitute::ALL)).unwrap_or_default(),
        first_year: map.get("first_year").and_then(year).unwrap_or(*HolidayRule::YEARS.start()),
        last_year: map.get("last_year").and_then(year).unwrap_or(*HolidayRule::YEARS.end()),
        on: on?,
        name,
    })
}

fn date(field: Field<'_>) -> Option<Date> {
    field.parse_as("a date such as 2026-12-25")
}

fn weekday(field: Field<'_>) -> Option<Weekday> {
    field.one_of(WEEKDAYS.map(|name| (weekday_named(name).unwrap_or(Weekday::Monday), name)))
}

/// `09:00-17:30`; `24:00` is a way to write the end of the day.
fn open_hours(field: Field<'_>) -> Option<OpenHours> {
    let text = field.text()?;
    let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
    let hours = text.split_once('-').and_then(|(start, end)| {
        let end = if end.trim() == "24:00" { Time::midnight() } else { time(end)? };
        Some(OpenHours { start: time(start)?, end })
    });
    if hours.is_none() {
        field.note(format!("expected hours such as \"09:00-17:30\", found `{text}`"));
    }
    hours
}

fn absence(field: Field<'_>) -> Option<Absence> {
    let map = field.map(&["id", "rep", "start", "end", "reason", "stops_clocks"])?;
    let moment = |key| map.require(key).and_then(|f| f.parse_as("a moment such as 2026-12-24T12:00:00+01:00"));
    let (id, rep) = (id(map), map.require("rep").and_then(Field::parse));
    let (start, end) = (moment("start"), moment("end"));
    Some(Absence {
        reason: map.get("reason").and_then(Field::string),
        stops_clocks: map.get("stops_clocks").and_then(Field::flag).unwrap_or(false),
        id: id?,
        rep: rep?,
        start: start?,
        end: end?,
    })
}

fn id<T>(map: Map<'_>) -> Option<T>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    map.require("id").and_then(Field::parse)
}

/// Nothing refers to a name, so the rest of an entry without one is read and checked.
fn name(map: Map<'_>) -> String {
    map.require("name").and_then(Field::string).unwrap_or_else(|| "nameless".to_owned())
}

/// Bounds that depend on the field are checked with the rest.
fn count(field: Field<'_>) -> Option<u32> {
    field.integer(0..=1_000_000)
}

fn amount(field: Field<'_>) -> Option<i64> {
    field.integer(0..=1_000_000_000_000_000)
}
