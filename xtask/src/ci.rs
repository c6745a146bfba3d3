//! `cargo xtask ci`: everything that a change must pass.

use anyhow::{Result, bail};

use crate::shell::{cargo, read, repository, run as shell};
use crate::steps::Steps;
use crate::{layers, proto, queries, test, tools};

type Step = (&'static str, fn() -> Result<()>);

/// Cheap ones first.
const STEPS: [Step; 8] = [
    ("format", || shell(&mut cargo(&["fmt", "--all", "--check"]))),
    ("layers", layers::check),
    ("deny", deny),
    ("proto", proto::check),
    ("sqlx", queries::check),
    ("lint", || shell(&mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))),
    ("docs", docs),
    ("test", || test::run(None, &[])),
];

/// The steps' names, in order.
pub(crate) const NAMES: [&str; STEPS.len()] = {
    let mut names = [""; STEPS.len()];
    let mut at = 0;
    while at < STEPS.len() {
        names[at] = STEPS[at].0;
        at += 1;
    }
    names
};

/// The named steps, or all; one that fails does not keep the others from running.
pub(crate) fn run(only: &[String]) -> Result<()> {
    let mut steps = Steps::default();
    let before = tracked_changes()?;
    for (name, step) in STEPS {
        if only.is_empty() || only.iter().any(|wanted| wanted == name) {
            steps.run(name, step);
        }
    }
    // What is generated and committed (lock file, queries, snapshots) must come out as it was committed.
    steps.run("generated", || {
        if tracked_changes()? == before { Ok(()) } else { bail!("a step changed a committed file; see `git diff`") }
    });
    let (passed, failed) = steps.counts();
    let result = steps.finish();
    println!("\n{passed} passed, {failed} failed");
    result
}

fn deny() -> Result<()> {
    let mut command = std::process::Command::new(tools::cargo_deny()?);
    shell(command.current_dir(repository()).args(["--locked", "check", "bans", "licenses", "sources"]))
}

fn docs() -> Result<()> {
    shell(cargo(&["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings"))
}

fn tracked_changes() -> Result<String> {
    read(std::process::Command::new("git").current_dir(repository()).args(["diff", "HEAD"]))
}
