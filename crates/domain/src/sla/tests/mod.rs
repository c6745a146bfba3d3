#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod coverage;
mod every_zone;
mod report;
mod running;
mod table;

use jiff::civil::date;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::calendar::tests::{OFFICE, spec};

fn calendar(time_zone: &str) -> Calendar {
    Calendar::compile(&spec(time_zone, OFFICE, &[date(2026, 12, 25)]), 2026..=2030).unwrap()
}

#[rstest]
// Friday 2026-11-20, local time is UTC + 1.
#[case("15m@wall", "2026-11-20T16:25:00Z", "2026-11-20T16:40:00Z")]
#[case("15m@business", "2026-11-20T16:25:00Z", "2026-11-23T08:10:00Z")]
#[case("4h@business", "2026-11-20T15:30:00Z", "2026-11-23T11:00:00Z")]
#[case("4h@business", "2026-11-20T12:30:00Z", "2026-11-20T16:30:00Z")]
#[case("1d@business", "2026-11-20T16:00:00Z", "2026-11-23T16:00:00Z")]
#[case("1d@business", "2026-11-21T10:00:00Z", "2026-11-24T08:00:00Z")]
#[case("5d@business", "2026-12-21T10:00:00Z", "2026-12-29T10:00:00Z")]
#[case("1d@wall", "2026-11-21T10:00:00.5Z", "2026-11-22T10:00:00.5Z")]
// Clocks go back in between: a day by the wall is 24 hours, an open day keeps the local time.
#[case("3d@wall", "2026-10-23T08:00:00Z", "2026-10-26T08:00:00Z")]
#[case("1d@business", "2026-10-23T08:00:00Z", "2026-10-26T09:00:00Z")]
#[case("90s@wall", "2026-11-20T16:00:00Z", "2026-11-20T16:01:30Z")]
fn deadlines(#[case] span: &str, #[case] from: &str, #[case] due: &str) {
    let span: Span = span.parse().unwrap();
    assert_eq!(span.deadline(from.parse().unwrap(), &calendar("Europe/Berlin")), Some(due.parse().unwrap()));
}

#[test]
fn beyond_the_calendar_there_is_no_deadline() {
    let (calendar, end) = (calendar("UTC"), "2030-12-31T18:00:00Z".parse().unwrap());
    assert_eq!("1m@business".parse::<Span>().unwrap().deadline(end, &calendar), None);
    assert_eq!("1d@business".parse::<Span>().unwrap().deadline(end, &calendar), None);
    assert!("1m@wall".parse::<Span>().unwrap().deadline(end, &calendar).is_some());
    assert_eq!("1m@wall".parse::<Span>().unwrap().deadline(Timestamp::MAX, &calendar), None);
}

#[rstest]
#[case("15m", "it names no clock, expected `15m@wall` (all time counts) or `15m@business` (opening hours only)")]
#[case("soon", "it names no clock, expected `15m@wall` (all time counts) or `15m@business` (opening hours only)")]
#[case("", "it names no clock, expected `15m@wall` (all time counts) or `15m@business` (opening hours only)")]
#[case(
    "1d@buisness",
    "its clock is `buisness`, expected `wall` (all time counts) or `business` (opening hours only); did you mean `business`?"
)]
#[case("15min@wall", "its unit is `min`, expected `s`, `m`, `h` or `d` right behind the number, as in `15m@wall`")]
#[case("1.5h@wall", "its unit is `.5h`, expected `s`, `m`, `h` or `d` right behind the number, as in `15m@wall`")]
#[case("-5m@wall", "its unit is `-5m`, expected `s`, `m`, `h` or `d` right behind the number, as in `15m@wall`")]
#[case("m@wall", "expected a whole number in front of the unit, as in `15m@wall`")]
#[case("0m@wall", "expected an amount from 1 to 1440000 (1440000m@wall)")]
#[case("1001d@business", "expected an amount from 1 to 1000 (1000d@business)")]
#[case("99999999999999999999s@wall", "expected an amount from 1 to 86400000 (86400000s@wall)")]
fn mistakes(#[case] text: &str, #[case] fault: &str) {
    let error = text.parse::<Span>().unwrap_err().to_string();
    assert_eq!(error, format!("`{text}` is not a span of time: {fault}"));
}

#[test]
fn longer_means_longer_by_any_calendar() {
    let longer = |a: &str, b: &str| a.parse::<Span>().unwrap().is_longer_than(b.parse().unwrap());
    assert!(longer("61m@wall", "1h@wall") && longer("1d@wall", "23h@wall") && longer("2d@business", "1d@business"));
    assert!(!longer("60m@wall", "1h@wall") && !longer("1h@wall", "61m@wall"));
    assert!(!longer("2d@business", "1h@business") && !longer("99h@business", "1d@business"));
    assert!(!longer("2h@business", "1h@wall") && !longer("2h@wall", "1h@business"));
}

fn span() -> impl Strategy<Value = Span> {
    let unit = prop::sample::select(vec![Unit::Seconds, Unit::Minutes, Unit::Hours, Unit::Days]);
    let clock = prop::sample::select(vec![Clock::Wall, Clock::Business]);
    (1u32..500, unit, clock).prop_map(|(amount, unit, clock)| Span::new(amount, unit, clock))
}

proptest! {
    #[test]
    fn what_is_written_is_read(span in span()) {
        prop_assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
        let bytes = postcard::to_allocvec(&span).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Span>(&bytes).unwrap(), span);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,12}|[0-9]{0,12}[smhdx]?@?(wall|business|w)?") {
        if let Ok(span) = text.parse::<Span>() {
            let written = span.to_string();
            prop_assert_eq!(written.as_str(), text.trim_start_matches('0'));
        }
    }

    #[test]
    fn deadlines_lie_ahead_and_keep_their_order(
        span in span(),
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham"]),
        starts in prop::collection::vec((1_767_225_600_000i64..1_830_000_000_000, 0i64..400_000_000), 16),
    ) {
        let calendar = calendar(zone);
        let more = Span::new(span.amount() + 1, span.unit(), span.clock());
        for (from, later) in starts {
            let from = Timestamp::from_millisecond(from).unwrap();
            let later = from + jiff::SignedDuration::from_millis(later);
            let deadline = span.deadline(from, &calendar).unwrap();
            prop_assert!(deadline > from);
            prop_assert!(deadline <= span.deadline(later, &calendar).unwrap());
            prop_assert!(deadline < more.deadline(from, &calendar).unwrap());
            if span.clock() == Clock::Business && span.unit() == Unit::Days {
                prop_assert!(calendar.is_open_day(calendar.day_of(deadline)));
            }
        }
    }
}
