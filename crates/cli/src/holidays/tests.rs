#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use domain::{
    calendar::{Calendar, HolidayRule, Substitute, YearDay, time_zone},
    directory::{CalendarSpec, DirectoryDocument},
};
use jiff::{
    ToSpan as _,
    civil::{date, datetime},
};
use proptest::prelude::*;

use super::*;

const ALWAYS: RangeInclusive = 1..=9_000;
type RangeInclusive = std::ops::RangeInclusive<i16>;

/// Open from 9 to 17 on weekdays, in Berlin.
fn office() -> CalendarSpec {
    let text = r#"
calendars:
  - id: office
    name: Office
    time_zone: Europe/Berlin
    hours: { mon: ["09:00-17:00"], tue: ["09:00-17:00"], wed: ["09:00-17:00"], thu: ["09:00-12:00", "13:00-17:00"], fri: ["09:00-17:00"] }
    holidays: [2026-12-25]
"#;
    let document = DirectoryDocument::parse(text).unwrap();
    document.calendars.values().next().unwrap().as_ref().clone()
}

fn ics(events: &str) -> Result<Vec<Holiday>, Vec<(u64, String)>> {
    let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}\r\nEND:VCALENDAR\r\n");
    read_ics(&text, &time_zone("Europe/Berlin").unwrap())
}

fn event(lines: &str) -> Result<Vec<Holiday>, Vec<(u64, String)>> {
    ics(&format!("BEGIN:VEVENT\r\n{}\r\nEND:VEVENT", lines.trim().replace('\n', "\r\n")))
}

fn days(first: Date, last: Date) -> When {
    When::Days { first, last }
}

#[test]
fn events_of_all_shapes_are_read() {
    let found = ics("BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19701025T030000\n\
                     RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nEND:VTIMEZONE\n\
                     BEGIN:VEVENT\nSUMMARY:Christmas\\, the \n first day\nDTSTART;VALUE=DATE:20261225\n\
                     BEGIN:VALARM\nDTSTART;VALUE=DATE:19990101\nSUMMARY:An alarm\nEND:VALARM\nEND:VEVENT\n\
                     BEGIN:VEVENT\nSUMMARY:Between the years\nDTSTART;VALUE=DATE:20261228\nDTEND;VALUE=DATE:20270101\nEND:VEVENT\n\
                     BEGIN:VEVENT\nSUMMARY:A week\nDTSTART:20270301\nDURATION:P1W\nEND:VEVENT\n\
                     BEGIN:VEVENT\nSUMMARY:Called off\nSTATUS:CANCELLED\nDTSTART;VALUE=DATE:20261224\nEND:VEVENT\n\
                     BEGIN:VEVENT\nSUMMARY:Eve\nDTSTART;TZID=\"America/New_York\":20261224T080000\nDTEND:20261224T230000Z\nEND:VEVENT\n\
                     BEGIN:VEVENT\nSUMMARY:Staff meeting\nDTSTART:20261130T090000\nDURATION:PT2H30M\nEND:VEVENT")
    .unwrap();
    let expected = [
        ("Christmas, the first day", days(date(2026, 12, 25), date(2026, 12, 25))),
        ("Between the years", days(date(2026, 12, 28), date(2026, 12, 31))),
        ("A week", days(date(2027, 3, 1), date(2027, 3, 7))),
        ("Eve", When::Hours { start: datetime(2026, 12, 24, 14, 0, 0, 0), end: datetime(2026, 12, 25, 0, 0, 0, 0) }),
        (
            "Staff meeting",
            When::Hours { start: datetime(2026, 11, 30, 9, 0, 0, 0), end: datetime(2026, 11, 30, 11, 30, 0, 0) },
        ),
    ];
    let found: Vec<_> = found.iter().map(|holiday| (holiday.name.as_str(), holiday.when.clone())).collect();
    assert_eq!(found, expected);
}

#[test]
fn days_that_come_each_year_are_rules() {
    let rule = |first: &str, rule: &str| {
        let found = event(&format!("SUMMARY:A day\nDTSTART;VALUE=DATE:{first}\nRRULE:{rule}")).unwrap();
        match found[0].when {
            When::Yearly { on, first_year, last_year } => (on.to_string(), first_year, last_year),
            ref other => panic!("{other:?}"),
        }
    };
    assert_eq!(rule("20201225", "FREQ=YEARLY"), ("12-25".to_owned(), 2020, None));
    assert_eq!(
        rule("20201225", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;COUNT=5"),
        ("12-25".to_owned(), 2020, Some(2024))
    );
    assert_eq!(
        rule("20201126", "FREQ=YEARLY;INTERVAL=1;BYMONTH=11;BYDAY=4TH"),
        ("4th thu of nov".to_owned(), 2020, None)
    );
    assert_eq!(
        rule("20210531", "FREQ=YEARLY;BYDAY=-1MO;BYMONTH=5;UNTIL=20300101"),
        ("last mon of may".to_owned(), 2021, Some(2029))
    );
    assert_eq!(rule("20201225", "FREQ=YEARLY;UNTIL=20301225T000000Z"), ("12-25".to_owned(), 2020, Some(2030)));
    // The last one is the last that there is: of leap years one in four, and in 2029 Thanksgiving is on the 22nd.
    assert_eq!(rule("20240229", "FREQ=YEARLY;COUNT=3"), ("02-29".to_owned(), 2024, Some(2032)));
    let thanksgiving = |until: &str| rule("20261126", &format!("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;UNTIL={until}")).2;
    assert_eq!((thanksgiving("20291121"), thanksgiving("20291122")), (Some(2028), Some(2029)));
}

#[test]
fn what_is_not_read_is_refused_with_its_line() {
    let problems = |lines: &str| {
        let found = event(lines).unwrap_err();
        found.into_iter().map(|(line, problem)| format!("{line}: {problem}")).collect::<Vec<_>>().join("\n")
    };
    let day = "SUMMARY:A day\nDTSTART;VALUE=DATE:20261225\n";
    let refused = [
        ("SUMMARY:No start", "3: the event has no DTSTART"),
        ("DTSTART;VALUE=DATE:2026-12-25", "4: DTSTART: `2026-12-25` is not a day: expected one such as 20261225"),
        ("DTSTART:20261224T1200", "4: DTSTART: `20261224T1200` is not a time: expected one such as 20261224T120000"),
        ("DTSTART:20261224T120000", "4: DTSTART: is a time, and there is no DTEND"),
        ("DTSTART:20261224T120000\nDTEND:20261224T110000", "5: the event ends before it begins"),
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261224", "5: DTEND: is not later than DTSTART"),
        ("DTSTART;VALUE=DATE:20261224\nDURATION:PT3H", "5: DURATION: `PT3H` is not read: expected days such as P1D"),
        (
            "DTSTART:20261224T120000\nDTEND:20261224T130000\nRRULE:FREQ=YEARLY",
            "6: RRULE: hours that come again are not read: expected a whole day",
        ),
    ];
    for (lines, expected) in refused {
        assert_eq!(problems(lines), expected, "{lines}");
    }
    let again = ["EXDATE:20271225", "RDATE:20271225", "RECURRENCE-ID:20271225"];
    for line in again {
        let name = line.split(':').next().unwrap();
        assert_eq!(
            problems(&format!("{day}{line}")),
            format!("6: {name}: days that are left out or moved are not read")
        );
    }
    let expected =
        "expected FREQ=YEARLY with at most BYMONTH, BYMONTHDAY or BYDAY (as `4TH` or `-1MO`), and COUNT or UNTIL";
    for part in [
        "FREQ=WEEKLY",
        "FREQ=YEARLY;INTERVAL=2",
        "FREQ=YEARLY;BYDAY=MO",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYSETPOS=1",
    ] {
        let unread = part.split(';').next_back().unwrap();
        assert_eq!(problems(&format!("{day}RRULE:{part}")), format!("6: RRULE: `{unread}` is not read: {expected}"));
    }
    assert_eq!(
        problems(&format!("{day}RRULE:FREQ=YEARLY;BYDAY=4TH;BYMONTH=11")),
        "6: RRULE: the event begins on 2026-12-25, which is not a day of its rule, `4th thu of nov`"
    );
    assert_eq!(
        problems("DTSTART;VALUE=DATE:20260122\nRRULE:FREQ=YEARLY;BYDAY=4TH"),
        format!("5: RRULE: has BYDAY without BYMONTH: {expected}")
    );
    assert_eq!(
        problems(&format!("{day}RRULE:FREQ=YEARLY;COUNT=2;UNTIL=20301225")),
        format!("6: RRULE: has both COUNT and UNTIL: {expected}")
    );
    assert!(
        problems("DTSTART;TZID=Europe/Berlni:20261224T120000\nDTEND:20261224T130000")
            .ends_with("did you mean `Europe/Berlin`?")
    );
    let all =
        ics("BEGIN:VEVENT\nSUMMARY:One\nEND:VEVENT\nnonsense\nBEGIN:VEVENT\nDTSTART:soon\nEND:VEVENT").unwrap_err();
    assert_eq!(all.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 6, 8]);
    assert_eq!(read_ics("", &TimeZone::UTC).unwrap_err()[0].0, 1);
    assert_eq!(
        read_ics("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", &TimeZone::UTC).unwrap_err(),
        [(1, "BEGIN:VEVENT has no END:VEVENT".to_owned())]
    );
}

fn holiday(when: When) -> Holiday {
    Holiday { name: "A day".to_owned(), when }
}

fn away(start: (i16, i8, i8, i8), end: (i16, i8, i8, i8)) -> Holiday {
    let at = |(year, month, day, hour)| datetime(year, month, day, hour, 0, 0, 0);
    holiday(When::Hours { start: at(start), end: at(end) })
}

#[test]
fn holidays_come_on_top_of_what_a_calendar_has() {
    let mut calendar = office();
    let found = [
        holiday(days(date(2026, 12, 24), date(2026, 12, 26))),
        holiday(When::Yearly { on: "01-01".parse().unwrap(), first_year: 2020, last_year: None }),
        // Thursday, with a break; Friday, all its hours; Saturday, when nothing is open; over the night.
        away((2026, 11, 26, 11), (2026, 11, 26, 15)),
        away((2026, 11, 27, 0), (2026, 11, 28, 0)),
        away((2026, 11, 28, 9), (2026, 11, 28, 12)),
        away((2026, 12, 1, 16), (2026, 12, 2, 10)),
    ];
    let added = apply(&mut calendar, &found, &ALWAYS);
    let closed: Vec<_> = added.days.iter().map(|(day, _)| day.to_string()).collect();
    assert_eq!(closed, ["2026-12-24", "2026-12-26", "2026-11-27"]);
    assert_eq!((added.rules.len(), added.known), (1, 1));
    let openings: Vec<_> = calendar
        .openings
        .iter()
        .map(|opening| {
            let hours = opening
                .hours
                .iter()
                .map(|open| format!("{}-{}", open.start.strftime("%H:%M"), open.end.strftime("%H:%M")));
            format!("{} {}", opening.date, hours.collect::<Vec<_>>().join(" "))
        })
        .collect();
    assert_eq!(openings, ["2026-11-26 09:00-11:00 15:00-17:00", "2026-12-01 09:00-16:00", "2026-12-02 10:00-17:00"]);
    // What was added is what the calendar does, and the same file again adds nothing.
    let mut document = DirectoryDocument::default();
    document.apply(domain::directory::Entity::Calendar(calendar.clone()));
    assert_eq!(document.check(), []);
    let mut again = calendar.clone();
    let nothing = apply(&mut again, &found, &ALWAYS);
    assert_eq!((nothing.known, again), (found.len(), calendar));
}

#[test]
fn years_that_are_not_meant_are_left_out() {
    let mut calendar = office();
    let found = [
        holiday(days(date(2025, 12, 30), date(2026, 1, 2))),
        holiday(When::Yearly { on: "05-01".parse().unwrap(), first_year: 2020, last_year: Some(2040) }),
        holiday(When::Yearly { on: "05-02".parse().unwrap(), first_year: 2030, last_year: None }),
    ];
    let added = apply(&mut calendar, &found, &(2026..=2028));
    assert_eq!(added.days.iter().map(|(day, _)| *day).collect::<Vec<_>>(), [date(2026, 1, 1), date(2026, 1, 2)]);
    let years: Vec<_> = added.rules.iter().map(|rule| (rule.first_year, rule.last_year)).collect();
    assert_eq!(years, [(2026, 2028)]);
}

const TABLE: &str = "date,country,subdivision,name
2026-01-01,DE,,New Year's Day
2026-01-06,DE,BY,Epiphany
2026-01-06,DE,BY,Another
2026-11-18,DE,SN,Repentance
2026-07-04,US,,Independence Day
";

fn place(country: &str, subdivision: Option<&str>) -> Place {
    Place { country: country.to_owned(), subdivision: subdivision.map(str::to_owned) }
}

#[test]
fn a_table_has_the_days_of_a_country_and_of_a_part_of_it() {
    let names =
        |place: &Place| read_table(TABLE, place).unwrap().into_iter().map(|holiday| holiday.name).collect::<Vec<_>>();
    assert_eq!(names(&place("DE", None)), ["New Year's Day"]);
    assert_eq!(names(&place("DE", Some("BY"))), ["New Year's Day", "Epiphany; Another"]);
    let refused = |text: &str, place: &Place| read_table(text, place).unwrap_err();
    assert_eq!(
        refused(TABLE, &place("DK", None)),
        [(1, "there is no row of the country `DK`; did you mean `DE`?".to_owned())]
    );
    assert_eq!(
        refused(TABLE, &place("DE", Some("BX")))[0].1,
        "there is no row of the subdivision `BX`; did you mean `BY`?"
    );
    let broken =
        TABLE.replace("2026-01-01", "1.1.2026").replace("2026-01-06,DE,BY,Another", "2026-02-30,DE,BY,Another");
    let lines: Vec<_> = refused(&broken, &place("DE", Some("BY"))).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [2, 4]);
    assert_eq!(
        refused("day,country\n", &place("DE", None)),
        [(1, "there is no column `date`, `subdivision`, `name`: expected date, country, subdivision, name".to_owned())]
    );
}

/// The table that is no part of the repository. `None`, told loudly, where it is absent.
fn shared() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let file = "shared/data/calendars/public_holidays.csv.gz";
    let found = here.ancestors().map(|folder| folder.join(file)).find(|path| path.exists());
    if found.is_none() {
        use std::io::Write as _;
        // Not `eprintln!`: the harness shows that for failed tests only.
        let _ = writeln!(std::io::stderr(), "NOT RUN: ../{file} is absent");
    }
    found
}

#[test]
fn real_holidays_close_a_real_calendar() {
    let Some(path) = shared() else { return };
    let mut calendar = office();
    let zone = time_zone("Europe/Berlin").unwrap();
    let found = read(&path, Some(&place("DE", Some("BY"))), &zone).unwrap();
    let added = apply(&mut calendar, &found, &(2026..=2026));
    let told: Vec<_> = added.days.iter().map(|(day, name)| format!("{} {name}", day.strftime("%m-%d"))).collect();
    // Christmas Day was in the calendar already.
    let expected = [
        "01-01 New Year's Day",
        "01-06 Epiphany",
        "04-03 Good Friday",
        "04-06 Easter Monday",
        "05-01 Labor Day",
        "05-14 Ascension Day",
        "05-25 Pentecost Monday",
        "06-04 Corpus Christi",
        "10-03 German Unity Day",
        "11-01 All Saints' Day",
        "12-26 Second Day of Christmas",
    ];
    let mut told_in_order = told.clone();
    told_in_order.sort();
    assert_eq!(told_in_order, expected);
    let error = read(&path, None, &zone).unwrap_err().to_string();
    assert!(error.contains("choose one with `--country`"), "{error}");
}

/// What our rules say of a country, day by day, is what the table has: another library made that.
#[test]
fn rules_agree_with_the_table_of_another_library() {
    let Some(path) = shared() else { return };
    let us = [
        ("01-01", Substitute::Nearest),
        ("3rd mon of jan", Substitute::None),
        ("3rd mon of feb", Substitute::None),
        ("last mon of may", Substitute::None),
        ("06-19", Substitute::Nearest),
        ("07-04", Substitute::Nearest),
        ("1st mon of sep", Substitute::None),
        ("2nd mon of oct", Substitute::None),
        ("11-11", Substitute::Nearest),
        ("4th thu of nov", Substitute::None),
        ("12-25", Substitute::Nearest),
    ];
    agree(&path, "US", &us, 2021..=2030);
    let de = ["01-01", "easter-2", "easter+1", "05-01", "easter+39", "easter+50", "10-03", "12-25", "12-26"];
    // In 2017 the day of the Reformation was one as well.
    agree(&path, "DE", &de.map(|on| (on, Substitute::None)), 2018..=2030);

    let greek = read(&path, Some(&place("GR", None)), &TimeZone::UTC).unwrap();
    for (name, on) in [
        ("Green Monday", "orthodox easter-48"),
        ("Good Friday", "orthodox easter-2"),
        ("Easter Monday", "orthodox easter+1"),
        ("Pentecost Monday", "orthodox easter+50"),
    ] {
        let day: YearDay = on.parse().unwrap();
        for year in 2015..=2030 {
            let expected = day.in_year(year).unwrap();
            assert!(
                greek.iter().any(|holiday| holiday.name.contains(name) && holiday.when == days(expected, expected)),
                "{name} {year}"
            );
        }
    }
}

fn agree(path: &Path, country: &str, rules: &[(&str, Substitute)], years: RangeInclusive) {
    let mut by_rules = office();
    by_rules.holidays.clear();
    let mut by_table = by_rules.clone();
    by_rules.holiday_rules = rules
        .iter()
        .map(|(on, substitute)| HolidayRule {
            name: (*on).to_owned(),
            on: on.parse().unwrap(),
            substitute: *substitute,
            first_year: 1,
            last_year: 9_000,
        })
        .collect();
    let found = read(path, Some(&place(country, None)), &TimeZone::UTC).unwrap();
    apply(&mut by_table, &found, &ALWAYS);
    let [by_rules, by_table] = [by_rules, by_table].map(|spec| Calendar::compile(&spec, years.clone()).unwrap());
    let days = date(*years.start(), 1, 1).series(1.day()).take_while(|day| day.year() <= *years.end());
    for day in days {
        assert_eq!(by_rules.is_open_day(day), by_table.is_open_day(day), "{country} {day}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(lines in prop::collection::vec("(BEGIN|END):(VCALENDAR|VEVENT)|(DTSTART|DTEND)(;VALUE=DATE|;TZID=UTC)?:[0-9T]{0,16}Z?|DURATION:P?[0-9]{0,4}[DWTH]{0,3}|RRULE:FREQ=YEARLY(;(BYDAY|COUNT|UNTIL|BYMONTH)=[-0-9MOTH]{0,8})?|\\PC{0,20}", 0..12)) {
        let _ = read_ics(&lines.join("\n"), &TimeZone::UTC);
        let _ = event(&lines.join("\n"));
        let _ = read_table(&lines.join("\n"), &place("DE", None));
    }

    /// However hours are taken away, nothing is open in them and everything else stays.
    #[test]
    fn hours_are_taken_away_to_the_minute(from in 0i64..1_440, length in 1i64..3_000) {
        let mut calendar = office();
        let start = datetime(2026, 11, 26, 0, 0, 0, 0) + from.minutes();
        let end = start + length.minutes();
        let before = Calendar::compile(&calendar, 2026..=2026).unwrap();
        apply(&mut calendar, &[holiday(When::Hours { start, end })], &ALWAYS);
        let after = Calendar::compile(&calendar, 2026..=2026).unwrap();
        let zone = time_zone("Europe/Berlin").unwrap();
        for minute in (0..4 * 1_440).step_by(7).chain([from, from + length - 1, from + length]) {
            let local = datetime(2026, 11, 26, 0, 0, 0, 0) + minute.minutes();
            let at = local.to_zoned(zone.clone()).unwrap().timestamp();
            let away = start <= local && local < end;
            prop_assert_eq!(after.is_open(at), before.is_open(at) && !away, "{}", local);
        }
    }
}
