//! Dates that are not like the others of their weekday.

use proptest::prelude::*;

use super::{properties::spec_and_start, *};
use crate::directory::{LaterHours, Opening};

fn compile(spec: &CalendarSpec) -> Calendar {
    Calendar::compile(spec, 2026..=2027).unwrap()
}

/// The open hours of a local date in UTC: `8:00-9:30`.
fn of(calendar: &Calendar, date: civil::Date) -> String {
    let midnight = at(&format!("{date}T00:00Z"));
    let mut told = Vec::new();
    let mut from = calendar.next_open(midnight);
    while let Some(start) = from.filter(|start| start.duration_since(midnight).as_hours() < 24) {
        let end = calendar.next_close(start).unwrap();
        told.push(format!("{}-{}", start.strftime("%H:%M"), end.strftime("%H:%M")));
        from = calendar.next_open(end);
    }
    told.join(" ")
}

#[test]
fn an_opening_wins_over_a_holiday_and_that_over_the_week() {
    let mut spec = spec("UTC", OFFICE, &[date(2026, 12, 24), date(2026, 12, 31)]);
    spec.openings = vec![
        Opening { date: date(2026, 12, 24), hours: hours("9:00-12:00") },
        Opening { date: date(2026, 12, 19), hours: hours("10:00-12:00 13:00-0:00") },
        Opening { date: date(2026, 12, 18), hours: hours("7:00-8:00") },
    ];
    let calendar = compile(&spec);
    let told = [17, 18, 19, 20, 24, 31].map(|day| of(&calendar, date(2026, 12, day)));
    assert_eq!(told, ["09:00-17:30", "07:00-08:00", "10:00-12:00 13:00-00:00", "", "09:00-12:00", ""]);
    assert!(calendar.is_open_day(date(2026, 12, 19)) && !calendar.is_open_day(date(2026, 12, 31)));
}

#[test]
fn other_hours_from_a_date_on_leave_what_was_before() {
    let mut spec = spec("UTC", OFFICE, &[]);
    let week = ["8:00-16:00", "8:00-16:00", "", "", "", "", "10:00-11:00"].map(hours);
    spec.later_hours = vec![
        LaterHours { from: date(2026, 3, 1), week },
        LaterHours { from: date(2027, 1, 4), week: ["6:00-7:00"; 7].map(hours) },
    ];
    let calendar = compile(&spec);
    // Friday and Saturday of February, Sunday and Monday of March; the last day of the second hours, the first of the third.
    assert_eq!(of(&calendar, date(2026, 2, 27)), "09:00-17:30");
    assert_eq!(of(&calendar, date(2026, 2, 28)), "");
    assert_eq!(of(&calendar, date(2026, 3, 1)), "10:00-11:00");
    assert_eq!(of(&calendar, date(2026, 3, 2)), "08:00-16:00");
    assert_eq!(of(&calendar, date(2027, 1, 3)), "10:00-11:00");
    assert_eq!(of(&calendar, date(2027, 1, 4)), "06:00-07:00");
    // A clock that runs across the change counts each side by its own hours: one hour of Friday, one of Sunday, two of Monday.
    let friday = at("2026-02-27T16:30:00Z");
    assert_eq!(calendar.add_open_seconds(friday, 4 * 3_600), Some(at("2026-03-02T10:00:00Z")));
}

/// The bank holidays of England, with what governments made of single years.
#[test]
fn a_real_year_needs_all_of_them() {
    let rule = |name: &str, on: &str| HolidayRule {
        name: name.to_owned(),
        on: on.parse().unwrap(),
        substitute: Substitute::Next,
        first_year: 1,
        last_year: 9_000,
    };
    let mut spec = spec("Europe/London", OFFICE, &[date(2020, 5, 8), date(2022, 6, 2), date(2022, 6, 3)]);
    spec.holiday_rules = vec![
        rule("New Year's Day", "01-01"),
        rule("Good Friday", "easter-2"),
        rule("Easter Monday", "easter+1"),
        rule("May Day", "1st mon of may"),
        rule("Spring", "last mon of may"),
        rule("Summer", "last mon of aug"),
        rule("Christmas Day", "12-25"),
        rule("Boxing Day", "12-26"),
    ];
    // In 2020 May Day moved to the 8th, in 2022 the spring holiday to 2 June.
    let open_on = |date| Opening { date, hours: hours("9:00-17:30") };
    spec.openings = vec![open_on(date(2020, 5, 4)), open_on(date(2022, 5, 30))];
    let calendar = Calendar::compile(&spec, 2020..=2022).unwrap();
    let weekdays = date(2020, 1, 1).series(jiff::Span::new().days(1)).take_while(|date| date.year() < 2023);
    let closed = weekdays.filter(|date| !spec.weekend.contains(&date.weekday()) && !calendar.is_open_day(*date));
    let closed: Vec<_> = closed.map(|date| date.strftime("%y-%m-%d").to_string()).collect();
    let expected = "20-01-01 20-04-10 20-04-13 20-05-08 20-05-25 20-08-31 20-12-25 20-12-28 \
                    21-01-01 21-04-02 21-04-05 21-05-03 21-05-31 21-08-30 21-12-27 21-12-28 \
                    22-01-03 22-04-15 22-04-18 22-05-02 22-06-02 22-06-03 22-08-29 22-12-26 22-12-27";
    assert_eq!(closed.join(" "), expected);
}

#[test]
fn a_calendar_that_is_closed_for_a_year_is_found() {
    let mondays = || ["9:00-17:00", "", "", "", "", "", ""];
    let all_of_2027 = date(2027, 1, 4).series(jiff::Span::new().weeks(1)).take_while(|date| date.year() == 2027);
    let all_of_2027: Vec<_> = all_of_2027.collect();
    assert_eq!(closed_year(&spec("UTC", mondays(), &all_of_2027)), Some(2027));
    assert_eq!(closed_year(&spec("UTC", mondays(), &all_of_2027[1..])), None);
    let mut opened = spec("UTC", mondays(), &all_of_2027);
    opened.openings = vec![Opening { date: date(2027, 8, 1), hours: hours("9:00-10:00") }];
    assert_eq!(closed_year(&opened), None);

    // Every Monday of every month, by rules alone: from 2040 on.
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let every = |nth: &[&str]| -> CalendarSpec {
        let mut spec = spec("UTC", mondays(), &[]);
        let days = months.iter().flat_map(|month| nth.iter().map(move |nth| format!("{nth} mon of {month}")));
        spec.holiday_rules = days
            .map(|on| HolidayRule {
                name: on.clone(),
                on: on.parse().unwrap(),
                substitute: Substitute::None,
                first_year: 2_040,
                last_year: 9_000,
            })
            .collect();
        spec
    };
    assert_eq!(closed_year(&every(&["1st", "2nd", "3rd", "4th", "last"])), Some(2040));
    assert_eq!(closed_year(&every(&["1st", "2nd", "3rd", "4th"])), None);

    // The only day of 2026 that is no holiday is the one on which the clock skips the hour.
    let sundays = date(2026, 1, 4).series(jiff::Span::new().weeks(1)).take_while(|date| date.year() == 2026);
    let but_one: Vec<_> = sundays.filter(|day| *day != date(2026, 3, 29)).collect();
    let night = ["", "", "", "", "", "", "2:00-3:00"];
    assert_eq!(closed_year(&spec("Europe/Berlin", night, &but_one)), Some(2026));
    assert_eq!(closed_year(&spec("UTC", night, &but_one)), None);
}

#[test]
fn absences_are_cut_out() {
    let calendar = compile(&spec("UTC", OFFICE, &[]));
    let away = [("2026-11-23T13:00Z", "2026-11-24T00:00Z"), ("2026-11-24T00:00Z", "2026-11-26T09:00:00.5Z")];
    let cut = calendar.without(&away.map(|(from, to)| (at(from), at(to)))).unwrap();
    let told = [23, 24, 25, 26, 27].map(|day| of(&cut, date(2026, 11, day)));
    assert_eq!(told, ["09:00-13:00", "", "", "09:00-17:30", "09:00-17:30"]);
    assert_eq!(cut.next_open(at("2026-11-24T09:00Z")), Some(at("2026-11-26T09:00:01Z")));
    let open_days = [23, 24, 25, 26, 27].map(|day| cut.is_open_day(date(2026, 11, day)));
    assert_eq!(open_days, [true, false, false, true, true]);
    // Friday, and two days on: Monday's half day, then Thursday.
    assert_eq!(cut.add_open_days(at("2026-11-20T16:00Z"), 1), Some(at("2026-11-23T13:00Z")));
    assert_eq!(cut.add_open_days(at("2026-11-20T16:00Z"), 2), Some(at("2026-11-26T16:00Z")));
    let (from, to) = calendar.window();
    assert_eq!(calendar.without(&[(from, to)]), None);
    assert_eq!(calendar.without(&[]).unwrap(), calendar);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Cutting whole seconds out leaves just the open time outside of them.
    #[test]
    fn what_is_cut_out_is_closed_and_nothing_else(
        (spec, start) in spec_and_start(),
        cuts in prop::collection::vec((0i64..20 * 86_400, 0i64..200_000), 1..6),
        probes in prop::collection::vec(0i64..24 * 86_400, 60),
    ) {
        let moment = |second: i64| start + SignedDuration::from_secs(second);
        let year = start.to_zoned(TimeZone::UTC).year();
        let calendar = Calendar::compile(&spec, year - 1..=year + 1).unwrap();
        let cuts: Vec<_> = cuts.into_iter().map(|(from, length)| (moment(from), moment(from + length))).collect();
        let cut = calendar.without(&cuts).unwrap();
        let mut moments: Vec<_> = cuts.iter().flat_map(|(from, to)| [*from, *to]).collect();
        moments.extend(probes.into_iter().map(moment));
        moments.sort_unstable();
        for at in &moments {
            let is_away = cuts.iter().any(|(from, to)| from <= at && at < to);
            prop_assert_eq!(cut.is_open(*at), calendar.is_open(*at) && !is_away, "{}", at);
        }
        // Between two neighbours nobody comes or goes.
        for pair in moments.windows(2) {
            let is_away = cuts.iter().any(|(from, to)| *from <= pair[0] && pair[0] < *to);
            let expected = if is_away { SignedDuration::ZERO } else { calendar.open_between(pair[0], pair[1]) };
            prop_assert_eq!(cut.open_between(pair[0], pair[1]), expected, "{} to {}", pair[0], pair[1]);
        }
        for day in 0..26 {
            let date = moment(day * 86_400).to_zoned(TimeZone::UTC).date();
            let midnight = |date: civil::Date| zone::first_moment(&cut.zone, date.to_datetime(civil::Time::midnight())).unwrap();
            let open = cut.open_between(midnight(date), midnight(date.tomorrow().unwrap()));
            prop_assert_eq!(cut.is_open_day(date), open > SignedDuration::ZERO, "{}", date);
        }
    }
}
