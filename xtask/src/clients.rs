//! The clients in other languages, run against the real binary.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::shell::{repository, run as shell, target};
use crate::test::{DATABASE_VARIABLE, PROGRAM_VARIABLE};

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

/// Calls `tests/clients/run NAME...` with the server's address and the built program.
pub(crate) fn run(repository: &Path, names: &[String], database_url: &str) -> Result<()> {
    let mut command = Command::new(repository.join(DIR).join("run"));
    command.current_dir(repository).args(names).env(DATABASE_VARIABLE, database_url).env_remove("DATABASE_URL");
    shell(command.env(PROGRAM_VARIABLE, target().join("debug/leadrouter")))
}
