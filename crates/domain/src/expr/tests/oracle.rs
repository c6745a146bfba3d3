//! The `cel` interpreter as the judge of our own evaluation.
//!
//! Conditions are random and well typed, facts are random with blanks. The facts go to the interpreter as maps in which
//! what is blank is an absent key, so that reading it is an error. The outcomes must then agree exactly: the interpreter's
//! true and false are ours, and every error of it is our `Unknown`. That works without exceptions since `cel` 0.15 absorbs errors in `&&`,
//! `||`, `exists` and `all` from either side, as CEL demands. Left out are what we allow beyond `cel` (arithmetic of
//! whole numbers with doubles) and doubles that overflow (infinite there, unknown here).

use std::collections::BTreeMap;

use cel::{Context, Value};
use proptest::prelude::*;
use serde::Serialize;

use super::*;

/// A value as the interpreter takes it.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Json {
    Flag(bool),
    Int(i64),
    Number(f64),
    Text(String),
    List(Vec<String>),
    Map(BTreeMap<&'static str, Json>),
}

fn text(value: Option<&str>) -> Option<Json> {
    value.filter(|value| !value.is_empty()).map(|value| Json::Text(value.to_owned()))
}

fn map<const N: usize>(entries: [(&'static str, Option<Json>); N]) -> Json {
    Json::Map(entries.into_iter().filter_map(|(key, value)| Some((key, value?))).collect())
}

/// The facts, told apart from the schema's own way of reading them.
fn variables(case: &Case) -> [(&'static str, Json); 4] {
    let lead = &case.lead;
    let attribute = |name: &str| {
        lead.attributes.get(name).map(|value| match value {
            AttributeValue::Text(text) => Json::Text(text.clone()),
            AttributeValue::Number(number) => Json::Number(*number),
            AttributeValue::Flag(flag) => Json::Flag(*flag),
        })
    };
    let account = case.account.as_ref();
    let score = case.score.as_ref();
    [
        (
            "lead",
            map([
                ("country", text(lead.country.as_deref())),
                ("city", text(lead.city.as_deref())),
                ("employees", lead.employees.map(Json::Int)),
                ("deal_value", lead.deal_value.map(Json::Int)),
                ("lead_type", text(Some(lead.lead_type.name()))),
                ("has_owner", Some(Json::Flag(case.existing_owner.is_some()))),
                ("technologies", Some(Json::List(lead.technologies.clone())).filter(|_| !lead.technologies.is_empty())),
                ("signals", Some(Json::List(lead.signals.iter().map(|signal| signal.kind.clone()).collect()))),
                (
                    "attributes",
                    Some(map([
                        ("course", attribute("course")),
                        ("visits", attribute("visits")),
                        ("agreed", attribute("agreed")),
                    ])),
                ),
            ]),
        ),
        (
            "account",
            map([
                ("known", Some(Json::Flag(account.is_some()))),
                ("named", Some(Json::Flag(account.is_some_and(|account| account.owner.is_some())))),
                ("country", account.and_then(|account| text(account.country.as_deref()))),
                ("employees", account.and_then(|account| account.employees.map(Json::Int))),
            ]),
        ),
        (
            "score",
            map([
                ("points", score.map(|score| Json::Number(f64::from(score.points()) / 100.0))),
                ("intent", score.map(|score| Json::Int(i64::from(score.intent.number())))),
                ("grade", score.map(|score| Json::Text(score.grade().to_string()))),
            ]),
        ),
        (
            "time",
            map([
                ("hour", Some(Json::Int(i64::from(case.local.hour())))),
                ("date", Some(Json::Text(case.local.date().to_string()))),
            ]),
        ),
    ]
}

fn judge(source: &str, case: &Case) -> Truth {
    let program = cel::Program::compile(source).unwrap();
    let mut context = Context::default();
    for (name, value) in variables(case) {
        context.add_variable(name, value).unwrap();
    }
    match program.execute(&context) {
        Ok(Value::Bool(value)) => value.into(),
        Ok(other) => panic!("{source} is {other:?}"),
        Err(_) => Truth::Unknown,
    }
}

const WORDS: [&str; 5] = ["a", "ab", "b", "é", "Z"];

fn pick(choices: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    prop::sample::select(choices.to_vec()).prop_map(str::to_owned)
}

fn blank_or<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Option<T>> {
    prop::option::weighted(0.7, value)
}

fn cases() -> impl Strategy<Value = Case> {
    let word = || pick(&WORDS);
    let words = || prop::collection::vec(pick(&WORDS), 0..3);
    let lead = (
        blank_or(pick(&["FR", "DE", "US"])),
        blank_or(prop_oneof![word(), Just(String::new())]),
        blank_or(-2_i64..4),
        blank_or(prop_oneof![-2_i64..4, Just(i64::MAX), Just(i64::MIN)]),
        prop::sample::select(LeadType::ALL.map(|(kind, _)| kind).to_vec()),
        words(),
        words(),
        (blank_or(word()), blank_or(-3_i32..4), blank_or(any::<bool>())),
    )
        .prop_map(
            |(country, city, employees, deal_value, lead_type, technologies, kinds, (course, visits, agreed))| {
                let attributes = [
                    ("course", course.map(AttributeValue::Text)),
                    ("visits", visits.map(|visits| AttributeValue::Number(f64::from(visits) / 2.0))),
                    ("agreed", agreed.map(AttributeValue::Flag)),
                ];
                Profile {
                    country,
                    city,
                    employees,
                    deal_value,
                    lead_type,
                    technologies,
                    signals: kinds.iter().map(|kind| signal(kind)).collect(),
                    attributes: attributes
                        .into_iter()
                        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                        .collect(),
                    ..Profile::default()
                }
            },
        );
    let account =
        (blank_or(pick(&["FR", "US"])), blank_or(0_i64..4), any::<bool>()).prop_map(|(country, employees, named)| {
            let account = account();
            Account { country, employees, owner: account.owner.clone().filter(|_| named), ..account }
        });
    let levels = (prop::sample::select(FitLevel::ALL.to_vec()), prop::sample::select(IntentLevel::ALL.to_vec()));
    (lead, blank_or(account), blank_or(levels), any::<bool>(), 0_i8..24, 20_i8..25).prop_map(
        |(lead, account, levels, owned, hour, day)| Case {
            lead,
            account,
            existing_owner: owned.then(|| "anna".parse().unwrap()),
            score: levels.map(|(fit, intent)| score(fit, intent)),
            local: civil::date(2026, 11, day).at(hour, 0, 0, 0),
            company_domain: None,
        },
    )
}

fn texts() -> impl Strategy<Value = String> {
    let quoted = pick(&WORDS).prop_map(|word| format!("\"{word}\""));
    prop_oneof![quoted, pick(&["lead.city", "lead.attributes.course"])]
}

fn ints() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (-2_i64..5).prop_map(|n| n.to_string()),
        pick(&[
            "lead.employees",
            "lead.deal_value",
            "account.employees",
            "time.hour",
            "score.intent",
            "size(lead.signals)",
            "size(lead.technologies)",
            "lead.city.size()",
        ]),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), pick(&["+", "-", "*"]), inner.clone()).prop_map(|(l, op, r)| format!("({l} {op} {r})")),
            inner.prop_map(|inner| format!("(-({inner}))")),
        ]
    })
}

fn numbers() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![pick(&["1.5", "0.0", "-2.5", "82.5"]), pick(&["lead.attributes.visits", "score.points"])];
    leaf.prop_recursive(1, 3, 2, |inner| {
        (inner.clone(), pick(&["+", "-", "*"]), inner).prop_map(|(l, op, r)| format!("({l} {op} {r})"))
    })
}

fn conditions() -> impl Strategy<Value = String> {
    let order = || pick(&["==", "!=", "<", "<=", ">", ">="]);
    let list = |item: BoxedStrategy<String>| {
        prop::collection::vec(item, 1..4).prop_map(|items| format!("[{}]", items.join(", ")))
    };
    let country = || pick(&["\"FR\"", "\"DE\"", "account.country"]);
    let day = || pick(&["\"2026-11-21\"", "\"2026-11-23\""]);
    let leaf = prop_oneof![
        pick(&[
            "true",
            "lead.has_owner",
            "account.named",
            "lead.attributes.agreed",
            "lead.attributes.agreed == account.known",
            "has(lead.city)",
            "has(lead.attributes.visits)",
            "has(account.country)",
            "has(score.grade)",
            "has(lead.technologies)",
            "score.grade in ['A1', 'B2', 'C3']",
            "score.intent in [1, 2]",
            "time.hour in [9, 10, 11]",
            "lead.lead_type != 'event'",
            "lead.lead_type in ['event', 'referral']",
        ]),
        (pick(&["==", "!="]), country()).prop_map(|(op, c)| format!("lead.country {op} {c}")),
        list(country().boxed()).prop_map(|list| format!("lead.country in {list}")),
        (texts(), order(), texts()).prop_map(|(l, op, r)| format!("{l} {op} {r}")),
        (texts(), list(texts().boxed())).prop_map(|(l, r)| format!("{l} in {r}")),
        (texts(), pick(&["lead.technologies", "lead.signals"])).prop_map(|(l, r)| format!("{l} in {r}")),
        (texts(), pick(&["startsWith", "endsWith", "contains"]), texts()).prop_map(|(l, f, r)| format!("{l}.{f}({r})")),
        (ints(), order(), prop_oneof![ints(), numbers()]).prop_map(|(l, op, r)| format!("{l} {op} {r}")),
        (numbers(), order(), prop_oneof![ints(), numbers()]).prop_map(|(l, op, r)| format!("{l} {op} {r}")),
        (prop_oneof![ints(), numbers()], list(prop_oneof![ints(), numbers()].boxed()))
            .prop_map(|(l, r)| format!("{l} in {r}")),
        (order(), day()).prop_map(|(op, day)| format!("time.date {op} {day}")),
        list(day().boxed()).prop_map(|list| format!("time.date in {list}")),
        (pick(&["lead.technologies", "lead.signals"]), pick(&["exists", "all"]), texts(), pick(&["==", "<"])).prop_map(
            |(list, each, text, op)| format!(
                "{list}.{each}(x, x {op} {text} || x.startsWith(\"a\") && has(lead.city))"
            )
        ),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| format!("({})", all.join(" && "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|any| format!("({})", any.join(" || "))),
            inner.clone().prop_map(|inner| format!("!({inner})")),
            (inner.clone(), pick(&["==", "!="]), inner.clone()).prop_map(|(l, op, r)| format!("(({l}) {op} ({r}))")),
            (inner.clone(), inner.clone(), inner).prop_map(|(c, t, e)| format!("(({c}) ? ({t}) : ({e}))")),
        ]
    })
    .prop_map(|mut source| {
        // What stands at the top without brackets is split into conjuncts.
        if source.starts_with('(') && source.ends_with(')') && source.contains(" && ") {
            source = format!("{source} && true");
        }
        source
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_interpreter(source in conditions(), some in prop::collection::vec(cases(), 3)) {
        let mut builder = builder();
        let id = match builder.add(&source) {
            Ok(id) => id,
            // Only a condition that is too large, or compares with what can't be (-1 with an hour), may be refused.
            Err(errors) => {
                let allowed = ["at most", "deep", "can never be"];
                let is_allowed = |message: &str| allowed.iter().any(|part| message.contains(part));
                prop_assert!(errors.iter().all(|e| is_allowed(&e.message)), "{source}: {errors:?}");
                return Err(TestCaseError::reject("refused"));
            }
        };
        let program = builder.build();
        for case in &some {
            let row = program.bind(&case.facts());
            let ours = program.eval(id, &row);
            prop_assert_eq!(ours, judge(&source, case), "{} with {:?}", source, case);
            prop_assert_eq!(program.first_true(&[id], &row).is_some(), ours.is_true());
            prop_assert_eq!(program.explain(id, &row).iter().map(|finding| finding.truth).min(), Some(ours));
        }
    }
}

/// The judge is awake: were blank fields false instead of unknown, it would see.
#[test]
fn the_judge_tells_unknown_from_false() {
    let blank = Case::blank();
    assert_eq!(judge("lead.country == 'FR'", &blank), Truth::Unknown);
    assert_eq!(judge("lead.country == 'FR' || true", &blank), Truth::True);
    assert_eq!(judge("lead.country == 'FR' && false", &blank), Truth::False);
    assert_eq!(judge("!(lead.country == 'FR')", &blank), Truth::Unknown);
}
