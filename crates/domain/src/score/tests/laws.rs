//! What holds for every model and lead.

use proptest::prelude::*;

use super::*;

const KINDS: [&str; 3] = ["a", "b", "c"];

/// A criterion of intent: kind, points, group, half-life, most signals.
type Row = (usize, i32, usize, Option<u16>, u16);

/// A model whose groups `g0` and `g1` have the bounds.
fn model(rows: &[Row], bounds: [(u32, u32); 2]) -> PointsModel {
    let mut text =
        "name: random\nfit: { levels: { A: 2, B: 1 }, criteria: [] }\nintent:\n  levels: { 1: 50, 2: 20 }\n  groups:\n"
            .to_owned();
    for (index, (cap, floor)) in bounds.into_iter().enumerate() {
        text += &format!("    g{index}: {{ cap: {cap}, floor: -{floor} }}\n");
    }
    text += "  criteria:\n    - { name: x, signal: none, points: 1, group: g0 }\n    - { name: y, signal: none, points: 1, group: g1 }\n";
    for (index, (kind, points, group, half_life, most)) in rows.iter().enumerate() {
        let group = if *group < 2 { format!(", group: g{group}") } else { String::new() };
        let half_life = half_life.map_or(String::new(), |days| format!(", half_life_days: {days}"));
        let (sign, points) = (if *points < 0 { "-" } else { "" }, points.abs());
        let points = format!("{sign}{}.{:02}", points / 100, points % 100);
        let kind = KINDS[*kind];
        text += &format!(
            "    - {{ name: r{index}, signal: {kind}, points: {points}{group}{half_life}, max_count: {most} }}\n"
        );
    }
    PointsModel::parse(&text).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"))
}

fn points(sign: std::ops::Range<i32>) -> impl Strategy<Value = i32> {
    sign.prop_filter("0 is refused", |points| *points != 0)
}

fn rows(sign: std::ops::Range<i32>) -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((0..3_usize, points(sign), 0..3_usize, prop::option::of(1..400_u16), 1..5_u16), 1..8)
}

fn bounds() -> impl Strategy<Value = [(u32, u32); 2]> {
    [(0..100_u32, 0..100_u32), (0..100_u32, 0..100_u32)]
}

fn signals() -> impl Strategy<Value = Vec<Signal>> {
    let signal = (prop::sample::select(KINDS.to_vec()), -10_i64..200).prop_map(|(kind, days)| signal(kind, days));
    prop::collection::vec(signal, 0..12)
}

fn score(model: &PointsModel, signals: Vec<Signal>, at: Timestamp) -> Score {
    let lead = Profile { signals, ..Profile::default() };
    model.score(&facts(&lead, None), at)
}

proptest! {
    /// The total is the sum of what is told, and no group gives more or less than it may.
    #[test]
    fn totals_are_sums_within_bounds(rows in rows(-5_000..5_000), bounds in bounds(), signals in signals()) {
        let model = model(&rows, bounds);
        let score = score(&model, signals, now());
        let total: i32 = score.contributions.iter().map(|contribution| contribution.points).sum();
        prop_assert_eq!(total, score.intent_points);
        for (index, (cap, floor)) in bounds.into_iter().enumerate() {
            let name = format!("g{index}");
            let group = |c: &&Contribution| model.describe(c.part).unwrap().group == Some(name.as_str());
            let sum: i32 = score.contributions.iter().filter(group).map(|contribution| contribution.points).sum();
            prop_assert!((-100 * floor.cast_signed()..=100 * cap.cast_signed()).contains(&sum), "{name}: {sum}");
        }
        prop_assert!(score.contributions.iter().all(|contribution| contribution.points != 0));
        prop_assert!(score.contributions.is_sorted_by_key(|contribution| contribution.part));
    }

    #[test]
    fn order_of_signals_is_irrelevant(
        rows in rows(-5_000..5_000), bounds in bounds(), (before, after) in signals().prop_flat_map(|s| (Just(s.clone()), Just(s).prop_shuffle())),
    ) {
        let model = model(&rows, bounds);
        prop_assert_eq!(score(&model, before, now()), score(&model, after, now()));
    }

    /// What is worth something is worth less later, unless it is yet to come.
    #[test]
    fn points_fade(rows in rows(1..5_000), bounds in bounds(), signals in signals(), days in 0_i64..100) {
        let model = model(&rows, bounds);
        let later = now() + SignedDuration::from_hours(24 * days);
        prop_assert!(score(&model, signals.clone(), later).intent_points <= score(&model, signals, now()).intent_points);
    }

    /// Signals that are yet to come count as of now.
    #[test]
    fn the_future_is_now(rows in rows(-5_000..5_000), bounds in bounds(), signals in signals()) {
        let model = model(&rows, bounds);
        let today: Vec<Signal> = signals.iter().map(|s| Signal { at: s.at.min(now()), ..s.clone() }).collect();
        prop_assert_eq!(score(&model, signals, now()), score(&model, today, now()));
    }

    /// A blank text, an unknown kind of signal and a missing account change nothing.
    #[test]
    fn blanks_change_nothing(employees in prop::option::of(0_i64..3_000), title in prop::option::of("(Student|Chief|Manager)"), signals in signals()) {
        let model = PointsModel::parse(PointsModel::default_source()).unwrap();
        let lead = Profile { employees, job_title: title, signals, ..Profile::default() };
        let plain = model.score(&facts(&lead, None), now());
        let mut blank = lead.clone();
        blank.company_domain = Some(String::new());
        blank.industry = Some(String::new());
        blank.technologies = Vec::new();
        blank.signals.push(signal("never-heard-of", 0));
        prop_assert_eq!(model.score(&facts(&blank, None), now()), plain);
    }
}
