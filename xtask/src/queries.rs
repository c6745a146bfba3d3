//! `cargo xtask sqlx`: the committed types of the store's queries.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::database;
use crate::shell::{cargo, repository, run as shell};

const STORE: &str = "crates/store";

/// File name to content.
type Files = BTreeMap<String, Vec<u8>>;

/// Replaces `.sqlx`.
pub(crate) fn refresh() -> Result<()> {
    let (fresh, kept) = (ask()?, kept()?);
    let dir = repository().join(".sqlx");
    fs::create_dir_all(&dir)?;
    for name in kept.keys().filter(|name| !fresh.contains_key(*name)) {
        fs::remove_file(dir.join(name))?;
    }
    for (name, content) in fresh.iter().filter(|(name, content)| kept.get(*name) != Some(content)) {
        fs::write(dir.join(name), content)?;
    }
    let changes = differences(&kept, &fresh);
    println!("{} queries in .sqlx, {} changes", fresh.len(), changes.len());
    Ok(())
}

/// Fails if `.sqlx` is not what [`refresh`] would write.
pub(crate) fn check() -> Result<()> {
    let (fresh, kept) = (ask()?, kept()?);
    let changes = differences(&kept, &fresh);
    if changes.is_empty() {
        println!("{} queries in .sqlx are up to date", fresh.len());
        return Ok(());
    }
    bail!("`.sqlx` is out of date; run `cargo xtask sqlx` and commit it:\n{}", changes.join("\n"))
}

/// Compiles the store against a server that has its schema and collects what the query macros learn there.
fn ask() -> Result<Files> {
    let repository = repository();
    let migrations = migrations(&repository.join(STORE).join("migrations"))?;
    let cluster = database::private()?;
    for path in &migrations {
        let script = fs::read_to_string(path)?;
        cluster.run_sql("postgres", &script).with_context(|| format!("{} failed", path.display()))?;
    }
    println!("applied {} migrations", migrations.len());
    let fresh = repository.join("target/sqlx");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    fs::create_dir_all(&fresh)?;
    compile_again(&repository.join(STORE))?;
    // The macros write a file only while they are expanded, and only when they may ask the server.
    let mut command = cargo(&["check", "--package", "leadrouter-store", "--all-targets"]);
    command.env("SQLX_OFFLINE", "false").env("SQLX_OFFLINE_DIR", &fresh).env("DATABASE_URL", cluster.url("postgres"));
    shell(&mut command)?;
    cluster.stop()?;
    read(&fresh)
}

/// The scripts in the order of their numbers.
fn migrations(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("no migrations in {}", dir.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_none_or(|extension| extension != "sql") {
            continue;
        }
        let number: u64 = name
            .split('_')
            .next()
            .and_then(|number| number.parse().ok())
            .with_context(|| format!("{name}: a migration is named NUMBER_what-it-does.sql"))?;
        found.push((number, path));
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// Makes cargo take every target of the package for changed.
fn compile_again(package: &Path) -> Result<()> {
    let mut roots = vec![package.join("src/lib.rs")];
    for dir in ["tests", "benches", "examples"] {
        let Ok(entries) = fs::read_dir(package.join(dir)) else { continue };
        roots.extend(
            entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|ext| ext == "rs")),
        );
    }
    #[expect(clippy::disallowed_methods, reason = "a file's time is the machine's, not the product's")]
    let now = std::time::SystemTime::now();
    for root in roots {
        fs::File::options()
            .append(true)
            .open(&root)
            .and_then(|file| file.set_modified(now))
            .with_context(|| root.display().to_string())?;
    }
    Ok(())
}

fn kept() -> Result<Files> {
    let dir = repository().join(".sqlx");
    if dir.exists() { read(&dir) } else { Ok(Files::new()) }
}

fn read(dir: &Path) -> Result<Files> {
    let mut files = Files::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("query-") {
            files.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(files)
}

/// A line for each query that is new, gone or of other types.
fn differences(kept: &Files, fresh: &Files) -> Vec<String> {
    let new = fresh.iter().filter(|(name, _)| !kept.contains_key(*name)).map(|(_, content)| ("missing", content));
    let gone =
        kept.iter().filter(|(name, _)| !fresh.contains_key(*name)).map(|(_, content)| ("no longer used", content));
    let other = fresh.iter().filter(|(name, content)| kept.get(*name).is_some_and(|kept| kept != *content));
    let other = other.map(|(_, content)| ("of other types", content));
    new.chain(gone).chain(other).map(|(what, content)| format!("  {what}: {}", statement(content))).collect()
}

fn statement(content: &[u8]) -> String {
    let parsed: serde_json::Value = serde_json::from_slice(content).unwrap_or_default();
    let words = parsed["query"].as_str().unwrap_or("?").split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_gone_and_changed_queries_are_told_apart() {
        let file = |name: &str, query: &str| (name.to_owned(), format!("{{\"query\": \"{query}\"}}").into_bytes());
        let kept = Files::from([file("a", "SELECT 1"), file("b", "SELECT 2"), file("c", "SELECT  3")]);
        let fresh = Files::from([file("a", "SELECT 1"), file("c", "SELECT 3"), file("d", "SELECT 4")]);
        let lines = differences(&kept, &fresh);
        assert_eq!(lines, ["  missing: SELECT 4", "  no longer used: SELECT 2", "  of other types: SELECT 3"]);
        assert!(differences(&kept, &kept).is_empty());
    }
}
