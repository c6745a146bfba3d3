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
