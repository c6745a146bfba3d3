use std::time::Duration;

use domain::ownership::EventKind;
use prost_types::FieldMask;

use crate::{
    Path, Violations,
    convert::subscription::{UrlRules, Wanted, letters, overlap},
    v1,
};

const STRICT: UrlRules = UrlRules { allow_http: false, allow_private: false };
const LAX: UrlRules = UrlRules { allow_http: true, allow_private: true };

fn read(wire: &v1::Subscription, mask: Option<&FieldMask>, rules: UrlRules) -> Result<Wanted, Vec<String>> {
    let mut violations = Violations::default();
    let wanted = Wanted::read(wire, mask, rules, &Path::Request.field("subscription"), &mut violations);
    let fields = violations.iter().map(|violation| violation.field.clone()).collect();
    if violations.is_empty() { Ok(wanted) } else { Err(fields) }
}

fn of(url: &str) -> v1::Subscription {
    v1::Subscription { url: url.to_owned(), ..v1::Subscription::default() }
}

#[test]
fn urls_lead_to_the_public_unless_more_is_allowed() {
    for url in [
        "https://hooks.example/leads",
        "https://hooks.example:8443/a?b=c",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
    ] {
        assert!(read(&of(url), None, STRICT).is_ok(), "{url}");
    }
    for url in [
        "http://hooks.example/",
        "https://localhost/",
        "https://LocalHost:1/",
        "http://127.0.0.1/",
        "https://[::1]/x",
        "https://169.254.169.254/",
    ] {
        assert_eq!(read(&of(url), None, STRICT), Err(vec!["subscription.url".to_owned()]), "{url}");
        assert!(read(&of(url), None, LAX).is_ok(), "{url}");
    }
    let long = format!("https://hooks.example/{}", "x".repeat(2_000));
    for url in [
        "",
        "hooks.example",
        "/leads",
        "ftp://hooks.example/",
        "https://",
        "https://me:pw@hooks.example/",
        "https://hooks.example/#x",
        &long,
    ] {
        assert!(read(&of(url), None, LAX).is_err(), "{url}");
    }
}

#[test]
fn only_what_the_mask_names_is_read() {
    let wire = v1::Subscription { paused: true, ..of("no url") };
    let mask = FieldMask { paths: vec!["paused".to_owned()] };
    let wanted = Wanted { paused: Some(true), ..Wanted::default() };
    assert_eq!(read(&wire, Some(&mask), STRICT), Ok(wanted));
    let mask = FieldMask { paths: vec!["secret".to_owned(), "url".to_owned()] };
    assert_eq!(read(&wire, Some(&mask), STRICT), Err(vec!["update_mask".to_owned(), "subscription.url".to_owned()]));
}

#[test]
fn kinds_are_known_and_there_once() {
    let (assigned, closed) = (v1::OwnershipChangeKind::Assigned.into(), v1::OwnershipChangeKind::Closed.into());
    let wire = v1::Subscription { kinds: vec![assigned, closed], ..of("https://hooks.example/") };
    let kinds = read(&wire, None, STRICT).unwrap().kinds;
    assert_eq!(kinds, Some(vec![EventKind::Assigned, EventKind::Closed]));
    let wire = v1::Subscription { kinds: vec![assigned, 0, assigned, 99], ..wire };
    let expected = [1, 2, 3].map(|place| format!("subscription.kinds[{place}]"));
    assert_eq!(read(&wire, None, STRICT), Err(expected.to_vec()));
}

#[test]
fn overlaps_have_bounds() {
    let read = |seconds| {
        let mut violations = Violations::default();
        let overlap = overlap(Some(prost_types::Duration { seconds, nanos: 0 }), &mut violations);
        violations.is_empty().then_some(overlap)
    };
    assert_eq!(overlap(None, &mut Violations::default()), Duration::from_hours(24));
    assert_eq!((read(0), read(7 * 86_400)), (Some(Duration::ZERO), Some(Duration::from_hours(168))));
    assert_eq!((read(-1), read(7 * 86_400 + 1)), (None, None));
}

#[test]
fn dead_letters_are_of_the_one_subscription() {
    let mut violations = Violations::default();
    let names =
        ["subscriptions/crm/deadLetters/7-1", "subscriptions/other/deadLetters/7-1", "subscriptions/crm/deadLetters/x"];
    let of = "crm".parse().unwrap();
    let found = letters(&names.map(str::to_owned), Some(&of), &mut violations);
    let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!((found.len(), fields), (2, vec!["names[1]", "names[2]"]));
    let many = vec![names[0].to_owned(); 1_001];
    assert!(letters(&many, Some(&of), &mut violations).is_empty());
}
