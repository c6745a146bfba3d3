//! The clients in other languages, run against the real binary.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::shell::{cargo, repository, run as shell};
use crate::test::DATABASE_VARIABLE;

const DIR: &str = "tests/clients";

/// The clients (folders of `tests/clients`) whose name matches; all without a filter or with `clients`.
pub(crate) fn matching(filter: Option<&str>) -> Vec<String> {
    let dir = repository().join(DIR);
    if !dir.join("run").is_file() {
        return Vec::new();
    }
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let folders = entries.flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| !name.starts_with(['.', '_']) && name != "node_modules");
    names.retain(|name| filter.is_none_or(|filter| name.contains(filter) || "clients".contains(filter)));
    names.sort();
    names
}

/// Calls `tests/clients/run NAME...` with the server's address and the freshly built binary.
pub(crate) fn run(repository: &Path, names: &[String], database_url: &str) -> Result<()> {
    shell(&mut cargo(&["build", "--package", "leadrouter"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository.join("target"), Into::into);
    let mut command = Command::new(repository.join(DIR).join("run"));
    command.current_dir(repository).args(names).env(DATABASE_VARIABLE, database_url).env_remove("DATABASE_URL");
    shell(command.env("LEADROUTER_BIN", target.join("debug/leadrouter")))
}
