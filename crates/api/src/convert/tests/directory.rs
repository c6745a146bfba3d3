use domain::{
    calendar::{HolidayRule, Substitute},
    directory::{
        Absence, Account, CalendarSpec, DirectoryDocument, Entity, Hours, LaterHours, Member, OpenHours, Opening, Pool,
        Rep, Seniority, Strategy, Team, Territory, Violation as Finding, saturday_and_sunday,
    },
    ids::RepId,
};
use jiff::civil::{Weekday, date, time};
use prost_types::FieldMask;

use super::fields;
use crate::{Error, Path, Precondition, Violations, convert::directory::*, v1};

fn rep(id: &str) -> RepId {
    id.parse().unwrap()
}

fn anna() -> Rep {
    Rep {
        id: rep("anna"),
        name: "Anna Berg".to_owned(),
        email: Some("anna@acme.example".to_owned()),
        team: "north".parse().unwrap(),
        calendar: Some("office".parse().unwrap()),
        seniority: Seniority::Senior,
        skills: vec!["gtx".to_owned()],
        languages: vec!["de".to_owned(), "en".to_owned()],
        territories: vec!["dach".parse().unwrap()],
        external: false,
        active: true,
        accepting: false,
        max_open: Some(20),
        max_per_day: None,
        backup: Some(rep("ben")),
    }
}

/// Reads what `to_wire` wrote.
macro_rules! comes_back {
    ($entry:expr, $to_wire:ident, |$wire:ident, $id:ident, $path:ident, $violations:ident| $read:expr) => {{
        let entry = $entry;
        let mut violations = Violations::default();
        let ($wire, $id, $path, $violations) =
            ($to_wire(&entry, 3), entry.id.clone(), Path::Request.field("entry"), &mut violations);
        let $path = &$path;
        let read = $read;
        assert_eq!(violations.check_some(read).unwrap(), entry);
    }};
}

#[test]
fn entries_come_back_as_they_went() {
    comes_back!(anna(), rep_to_wire, |w, id, p, v| read_rep(w, id, true, p, v));
    let team = Team {
        id: "north".parse().unwrap(),
        name: "North".to_owned(),
        manager: Some(rep("anna")),
        calendar: "office".parse().unwrap(),
    };
    comes_back!(team, team_to_wire, |w, id, p, v| read_team(w, id, p, v));
    let pool = Pool {
        id: "inbound".parse().unwrap(),
        name: "Inbound".to_owned(),
        strategy: Strategy::LeastLoaded,
        hours: Hours::Preferred,
        rotate_per_grade: true,
        partner: false,
        backlog_pace: Some(3),
        members: vec![Member { rep: rep("anna"), weight: 2 }, Member { rep: rep("ben"), weight: 1 }],
    };
    comes_back!(pool, pool_to_wire, |w, id, p, v| read_pool(w, id, p, v));
    let account = Account {
        id: "initech".parse().unwrap(),
        name: "Initech".to_owned(),
        domains: vec!["initech.example".to_owned()],
        owner: Some(rep("anna")),
        tier: Some("strategic".to_owned()),
        industry: None,
        employees: Some(0),
        annual_revenue: Some(1_000_000),
        country: Some("DE".to_owned()),
        parent: Some("holding".parse().unwrap()),
    };
    comes_back!(account, account_to_wire, |w, id, p, v| read_account(w, id, p, v));
    let territory = Territory {
        id: "dach".parse().unwrap(),
        name: "DACH".to_owned(),
        countries: vec!["DE".to_owned()],
        regions: vec!["CH-ZH".to_owned()],
        postal_prefixes: vec!["AT:1".to_owned()],
        calendar: Some("office".parse().unwrap()),
    };
    comes_back!(territory, territory_to_wire, |w, id, p, v| read_territory(w, id, p, v));
    let absence = Absence {
        id: "a1".parse().unwrap(),
        rep: rep("anna"),
        start: "2026-12-24T12:00:00+01:00".parse().unwrap(),
        end: "2026-12-27T00:00:00+01:00".parse().unwrap(),
        reason: None,
        stops_clocks: true,
    };
    comes_back!(absence, absence_to_wire, |w, id, p, v| read_absence(w, id, p, v));
    let mut calendar = CalendarSpec {
        id: "office".parse().unwrap(),
        name: "Office".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        week: Default::default(),
        later_hours: Vec::new(),
        holidays: vec![date(2026, 12, 25)],
        holiday_rules: Vec::new(),
        weekend: saturday_and_sunday(),
        openings: Vec::new(),
    };
    comes_back!(calendar.clone(), calendar_to_wire, |w, id, p, v| read_calendar(w, id, p, v));
    let rule = |on: &str, substitute, first_year, last_year| HolidayRule {
        name: on.to_owned(),
        on: on.parse().unwrap(),
        substitute,
        first_year,
        last_year,
    };
    calendar.holiday_rules = vec![
        rule("12-25", Substitute::Next, 1, 9_000),
        rule("4th thu of nov", Substitute::None, 2_000, 9_000),
        rule("orthodox easter-2", Substitute::Nearest, 1, 2_030),
    ];
    calendar.weekend = vec![Weekday::Friday, Weekday::Saturday];
    let half_day = vec![OpenHours { start: time(9, 0, 0, 0), end: time(12, 30, 0, 0) }];
    calendar.later_hours = vec![LaterHours { from: date(2027, 3, 1), week: std::array::from_fn(|_| half_day.clone()) }];
    calendar.openings = vec![Opening { date: date(2026, 12, 24), hours: half_day }];
    calendar.week[0] = vec![
        OpenHours { start: time(9, 0, 0, 0), end: time(12, 30, 0, 0) },
        OpenHours { start: time(13, 30, 0, 0), end: time(0, 0, 0, 0) },
    ];
    calendar.week[6] = vec![OpenHours { start: time(10, 0, 0, 0), end: time(11, 0, 0, 0) }];
    comes_back!(calendar, calendar_to_wire, |w, id, p, v| read_calendar(w, id, p, v));
}

#[test]
fn everything_wrong_with_an_entry_is_told_at_once() {
    let wire = v1::Rep {
        email: Some("anna".to_owned()),
        team: "north".to_owned(),
        seniority: 77,
        skills: vec![String::new()],
        territories: vec!["territories/".to_owned()],
        max_open: Some(0),
        backup: Some("teams/north".to_owned()),
        ..v1::Rep::default()
    };
    let mut violations = Violations::default();
    read_rep(wire, rep("anna"), true, &Path::Request.field("rep"), &mut violations);
    assert_eq!(
        fields(&violations),
        [
            "rep.display_name",
            "rep.team",
            "rep.seniority",
            "rep.email",
            "rep.skills[0]",
            "rep.territories[0]",
            "rep.max_open",
            "rep.backup",
        ]
    );
}

#[test]
fn hours_are_checked_and_put_in_order() {
    let open = |weekday: v1::Weekday, start: &str, end: &str| v1::OpenHours {
        weekday: weekday.into(),
        start: start.to_owned(),
        end: end.to_owned(),
    };
    let calendar = |hours| v1::Calendar {
        display_name: "Office".to_owned(),
        time_zone: "UTC".to_owned(),
        hours,
        ..v1::Calendar::default()
    };
    let read = |hours| {
        let mut violations = Violations::default();
        let path = Path::Request.field("calendar");
        let read = read_calendar(calendar(hours), "office".parse().unwrap(), &path, &mut violations);
        violations.check_some(read)
    };
    let tuesday = vec![open(v1::Weekday::Tuesday, "13:00", "24:00"), open(v1::Weekday::Tuesday, "09:00", "12:00")];
    assert_eq!(read(tuesday).unwrap().week[1][0].start, time(9, 0, 0, 0));
    let wrong = vec![
        open(v1::Weekday::Unspecified, "9", "25:00"),
        open(v1::Weekday::Monday, "17:00", "09:00"),
        open(v1::Weekday::Monday, "17:00", "17:00"),
    ];
    assert_eq!(
        fields(&read(wrong).unwrap_err()),
        [
            "calendar.hours[0].weekday",
            "calendar.hours[0].start",
            "calendar.hours[0].end",
            "calendar.hours[1].end",
            "calendar.hours[2].end",
        ]
    );
}

#[test]
fn everything_wrong_with_what_a_calendar_says_of_dates_is_told_at_once() {
    let range = |start: &str, end: &str| v1::TimeRange { start: start.to_owned(), end: end.to_owned() };
    let monday = |start: &str, end: &str| v1::OpenHours {
        weekday: v1::Weekday::Monday.into(),
        start: start.to_owned(),
        end: end.to_owned(),
    };
    let rule = |name: &str, on: &str| v1::HolidayRule {
        display_name: name.to_owned(),
        on: on.to_owned(),
        ..Default::default()
    };
    let wire = v1::Calendar {
        display_name: "Office".to_owned(),
        time_zone: "UTC".to_owned(),
        hours: vec![monday("09:00", "17:00")],
        later_hours: vec![
            v1::LaterHours { from_date: "soon".to_owned(), hours: vec![monday("9", "17:00")] },
            v1::LaterHours {
                from_date: "2027-03-01".to_owned(),
                hours: vec![monday("13:00", "15:00"), monday("09:00", "14:00")],
            },
            v1::LaterHours { from_date: "2027-02-01".to_owned(), hours: Vec::new() },
        ],
        holiday_rules: vec![
            v1::HolidayRule { first_year: Some(0), last_year: Some(9_001), substitute: 7, ..rule("", "12-32") },
            v1::HolidayRule { first_year: Some(2_030), last_year: Some(2_029), ..rule("Never", "easter") },
        ],
        weekend: vec![v1::Weekday::Saturday.into(), 9, 0, v1::Weekday::Saturday.into()],
        openings: vec![
            v1::Opening { date: "2026-13-01".to_owned(), hours: vec![range("10:00", "09:00")] },
            v1::Opening { date: "2026-12-24".to_owned(), hours: Vec::new() },
            v1::Opening {
                date: "2026-12-24".to_owned(),
                hours: vec![range("12:00", "13:00"), range("09:00", "12:30")],
            },
        ],
        ..Default::default()
    };
    let mut noted = Violations::default();
    let path = Path::Request.field("calendar");
    let read = read_calendar(wire.clone(), "office".parse().unwrap(), &path, &mut noted).unwrap();
    let mut document = DirectoryDocument::default();
    document.apply(Entity::Calendar(read));
    let blamed = blame(document.check(), "calendars/office", "calendar", &wire, &noted);
    assert_eq!(blamed.others, []);
    assert_eq!(
        fields(&blamed.own),
        [
            "calendar.later_hours[0].from_date",
            "calendar.later_hours[0].hours[0].start",
            "calendar.holiday_rules[0].display_name",
            "calendar.holiday_rules[0].on",
            "calendar.holiday_rules[0].substitute",
            "calendar.holiday_rules[0].first_year",
            "calendar.holiday_rules[0].last_year",
            "calendar.weekend[1]",
            "calendar.weekend[2]",
            "calendar.openings[0].date",
            "calendar.openings[0].hours[0].end",
            "calendar.later_hours[1].hours[0]",
            "calendar.later_hours[2].hours",
            "calendar.later_hours[2].from_date",
            "calendar.holiday_rules[1].last_year",
            "calendar.weekend[3]",
            "calendar.openings[1].hours",
            "calendar.openings[2].hours[0]",
            "calendar.openings[2].date",
        ]
    );
}

#[test]
fn a_mask_says_what_changes() {
    let current = rep_to_wire(&anna(), 3);
    let patch = v1::Rep { display_name: "Anna Hill".to_owned(), max_open: None, ..v1::Rep::default() };
    let merged = |mask: Option<&[&str]>| {
        let mask = mask.map(|paths| FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() });
        let mut violations = Violations::default();
        let merged = merge(current.clone(), patch.clone(), mask.as_ref(), &mut violations);
        violations.check(merged)
    };
    let named = merged(Some(&["display_name", "max_open"])).unwrap();
    assert_eq!((named.display_name.as_str(), named.max_open), ("Anna Hill", None));
    assert_eq!(named.team, current.team);

    let what_is_set = merged(None).unwrap();
    assert_eq!((what_is_set.display_name.as_str(), what_is_set.max_open), ("Anna Hill", Some(20)));

    let all = merged(Some(&["*"])).unwrap();
    assert_eq!((all.team.as_str(), all.name.as_str()), ("", "reps/anna"));
    assert!(all.active, "what is output only stays");

    let unknown = merged(Some(&["display_nam", "active"])).unwrap_err();
    assert_eq!(fields(&unknown), ["update_mask", "update_mask"]);
    assert!(unknown.iter().next().unwrap().description.ends_with("did you mean `display_name`?"));
}

#[test]
fn findings_are_put_in_terms_of_the_request() {
    let finding = |field: &str| Finding { field: field.to_owned(), message: "there is no team `south`".to_owned() };
    let blame = |findings, entry: &str| blame(findings, entry, "rep", &v1::Rep::default(), &Violations::default());
    let blamed = blame(vec![finding("reps/anna.team"), finding("reps/annabel.team")], "reps/anna");
    assert_eq!(fields(&blamed.own), ["rep.team"]);
    assert_eq!(blamed.others[0].field, "reps/annabel.team");
    assert!(matches!(blamed.check("reps/anna"), Err(Error::InvalidArgument(_))));

    let used = blame(vec![finding("reps/anna.team")], "teams/south");
    let Err(Error::FailedPrecondition(Precondition::ResourceInUse { resource, users })) = used.check("teams/south")
    else {
        panic!("expected a resource in use")
    };
    assert_eq!((resource.as_str(), users[0].field.as_str()), ("teams/south", "reps/anna.team"));
    assert_eq!(blame(Vec::new(), "teams/south").check("teams/south"), Ok(()));
}

#[test]
fn items_are_told_by_their_place_in_the_request() {
    let finding = |field: &str| Finding { field: field.to_owned(), message: "is wrong".to_owned() };
    let at = |finding_at: &str, entry: &str, wire: &dyn Fn(Vec<Finding>) -> Blame| {
        let blamed = wire(vec![finding(&format!("{entry}.{finding_at}"))]);
        fields(&blamed.own).join(" ")
    };
    let member = |rep: &str| v1::PoolMember { rep: format!("reps/{rep}"), weight: None };
    let pool = v1::Pool { members: vec![member("ben"), member("anna"), member("ben")], ..Default::default() };
    let of_pool = |found| blame(found, "pools/p", "pool", &pool, &Violations::default());
    assert_eq!(at("members[anna].rep", "pools/p", &of_pool), "pool.members[1].rep");
    assert_eq!(at("members[ben]", "pools/p", &of_pool), "pool.members[2]");

    let rep = v1::Rep {
        skills: vec!["gtx".to_owned(), " GTX ".to_owned()],
        territories: vec!["territories/dach".to_owned()],
        ..Default::default()
    };
    let of_rep = |found| blame(found, "reps/r", "rep", &rep, &Violations::default());
    assert_eq!(at("skills[gtx]", "reps/r", &of_rep), "rep.skills[0]");
    assert_eq!(at("territories[dach]", "reps/r", &of_rep), "rep.territories[0]");

    let open = |weekday: v1::Weekday, start: &str| v1::OpenHours {
        weekday: weekday.into(),
        start: start.to_owned(),
        end: "20:00".to_owned(),
    };
    let hours = vec![
        open(v1::Weekday::Monday, "12:00"),
        open(v1::Weekday::Tuesday, "07:00"),
        open(v1::Weekday::Monday, "8:00"),
    ];
    let calendar = v1::Calendar { hours, holidays: vec!["2026-12-25".to_owned(); 2], ..Default::default() };
    let of_calendar = |found| blame(found, "calendars/c", "calendar", &calendar, &Violations::default());
    assert_eq!(at("hours.mon[1]", "calendars/c", &of_calendar), "calendar.hours[0]");
    assert_eq!(at("holidays[2026-12-25]", "calendars/c", &of_calendar), "calendar.holidays[1]");
}

#[test]
fn a_field_that_can_not_be_read_is_told_once() {
    let finding = |field: &str| Finding { field: field.to_owned(), message: "is wrong".to_owned() };
    let mut noted = Violations::default();
    noted.add(&Path::Request.field("pool").field("members[0].rep"), "is blank");
    let found = vec![finding("pools/p.members"), finding("pools/p.backlog_pace")];
    let blamed = blame(found, "pools/p", "pool", &v1::Pool::default(), &noted);
    assert_eq!(fields(&blamed.own), ["pool.members[0].rep", "pool.backlog_pace"]);
}

#[test]
fn a_domain_is_the_fault_of_who_comes_to_it() {
    let finding = || {
        vec![Finding {
            field: "accounts/zeta.domains[x.example]".to_owned(),
            message: "belongs to accounts/acme already".to_owned(),
        }]
    };
    let wire = v1::Account { domains: vec!["y.example".to_owned(), "x.example".to_owned()], ..Default::default() };
    let blame = |entry: &str| blame(finding(), entry, "account", &wire, &Violations::default());
    let newcomer = blame("accounts/acme");
    assert_eq!(fields(&newcomer.own), ["account.domains[1]"]);
    assert_eq!(newcomer.own.iter().next().unwrap().description, "belongs to accounts/zeta already");
    // Seen from the other side it was right from the start, and a third one has nothing to do with it.
    assert_eq!(fields(&blame("accounts/zeta").own), ["account.domains[1]"]);
    assert_eq!(blame("accounts/third").others.len(), 1);
}
