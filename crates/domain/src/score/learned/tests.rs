#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::collections::BTreeMap;

use jiff::{Timestamp, civil};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::{
    lead::{AttributeValue, Profile},
    score::{Grade, PointsModel, ScoringModel},
};

/// Two fields, one attribute of the tenant's own, and a pair across the sides.
fn document() -> Json {
    json!({
        "format": 1, "code": "0.1.0", "form": "additive_pairs",
        "data": { "rows": 1000, "won": 300, "learnt": 1000, "sha256": "", "seed": 1 },
        "metrics": { "auc": 0.8, "log_loss": 0.4, "base_log_loss": 0.61 },
        "intercept": -0.8,
        "terms": [
            { "attribute": "lead.country", "kind": "levels", "levels": ["FR", "BE"], "values": [0.5, -0.25], "rest": -0.1, "blank": 0.0 },
            { "attribute": "lead.employees", "kind": "steps", "cuts": [10.0, 100.0], "values": [-0.3, 0.1, 0.7], "blank": -0.2 },
            { "attribute": "visits", "side": "intent", "kind": "line", "low": 0.0, "high": 10.0, "centre": 2.0, "slope": 0.1, "blank": -0.05 }
        ],
        "pairs": [{
            "of": [0, 1],
            "axes": [{ "levels": { "most": 2 } }, { "cuts": { "cuts": [10.0], "blank": false } }],
            "hundredths": [1, 2, 3, 4, 5, 7]
        }],
        "scale": { "log_odds": [-2.0, 0.0, 2.0], "fit": [0.5, 0.0], "intent": [0.2, 0.0] }
    })
}

fn model() -> LearnedModel {
    LearnedModel::parse(&document().to_string()).unwrap()
}

fn lead(country: Option<&str>, employees: Option<i64>, visits: Option<AttributeValue>) -> Profile {
    let attributes: BTreeMap<_, _> = visits.into_iter().map(|visits| ("visits".to_owned(), visits)).collect();
    Profile { country: country.map(str::to_owned), employees, attributes, ..Profile::default() }
}

fn score(model: &LearnedModel, lead: &Profile) -> Score {
    model.score(&Facts {
        lead,
        created_at: Timestamp::UNIX_EPOCH,
        account: None,
        existing_owner: None,
        score: None,
        local: civil::date(2026, 11, 22).at(9, 0, 0, 0),
        company_domain: None,
    })
}

#[test]
fn each_attribute_adds_what_its_shape_says() {
    let model = model();
    let score = score(&model, &lead(Some("FR"), Some(50), Some(AttributeValue::Number(7.0))));
    let told: Vec<_> = score.contributions.iter().map(|c| (model.criterion(c.part).unwrap(), c.points)).collect();
    // FR is the first level, so the second place; 50 lies above the axis's only cut: the fourth cell.
    assert_eq!(
        told,
        [("lead.country", 5_000), ("lead.employees", 1_000), ("visits", 5_000), ("lead.country x lead.employees", 400)]
    );
    assert_eq!((score.fit_points, score.intent_points), (6_400, 5_000));
    assert_eq!(score.grade(), "A1".parse::<Grade>().unwrap());
    let chance = 1.0 / (1.0 + (0.8_f64 - 1.14).exp());
    assert!((model.chance(&score) - chance).abs() < 1e-9);
    assert!((model.rank(&score) - 58.5).abs() < 1e-9, "{}", model.rank(&score));
    let info = model.describe(score.contributions[2].part).unwrap();
    assert_eq!((info.side, info.criterion, info.group), (Some(Side::Intent), Some("visits"), None));
}

#[test]
fn what_is_told_in_another_type_is_understood_or_blank() {
    let model = model();
    let visits = |value| score(&model, &lead(None, None, Some(value))).intent_points;
    assert_eq!(visits(AttributeValue::Text(" 7 ".to_owned())), 5_000);
    assert_eq!(visits(AttributeValue::Text("many".to_owned())), -500);
    assert_eq!(visits(AttributeValue::Flag(true)), -1_000);
    assert_eq!(visits(AttributeValue::Number(f64::NAN)), -500);
    assert_eq!(score(&model, &lead(None, None, None)).intent_points, -500);
}

#[test]
fn a_pair_across_the_sides_counts_half_in_each() {
    let mut document = document();
    document["terms"][1]["side"] = json!("intent");
    let model = LearnedModel::parse(&document.to_string()).unwrap();
    let score = score(&model, &lead(Some("DE"), Some(5), None));
    let pair = score.contributions.last().unwrap();
    assert_eq!((pair.points, model.describe(pair.part).unwrap().side), (500, None));
    assert_eq!((score.fit_points, score.intent_points), (-1_000 + 250, -3_000 - 500 + 250));
}

#[test]
fn a_document_is_read_by_its_kind() {
    let learned = ScoringModel::parse(&document().to_string()).unwrap();
    assert_eq!(learned.name(), "learned");
    assert_eq!(
        learned.description().unwrap(),
        "additive pairs, learned from 1000 leads of which 300 were won; AUC 0.800, log loss 0.400 against 0.610 without a model"
    );
    assert!(matches!(ScoringModel::parse(PointsModel::default_source()).unwrap(), ScoringModel::Points(_)));
    // JSON is YAML too: points may be written in it.
    let points = r#"{"name": "n", "fit": {"levels": {"A": 2, "B": 1}, "criteria": [{"name": "f", "when": "lead.employees > 1", "points": 2}]},
        "intent": {"levels": {"1": 2, "2": 1}, "criteria": [{"name": "i", "signal": "webinar", "points": 2}]}}"#;
    assert!(matches!(ScoringModel::parse(points).unwrap(), ScoringModel::Points(_)));
}

#[test]
fn all_names_that_are_no_fields_are_told_at_once() {
    let mut document = document();
    document["terms"][0]["attribute"] = json!("lead.contry");
    document["terms"][1]["attribute"] = json!("lead.technologies");
    document["terms"][2]["attribute"] = json!("Total Visits");
    let problems = LearnedModel::parse(&document.to_string()).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("terms[0].attribute") && told[0].contains("did you mean `lead.country`"), "{told:?}");
    assert!(told[1].contains("terms[1].attribute") && told[1].contains("is a list"), "{told:?}");
    assert!(told[2].contains("no lead can have an attribute `Total Visits`"), "{told:?}");
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let refused = |at: &str, value: Json| {
        let mut document = document();
        *document.pointer_mut(at).unwrap() = value;
        LearnedModel::parse(&document.to_string()).unwrap_err()[0].to_string()
    };
    assert!(refused("/format", json!(2)).contains("format: is 2, expected 1"));
    assert!(refused("/terms/0/values", json!([0.5])).contains("`lead.country` don't fit together"));
    assert!(refused("/terms/1/cuts", json!([100.0, 10.0])).contains("`lead.employees`"));
    assert!(refused("/pairs/0/of", json!([0, 9])).contains("pair"));
    assert!(refused("/scale", json!({})).contains("missing field"));
    assert!(LearnedModel::parse("{\"format\": 1").unwrap_err()[0].message.contains("is no learned model"));
}

proptest! {
    #[test]
    fn parts_add_up_and_nothing_panics(
        country in proptest::option::of("[A-Z]{2}"), employees in proptest::option::of(any::<i64>()), visits in any::<f64>()
    ) {
        let model = model();
        let score = score(&model, &lead(country.as_deref(), employees, Some(AttributeValue::Number(visits))));
        let sum: i32 = score.contributions.iter().map(|part| part.points).sum();
        prop_assert_eq!(sum, score.points());
        prop_assert!((0.0..=1.0).contains(&model.chance(&score)) && (0.0..=100.0).contains(&model.rank(&score)));
    }
}
