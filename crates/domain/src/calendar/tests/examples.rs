use super::*;

fn berlin() -> Calendar {
    Calendar::compile(&spec("Europe/Berlin", OFFICE, &[date(2026, 12, 25)]), 2025..=2027).unwrap()
}

fn compile(zone: &str, week: [&str; 7]) -> Result<Calendar, CalendarError> {
    Calendar::compile(&spec(zone, week, &[]), 2026..=2026)
}

#[test]
fn a_working_week() {
    let calendar = berlin();
    // Friday evening, local 18:00.
    let friday = at("2026-11-20T17:00:00Z");
    assert!(!calendar.is_open(friday));
    assert_eq!(calendar.next_open(friday), Some(at("2026-11-23T08:00:00Z")));
    assert_eq!(calendar.next_close(at("2026-11-23T08:00:00Z")), Some(at("2026-11-23T16:30:00Z")));
    assert_eq!(calendar.day_of(at("2026-11-20T23:30:00Z")), date(2026, 11, 21));
    assert_eq!(calendar.local(friday), civil::datetime(2026, 11, 20, 18, 0, 0, 0));
    assert!(calendar.is_open_day(date(2026, 12, 24)));
    assert!(!calendar.is_open_day(date(2026, 12, 25)));
}

#[test]
fn a_span_that_fills_the_day_ends_at_its_close() {
    let calendar = berlin();
    let opening = at("2026-11-23T08:00:00Z");
    assert_eq!(calendar.add_open_seconds(opening, 8 * 3_600 + 1_800), Some(at("2026-11-23T16:30:00Z")));
    assert_eq!(calendar.add_open_seconds(opening, 8 * 3_600 + 1_801), Some(at("2026-11-24T08:00:01Z")));
    // Half a second into the day it does not fit any more.
    assert_eq!(calendar.add_open_seconds(at("2026-11-23T08:00:00.5Z"), 30_600), Some(at("2026-11-24T08:00:00.5Z")));
    assert_eq!(calendar.add_open_seconds(at("2026-11-21T00:00:00Z"), 0), Some(at("2026-11-21T00:00:00Z")));
}

#[test]
fn open_days_keep_the_local_time() {
    let calendar = berlin();
    let days = |from: &str, days: u32| calendar.add_open_days(at(from), days).map(|at| calendar.local(at).to_string());
    // Friday 17:00 -> Monday 17:00.
    assert_eq!(days("2026-11-20T16:00:00Z", 1).unwrap(), "2026-11-23T17:00:00");
    // Saturday counts from Monday's opening.
    assert_eq!(days("2026-11-21T12:00:00Z", 1).unwrap(), "2026-11-24T09:00:00");
    assert_eq!(days("2026-11-21T12:00:00Z", 0).unwrap(), "2026-11-23T09:00:00");
    // Over Christmas Day and the end of summer time.
    assert_eq!(days("2026-12-24T10:00:00Z", 1).unwrap(), "2026-12-28T11:00:00");
    assert_eq!(days("2026-10-23T10:00:00Z", 1).unwrap(), "2026-10-26T12:00:00");
}

#[test]
fn a_half_day_pulls_the_answer_to_its_close_and_a_break_pushes_it_on() {
    let week = ["9:00-13:00", "9:00-12:30 13:30-18:00", "9:00-18:00", "9:00-18:00", "9:00-18:00", "", ""];
    let calendar = compile("UTC", week).unwrap();
    assert_eq!(calendar.add_open_days(at("2026-11-20T17:00:00Z"), 1), Some(at("2026-11-23T13:00:00Z")));
    assert_eq!(calendar.add_open_days(at("2026-11-20T12:45:00Z"), 2), Some(at("2026-11-24T13:30:00Z")));
}

#[test]
fn hours_that_the_clock_skips_are_never_open() {
    // 2026-03-29, 2:00 -> 3:00
    let week = ["", "", "", "", "", "", "1:30-3:30"];
    let calendar = compile("Europe/Berlin", week).unwrap();
    let night = at("2026-03-28T22:00:00Z");
    assert_eq!(calendar.next_open(night), Some(at("2026-03-29T00:30:00Z")));
    assert_eq!(calendar.next_close(at("2026-03-29T00:30:00Z")), Some(at("2026-03-29T01:30:00Z")));
    let skipped = compile("Europe/Berlin", ["", "", "", "", "", "", "2:00-3:00"]).unwrap();
    assert!(!skipped.is_open_day(date(2026, 3, 29)));
    assert!(skipped.is_open_day(date(2026, 4, 5)));
}

#[test]
fn hours_that_the_clock_shows_twice_are_open_twice() {
    // 2026-10-25, 3:00 -> 2:00
    let calendar = compile("Europe/Berlin", ["", "", "", "", "", "", "2:30-4:00"]).unwrap();
    let (from, to) = (at("2026-10-24T22:00:00Z"), at("2026-10-25T22:00:00Z"));
    assert_eq!(calendar.open_seconds_between(from, to), 2 * 3_600);
    assert_eq!(calendar.next_close(at("2026-10-25T00:30:00Z")), Some(at("2026-10-25T01:00:00Z")));
    assert_eq!(calendar.next_open(at("2026-10-25T01:00:00Z")), Some(at("2026-10-25T01:30:00Z")));
}

/// Nuuk, 2024-10-26: at midnight clocks go back to 23:00 of the same Saturday, which has not ended then.
#[test]
fn a_day_whose_last_hour_runs_twice_is_one_day() {
    let calendar =
        Calendar::compile(&spec("America/Nuuk", ["", "", "", "", "", "0:00-0:00", ""], &[]), 2024..=2024).unwrap();
    let (first_run, second_run) = (at("2024-10-27T00:38:00Z"), at("2024-10-27T01:38:00Z"));
    assert_eq!(calendar.local(first_run), calendar.local(second_run));
    assert_eq!(calendar.add_open_days(first_run, 1), Some(at("2024-11-03T01:38:00Z")));
    assert_eq!(calendar.add_open_days(second_run, 1), Some(at("2024-11-03T02:00:00Z")));
}

#[test]
fn a_whole_day_has_as_many_hours_as_the_clock_gives_it() {
    let calendar = compile("America/New_York", ALWAYS).unwrap();
    let hours = |from: &str, to: &str| calendar.open_seconds_between(at(from), at(to)) / 3_600;
    assert_eq!(hours("2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"), 23);
    assert_eq!(hours("2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"), 25);
    assert_eq!(calendar.open.len(), 1);
    assert_eq!(calendar.next_close(at("2026-11-01T04:00:00Z")), None);
}

#[test]
fn outside_of_its_years_nothing_is_open() {
    let calendar = compile("Europe/Berlin", ALWAYS).unwrap();
    let (first, end) = calendar.window();
    assert_eq!((first, end), (at("2025-12-31T23:00:00Z"), at("2026-12-31T23:00:00Z")));
    assert!(calendar.is_open(first) && !calendar.is_open(end));
    assert!(!calendar.is_open(at("1969-12-31T23:59:59.5Z")));
    assert_eq!(calendar.next_open(at("1969-12-31T23:59:59.5Z")), Some(first));
    assert_eq!(calendar.next_open(end), None);
    assert_eq!(calendar.add_open_seconds(at("2026-12-31T22:59:00Z"), 60), Some(end));
    assert_eq!(calendar.add_open_seconds(at("2026-12-31T22:59:00Z"), 61), None);
    assert_eq!(calendar.add_open_days(at("2026-12-30T22:59:00Z"), 2), None);
}

#[test]
fn always_open_is_what_it_says() {
    let calendar = Calendar::always_open();
    assert_eq!(calendar, {
        let compiled = Calendar::compile(&spec("UTC", ALWAYS, &[]), 2000..=2099).unwrap();
        assert_eq!(compiled.window().1, at("2100-01-01T00:00:00Z"));
        compiled
    });
    let now = at("2026-11-22T03:00:00.25Z");
    assert_eq!(calendar.add_open_seconds(now, 90), Some(at("2026-11-22T03:01:30.25Z")));
    assert_eq!(calendar.add_open_days(now, 2), Some(at("2026-11-24T03:00:00.25Z")));
}

#[test]
fn mistakes_are_told_with_what_was_expected() {
    let error = |zone: &str, week: [&str; 7]| compile(zone, week).unwrap_err().to_string();
    assert_eq!(
        error("Europe/Berlni", OFFICE),
        "time_zone: `Europe/Berlni` is not a time zone: expected an IANA name such as `Europe/Berlin`; \
         did you mean `Europe/Berlin`?"
    );
    let expected = "expected intervals in ascending order that do not overlap, each with its end after its start \
                    (00:00 as an end is midnight)";
    assert_eq!(
        error("UTC", ["", "17:00-9:00", "", "", "", "", ""]),
        format!("hours.tue: 17:00:00-09:00:00 ends before it starts: {expected}")
    );
    assert_eq!(
        error("UTC", ["9:00-12:00 11:00-13:00", "", "", "", "", "", ""]),
        format!("hours.mon: 11:00:00-13:00:00 starts before the interval in front of it has ended: {expected}")
    );
    assert_eq!(
        error("UTC", [""; 7]),
        "hours: nothing is open from 2026 to 2026: expected at least one interval on a day that is not a holiday"
    );
    let monday_holidays: Vec<_> = (0..60).map(|week| date(2026, 1, 5) + jiff::Span::new().weeks(week)).collect();
    let only_mondays = spec("UTC", ["9:00-17:00", "", "", "", "", "", ""], &monday_holidays);
    assert!(matches!(Calendar::compile(&only_mondays, 2026..=2026), Err(CalendarError::NeverOpen { .. })));
    let (later, earlier) = (2026, 2025);
    for years in [later..=earlier, 1800..=1810, 2000..=2100, 9000..=9001] {
        let error = Calendar::compile(&spec("UTC", OFFICE, &[]), years).unwrap_err();
        assert!(error.to_string().contains("expected 1 to 100 years"), "{error}");
    }
}

/// Nine years of two intervals on all seven days, in a zone with changes.
#[test]
fn a_compiled_calendar_is_small() {
    let week = ["8:00-12:00 13:00-20:00"; 7];
    let calendar = Calendar::compile(&spec("Europe/Berlin", week, &[]), 2023..=2031).unwrap();
    let bytes = size_of::<Calendar>() + size_of_val(&*calendar.open) + size_of_val(&*calendar.open_days);
    assert!(bytes < 100_000, "{bytes}");
}
