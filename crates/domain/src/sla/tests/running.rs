//! Clocks with pauses, against counting minute by minute.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::calendar::tests::{at, naive::Minutes, properties::spec_and_start};

pub(super) fn pauses(text: &str) -> Pauses {
    let pause = |text: &str| {
        let (start, end) = text.split_once('/').unwrap();
        Pause { start: at(start), end: (end != "..").then(|| at(end)) }
    };
    Pauses::new(text.split_whitespace().map(pause)).unwrap()
}

fn told(moment: Option<Timestamp>) -> String {
    moment.map_or_else(|| "never".to_owned(), |moment| moment.to_string())
}

#[rstest]
// Friday 2026-11-20, local time is UTC + 1; open from 8:00Z to 16:30Z.
#[case::no_pause("4h@business", "2026-11-20T10:00:00Z", "", "2026-11-20T14:00:00Z")]
#[case::by_the_wall("4h@wall", "2026-11-20T10:00:00Z", "2026-11-20T11:00Z/2026-11-20T11:20Z", "2026-11-20T14:20:00Z")]
#[case::within_hours(
    "4h@business",
    "2026-11-20T10:00:00Z",
    "2026-11-20T11:00Z/2026-11-20T12:00Z",
    "2026-11-20T15:00:00Z"
)]
#[case::over_the_night(
    "4h@business",
    "2026-11-20T14:00:00Z",
    "2026-11-20T16:00Z/2026-11-23T09:00Z",
    "2026-11-23T11:00:00Z"
)]
#[case::in_the_night(
    "4h@business",
    "2026-11-20T14:00:00Z",
    "2026-11-20T18:00Z/2026-11-20T20:00Z",
    "2026-11-23T09:30:00Z"
)]
#[case::several(
    "4h@business",
    "2026-11-20T10:00:00Z",
    "2026-11-20T11:00Z/2026-11-20T11:30Z 2026-11-20T12:00Z/2026-11-20T12:15Z",
    "2026-11-20T14:45:00Z"
)]
#[case::overlapping(
    "4h@business",
    "2026-11-20T10:00:00Z",
    "2026-11-20T11:00Z/2026-11-20T11:30Z 2026-11-20T11:15Z/2026-11-20T11:45Z",
    "2026-11-20T14:45:00Z"
)]
#[case::before_it_began(
    "4h@business",
    "2026-11-20T10:00:00Z",
    "2026-11-20T09:00Z/2026-11-20T09:30Z",
    "2026-11-20T14:00:00Z"
)]
#[case::across_its_start(
    "4h@business",
    "2026-11-20T10:00:00Z",
    "2026-11-20T09:00Z/2026-11-20T10:30Z",
    "2026-11-20T14:30:00Z"
)]
#[case::behind_the_deadline(
    "4h@business",
    "2026-11-20T10:00:00Z",
    "2026-11-20T14:00Z/2026-11-20T15:00Z",
    "2026-11-20T14:00:00Z"
)]
#[case::stands("4h@business", "2026-11-20T10:00:00Z", "2026-11-20T13:59:59Z/..", "never")]
#[case::was_due_before("4h@business", "2026-11-20T10:00:00Z", "2026-11-20T14:00Z/..", "2026-11-20T14:00:00Z")]
#[case::a_day("1d@business", "2026-11-20T16:00:00Z", "2026-11-20T16:00Z/2026-11-20T16:15Z", "2026-11-23T16:15:00Z")]
#[case::a_day_pushed_on(
    "1d@business",
    "2026-11-20T16:00:00Z",
    "2026-11-23T09:00Z/2026-11-23T10:00Z",
    "2026-11-24T08:30:00Z"
)]
// From a Saturday: one day is Monday's hours, and due when Tuesday opens.
#[case::due_at_opening("1d@business", "2026-11-21T10:00:00Z", "", "2026-11-24T08:00:00Z")]
#[case::stands_as_hours_open(
    "1d@business",
    "2026-11-21T10:00:00Z",
    "2026-11-23T20:00Z/2026-11-24T09:00Z",
    "2026-11-24T09:00:00Z"
)]
#[case::resumed_as_hours_open(
    "1d@business",
    "2026-11-21T10:00:00Z",
    "2026-11-23T20:00Z/2026-11-24T08:00Z",
    "2026-11-24T08:00:00Z"
)]
#[case::stands_for_good("1d@business", "2026-11-21T10:00:00Z", "2026-11-23T20:00Z/..", "never")]
fn deadlines_with_pauses(#[case] span: &str, #[case] since: &str, #[case] paused: &str, #[case] due: &str) {
    let calendar = calendar("Europe/Berlin");
    let clock = RunningClock::new(span.parse().unwrap(), at(since), &calendar, &pauses(paused)).unwrap();
    assert_eq!(told(clock.deadline()), due);
}

#[test]
fn what_has_passed_and_what_is_left() {
    let calendar = calendar("Europe/Berlin");
    let stood = pauses("2026-11-20T11:00Z/2026-11-20T12:00Z 2026-11-20T12:30Z/..");
    let clock =
        RunningClock::new("4h@business".parse().unwrap(), at("2026-11-20T10:00:00.5Z"), &calendar, &stood).unwrap();
    let seconds = |text: &str| {
        let (elapsed, left) = (clock.elapsed(at(text)), clock.remaining(at(text)));
        assert_eq!(elapsed + left, SignedDuration::from_hours(4));
        (elapsed.as_secs(), elapsed.subsec_millis())
    };
    assert_eq!(seconds("2026-11-20T09:00Z"), (0, 0));
    assert_eq!(seconds("2026-11-20T10:30:00.5Z"), (30 * 60, 0));
    assert_eq!(seconds("2026-11-20T11:30:00.5Z"), (60 * 60 - 1, 500));
    assert_eq!(seconds("2026-11-20T12:30:00.5Z"), (90 * 60 - 1, 500));
    assert_eq!(seconds("2026-12-20T12:30:00.5Z"), (90 * 60 - 1, 500));
    assert_eq!((clock.deadline(), clock.warning(80)), (None, None));
    assert_eq!(told(clock.warning(25)), "2026-11-20T12:00:00.5Z");

    let late =
        RunningClock::new("15m@wall".parse().unwrap(), at("2026-11-20T10:00Z"), &calendar, &Pauses::default()).unwrap();
    assert_eq!(late.remaining(at("2026-11-20T10:20Z")).as_secs(), -300);
    assert_eq!(told(late.warning(80)), "2026-11-20T10:12:00Z");
    assert_eq!(told(late.warning(0)), "2026-11-20T10:00:09Z");
    assert_eq!(late.warning(200), late.deadline());
    let odd =
        RunningClock::new("7s@wall".parse().unwrap(), at("2026-11-20T10:00Z"), &calendar, &Pauses::default()).unwrap();
    assert_eq!(told(odd.warning(33)), "2026-11-20T10:00:02.31Z");
}

/// A warning is not a fraction of a microsecond early, which is all that the store keeps.
#[test]
fn a_warning_is_rounded_up() {
    let week = ["9:00-13:00", "9:00-17:00", "9:00-17:00", "9:00-17:00", "9:00-17:00", "", ""];
    let calendar = Calendar::compile(&spec("UTC", week, &[]), 2026..=2026).unwrap();
    let since = at("2026-11-20T16:30:00.000000001Z");
    let clock = RunningClock::new("1d@business".parse().unwrap(), since, &calendar, &Pauses::default()).unwrap();
    assert_eq!(told(clock.deadline()), "2026-11-23T13:00:00Z");
    assert_eq!(clock.total(), SignedDuration::from_nanos(4 * 3_600_000_000_000 + 1_799_999_999_999));
    assert_eq!(told(clock.warning(50)), "2026-11-23T10:45:00.000000001Z");
}

#[test]
fn pauses_are_put_in_order_and_joined() {
    let joined = pauses(
        "2026-11-20T12:00Z/2026-11-20T13:00Z 2026-11-20T10:00Z/2026-11-20T11:00Z 2026-11-20T11:00Z/2026-11-20T11:30Z 2026-11-20T15:00Z/2026-11-20T15:00Z",
    );
    assert_eq!(joined, pauses("2026-11-20T10:00Z/2026-11-20T11:30Z 2026-11-20T12:00Z/2026-11-20T13:00Z"));
    let covered = ["09:59:59", "10:00:00", "11:29:59", "11:30:00", "12:30:00", "13:00:00"];
    assert_eq!(
        covered.map(|time| joined.covers(at(&format!("2026-11-20T{time}Z")))),
        [false, true, true, false, true, false]
    );
    let open = pauses("2026-11-20T12:00Z/.. 2026-11-20T13:00Z/2026-11-20T14:00Z 2026-11-20T10:00Z/2026-11-20T11:00Z");
    assert_eq!(open, pauses("2026-11-20T10:00Z/2026-11-20T11:00Z 2026-11-20T12:00Z/.."));
    assert!(open.covers(at("2030-01-01T00:00Z")));
    let error =
        Pauses::new([Pause { start: at("2026-11-20T12:00Z"), end: Some(at("2026-11-20T11:00Z")) }]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a pause starts at 2026-11-20T12:00:00Z and ends at 2026-11-20T11:00:00Z: expected an end that is not before its start"
    );
}

/// What the definition says, minute by minute.
struct Counted<'m> {
    minutes: &'m Minutes,
    span: Span,
    since: i64,
    pauses: &'m [(i64, i64)],
}

impl Counted<'_> {
    fn runs(&self, minute: i64, paused: bool) -> bool {
        let open = self.span.clock() == Clock::Wall || self.minutes.is_open(self.minutes.moment(minute));
        open && !(paused && self.pauses.iter().any(|(from, to)| *from <= minute && minute < *to))
    }

    fn elapsed(&self, to: i64, paused: bool) -> i64 {
        (self.since..to).map(|minute| i64::from(self.runs(minute, paused))).sum()
    }

    /// Minutes until the deadline, and whether it is an opening.
    fn total(&self) -> Option<(i64, bool)> {
        let amount = i64::from(self.span.amount());
        Some(match (self.span.clock(), self.span.unit()) {
            (Clock::Business, Unit::Days) => {
                let due =
                    self.minutes.add_open_days(self.minutes.moment(self.since), usize::try_from(amount).unwrap())?;
                let due = self.minutes.minute(due);
                (self.elapsed(due, false), !self.runs(due - 1, false) && self.runs(due, false))
            }
            (_, Unit::Minutes) => (amount, false),
            (_, Unit::Hours) => (amount * 60, false),
            (_, Unit::Days) => (amount * 1_440, false),
            (_, Unit::Seconds) => unreachable!("not asked for"),
        })
    }

    fn deadline(&self, end: i64) -> Option<i64> {
        let (total, at_opening) = self.total()?;
        let mut passed = 0;
        for minute in self.since..end {
            if passed == total && (!at_opening || self.runs(minute, true)) {
                return Some(minute);
            }
            passed += i64::from(self.runs(minute, true));
        }
        None
    }
}

fn span_of_minutes() -> impl Strategy<Value = Span> {
    let (wall, business) = (Clock::Wall, Clock::Business);
    prop_oneof![
        (1u32..3_000).prop_map(move |amount| Span::new(amount, Unit::Minutes, wall)),
        (1u32..3_000).prop_map(move |amount| Span::new(amount, Unit::Minutes, business)),
        (1u32..40).prop_map(move |amount| Span::new(amount, Unit::Hours, business)),
        (1u32..6).prop_map(move |amount| Span::new(amount, Unit::Days, business)),
    ]
}

const DAYS: i64 = 26;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn agrees_with_counting_minutes(
        (spec, start) in spec_and_start(),
        clocks in prop::collection::vec((span_of_minutes(), 0i64..8 * 1_440, prop::collection::vec((0i64..12 * 1_440, 0i64..1_000), 0..5), 0i64..20 * 1_440), 6),
    ) {
        let year = start.to_zoned(jiff::tz::TimeZone::UTC).year();
        let calendar = Calendar::compile(&spec, year - 1..=year + 1).unwrap();
        let minutes = Minutes::new(&spec, start, DAYS);
        for (span, since, stood, probe) in clocks {
            let stood: Vec<_> = stood.into_iter().map(|(from, length)| (from, from + length)).collect();
            let pauses = stood.iter().map(|(from, to)| Pause { start: minutes.moment(*from), end: Some(minutes.moment(*to)) });
            let clock = RunningClock::new(span, minutes.moment(since), &calendar, &Pauses::new(pauses).unwrap()).unwrap();
            let counted = Counted { minutes: &minutes, span, since, pauses: &stood };
            prop_assert_eq!(clock.elapsed(minutes.moment(probe)), SignedDuration::from_mins(counted.elapsed(probe, true)));
            let Some((total, _)) = counted.total() else { continue };
            prop_assert_eq!(clock.total(), SignedDuration::from_mins(total), "{}", span);
            if let Some(due) = counted.deadline(DAYS * 1_440) {
                prop_assert_eq!(clock.deadline(), Some(minutes.moment(due)), "{} from {} with {:?}", span, minutes.moment(since), stood);
            }
        }
    }
}
