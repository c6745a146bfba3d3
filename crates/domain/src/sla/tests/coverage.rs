//! Gaps in who is there, against looking at every minute.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::calendar::tests::at;

/// Monday, 2026-11-23.
fn minute(minutes: i64) -> Timestamp {
    at("2026-11-23T00:00Z") + SignedDuration::from_mins(minutes)
}

fn calendar(days: [&'static str; 7]) -> Calendar {
    Calendar::compile(&spec("UTC", days, &[]), 2026..=2026).unwrap()
}

fn found(span: &str, shifts: &[Shift<'_>], from: i64, to: i64) -> Vec<(i64, i64)> {
    let minutes = |at: Timestamp| at.duration_since(minute(0)).as_mins();
    let gaps = uncovered(span.parse().unwrap(), shifts, minute(from), minute(to));
    gaps.iter().map(|gap| (minutes(gap.start), minutes(gap.end))).collect()
}

const DAY: i64 = 1_440;

#[test]
fn nobody_is_there_in_the_night() {
    let office = calendar(["9:00-17:00", "9:00-17:00", "", "", "", "", ""]);
    let shift = Shift { hours: &office, absences: &[] };
    // Who comes a quarter of an hour before opening is answered just in time.
    let nights = [(0, 525), (1_020, DAY + 525), (DAY + 1_020, 2 * DAY)];
    assert_eq!(found("15m@wall", &[shift], 0, 2 * DAY), nights);
    // An hour of business never passes without somebody there.
    assert_eq!(found("1h@business", &[shift], 0, 2 * DAY), []);
    assert_eq!(found("15m@wall", &[], 0, 2 * DAY), [(0, 2 * DAY)]);
    assert_eq!(found("15m@wall", &[shift], 60, 60), []);

    // The afternoon of Monday off: business time passes, and nobody answers.
    let off = [(minute(720), minute(DAY))];
    let away = Shift { absences: &off, ..shift };
    assert_eq!(found("1h@business", &[away], 0, 2 * DAY), [(720, 960)]);
    // A second person closes what is within its hours.
    let late = calendar(["14:00-22:00", "", "", "", "", "", ""]);
    let late = Shift { hours: &late, absences: &[] };
    assert_eq!(found("15m@wall", &[away, late], 0, DAY), [(0, 525), (720, 825), (1_320, DAY)]);
}

fn shift() -> impl Strategy<Value = ([&'static str; 7], Vec<(i64, i64)>)> {
    let day = || prop::sample::select(vec!["", "0:00-0:00", "9:00-12:00 13:00-17:00", "22:00-0:00", "8:00-8:05"]);
    let absences = prop::collection::vec((0..3 * DAY, 1..DAY), 0..3);
    ((day(), day()), absences).prop_map(|((monday, tuesday), absences)| {
        let mut absences: Vec<_> = absences.into_iter().map(|(start, length)| (start, start + length)).collect();
        absences.sort_unstable();
        ([monday, tuesday, "", "10:00-11:00", "", "", ""], absences)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn gaps_are_where_looking_at_every_minute_finds_them(
        shifts in prop::collection::vec(shift(), 0..3),
        span in prop::sample::select(vec!["15m@wall", "5h@wall", "30m@business", "4h@business", "1d@business"]),
        (from, length) in (0..DAY, 1..2 * DAY),
    ) {
        let people: Vec<_> = shifts
            .iter()
            .map(|(days, away)| (calendar(*days), away.iter().map(|(start, end)| (minute(*start), minute(*end))).collect::<Vec<_>>()))
            .collect();
        let shifts: Vec<Shift<'_>> = people.iter().map(|(hours, absences)| Shift { hours, absences }).collect();
        let span: Span = span.parse().unwrap();
        let gaps = uncovered(span, &shifts, minute(from), minute(from + length));
        let is_there = |shift: &Shift<'_>, at: Timestamp| {
            shift.hours.is_open(at) && !shift.absences.iter().any(|(start, end)| *start <= at && at < *end)
        };
        let edges = gaps.iter().flat_map(|gap| [gap.start, gap.end]);
        let edges = edges.map(|edge| edge.duration_since(minute(0)).as_mins()).flat_map(|edge| edge - 1..=edge + 1);
        for arrival in (from..from + length).step_by(37).chain(edges.filter(|at| (from..from + length).contains(at))) {
            let answered = shifts.iter().any(|shift| {
                let due = span.deadline(minute(arrival), shift.hours).unwrap().duration_since(minute(0)).as_mins();
                (arrival..=due).map(minute).any(|at| is_there(shift, at))
            });
            let in_gap = gaps.iter().any(|gap| (gap.start..gap.end).contains(&minute(arrival)));
            prop_assert_eq!(in_gap, !answered, "{} in {:?}", arrival, gaps);
        }
        prop_assert!(gaps.windows(2).all(|pair| pair[0].end < pair[1].start), "{:?}", gaps);
    }
}
