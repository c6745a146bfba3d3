//! What holds for every clock, tried in every time zone and around every change of its clock in 2020 to 2035.

use std::sync::LazyLock;

use jiff::{
    civil::{self, time},
    tz::{TimeZone, TimeZoneDatabase},
};

use super::*;
use crate::{
    calendar::{
        HolidayRule, Substitute,
        tests::{at, hours, naive::Minutes},
        time_zone,
    },
    directory::CalendarSpec,
};

const YEARS: std::ops::RangeInclusive<i16> = 2020..=2035;

static ZONES: LazyLock<Vec<String>> =
    LazyLock::new(|| TimeZoneDatabase::bundled().available().map(|zone| zone.to_string()).collect());

/// Office hours with a break, a half day, holidays by rules; and the hours of the night, when clocks change.
fn calendars(zone: &str) -> [CalendarSpec; 2] {
    let day = "8:30-12:00 13:00-17:15";
    let mut office = spec(zone, [day, day, day, day, "8:30-13:00", "", ""], &[]);
    office.holiday_rules = ["easter-2", "12-25", "01-01", "02-29", "last mon of may"]
        .map(|on| HolidayRule {
            name: on.to_owned(),
            on: on.parse().unwrap(),
            substitute: Substitute::Next,
            first_year: 1,
            last_year: 9_000,
        })
        .to_vec();
    let mut nights = spec(zone, [""; 7], &[]);
    nights.week = std::array::from_fn(|_| hours("0:00-1:30 1:45-4:00 20:00-0:00"));
    [office, nights]
}

fn spans() -> Vec<Span> {
    ["45m@business", "4h@business", "1d@business", "5d@business", "48h@wall"].map(|text| text.parse().unwrap()).to_vec()
}

/// Moments around each change of the clock, each leap day and the new year behind it, ascending.
fn moments(zone: &TimeZone) -> Vec<Timestamp> {
    let (first, end) = (at("2020-01-02T00:00Z"), at("2035-11-01T00:00Z"));
    let changes = zone.following(first).map(|change| change.timestamp()).take_while(|change| *change < end);
    let dates = YEARS.step_by(4).flat_map(|year| [civil::date(year, 2, 28), civil::date(year, 12, 31)]);
    let dates = dates.map(|date| date.at(11, 0, 0, 0).to_zoned(zone.clone()).unwrap().timestamp());
    let around = changes.chain(dates).flat_map(|moment| {
        [-86_400, -3_600, 0, 1_799, 50_000].map(|seconds| moment + SignedDuration::from_secs(seconds))
    });
    let mut moments: Vec<_> = around.filter(|moment| *moment > first && *moment < end).collect();
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// The zones are shared out, so that both cores have some of them.
fn for_every_zone(part: usize, check: impl Fn(&str, &TimeZone)) {
    assert!(ZONES.len() > 400, "{} zones", ZONES.len());
    for zone in ZONES.iter().skip(part).step_by(2) {
        check(zone, &time_zone(zone).unwrap());
    }
}

fn is_never_early_and_keeps_the_order(part: usize) {
    for_every_zone(part, |name, zone| {
        let moments = moments(zone);
        for spec in calendars(name) {
            let calendar = Calendar::compile(&spec, YEARS).unwrap();
            for span in spans() {
                let mut last: Option<Timestamp> = None;
                for since in &moments {
                    let clock = RunningClock::new(span, *since, &calendar, &Pauses::default()).unwrap();
                    let due = clock.deadline().unwrap();
                    let told = || format!("{span} in {name} from {since} is due {due}, after {last:?}");
                    assert!(due > *since && Some(due) >= last, "{}", told());
                    assert_eq!(span.deadline(*since, &calendar), Some(due), "{}", told());
                    // Enough has passed, and a moment before it had not (or was not to be used).
                    let before = due - SignedDuration::from_nanos(1);
                    assert_eq!(clock.elapsed(due), clock.total(), "{}", told());
                    let is_opening = span.clock() == Clock::Business && !calendar.is_open(before);
                    assert!(
                        clock.elapsed(before) < clock.total() || (is_opening && calendar.is_open(due)),
                        "{}",
                        told()
                    );
                    assert!(span.clock() == Clock::Wall || calendar.is_open(before) || is_opening, "{}", told());
                    let warned = clock.warning(80).unwrap();
                    assert!(warned > *since && warned <= due, "{}", told());
                    assert!(clock.elapsed(warned).as_nanos() * 100 >= clock.total().as_nanos() * 80, "{}", told());
                    last = Some(due);
                }
            }
        }
    });
}

#[test]
fn no_deadline_is_early_or_out_of_order_in_half_of_the_zones() {
    is_never_early_and_keeps_the_order(0);
}

#[test]
fn no_deadline_is_early_or_out_of_order_in_the_other_half() {
    is_never_early_and_keeps_the_order(1);
}

/// A pause puts the deadline off by just the open time within it; in one piece, in two, or with others in any order.
fn pausing_commutes(part: usize) {
    for_every_zone(part, |name, zone| {
        let moments: Vec<_> = moments(zone).into_iter().step_by(7).collect();
        for spec in calendars(name) {
            let calendar = Calendar::compile(&spec, YEARS).unwrap();
            for (index, since) in moments.iter().enumerate() {
                for (nth, span) in spans().into_iter().enumerate() {
                    let plain = RunningClock::new(span, *since, &calendar, &Pauses::default()).unwrap();
                    let due = plain.deadline().unwrap();
                    let whole = due.duration_since(*since).as_secs();
                    // Some place before the deadline, and some length; the same in every run.
                    let place = |share: i64| *since + SignedDuration::from_secs(whole * share / 100);
                    let share = i64::try_from((index * 37 + nth * 11) % 100).unwrap();
                    let pause = Pause {
                        start: place(share),
                        end: Some(place(share) + SignedDuration::from_mins(17 + share * 5)),
                    };
                    let time = |from: Timestamp, to: Timestamp| match span.clock() {
                        Clock::Wall => to.duration_since(from),
                        Clock::Business => calendar.open_between(from, to),
                    };
                    let later = |from: Timestamp, by: SignedDuration| match span.clock() {
                        Clock::Wall => from + by,
                        Clock::Business => calendar.add_open(from, by).unwrap(),
                    };
                    let stood = time(pause.start, pause.end.unwrap());
                    let with = |pauses: Vec<Pause>| {
                        RunningClock::new(span, *since, &calendar, &Pauses::new(pauses).unwrap()).unwrap()
                    };
                    let told = || format!("{span} in {name} from {since} until {due}, paused {pause:?}");
                    let once = with(vec![pause]);
                    // Where it is due as hours open, it stands until it both is open and runs.
                    if !calendar.is_open(due - SignedDuration::from_nanos(1)) && span.clock() == Clock::Business {
                        let reached = later(due, stood);
                        let expected = calendar.next_open(reached).unwrap();
                        let expected = if pause.start <= expected && expected < pause.end.unwrap() {
                            calendar.next_open(pause.end.unwrap()).unwrap()
                        } else {
                            expected
                        };
                        assert_eq!(once.deadline(), Some(expected), "{}", told());
                    } else {
                        assert_eq!(once.deadline(), Some(later(due, stood)), "{}", told());
                    }
                    let middle = place(share) + SignedDuration::from_mins(9);
                    let halves =
                        vec![Pause { start: middle, end: pause.end }, Pause { start: pause.start, end: Some(middle) }];
                    assert_eq!(with(halves).deadline(), once.deadline(), "{}", told());
                    // A second pause, before or behind the first: which was first does not matter.
                    let second = Pause {
                        start: place(100 - share),
                        end: Some(place(100 - share) + SignedDuration::from_mins(71)),
                    };
                    let both = with(vec![pause, second]);
                    assert_eq!(both.deadline(), with(vec![second, pause]).deadline(), "{}", told());
                    assert!(both.deadline() >= once.deadline(), "{}", told());
                    for moment in [*since, pause.start, middle, due, due + SignedDuration::from_hours(30)] {
                        let overlap = moment.min(pause.end.unwrap()).max(pause.start);
                        let expected = time(*since, moment) - time(pause.start, overlap);
                        assert_eq!(once.elapsed(moment), expected, "{} at {moment}", told());
                        assert_eq!(once.elapsed(moment) + once.remaining(moment), once.total(), "{}", told());
                    }
                }
            }
        }
    });
}

#[test]
fn a_pause_shifts_by_what_is_open_of_it_in_half_of_the_zones() {
    pausing_commutes(0);
}

#[test]
fn a_pause_shifts_by_what_is_open_of_it_in_the_other_half() {
    pausing_commutes(1);
}

/// Every zone once, minute by minute, around one of its changes (which one, the name says), or around a leap day.
#[test]
fn every_zone_agrees_with_counting_minutes() {
    for (nth, name) in ZONES.iter().enumerate() {
        let zone = time_zone(name).unwrap();
        let first = at("2020-01-05T00:00Z");
        let changes = zone
            .following(first)
            .map(|change| change.timestamp())
            .take_while(|change| *change < at("2035-12-01T00:00Z"));
        let changes: Vec<_> = changes.collect();
        let centre = changes.get(nth % changes.len().max(1)).copied().unwrap_or(at("2028-02-29T12:00Z"));
        let start = centre - SignedDuration::from_hours(24);
        let start = Timestamp::from_second(start.as_second().div_euclid(3_600) * 3_600).unwrap();
        let mut nights = spec(name, [""; 7], &[]);
        nights.week = std::array::from_fn(|_| hours("0:00-1:30 1:45-4:00 20:00-0:00"));
        let year = start.to_zoned(TimeZone::UTC).year();
        let calendar = Calendar::compile(&nights, year - 1..=year + 1).unwrap();
        let minutes = Minutes::new(&nights, start, 3);
        for minute in (0..24 * 60).step_by(97) {
            let since = minutes.moment(minute);
            assert_eq!(calendar.is_open(since), minutes.is_open(since), "{name} at {since}");
            for amount in [1, 100, 400] {
                let expected = minutes.add_open_minutes(since, amount).unwrap();
                let span = Span::new(amount, Unit::Minutes, Clock::Business);
                assert_eq!(span.deadline(since, &calendar), Some(expected), "{span} in {name} from {since}");
            }
            if let Some(expected) = minutes.add_open_days(since, 1) {
                assert_eq!(
                    "1d@business".parse::<Span>().unwrap().deadline(since, &calendar),
                    Some(expected),
                    "a day in {name} from {since}"
                );
            }
        }
    }
}

/// Zones that changed their rules: summer time was given up or taken up, and Samoa has left out a day before.
#[rstest]
// Mexico, from 2022 on without; Jordan, from 2022 on always; Kazakhstan, from March 2024 on in one zone.
#[case("America/Mexico_City", "2022-04-01T15:00:00Z", "2022-04-04T14:00:00Z")]
#[case("America/Mexico_City", "2023-03-31T15:00:00Z", "2023-04-03T15:00:00Z")]
#[case("Asia/Amman", "2021-10-28T09:00:00Z", "2021-10-29T10:00:00Z")]
#[case("Asia/Amman", "2022-10-27T09:00:00Z", "2022-10-28T09:00:00Z")]
#[case("Asia/Almaty", "2024-02-29T06:00:00Z", "2024-03-01T07:00:00Z")]
// Egypt took summer time up again in 2023.
#[case("Africa/Cairo", "2022-04-28T10:00:00Z", "2022-04-29T10:00:00Z")]
#[case("Africa/Cairo", "2023-04-27T10:00:00Z", "2023-04-28T09:00:00Z")]
fn a_day_later_is_the_same_time_by_the_rules_of_then(#[case] zone: &str, #[case] since: &str, #[case] due: &str) {
    let calendar = Calendar::compile(&spec(zone, OFFICE, &[]), YEARS).unwrap();
    assert_eq!("1d@business".parse::<Span>().unwrap().deadline(at(since), &calendar), Some(at(due)));
    assert_eq!(calendar.local(at(since)).time(), calendar.local(at(due)).time());
    assert!(calendar.local(at(due)).time() < time(17, 30, 0, 0));
}
