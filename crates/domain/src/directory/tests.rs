//! A directory is read or refused as a whole, and every mistake has its place.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

const GOOD: &str = r#"
calendars:
  - { id: office, name: Office, time_zone: Europe/Berlin, hours: { mon: ["09:00-12:30", "13:30-24:00"] }, holidays: [2026-12-25] }
territories:
  - { id: bay, name: Bay area, postal_prefixes: [US:94], regions: [US-CA] }
teams:
  - { id: north, name: North, calendar: office, manager: anna }
reps:
  - { id: anna, name: Anna Berg, team: north, seniority: director, languages: [de, en], email: anna@acme.example }
  - { id: ben, name: Ben, team: north, skills: [gtx, service plan], territories: [bay], max_open: 40, backup: anna }
pools:
  - { id: inbound, name: Inbound, strategy: least_loaded, hours: preferred, members: [{ rep: ben, weight: 2 }, anna] }
accounts:
  - { id: globex, name: Globex, domains: [globex.example], owner: ben, tier: strategic, employees: 1_200, country: US }
  - { id: globex-eu, name: Globex Europe, parent: globex }
absences:
  - { id: ben-1, rep: ben, start: 2026-12-24T12:00:00+01:00, end: 2027-01-02T00:00:00+01:00, reason: Christmas }
"#;

#[test]
fn a_good_directory_is_read() {
    let directory = DirectoryDocument::parse(GOOD).unwrap();
    let ben = &directory.reps[&"ben".parse().unwrap()];
    assert_eq!((ben.seniority, ben.max_open, ben.active, ben.accepting), (Seniority::Junior, Some(40), true, true));
    let members = &directory.pools[&"inbound".parse().unwrap()].members;
    let members: Vec<_> = members.iter().map(|member| (member.rep.as_str(), member.weight)).collect();
    assert_eq!(members, [("anna", 1), ("ben", 2)]);
    assert_eq!(directory.calendars[&"office".parse().unwrap()].week[0].len(), 2);
    assert_eq!((directory.check(), directory.warnings()), (vec![], vec![]));
}

#[test]
fn entities_make_the_same_directory() {
    let directory = DirectoryDocument::parse(GOOD).unwrap();
    let entities: Vec<Entity> = directory.entities().collect();
    assert_eq!(DirectoryDocument::from_entities(entities.iter().rev().cloned()), directory);
    let names: Vec<_> = entities.iter().map(|entity| (entity.kind(), entity.id())).collect();
    let ids: Vec<_> = EntityKind::ALL.iter().flat_map(|kind| directory.ids(*kind).map(move |id| (*kind, id))).collect();
    assert_eq!(names, ids);
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let text = r#"
calendars:
  - { id: office, name: Office, time_zone: Europe/Berln, hours: { mon: ["13:00-17:00", "09:00-12:00"], tue: ["9 to 5"], wed: ["17:00-09:00"] } }
  - { id: never, name: Never, time_zone: UTC, hours: {}, holidays: [2026-13-01] }
territories:
  - { id: nowhere, name: Nowhere }
  - { id: bay, name: Bay, countries: [us], postal_prefixes: ["94"] }
team:
teams:
  - { id: north, name: North, calendar: ofice, manager: anna }
reps:
  - { id: anna, name: Anna, team: nroth, seniority: senoir, backup: anna }
  - { id: ben, name: '', team: north, languages: [english], skills: [GTX], max_open: 0, territories: [bay, bay] }
  - { id: cid, name: Cid, team: north, email: nobody, max_per_day: many, wieght: 3 }
  - { id: anna, name: Another, team: north }
  - { name: Nameless, team: north }
pools:
  - { id: empty, name: Empty, members: [] }
  - id: inbound
    name: Inbound
    strategy: round robin
    members: [anna, { rep: ben, weight: 0 }, dan, anna]
accounts:
  - { id: globex, name: Globex, domains: [Globex.example, shared.example], country: USA, employees: -1 }
  - { id: hooli, name: Hooli, domains: [shared.example], owner: bne, parent: hooli }
absences:
  - { id: a1, rep: anna, start: 2026-12-24T12:00:00Z, end: 2026-12-24T12:00:00Z }
  - { id: a2, rep: anna, start: tomorrow }
"#;
    let problems = DirectoryDocument::parse(text).unwrap_err();
    let found: String = problems.iter().map(|problem| problem.to_string() + "\n").collect();
    insta::assert_snapshot!(found, @r#"
    3:44: calendars[0].time_zone: `Europe/Berln` is not a time zone: expected an IANA name such as `Europe/Berlin`; did you mean `Europe/Berlin`?
    3:88: calendars[0].hours.mon[1]: starts before the interval ahead of it ends
    3:110: calendars[0].hours.tue[0]: expected hours such as "09:00-17:30", found `9 to 5`
    3:127: calendars[0].hours.wed[0]: ends before it starts; 00:00 is the end of the day
    4:54: calendars[1].hours: is never open: whoever works by it would never get a lead
    4:69: calendars[1].holidays[0]: expected a date such as 2026-12-25, found `2026-13-01`
    6:5: territories[0]: names no place: no lead is ever inside
    7:39: territories[1].countries[0]: expected a country such as DE (ISO 3166-1), found `us`
    7:62: territories[1].postal_prefixes[0]: expected COUNTRY:PREFIX such as US:94, found `94`
    8:1: document: unknown key `team`; did you mean `teams`? (known: calendars, territories, teams, reps, pools, accounts, absences)
    10:41: teams[0].calendar: there is no calendar `ofice`; did you mean `office`?
    12:35: reps[0].team: there is no team `nroth`; did you mean `north`?
    12:53: reps[0].seniority: expected one of junior, mid, senior, director, found `senoir`; did you mean `senior`?
    12:69: reps[0].backup: is the rep itself
    13:22: reps[1].name: must not be blank
    13:51: reps[1].languages[0]: expected a language such as en (ISO 639-1), found `english`
    13:70: reps[1].skills[0]: expected a lower-case word, found `GTX`
    13:86: reps[1].max_open: must be at least 1; leave it out for no bound
    13:108: reps[1].territories[1]: stands here twice
    14:47: reps[2].email: expected an address such as anna@acme.example
    14:68: reps[2].max_per_day: expected a whole number from 0 to 1000000, found `many`
    14:74: reps[2]: unknown key `wieght` (known: id, name, email, team, calendar, seniority, skills, languages, territories, external, active, accepting, max_open, max_per_day, backup)
    15:11: reps[3].id: rep `anna` stands on line 12 already
    16:5: reps[4]: `id` is missing
    18:40: pools[0].members: is empty: nobody would get what is sent here
    21:15: pools[1].strategy: expected one of round_robin, least_loaded, found `round robin`; did you mean `round_robin`?
    22:41: pools[1].members[1].weight: expected 1 to 10000, found 0
    22:46: pools[1].members[2]: there is no rep `dan`
    22:51: pools[1].members[3]: is a member already
    24:43: accounts[0].domains[0]: expected a domain such as acme.example, in lower case, found `Globex.example`
    24:85: accounts[0].country: expected a country such as DE (ISO 3166-1)
    24:101: accounts[0].employees: expected a whole number from 0 to 1000000000000000, found `-1`
    25:41: accounts[1].domains[0]: belongs to accounts/globex already
    25:65: accounts[1].owner: there is no rep `bne`; did you mean `ben`?
    25:78: accounts[1].parent: leads in a circle, or through more than 16 accounts
    27:60: absences[0].end: must be later than `start`
    28:5: absences[1]: `end` is missing
    28:33: absences[1].start: expected a moment such as 2026-12-24T12:00:00+01:00, found `tomorrow`
    "#);
}

/// A change of one entry is checked against all the others.
#[test]
fn a_change_that_breaks_a_reference_is_found() {
    let mut directory = DirectoryDocument::parse(GOOD).unwrap();
    let mut pool = Pool::clone(&directory.pools[&"inbound".parse().unwrap()]);
    pool.members.push(Member { rep: "bne".parse().unwrap(), weight: 20_000 });
    directory.apply(Entity::Pool(pool));
    let found: Vec<String> = directory.check().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "pools/inbound.members[bne].weight: expected 1 to 10000, found 20000",
            "pools/inbound.members[bne].rep: there is no rep `bne`; did you mean `ben`?",
        ]
    );
}

const HOURS: &str = r#"
calendars:
  - id: office
    name: Office
    time_zone: Europe/Berlin
    hours: { mon: ["09:00-17:00"], sat: ["10:00-12:00"] }
    later_hours:
      - { from: 2027-03-01, hours: { mon: ["08:00-16:00"] } }
    holidays: [2026-12-28]
    holiday_rules:
      - { name: Christmas Day, on: 12-25, substitute: next }
      - { name: Good Friday, on: easter-2 }
      - { name: Juneteenth, on: 06-19, substitute: nearest, first_year: 2021, last_year: 2030 }
      - { name: Thanksgiving, on: 4th thu of nov }
    weekend: [fri, sat]
    openings:
      - { date: 2026-12-24, hours: ["09:00-12:00"] }
  - { id: bay, name: Bay, time_zone: America/Los_Angeles, hours: { mon: ["09:00-17:00"] } }
  - { id: night, name: Night, time_zone: UTC, hours: { mon: ["00:00-24:00"] } }
territories:
  - { id: west, name: West, regions: [US-CA], calendar: bay }
  - { id: east, name: East, regions: [US-NY] }
teams:
  - { id: north, name: North, calendar: office }
reps:
  - { id: anna, name: Anna, team: north, territories: [east, west] }
  - { id: ben, name: Ben, team: north, territories: [west], calendar: night }
  - { id: cid, name: Cid, team: north, territories: [east] }
absences:
  - { id: a1, rep: anna, start: 2026-12-21T09:00:00-08:00, end: 2026-12-21T13:00:00-08:00, stops_clocks: true }
  - { id: a2, rep: anna, start: 2026-12-21T14:00:00-08:00, end: 2026-12-21T15:00:00-08:00 }
"#;

#[test]
fn hours_with_all_that_can_be_said_are_read() {
    let directory = DirectoryDocument::parse(HOURS).unwrap();
    let office = &directory.calendars[&"office".parse().unwrap()];
    assert_eq!((office.later_hours.len(), office.openings.len(), office.holidays.len()), (1, 1, 1));
    let rules: Vec<_> = office.holiday_rules.iter().map(|rule| rule.on.to_string()).collect();
    assert_eq!(rules, ["12-25", "easter-2", "06-19", "4th thu of nov"]);
    assert_eq!(office.weekend, [jiff::civil::Weekday::Friday, jiff::civil::Weekday::Saturday]);
    // As it is stored.
    for entity in directory.entities() {
        let stored = serde_json::to_string(&entity).unwrap();
        assert_eq!(serde_json::from_str::<Entity>(&stored).unwrap(), entity, "{stored}");
    }
}

#[test]
fn a_calendar_that_was_stored_before_there_was_more_to_say_is_read() {
    let stored = r#"{"kind":"calendar","id":"office","name":"Office","time_zone":"UTC","week":[[{"start":"09:00:00","end":"17:00:00"}],[],[],[],[],[],[]],"holidays":["2026-12-25"]}"#;
    let Entity::Calendar(calendar) = serde_json::from_str(stored).unwrap() else { panic!("{stored}") };
    assert_eq!((calendar.weekend, calendar.openings), (saturday_and_sunday(), vec![]));
    let stored = r#"{"kind":"absence","id":"a","rep":"anna","start":"2026-12-21T09:00:00Z","end":"2026-12-22T09:00:00Z","reason":null}"#;
    let Entity::Absence(absence) = serde_json::from_str(stored).unwrap() else { panic!("{stored}") };
    assert!(!absence.stops_clocks);
}

#[test]
fn a_rep_works_by_its_own_hours_else_by_its_territorys_else_by_its_teams() {
    let directory = DirectoryDocument::parse(HOURS).unwrap();
    let of = |rep: &str| directory.calendar_of(&directory.reps[&rep.parse().unwrap()]).unwrap().as_str();
    assert_eq!([of("anna"), of("ben"), of("cid")], ["bay", "night", "office"]);

    let around = "2026-12-21T00:00:00Z".parse().unwrap();
    let index = crate::snapshot::DirectoryIndex::compile(1, directory, around).unwrap();
    let anna = index.rep(&"anna".parse().unwrap()).unwrap();
    // The absence that stops clocks is closed, the other is not; for either she gets nothing.
    let is_open = |text: &str| anna.calendar.is_open(text.parse().unwrap());
    assert_eq!([is_open("2026-12-21T18:00:00Z"), is_open("2026-12-21T22:30:00Z")], [false, true]);
    let is_away = |text: &str| anna.absent_until(text.parse().unwrap()).is_some();
    assert_eq!([is_away("2026-12-21T18:00:00Z"), is_away("2026-12-21T22:30:00Z")], [true, true]);
    let hour: crate::sla::Span = "1h@business".parse().unwrap();
    let due = hour.deadline("2026-12-21T18:00:00Z".parse().unwrap(), &anna.calendar);
    assert_eq!(due, Some("2026-12-21T22:00:00Z".parse().unwrap()));
}

/// Nothing that could be stored keeps a directory from being used, or a clock from having a deadline.
#[test]
fn absences_that_would_leave_nothing_open_stop_nothing() {
    let mut directory = DirectoryDocument::parse(HOURS).unwrap();
    for year in 2020..2040 {
        let moment = |year: i32| format!("{year}-01-01T00:00:00Z").parse().unwrap();
        directory.apply(Entity::Absence(Absence {
            id: format!("year-{year}").parse().unwrap(),
            rep: "cid".parse().unwrap(),
            start: moment(year),
            end: moment(year + 1),
            reason: None,
            stops_clocks: true,
        }));
    }
    assert_eq!(directory.check(), []);
    let index =
        crate::snapshot::DirectoryIndex::compile(1, directory, "2026-12-21T00:00:00Z".parse().unwrap()).unwrap();
    assert!(index.rep(&"cid".parse().unwrap()).unwrap().calendar.is_open("2026-11-23T09:00:00Z".parse().unwrap()));
}

#[test]
fn every_mistake_in_hours_is_told_with_its_place() {
    let text = r#"
calendars:
  - id: office
    name: Office
    time_zone: Europe/Berlin
    hours: { mon: ["09:00-17:00"] }
    later_hours:
      - { from: 2027-03-01, hours: { mon: ["08:00-06:00"] } }
      - { from: 2027-02-01, hours: {} }
      - { from: soon, hours: { tue: ["08:00-16:00"] } }
    holiday_rules:
      - { name: ' ', on: 12-25, substitute: monday }
      - { name: Never, on: 12-25, first_year: 2030, last_year: 2029 }
      - { name: Odd, on: 32-13, first_year: 0 }
      - { on: easter }
    weekend: [sat, sat, sunday]
    openings:
      - { date: 2026-12-24, hours: [] }
      - { date: 2026-12-24, hours: ["09:00-10:00", "09:30-11:00"] }
  - { id: closed, name: Closed, time_zone: UTC, hours: { mon: ["09:00-17:00"] }, holidays: [HOLIDAYS] }
territories:
  - { id: west, name: West, regions: [US-CA], calendar: ofice }
teams:
  - { id: north, name: North, calendar: office }
reps:
  - { id: anna, name: Anna, team: north }
absences:
  - { id: a1, rep: anna, start: 2026-01-01T00:00:00Z, end: 2027-01-03T00:00:00Z, stops_clocks: true }
"#;
    let first = jiff::civil::date(2026, 1, 5);
    let mondays = first.series(jiff::Span::new().weeks(1)).take_while(|date| date.year() == 2026);
    let text = text.replace("HOLIDAYS", &mondays.map(|date| date.to_string()).collect::<Vec<_>>().join(", "));
    let problems = DirectoryDocument::parse(&text).unwrap_err();
    let found: String = problems.iter().map(|problem| problem.to_string() + "\n").collect();
    insta::assert_snapshot!(found, @"
    8:44: calendars[0].later_hours[0].hours.mon[0]: ends before it starts; 00:00 is the end of the day
    9:17: calendars[0].later_hours[1].from: must be later than the one ahead of it
    9:36: calendars[0].later_hours[1].hours: is never open: whoever works by it would never get a lead
    10:17: calendars[0].later_hours[2].from: expected a date such as 2026-12-25, found `soon`
    12:17: calendars[0].holiday_rules[0].name: must not be blank
    12:45: calendars[0].holiday_rules[0].substitute: expected one of none, next, nearest, found `monday`
    13:64: calendars[0].holiday_rules[1].last_year: is ahead of `first_year`: the day would never come
    14:26: calendars[0].holiday_rules[2].on: `32-13` is not a day of the year: expected a month and day such as `12-25`, a weekday such as `4th thu of nov` or `last mon of may`, or days from Easter, -80 to 200, such as `easter-2` or `orthodox easter+1`
    14:45: calendars[0].holiday_rules[2].first_year: expected a whole number from 1 to 9000, found `0`
    15:9: calendars[0].holiday_rules[3]: `name` is missing
    16:20: calendars[0].weekend[1]: stands here twice
    16:25: calendars[0].weekend[2]: expected one of mon, tue, wed, thu, fri, sat, sun, found `sunday`
    18:36: calendars[0].openings[0].hours: is empty: expected hours; a day that is closed is a holiday
    19:17: calendars[0].openings[1].date: 2026-12-24 has an opening already
    19:52: calendars[0].openings[1].hours[1]: starts before the interval ahead of it ends
    20:56: calendars[1].hours: holidays leave no open hour in all of 2026: expected one at least in every year
    22:57: territories[0].calendar: there is no calendar `ofice`; did you mean `office`?
    28:60: absences[0].end: is more than 366 days behind `start`, too long for clocks to stand still
    ");
}

#[test]
fn those_who_left_are_warned_of() {
    let text =
        GOOD.replace("name: Anna Berg", "name: Anna Berg, active: false").replace("{ rep: ben, weight: 2 }, ", "");
    let directory = DirectoryDocument::parse(&text).unwrap();
    let found: Vec<String> = directory.warnings().into_iter().map(|warning| warning.field).collect();
    assert_eq!(found, ["teams/north.manager", "reps/ben.backup", "pools/inbound.members"]);
}

#[test]
fn a_circle_of_accounts_is_found() {
    let circle = "accounts: [{id: a, name: A, parent: b}, {id: b, name: B, parent: a}, {id: c, name: C, parent: a}]";
    assert_eq!(DirectoryDocument::parse(circle).unwrap_err().len(), 3);
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(cut in 0..GOOD.len(), insert in "[-?:,\\[\\]{} \\na-z0-9]{0,12}") {
        let cut = (0..=cut).rev().find(|at| GOOD.is_char_boundary(*at)).unwrap_or(0);
        let _ = DirectoryDocument::parse(&format!("{}{insert}{}", &GOOD[..cut], &GOOD[cut..]));
    }
}
