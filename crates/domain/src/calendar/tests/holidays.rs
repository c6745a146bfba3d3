//! Days that are closed each year.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use proptest::prelude::*;
use rstest::rstest;

use super::{super::holiday::closed_dates, *};

fn rule(on: &str, substitute: Substitute) -> HolidayRule {
    let (first_year, last_year) = (*HolidayRule::YEARS.start(), *HolidayRule::YEARS.end());
    HolidayRule { name: on.to_owned(), on: on.parse().unwrap(), substitute, first_year, last_year }
}

fn closed(rules: &[(&str, Substitute)], year: i16) -> Vec<String> {
    let rules: Vec<_> = rules.iter().map(|(on, substitute)| rule(on, *substitute)).collect();
    let closed = closed_dates(&[], &rules, &saturday_and_sunday(), year..=year);
    closed.into_iter().filter(|date| date.year() == year).map(|date| date.strftime("%m-%d %a").to_string()).collect()
}

#[rstest]
#[case("12-25", 2026, Some("2026-12-25"))]
#[case("02-29", 2028, Some("2028-02-29"))]
#[case("02-29", 2026, None)]
#[case("1st mon of sep", 2026, Some("2026-09-07"))]
#[case("4th thu of nov", 2026, Some("2026-11-26"))]
#[case("5th sun of mar", 2026, Some("2026-03-29"))]
#[case("5th sun of apr", 2026, None)]
#[case("last mon of may", 2026, Some("2026-05-25"))]
// The first and the last day that Easter can be, and what is furthest from it.
#[case("easter", 1818, Some("1818-03-22"))]
#[case("easter", 2038, Some("2038-04-25"))]
#[case("easter-80", 1818, Some("1818-01-01"))]
#[case("easter+200", 2038, Some("2038-11-11"))]
#[case("easter-2", 2026, Some("2026-04-03"))]
#[case("orthodox easter", 2026, Some("2026-04-12"))]
#[case("orthodox easter+1", 2027, Some("2027-05-03"))]
fn days_of_a_year(#[case] on: &str, #[case] year: i16, #[case] expected: Option<&str>) {
    let day: YearDay = on.parse().unwrap();
    assert_eq!(day.in_year(year).map(|date| date.to_string()).as_deref(), expected);
    assert_eq!(day.to_string(), on);
}

#[test]
fn mistakes_are_refused() {
    let mistakes = [
        "",
        "25-12",
        "13-01",
        "02-30",
        "2-9",
        "0th mon of may",
        "6th mon of may",
        "1st mon of mai",
        "1st may of mon",
        "easter 2",
        "easter+",
        "easter2",
        "easter-81",
        "easter+201",
        "orthodox",
        "monday",
        "last mon may",
    ];
    for text in mistakes {
        let error = text.parse::<YearDay>().unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{text}` is not a day of the year: expected")), "{error}");
    }
}

#[test]
fn a_weekend_moves_a_holiday_as_its_rule_says() {
    use Substitute::{Nearest, Next, None};
    let christmas = |substitute| [("12-25", substitute), ("12-26", substitute)];
    // 2021: a Saturday and a Sunday; 2022: a Sunday and a Monday; 2026: a Friday and a Saturday.
    assert_eq!(closed(&christmas(None), 2021), ["12-25 Sat", "12-26 Sun"]);
    assert_eq!(closed(&christmas(Next), 2021), ["12-25 Sat", "12-26 Sun", "12-27 Mon", "12-28 Tue"]);
    assert_eq!(closed(&christmas(Next), 2022), ["12-25 Sun", "12-26 Mon", "12-27 Tue"]);
    assert_eq!(closed(&christmas(Next), 2026), ["12-25 Fri", "12-26 Sat", "12-28 Mon"]);
    assert_eq!(closed(&christmas(Nearest), 2021), ["12-24 Fri", "12-25 Sat", "12-26 Sun", "12-27 Mon"]);
    // New Year's Day of 2022 is a Saturday: its substitute is in the year before.
    assert_eq!(closed(&[("01-01", Nearest)], 2021), ["01-01 Fri", "12-31 Fri"]);
    assert_eq!(closed(&[("01-01", Nearest)], 2022), ["01-01 Sat"]);
}

#[test]
fn a_rule_holds_in_its_years_and_a_weekend_is_what_the_calendar_says() {
    let mut juneteenth = rule("06-19", Substitute::Nearest);
    juneteenth.first_year = 2021;
    juneteenth.last_year = 2022;
    let closed = |weekend: &[Weekday]| -> Vec<String> {
        let closed = closed_dates(&[], &[juneteenth.clone()], weekend, 2020..=2023);
        closed.iter().map(ToString::to_string).collect()
    };
    assert_eq!(closed(&saturday_and_sunday()), ["2021-06-18", "2021-06-19", "2022-06-19", "2022-06-20"]);
    assert_eq!(closed(&[Weekday::Friday, Weekday::Saturday]), ["2021-06-19", "2021-06-20", "2022-06-19"]);
    assert_eq!(closed(&[]), ["2021-06-19", "2022-06-19"]);
}

/// Both Easters of 1900 to 2099, by the tables of another library: see the script for how it is made.
#[test]
fn easter_is_where_another_library_has_it() {
    let table = include_str!("easter.csv");
    let rows: Vec<_> = table.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()).collect();
    assert_eq!(rows.len(), 200);
    for row in rows {
        let year: i16 = row[0].parse().unwrap();
        let found = [YearDay::Easter { days: 0 }, YearDay::OrthodoxEaster { days: 0 }].map(|day| day.in_year(year));
        assert_eq!(found, [row[1], row[2]].map(|date| Some(date.parse().unwrap())), "{year}");
    }
}

/// The same from the definition: every date is asked whether it is the day.
fn is_the_day(day: YearDay, date: Date) -> bool {
    match day {
        YearDay::Fixed { month, day } => (date.month(), date.day()) == (month, day),
        YearDay::Nth { nth: -1, weekday, month } => {
            (date.month(), date.weekday()) == (month, weekday) && date.day() + 7 > date.days_in_month()
        }
        YearDay::Nth { nth, weekday, month } => {
            (date.month(), date.weekday()) == (month, weekday) && (date.day() + 6) / 7 == nth
        }
        YearDay::Easter { .. } | YearDay::OrthodoxEaster { .. } => unreachable!("not asked for"),
    }
}

fn year_day() -> impl Strategy<Value = YearDay> {
    let weekday = (0i8..7).prop_map(|day| Weekday::from_monday_zero_offset(day).unwrap());
    prop_oneof![
        (1i8..=12, 1i8..=28).prop_map(|(month, day)| YearDay::Fixed { month, day }),
        (prop::sample::select(vec![1, 2, 3, 4, 5, -1]), weekday, 1i8..=12)
            .prop_map(|(nth, weekday, month)| YearDay::Nth { nth, weekday, month }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(day in prop_oneof![year_day(), (-80i16..=200).prop_map(|days| YearDay::Easter { days }), (-80i16..=200).prop_map(|days| YearDay::OrthodoxEaster { days })]) {
        prop_assert_eq!(day.to_string().parse::<YearDay>().unwrap(), day);
        prop_assert_eq!(day.in_year(2026).map_or(2026, Date::year), 2026);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,20}|(1st|last) [a-z]{3} of [a-z]{3}|[0-9]{2}-[0-9]{2}") {
        if let Ok(day) = text.parse::<YearDay>() {
            prop_assert_eq!(day.to_string().parse::<YearDay>().unwrap(), day);
        }
    }

    #[test]
    fn a_year_has_the_days_that_its_rules_name(days in prop::collection::vec(year_day(), 0..8), year in 2020i16..=2035) {
        let rules: Vec<_> = days.iter().map(|day| rule(&day.to_string(), Substitute::None)).collect();
        let closed = closed_dates(&[], &rules, &saturday_and_sunday(), year..=year);
        let all = date(year, 1, 1).series(jiff::Span::new().days(1)).take_while(|date| date.year() == year);
        let expected: BTreeSet<Date> = all.filter(|date| days.iter().any(|day| is_the_day(*day, *date))).collect();
        let found: BTreeSet<Date> = closed.into_iter().filter(|date| date.year() == year).collect();
        prop_assert_eq!(found, expected);
    }

    /// Whatever the rules: each holiday on a weekend has a substitute of its own, on a day that would be open.
    #[test]
    fn no_holiday_is_lost_to_a_weekend(
        days in prop::collection::btree_set(1i16..=200, 1..6),
        substitute in prop::sample::select(vec![Substitute::Next, Substitute::Nearest]),
        year in 2020i16..=2035,
    ) {
        let weekend = saturday_and_sunday();
        let rules: Vec<_> = days.iter().map(|day| rule(&format!("easter{:+}", day - 80), substitute)).collect();
        let closed = closed_dates(&[], &rules, &weekend, year..=year);
        // Of one year: a rule gives one day for each of three years, a substitute for each that lies on a weekend.
        let plain: BTreeSet<Date> = (year - 1..=year + 1).flat_map(|year| rules.iter().filter_map(move |rule| rule.on.in_year(year))).collect();
        let on_weekend = plain.iter().filter(|date| weekend.contains(&date.weekday())).count();
        prop_assert_eq!(closed.len(), plain.len() + on_weekend);
        prop_assert!(closed.difference(&plain).all(|date| !weekend.contains(&date.weekday())));
    }
}
