//! The contract's lint, and what it may not lose: everything that was accepted before.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::shell::{repository, run as shell};
use crate::tools;

/// The accepted contract, compiled, beside the protos.
const BASELINE: &str = "baseline.binpb";

/// Lint, then comparison with the accepted contract.
pub(crate) fn check() -> Result<()> {
    shell(buf()?.arg("lint"))?;
    if !repository().join("proto").join(BASELINE).is_file() {
        bail!("there is no proto/{BASELINE} to compare with; `cargo xtask proto --accept` writes it");
    }
    shell(buf()?.args(["breaking", "--against", BASELINE]))
        .context("a client that was built before would break; if that is meant, run `cargo xtask proto --accept`")
}

/// Makes today's contract the one that later changes are compared with.
pub(crate) fn accept() -> Result<()> {
    shell(buf()?.arg("lint"))?;
    shell(buf()?.args(["build", "--exclude-source-info", "--output", BASELINE]))
}

fn buf() -> Result<Command> {
    let mut command = Command::new(tools::buf()?);
    command.current_dir(repository().join("proto"));
    Ok(command)
}
