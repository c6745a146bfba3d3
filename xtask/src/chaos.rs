//! `cargo xtask chaos`: builds the program, and breaks what it stands on while it runs.

use std::process::Command;

use anyhow::Result;

use crate::shell::{cargo, run as shell, target};

/// The program is in `tests/chaos`; `arguments` are its own.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    shell(&mut cargo(&["build", "--package", "leadrouter", "--package", "leadrouter-tests", "--bins"]))?;
    let built = target().join("debug");
    shell(Command::new(built.join("chaos")).args(arguments).env("BIN", built.join("leadrouter")))
}
