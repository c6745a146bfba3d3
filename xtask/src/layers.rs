//! The import law: crates depend downwards only, as drawn in ARCHITECTURE.md, and some libraries have one home.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use serde_json::Value;

use crate::shell::{cargo, read, repository};

/// Each of our crates and those of ours that it may depend on.
const LAYERS: [(&str, &[&str]); 15] = [
    ("leadrouter-domain", &[]),
    ("leadrouter-pglocal", &[]),
    ("leadrouter-kit", &[]),
    ("leadrouter-learn", &["leadrouter-domain"]),
    ("leadrouter-store", &["leadrouter-domain"]),
    ("leadrouter-api", &["leadrouter-domain"]),
    ("leadrouter-snapshots", &["leadrouter-domain", "leadrouter-store"]),
    ("leadrouter-scoring", SERVICE),
    ("leadrouter-assignment", SERVICE),
    ("leadrouter-escalation", SERVICE),
    ("leadrouter-delivery", SERVICE),
    ("leadrouter-cli", &["leadrouter-domain", "leadrouter-api", "leadrouter-learn"]),
    (
        "leadrouter",
        &[
            "leadrouter-domain",
            "leadrouter-api",
            "leadrouter-store",
            "leadrouter-snapshots",
            "leadrouter-kit",
            "leadrouter-cli",
            "leadrouter-pglocal",
            "leadrouter-scoring",
            "leadrouter-assignment",
            "leadrouter-escalation",
            "leadrouter-delivery",
        ],
    ),
    (
        "leadrouter-tests",
        &[
            "leadrouter-domain",
            "leadrouter-api",
            "leadrouter-store",
            "leadrouter-snapshots",
            "leadrouter-kit",
            "leadrouter-cli",
            "leadrouter-pglocal",
            "leadrouter",
        ],
    ),
    ("xtask", &["leadrouter-pglocal"]),
];

/// A service speaks to other services over the wire, so it may import what is below it and never a neighbour.
const SERVICE: &[&str] =
    &["leadrouter-domain", "leadrouter-api", "leadrouter-store", "leadrouter-snapshots", "leadrouter-kit"];

/// The private Postgres is for anyone's tests, and for what a feature gives to the tests of others.
const FOR_TESTS: &str = "leadrouter-pglocal";

/// A family of libraries (names that are one of these or start with it and a hyphen) and the only crates that may use it.
const HOMES: [(&str, &[&str]); 4] = [
    ("sqlx", &["leadrouter-store", "leadrouter-tests"]),
    ("jiff-sqlx", &["leadrouter-store"]),
    ("tonic", GRPC),
    ("prost", GRPC),
];

const GRPC: &[&str] = &[
    "leadrouter-api",
    "leadrouter-kit",
    "leadrouter-scoring",
    "leadrouter-assignment",
    "leadrouter-escalation",
    "leadrouter-delivery",
    "leadrouter",
    "leadrouter-cli",
    "leadrouter-tests",
];

/// Crates that are pure: no runtime, no transport, no telemetry, no chance but by a seed.
const PURE: [&str; 2] = ["leadrouter-domain", "leadrouter-learn"];

const NOT_IN_PURE: [&str; 11] = [
    "tokio",
    "futures",
    "tower",
    "tower-http",
    "http",
    "hyper",
    "tracing",
    "opentelemetry",
    "rand",
    "reqwest",
    "rustix",
];

/// One copy of each, or there would be two of everything.
const ONE_COPY: [&str; 9] = ["tonic", "prost", "axum", "tower", "hyper", "rustls", "tokio", "opentelemetry", "sqlx"];

/// The law, applied to this repository.
pub(crate) fn check() -> Result<()> {
    let metadata = read(&mut cargo(&["metadata", "--format-version=1", "--no-deps", "--offline"]))?;
    let mut broken = violations(&serde_json::from_str(&metadata)?);
    broken.extend(copies(&std::fs::read_to_string(repository().join("Cargo.lock"))?));
    if !broken.is_empty() {
        bail!("the import law (xtask/src/layers.rs) is broken:\n  {}", broken.join("\n  "));
    }
    println!("{} crates depend downwards only", LAYERS.len());
    Ok(())
}

/// One line for each forbidden dependency.
fn violations(metadata: &Value) -> Vec<String> {
    let layers = BTreeMap::from(LAYERS);
    let mut broken = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(below) = layers.get(name) else {
            broken.push(format!("{name} has no place in the layers"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let on = dependency["name"].as_str().unwrap_or_default();
            let by_feature = on == FOR_TESTS && dependency["optional"] == true;
            let for_tests = dependency["kind"] == "dev" || by_feature;
            broken.extend(forbidden(name, below, on, for_tests, &layers).map(|why| format!("{name} -> {on}: {why}")));
        }
    }
    broken
}

fn forbidden(
    name: &str,
    below: &[&str],
    on: &str,
    for_tests: bool,
    layers: &BTreeMap<&str, &[&str]>,
) -> Option<String> {
    if layers.contains_key(on) {
        let allowed = below.contains(&on) || (for_tests && on == FOR_TESTS);
        return (!allowed).then(|| format!("it may depend on [{}] only", below.join(", ")));
    }
    if PURE.contains(&name) && !for_tests && NOT_IN_PURE.contains(&on) {
        return Some("the crate is pure".to_owned());
    }
    let home = HOMES
        .iter()
        .find(|(family, _)| on == *family || on.strip_prefix(family).is_some_and(|rest| rest.starts_with('-')));
    let (_, homes) = home?;
    (!homes.contains(&name)).then(|| format!("only [{}] may use it", homes.join(", ")))
}

/// One line for each library of [`ONE_COPY`] that is locked at two versions.
fn copies(lock: &str) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let value = |line: &'_ str, key: &str| -> Option<usize> {
        line.strip_prefix(key)?.strip_prefix(" = \"").map(|rest| line.len() - rest.len())
    };
    let mut lines = lock.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(start) = value(line, "name") else { continue };
        let Some((next, version)) = lines.peek().and_then(|next| Some((*next, value(next, "version")?))) else {
            continue;
        };
        versions.entry(line[start..].trim_end_matches('"')).or_default().insert(next[version..].trim_end_matches('"'));
    }
    let twice = versions.into_iter().filter(|(name, versions)| ONE_COPY.contains(name) && versions.len() > 1);
    twice.map(|(name, versions)| format!("{name} is locked at {versions:?}: one copy is the rule")).collect()
}

#[cfg(test)]
#[path = "layers_tests.rs"]
mod tests;
