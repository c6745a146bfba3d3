//! Deadlines that another library counted: `deadlines.py` beside this file says how.

use super::{running::pauses, *};
use crate::{
    calendar::{
        HolidayRule, Substitute,
        tests::{at, hours},
    },
    directory::{CalendarSpec, LaterHours, Opening},
};

const TABLE: &str = include_str!("deadlines.csv");

fn named(name: &str, zone: &str) -> CalendarSpec {
    let day = "9:00-12:30 13:15-17:00";
    let mut calendar = spec(zone, [day, day, day, day, day, "", ""], &[]);
    if name == "nights" {
        calendar.week = std::array::from_fn(|_| hours("0:00-5:30 22:00-0:00"));
        return calendar;
    }
    let saturdays = [day, day, day, day, day, "9:00-12:00", ""].map(hours);
    calendar.later_hours = vec![LaterHours { from: date(2027, 3, 1), week: saturdays }];
    let half_day = |date| Opening { date, hours: hours("9:00-11:00") };
    calendar.openings = vec![half_day(date(2026, 12, 24)), half_day(date(2027, 3, 26))];
    let rule = |on: &str| HolidayRule {
        name: on.to_owned(),
        on: on.parse().unwrap(),
        substitute: Substitute::None,
        first_year: 1,
        last_year: 9_000,
    };
    calendar.holiday_rules = ["12-25", "01-01", "easter-2", "easter+1"].map(rule).to_vec();
    calendar
}

#[test]
fn deadlines_are_those_of_another_library() {
    let mut rows = 0;
    for line in TABLE.lines().skip(1) {
        let [zone, name, span, since, paused, warned, due] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let calendar = Calendar::compile(&named(name, zone), 2019..=2036).unwrap();
        let clock = RunningClock::new(span.parse().unwrap(), at(since), &calendar, &pauses(paused)).unwrap();
        assert_eq!(clock.deadline(), Some(at(due)), "{line}");
        assert_eq!(clock.warning(80), Some(at(warned)), "{line}");
        rows += 1;
    }
    assert_eq!(rows, 204);
}
