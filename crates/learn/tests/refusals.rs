//! What can't be learnt from is refused with a reason, and what can be is, however odd.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    clippy::many_single_char_names,
    reason = "tests may"
)]

mod common;

use std::ops::ControlFlow;

use common::{Dice, history, learn, quick};
use leadrouter_learn::{
    Attribute, Cells, Column, ColumnBuilder, Guarding, History, Kind, Model, ModelError, Options, Refusal, Table,
    guard::Reason, model::Because, model::Form, score, train,
};

fn with(mut history: History, name: &str, cells: Cells) -> History {
    let mut columns = history.table.columns().to_vec();
    columns.push(Column { attribute: Attribute::new(name), cells });
    history.table = Table::new(columns);
    history
}

fn left_out(history: &History, name: &str) -> Option<Because> {
    let model = learn(history, &quick()).unwrap().model;
    assert_eq!(
        model.terms.iter().any(|term| term.attribute == name),
        !model.left_out.iter().any(|left| left.attribute == name)
    );
    model.left_out.into_iter().find(|left| left.attribute == name).map(|left| left.because)
}

#[test]
fn one_outcome_or_too_few_leads() {
    let mut all = history(100, 1);
    all.won.fill(true);
    assert_eq!(learn(&all, &quick()).unwrap_err(), Refusal::OneOutcome { rows: 100, won: true });
    let few = history(19, 1);
    assert!(matches!(learn(&few, &quick()).unwrap_err(), Refusal::TooFew { .. }));
    let mut rare = history(100, 1);
    rare.won.fill(false);
    rare.won[..4].fill(true);
    assert_eq!(learn(&rare, &quick()).unwrap_err(), Refusal::TooFew { won: 4, lost: 96 });
    assert!(matches!(learn(&history(0, 1), &quick()).unwrap_err(), Refusal::TooFew { won: 0, lost: 0 }));
}

#[test]
fn twenty_leads_get_a_logistic_regression() {
    let mut small = history(20, 4);
    small.won.iter_mut().enumerate().for_each(|(row, won)| *won = row % 3 == 0);
    let model = learn(&small, &quick()).unwrap().model;
    assert_eq!(model.form, Form::Logistic);
    assert!(score(&model.scorer().unwrap(), &small.table).log_odds.iter().all(|odds| odds.is_finite()));
}

#[test]
fn nothing_to_learn_from() {
    let none = History { table: Table::new(vec![]), ..history(0, 1) };
    assert!(learn(&none, &quick()).is_err());
    let constant = History {
        table: Table::new(vec![Column { attribute: Attribute::new("same"), cells: Cells::Numbers(vec![1.0; 60]) }]),
        ..history(60, 1)
    };
    assert_eq!(learn(&constant, &quick()).unwrap_err(), Refusal::NoAttributes { left_out: 1 });
}

#[test]
fn constants_and_ids_are_left_out() {
    let rows = 300;
    let base = || history(rows, 2);
    let numbers = |of: &dyn Fn(usize) -> f64| Cells::Numbers((0..rows).map(of).collect());
    assert_eq!(left_out(&with(base(), "same", numbers(&|_| 4.0)), "same"), Some(Because::Constant));
    assert_eq!(left_out(&with(base(), "none", numbers(&|_| f64::NAN)), "none"), Some(Because::Constant));
    assert_eq!(left_out(&with(base(), "id", numbers(&|row| row as f64 * 3.0)), "id"), Some(Because::Identifier));
    let names: Vec<String> = (0..rows).map(|row| format!("lead-{row}")).collect();
    let keys = Cells::Levels { names, codes: (0..rows as u32).collect() };
    assert_eq!(left_out(&with(base(), "key", keys), "key"), Some(Because::Identifier));
    let mut dice = Dice(11);
    let measured: Vec<f64> = (0..rows).map(|_| dice.share() * 1e6).collect();
    assert_eq!(left_out(&with(base(), "revenue", Cells::Numbers(measured)), "revenue"), None);
}

#[test]
fn leaks_are_named_left_out_and_kept_on_request() {
    let mut told = history(800, 2);
    let won = told.won.clone();
    let answer = won.iter().map(|won| f64::from(u8::from(*won))).collect();
    let reason = (0..800).map(|row| if won[row] { f64::NAN } else { (row % 7) as f64 }).collect();
    told = with(told, "answer", Cells::Numbers(answer));
    told = with(told, "lost_reason", Cells::Numbers(reason));
    let trained = learn(&told, &quick()).unwrap();
    let named: Vec<&str> = trained.suspects.iter().map(|suspect| suspect.attribute.as_str()).collect();
    assert_eq!(named, ["answer", "lost_reason"]);
    assert!(matches!(trained.suspects[0].reason, Reason::TooGood { .. }));
    assert!(trained.model.terms.len() == 3 && trained.model.left_out.len() == 2);
    let kept = learn(&told, &Options { keep: vec!["answer".to_owned()], ..quick() }).unwrap().model;
    assert!(kept.terms.iter().any(|term| term.attribute == "answer") && kept.left_out.len() == 1);
    for guarding in [Guarding::Warn, Guarding::Off] {
        let trained = learn(&told, &Options { guarding, ..quick() }).unwrap();
        assert!(trained.model.left_out.is_empty());
        assert_eq!(trained.suspects.is_empty(), guarding == Guarding::Off);
    }
    assert!(learn(&history(2_000, 3), &quick()).unwrap().suspects.is_empty(), "an honest history is not suspected");
}

#[test]
fn forwards_in_time_needs_times_and_both_outcomes_early() {
    let forward = Options { forward: true, ..quick() };
    let mut timed = history(900, 6);
    assert_eq!(learn(&timed, &forward).unwrap_err(), Refusal::NoTimes);
    timed.at = Some((0..900).collect());
    let model = learn(&timed, &forward).unwrap().model;
    assert_eq!(model.metrics.rows, 750, "all but the first of six blocks are predicted");
    timed.won[..200].fill(false);
    assert_eq!(learn(&timed, &forward).unwrap_err(), Refusal::EarlyOutcomes);
}

#[test]
fn it_can_be_broken_off() {
    let broken = train(&history(300, 1), &quick(), &|_| ControlFlow::Break(()));
    assert_eq!(broken.unwrap_err(), Refusal::Cancelled);
}

#[test]
fn what_is_no_model_is_refused() {
    let json = learn(&history(100, 1), &quick()).unwrap().model.to_json();
    assert!(matches!(Model::from_json("{"), Err(ModelError::Malformed(_))));
    assert!(matches!(Model::from_json("{}"), Err(ModelError::Malformed(_))));
    let newer = json.replacen("\"format\":1", "\"format\":2", 1);
    assert!(matches!(Model::from_json(&newer), Err(ModelError::Format { found: 2 })));
    let mut model = Model::from_json(&json).unwrap();
    model.scale.log_odds.clear();
    assert!(matches!(Model::from_json(&model.to_json()), Err(ModelError::Broken(_))));
}

#[test]
fn a_large_history_is_learnt_from_by_a_sample() {
    let rows = 210_000;
    let mut builder = ColumnBuilder::new(Attribute::new("size"), Kind::Auto);
    let mut dice = Dice(3);
    let mut won = Vec::with_capacity(rows);
    for _ in 0..rows {
        let size = dice.below(50);
        builder.push(Some(&size.to_string()));
        won.push(dice.below(100) < 10 + size);
    }
    let (column, strays) = builder.finish();
    assert_eq!(strays.count, 0);
    let history = History { table: Table::new(vec![column]), won, at: None };
    let model = learn(&history, &quick()).unwrap().model;
    assert!(model.data.rows == rows && model.data.learnt <= 200_000, "{:?}", model.data);
    assert!(model.metrics.calibration_error < 0.01);
}
