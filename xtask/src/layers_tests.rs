#![expect(clippy::unwrap_used, reason = "tests may")]

use serde_json::json;

use super::*;

#[test]
fn this_repository_keeps_the_law() {
    check().unwrap();
}

/// A workspace in which `from` depends on `on`.
fn with(from: &str, on: &str, kind: Option<&str>) -> Vec<String> {
    violations(&json!({ "packages": [{ "name": from, "dependencies": [{ "name": on, "kind": kind }] }] }))
}

#[test]
fn downwards_is_allowed() {
    for (from, on) in [
        ("leadrouter-assignment", "leadrouter-store"),
        ("leadrouter-store", "leadrouter-domain"),
        ("leadrouter-store", "sqlx"),
        ("leadrouter", "leadrouter-escalation"),
        ("leadrouter-api", "tonic-prost-build"),
        ("leadrouter-domain", "jiff"),
        ("leadrouter-learn", "leadrouter-domain"),
        ("leadrouter-cli", "leadrouter-learn"),
    ] {
        assert_eq!(with(from, on, None), Vec::<String>::new());
    }
}

#[test]
fn upwards_sideways_and_homeless_are_refused() {
    for (from, on) in [
        ("leadrouter-domain", "leadrouter-store"),
        ("leadrouter-store", "leadrouter-api"),
        ("leadrouter-api", "leadrouter-store"),
        ("leadrouter-escalation", "leadrouter-assignment"),
        ("leadrouter-kit", "leadrouter-domain"),
        ("leadrouter-cli", "leadrouter-store"),
        ("leadrouter-assignment", "sqlx"),
        ("leadrouter-api", "sqlx-core"),
        ("leadrouter-store", "tonic"),
        ("leadrouter-domain", "prost-types"),
        ("leadrouter-domain", "tokio"),
        ("leadrouter-learn", "rand"),
        ("leadrouter-learn", "leadrouter-store"),
        ("leadrouter-store", "leadrouter-pglocal"),
        ("somebody-new", "serde"),
    ] {
        assert_eq!(with(from, on, None).len(), 1, "{from} -> {on}");
    }
}

#[test]
fn tests_may_start_a_private_postgres_and_still_not_go_upwards() {
    assert_eq!(with("leadrouter-store", "leadrouter-pglocal", Some("dev")), Vec::<String>::new());
    assert_eq!(with("leadrouter-store", "leadrouter-assignment", Some("dev")).len(), 1);
}

#[test]
fn a_feature_may_bring_the_private_postgres_and_nothing_else() {
    let optional = |on: &str| {
        let dependency = json!({ "name": on, "kind": null, "optional": true });
        violations(&json!({ "packages": [{ "name": "leadrouter-store", "dependencies": [dependency] }] })).len()
    };
    assert_eq!(optional("leadrouter-pglocal"), 0);
    assert_eq!(optional("leadrouter-assignment"), 1);
}

#[test]
fn two_copies_are_seen() {
    let lock =
        "[[package]]\nname = \"tonic\"\nversion = \"0.14.9\"\n\n[[package]]\nname = \"syn\"\nversion = \"2.0.0\"\n";
    assert_eq!(copies(lock), Vec::<String>::new());
    let twice = format!(
        "{lock}\n[[package]]\nname = \"syn\"\nversion = \"3.0.0\"\n\n[[package]]\nname = \"tonic\"\nversion = \"0.15.0\"\n"
    );
    assert_eq!(copies(&twice).len(), 1, "syn may come twice, tonic may not");
}
