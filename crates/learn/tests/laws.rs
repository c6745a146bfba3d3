//! What holds of every model: contributions add up, bounds are kept, the same input gives the same model, nothing unknown is unsafe.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    clippy::many_single_char_names,
    reason = "tests may"
)]

mod common;

use common::{Dice, bound, history, learn, quick};
use leadrouter_learn::{Cells, Model, Monotone, Options, Scorer, Value, model::Form, score};
use proptest::prelude::*;

fn trained(rows: usize, seed: u64) -> (Model, Scorer) {
    let model = learn(&history(rows, seed), &quick()).unwrap().model;
    let scorer = model.scorer().unwrap();
    (model, scorer)
}

/// Any value at all, of the right type or not.
fn value(dice: &mut Dice) -> Value<'static> {
    match dice.below(9) {
        0 => Value::Blank,
        1 => Value::Number(f64::NAN),
        2 => Value::Number(f64::INFINITY),
        3 => Value::Number(-1e300),
        4 => Value::Level("never seen"),
        5 => Value::Level(""),
        6 => Value::Level(["web", "event", "partner"][dice.below(3) as usize]),
        _ => Value::Number(dice.share() * 120.0 - 10.0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn contributions_add_up_whatever_the_lead(seed in 0_u64..1_000, rows in prop::sample::select(vec![30_usize, 150, 900])) {
        let (_, scorer) = trained(rows.max(60), seed);
        let mut dice = Dice(seed + 1);
        for _ in 0..500 {
            let lead: Vec<Value> = (0..dice.below(5)).map(|_| value(&mut dice)).collect();
            let scored = scorer.score(&lead);
            let sum = scorer.intercept() + scored.contributions.iter().sum::<f64>();
            prop_assert!((sum - scored.log_odds).abs() < 1e-9);
            prop_assert!(scored.log_odds.is_finite() && (0.0..=1.0).contains(&scored.probability()));
            prop_assert!((0.0..=100.0).contains(&scorer.points(scored.log_odds)));
            prop_assert_eq!(scored.contributions.len(), scorer.parts().count());
        }
    }

    #[test]
    fn a_model_is_read_back_bit_for_bit(seed in 0_u64..1_000) {
        let (model, _) = trained(400, seed);
        let json = model.to_json();
        let again = Model::from_json(&json).unwrap();
        prop_assert_eq!(&again, &model);
        prop_assert_eq!(again.to_json(), json);
    }

    #[test]
    fn bounds_are_kept(seed in 0_u64..1_000, rising in any::<bool>()) {
        let mut history = history(600, seed);
        bound(&mut history, "size", if rising { Monotone::Rising } else { Monotone::Falling });
        let scorer = learn(&history, &quick()).unwrap().model.scorer().unwrap();
        let mut dice = Dice(seed + 7);
        for _ in 0..20 {
            let (visits, source) = (value(&mut dice), value(&mut dice));
            let odds: Vec<f64> = (0..=120).map(|size| scorer.score(&[Value::Number(f64::from(size)), visits, source]).log_odds).collect();
            let kept = odds.windows(2).all(|pair| {
                if rising { pair[0] <= pair[1] + 1e-12 } else { pair[0] + 1e-12 >= pair[1] }
            });
            prop_assert!(kept);
        }
    }
}

#[test]
fn the_same_history_and_seed_give_the_same_model_on_any_number_of_threads() {
    let history = history(800, 5);
    let json = |options: Options| learn(&history, &options).unwrap().model.to_json();
    let one = json(quick());
    assert_eq!(one, json(Options { threads: 4, ..quick() }));
    assert_ne!(one, json(Options { seed: 2, ..quick() }));
}

#[test]
fn a_batch_scores_as_one_by_one() {
    let history = history(1_200, 9);
    let scorer = learn(&history, &quick()).unwrap().model.scorer().unwrap();
    let batch = score(&scorer, &history.table);
    for row in 0..history.won.len() {
        let values: Vec<Value> = scorer
            .attributes()
            .map(|name| match &history.table.find(name).unwrap().cells {
                Cells::Numbers(numbers) => Value::Number(numbers[row]),
                Cells::Levels { names, codes } => {
                    names.get(codes[row] as usize).map_or(Value::Blank, |name| Value::Level(name))
                }
            })
            .collect();
        let lead = scorer.score(&values);
        assert_eq!(lead.log_odds.to_bits(), batch.log_odds[row].to_bits());
        assert_eq!(lead.grade, scorer.grade_of(&batch, row));
        assert!(
            lead.contributions.iter().zip(&batch.contributions).all(|(one, all)| one.to_bits() == all[row].to_bits())
        );
    }
}

#[test]
fn what_was_never_seen_adds_what_the_rest_adds_and_a_missing_column_is_blank() {
    let history = history(1_200, 3);
    let scorer = learn(&history, &quick()).unwrap().model.scorer().unwrap();
    let at = scorer.attributes().position(|name| name == "source").unwrap();
    let with = |value| {
        let mut values = vec![Value::Number(50.0); scorer.attributes().len()];
        values[at] = value;
        scorer.score(&values).log_odds.to_bits()
    };
    assert_eq!(with(Value::Level("never seen")), with(Value::Level("nor this")));
    let none = history.table.filter(|_| false);
    assert!(score(&scorer, &none).log_odds.iter().all(|odds| odds.is_finite()));
    let blank = scorer.score(&[]).log_odds;
    let without = history.table.filter(|column| column.attribute.name == "nothing");
    assert!(score(&scorer, &without).log_odds.iter().all(|odds| odds.to_bits() == blank.to_bits()));
}

#[test]
fn pairs_are_found_where_there_are_some_and_help() {
    let history = history(6_000, 1);
    let model = learn(&history, &quick()).unwrap().model;
    assert_eq!(model.form, Form::AdditivePairs);
    let names = |index: usize| model.terms[index].attribute.as_str();
    assert!(
        model.pairs.iter().any(|pair| pair.of.map(names).contains(&"source") && pair.of.map(names).contains(&"size"))
    );
    assert!(model.metrics.auc.unwrap() > 0.75 && model.metrics.calibration_error < 0.03, "{:?}", model.metrics);
}
