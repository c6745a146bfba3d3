//! `cargo xtask bench`: builds both sides as they are shipped and measures them.

use std::process::Command;

use anyhow::Result;

use crate::shell::{cargo, run as shell, target};

/// The program is in `tests/bench`; `arguments` are its own.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    shell(&mut cargo(&["build", "--release", "--package", "leadrouter", "--package", "leadrouter-tests", "--bins"]))?;
    let built = target().join("release");
    shell(Command::new(built.join("bench")).args(arguments).env("BIN", built.join("leadrouter")))
}
