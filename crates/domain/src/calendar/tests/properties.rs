use proptest::prelude::*;

use super::{naive::Minutes, *};
use crate::directory::{LaterHours, Opening};

/// Zones with changes of whole hours, of half an hour, at midnight, both ways round the equator, and with none.
const ZONES: [&str; 24] = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Havana",
    "America/Santiago",
    "America/Asuncion",
    "America/Nuuk",
    "America/Scoresbysund",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Pacific/Chatham",
    "Pacific/Apia",
];

fn zone() -> impl Strategy<Value = String> {
    let all: Vec<String> = jiff::tz::TimeZoneDatabase::bundled().available().map(|zone| zone.to_string()).collect();
    prop_oneof![prop::sample::select(&ZONES[..]).prop_map(str::to_owned), prop::sample::select(all)]
}

/// Hours of one day, from ascending quarters of an hour.
fn day() -> impl Strategy<Value = Vec<OpenHours>> {
    let quarter =
        |quarter: u16| time(i8::try_from(quarter / 4 % 24).unwrap(), i8::try_from(quarter % 4 * 15).unwrap(), 0, 0);
    let parts = move |quarters: std::collections::BTreeSet<u16>| -> Vec<OpenHours> {
        let quarters: Vec<u16> = quarters.into_iter().collect();
        quarters.chunks_exact(2).map(|pair| OpenHours { start: quarter(pair[0]), end: quarter(pair[1]) }).collect()
    };
    prop_oneof![
        2 => Just(Vec::new()),
        1 => Just(hours("0:00-0:00")),
        3 => prop::collection::btree_set(0u16..=96, 2..=6).prop_map(parts),
        // Hours of the night, when clocks change.
        3 => prop::collection::btree_set(0u16..=16, 2..=4).prop_map(parts),
        3 => Just(hours("9:00-12:30 13:30-18:00")),
    ]
}

pub(crate) fn spec_and_start() -> impl Strategy<Value = (CalendarSpec, Timestamp)> {
    let date = (2020i16..=2035, 0i64..365).prop_map(|(year, day)| date(year, 1, 1) + jiff::Span::new().days(day));
    let week =
        prop::array::uniform7(day()).prop_filter("some hour is open", |week| week.iter().any(|day| !day.is_empty()));
    let special =
        (prop::collection::vec((0i64..14, day()), 0..3), prop::option::of((0i64..14, prop::array::uniform7(day()))));
    (zone(), week, date, any::<bool>(), prop::collection::vec(0i64..10, 0..3), special).prop_map(
        |(zone, week, date, at_change, closed, (openings, later))| {
            let mut spec = spec(&zone, [""; 7], &[]);
            spec.week = week;
            let start = Timestamp::from_second(date.to_zoned(TimeZone::UTC).unwrap().timestamp().as_second()).unwrap();
            // Half of the days lie around a change of the clock, if the zone has one.
            let change = time_zone(&zone).unwrap().following(start).next().map(|change| change.timestamp());
            let start = match change {
                Some(change) if at_change && change < at("2035-12-01T00:00Z") => change - jiff::Span::new().hours(49),
                _ => start,
            };
            let first = start.to_zoned(TimeZone::UTC).date();
            let day = |day: i64| first + jiff::Span::new().days(day);
            spec.holidays = closed.into_iter().map(day).collect();
            for (on, hours) in openings {
                let is_new = !hours.is_empty() && spec.openings.iter().all(|opening| opening.date != day(on));
                spec.openings.extend(is_new.then(|| Opening { date: day(on), hours }));
            }
            let later = later.filter(|(_, week)| week.iter().any(|day| !day.is_empty()));
            spec.later_hours = later.map(|(from, week)| LaterHours { from: day(from), week }).into_iter().collect();
            (spec, start)
        },
    )
}

fn compile(spec: &CalendarSpec, start: Timestamp) -> Calendar {
    let year = start.to_zoned(TimeZone::UTC).year();
    Calendar::compile(spec, year - 1..=year + 1).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn agrees_with_the_minute_by_minute_model((spec, start) in spec_and_start(), offsets in prop::collection::vec((0i64..14 * 1_440, 0i64..14 * 1_440, 0u32..6_000, 0u32..8), 24)) {
        let calendar = compile(&spec, start);
        let minutes = Minutes::new(&spec, start, 26);
        for (a, b, amount, days) in offsets {
            let moment = |minute: i64| Timestamp::from_second(start.as_second() + minute * 60).unwrap();
            let (a, b) = (moment(a.min(b)), moment(a.max(b)));
            prop_assert_eq!(calendar.is_open(a), minutes.is_open(a), "open at {}", a);
            if let Some(expected) = minutes.next_open(a) {
                prop_assert_eq!(calendar.next_open(a), Some(expected), "next opening from {}", a);
            }
            if let Some(expected) = minutes.next_close(a) {
                prop_assert_eq!(calendar.next_close(a), Some(expected), "next close from {}", a);
            }
            prop_assert_eq!(calendar.open_seconds_between(a, b), minutes.open_minutes_between(a, b) * 60);
            prop_assert_eq!(calendar.open_seconds_between(b, a), minutes.open_minutes_between(a, b) * -60);
            if let Some(expected) = minutes.add_open_minutes(a, amount) {
                prop_assert_eq!(calendar.add_open_seconds(a, amount * 60), Some(expected), "{} + {} open minutes", a, amount);
            }
            if let Some(expected) = minutes.add_open_days(a, days as usize) {
                prop_assert_eq!(calendar.add_open_days(a, days), Some(expected), "{} + {} open days", a, days);
            }
        }
    }

    #[test]
    fn open_seconds_add_up((spec, start) in spec_and_start(), moves in prop::collection::vec((0i64..1_000_000_000_000_000, 0u32..400_000), 20)) {
        let calendar = compile(&spec, start);
        for (nanos, seconds) in moves {
            let from = start + jiff::SignedDuration::from_nanos(nanos);
            let Some(to) = calendar.add_open_seconds(from, seconds) else { continue };
            prop_assert!(to >= from);
            prop_assert_eq!(calendar.open_seconds_between(from, to), i64::from(seconds));
            // In two steps as in one.
            let halfway = calendar.add_open_seconds(from, seconds / 2).unwrap();
            prop_assert_eq!(calendar.add_open_seconds(halfway, seconds - seconds / 2), Some(to));
            // Nothing earlier will do.
            let before = to - jiff::SignedDuration::from_nanos(1);
            prop_assert!(seconds == 0 || calendar.is_open(before));
        }
    }

    #[test]
    fn later_moments_never_give_earlier_answers((spec, start) in spec_and_start(), moves in prop::collection::vec((0i64..10 * 86_400, 0i64..10_000, 0u32..100_000, 0u32..10), 40)) {
        let calendar = compile(&spec, start);
        for (offset, later, seconds, days) in moves {
            let a = start + jiff::SignedDuration::from_secs(offset);
            let b = a + jiff::SignedDuration::from_secs(later);
            prop_assert!(calendar.next_open(a) <= calendar.next_open(b));
            prop_assert!(calendar.next_close(a) <= calendar.next_close(b));
            prop_assert!(calendar.add_open_seconds(a, seconds) <= calendar.add_open_seconds(b, seconds));
            prop_assert!(calendar.add_open_seconds(a, seconds) <= calendar.add_open_seconds(a, seconds + 1));
            let (first, second) = (calendar.add_open_days(a, days), calendar.add_open_days(b, days));
            prop_assert!(first <= second, "{} days from {}: {:?}, from {}: {:?}", days, a, first, b, second);
            prop_assert!(first >= Some(a));
            prop_assert!(first <= calendar.add_open_days(a, days + 1));
        }
    }
}
