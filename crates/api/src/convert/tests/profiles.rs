use std::collections::BTreeMap;

use domain::lead::{AttributeValue, LeadType, Profile, Signal};
use jiff::Timestamp;
use proptest::{collection, option, prelude::*};

use super::fields;
use crate::{
    Path, Violations,
    convert::{profile, route},
    v1,
};

fn read(wire: v1::LeadProfile) -> Result<Profile, Violations> {
    let mut violations = Violations::default();
    let profile = profile::read(wire, &Path::Request.field("lead"), &mut violations);
    violations.check(profile)
}

fn named() -> v1::LeadProfile {
    v1::LeadProfile { person_name: Some("Ada Byron".to_owned()), ..v1::LeadProfile::default() }
}

#[test]
fn everything_wrong_is_told_at_once() {
    let long = "x".repeat(501);
    let wire = v1::LeadProfile {
        email: Some("not an address".to_owned()),
        phone: Some("12\u{7}3".to_owned()),
        company_name: Some(long.clone()),
        employees: Some(-4),
        annual_revenue: Some(i64::MAX),
        country: Some("USA".to_owned()),
        language: Some("1".to_owned()),
        lead_type: 99,
        technologies: vec!["rust".to_owned(), "  ".to_owned()],
        attributes: BTreeMap::from([
            ("Bad Key".to_owned(), v1::AttributeValue { kind: Some(v1::attribute_value::Kind::Flag(true)) }),
            ("none".to_owned(), v1::AttributeValue { kind: None }),
            ("nan".to_owned(), v1::AttributeValue { kind: Some(v1::attribute_value::Kind::Number(f64::NAN)) }),
        ]),
        signals: vec![
            v1::Signal { kind: String::new(), at: None },
            v1::Signal { kind: "demo".to_owned(), at: Some(prost_types::Timestamp { seconds: 1, nanos: -1 }) },
            v1::Signal { kind: "demo".to_owned(), at: Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 }) },
        ],
        ..v1::LeadProfile::default()
    };
    let violations = read(wire).unwrap_err();
    assert_eq!(
        fields(&violations),
        [
            "lead.email",
            "lead.phone",
            "lead.company_name",
            "lead.employees",
            "lead.annual_revenue",
            "lead.country",
            "lead.language",
            "lead.lead_type",
            "lead.technologies[1]",
            "lead.attributes[\"Bad Key\"]",
            "lead.attributes[\"nan\"].number",
            "lead.attributes[\"none\"]",
            "lead.signals[0].kind",
            "lead.signals[0].at",
            "lead.signals[1].at",
            "lead.signals[2].at",
        ]
    );
    let text = format!("{violations:?}");
    assert!(!text.contains("not an address") && !text.contains(&long), "personal data stays out of messages");
}

#[test]
fn lists_are_bounded() {
    let attribute = || v1::AttributeValue { kind: Some(v1::attribute_value::Kind::Flag(true)) };
    let signal = v1::Signal { kind: "demo".to_owned(), at: Some(prost_types::Timestamp::default()) };
    let wire = v1::LeadProfile {
        technologies: vec!["x".to_owned(); 101],
        attributes: (0..101).map(|index| (format!("a{index}"), attribute())).collect(),
        signals: vec![signal; 201],
        ..named()
    };
    assert_eq!(fields(&read(wire).unwrap_err()), ["lead.technologies", "lead.attributes", "lead.signals"]);
}

#[test]
fn somebody_must_be_named() {
    let blank = v1::LeadProfile { email: Some("  ".to_owned()), employees: Some(3), ..v1::LeadProfile::default() };
    let violations = read(blank).unwrap_err();
    assert_eq!(fields(&violations), ["lead"]);
    assert!(read(named()).is_ok());
}

#[test]
fn blank_is_unknown_and_zero_is_zero() {
    let profile = read(v1::LeadProfile { employees: Some(0), city: Some(" ".to_owned()), ..named() }).unwrap();
    assert_eq!((profile.employees, profile.deal_value, profile.city), (Some(0), None, None));
}

#[test]
fn spelling_is_settled() {
    let wire = v1::LeadProfile {
        country: Some(" us".to_owned()),
        language: Some("EN".to_owned()),
        city: Some("\u{a0}Boston ".to_owned()),
        ..named()
    };
    let profile = read(wire).unwrap();
    assert_eq!(profile.country.as_deref(), Some("US"));
    assert_eq!(profile.language.as_deref(), Some("en"));
    assert_eq!(profile.city.as_deref(), Some("Boston"));
}

#[test]
fn one_bad_entry_of_a_batch_fails_alone() {
    let good = v1::RouteLeadRequest { lead: Some(named()), ..v1::RouteLeadRequest::default() };
    let bad = v1::RouteLeadRequest { request_id: "7".to_owned(), ..v1::RouteLeadRequest::default() };
    let read = route::read_batch(v1::BatchRouteLeadsRequest { requests: vec![good.clone(), bad, good] }).unwrap();
    assert!(read[0].is_ok() && read[2].is_ok());
    assert_eq!(fields(read[1].as_ref().unwrap_err()), ["requests[1].lead", "requests[1].request_id"]);
}

#[test]
fn a_batch_has_a_size_and_one_meaning() {
    let empty = route::read_batch(v1::BatchRouteLeadsRequest::default()).unwrap_err();
    assert_eq!(fields(&empty), ["requests"]);
    let large = vec![v1::RouteLeadRequest::default(); 1_001];
    assert!(route::read_batch(v1::BatchRouteLeadsRequest { requests: large }).is_err());
    let preview = v1::RouteLeadRequest { validate_only: true, ..v1::RouteLeadRequest::default() };
    let mixed = vec![preview, v1::RouteLeadRequest::default()];
    let mixed = route::read_batch(v1::BatchRouteLeadsRequest { requests: mixed }).unwrap_err();
    assert_eq!(fields(&mixed), ["requests[1].validate_only"]);
}

/// A text as the domain holds it: trimmed, not blank, without control characters.
fn text() -> impl Strategy<Value = Option<String>> {
    option::of("[\\PC&&[^\\p{White_Space}]]{1,40}( [\\PC&&[^\\p{White_Space}]]{1,40})?")
}

fn money() -> impl Strategy<Value = Option<i64>> {
    option::of(0..=1_000_000_000_000_000_i64)
}

fn attribute() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![
        "[a-zA-Z]{1,20}".prop_map(AttributeValue::Text),
        (-1e300..1e300).prop_map(AttributeValue::Number),
        any::<bool>().prop_map(AttributeValue::Flag),
    ]
}

prop_compose! {
    fn signal()(kind in "[a-z][a-z0-9_]{0,62}", seconds in 0..253_402_000_000_i64, nanos in 0..1_000_000_000) -> Signal {
        Signal { kind, at: Timestamp::new(seconds, nanos).unwrap() }
    }
}

prop_compose! {
    fn profile()(
        texts in collection::vec(text(), 12),
        numbers in collection::vec(money(), 2),
        person_name in "[A-Z][a-z]{1,20}",
        email in option::of("[a-zA-Z0-9.+]{1,30}@[a-z]{1,20}\\.example"),
        employees in option::of(0..=100_000_000_i64),
        country in option::of("[A-Z]{2}"),
        language in option::of("[a-z]{2}"),
        lead_type in 0..LeadType::ALL.len(),
        technologies in collection::vec("[a-z]{1,10}", 0..5),
        attributes in collection::btree_map("[a-z][a-z0-9_]{0,62}", attribute(), 0..5),
        signals in collection::vec(signal(), 0..5),
    ) -> Profile {
        let mut texts = texts.into_iter();
        let mut text = || texts.next().flatten();
        Profile {
            external_id: text(), email, phone: text(), person_name: Some(person_name), job_title: text(),
            company_name: text(), company_domain: text(), industry: text(), employees, annual_revenue: numbers[0],
            country, region: text(), postal_code: text(), city: text(), language, product: text(),
            deal_value: numbers[1], lead_type: LeadType::ALL[lead_type].0, source: text(), campaign: text(),
            technologies, attributes, signals, erased_at: None,
        }
    }
}

proptest! {
    #[test]
    fn a_profile_comes_back_as_it_went(profile in profile()) {
        prop_assert_eq!(read(v1::LeadProfile::from(profile.clone())).unwrap(), profile);
    }
}
