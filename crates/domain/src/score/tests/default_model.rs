//! The shipped model follows the product's tiers.

use super::*;
use crate::lead::LeadType;

fn model() -> PointsModel {
    PointsModel::parse(PointsModel::default_source()).unwrap()
}

fn intent_of(lead: &Profile) -> IntentLevel {
    model().score(&facts(lead, None), now()).intent
}

fn did(signals: &[(&str, i64)]) -> Profile {
    Profile { signals: signals.iter().map(|(kind, days)| signal(kind, *days)).collect(), ..Profile::default() }
}

#[test]
fn tiers_of_intent() {
    for kind in ["demo_request", "pricing_page", "contact_form", "reply"] {
        assert_eq!(intent_of(&did(&[(kind, 0)])), IntentLevel::High, "{kind}");
        assert_eq!(intent_of(&did(&[(kind, 4)])), IntentLevel::High, "{kind}");
        assert_eq!(intent_of(&did(&[(kind, 90)])), IntentLevel::Low, "{kind}");
    }
    for kind in ["webinar", "case_study"] {
        assert_eq!(intent_of(&did(&[(kind, 3)])), IntentLevel::Medium, "{kind}");
    }
    for kind in ["download", "newsletter", "badge_scan"] {
        assert_eq!(intent_of(&did(&[(kind, 0)])), IntentLevel::Low, "{kind}");
    }
    assert_eq!(intent_of(&did(&[("download", 1), ("download", 3), ("download", 5)])), IntentLevel::Medium);
    assert_eq!(
        intent_of(&did(&[("download", 0), ("newsletter", 0), ("newsletter", 1), ("badge_scan", 0)])),
        IntentLevel::Low
    );
    let much = ["webinar", "webinar", "case_study", "download", "download", "download", "newsletter", "badge_scan"];
    assert_eq!(intent_of(&did(&much.map(|kind| (kind, 0)))), IntentLevel::Medium, "medium and low never make high");
}

#[test]
fn the_type_of_the_lead_counts_once() {
    let of = |lead_type| Profile { lead_type, ..Profile::default() };
    assert_eq!(intent_of(&of(LeadType::DemoRequest)), IntentLevel::High);
    assert_eq!(intent_of(&of(LeadType::ContactRequest)), IntentLevel::High);
    assert_eq!(intent_of(&of(LeadType::Referral)), IntentLevel::Medium);
    assert_eq!(intent_of(&of(LeadType::MarketingQualified)), IntentLevel::Medium);
    assert_eq!(intent_of(&of(LeadType::ContentDownload)), IntentLevel::Low);
    assert_eq!(intent_of(&of(LeadType::Event)), IntentLevel::Low);
    assert_eq!(intent_of(&of(LeadType::Unspecified)), IntentLevel::Low);
    let both = Profile { lead_type: LeadType::DemoRequest, ..did(&[("demo_request", 0)]) };
    assert_eq!(model().score(&facts(&both, None), now()).intent_points, 10_000);
}

#[test]
fn fit_adds_up_and_is_explained() {
    let lead = Profile {
        employees: Some(2_500),
        annual_revenue: Some(20_000_000),
        job_title: Some("Head of Procurement".to_owned()),
        company_domain: Some("acme.example".to_owned()),
        signals: vec![signal("webinar", 30), signal("webinar", 0), signal("webinar", 60)],
        ..Profile::default()
    };
    let model = model();
    let score = model.score(&facts(&lead, None), now());
    assert_eq!(score.grade().to_string(), "A2");
    insta::assert_snapshot!(named(&model, &score).join("\n"), @"
    employees-50 15
    employees-200 15
    employees-1000 10
    revenue-1-million 10
    revenue-10-million 10
    decides 25
    influences 15
    company-domain 10
    (role) -15
    webinar 45
    (medium) -5
    ");
    let info = model.describe(Part::Criterion(12)).unwrap();
    assert_eq!(info.rule, "the latest 1 of demo_request; half-life 14 days");
    assert_eq!(model.describe(Part::Criterion(999)), None);
}

#[test]
fn students_and_unknowns_are_no_fit() {
    let student = Profile { job_title: Some("Student".to_owned()), employees: Some(5_000), ..Profile::default() };
    assert_eq!(model().score(&facts(&student, None), now()).fit, FitLevel::C);
    let blank = Profile::default();
    let score = model().score(&facts(&blank, None), now());
    assert_eq!(score.grade().to_string(), "C3");
    assert_eq!(score.contributions, []);
}

#[test]
fn a_score_is_small() {
    let lead = Profile {
        employees: Some(2_500),
        annual_revenue: Some(20_000_000),
        job_title: Some("Head of Procurement".to_owned()),
        company_domain: Some("acme.example".to_owned()),
        ..did(&[("webinar", 1), ("demo_request", 2), ("pricing_page", 3), ("download", 4), ("newsletter", 5)])
    };
    let score = model().with_revision(ModelRevision(7)).score(&facts(&lead, None), now());
    let bytes = postcard::to_allocvec(&score).unwrap();
    assert!(bytes.len() < 100, "{} bytes for {} contributions", bytes.len(), score.contributions.len());
    assert_eq!(postcard::from_bytes::<Score>(&bytes).unwrap(), score);
}
