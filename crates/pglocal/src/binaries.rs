//! Postgres' server programs: where they may be, and which to take.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::NotFound;
use crate::install;

/// Oldest major version that the schema is written for.
pub const MINIMUM_MAJOR: u32 = 15;

/// Names a directory of programs that is used in place of all others.
pub(crate) const OVERRIDE_VARIABLE: &str = "LEADROUTER_PG_BIN";

/// A directory that has `postgres` and `initdb` of a usable version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    dir: PathBuf,
    version: String,
    major: u32,
}

impl Binaries {
    /// The first usable of: `LEADROUTER_PG_BIN` (then no other), `pg_config --bindir`, the newest of the packages of
    /// Debian and of other distributions, Homebrew, a copy that [`Binaries::install`] fetched.
    pub fn find() -> Result<Self, NotFound> {
        let mut tried = Vec::new();
        for dir in places() {
            match Self::in_dir(&dir) {
                Ok(binaries) => return Ok(binaries),
                Err(reason) => tried.push((dir.display().to_string(), reason)),
            }
        }
        if tried.is_empty() {
            tried.push(("the usual places".to_owned(), "there is nothing".to_owned()));
        }
        Err(NotFound { tried, install_line: install::line() })
    }

    /// Fetches a private copy, or installs the system's package where that is possible; says on standard error what it
    /// does. Nothing outside Leadrouter's own cache changes unless only the system's package can be had.
    pub fn install() -> Result<Self, NotFound> {
        install::run()
    }

    /// [`Binaries::find`], then [`Binaries::install`].
    pub fn find_or_install() -> Result<Self, NotFound> {
        // A directory that was named on purpose and is wrong is the caller's to mend.
        Self::find()
            .or_else(|error| if std::env::var_os(OVERRIDE_VARIABLE).is_some() { Err(error) } else { Self::install() })
    }

    /// Every usable one, in the order of [`Binaries::find`].
    pub(crate) fn all() -> Vec<Self> {
        places().iter().filter_map(|dir| Self::in_dir(dir).ok()).collect()
    }

    /// Those in `dir`, or why they won't do.
    pub(crate) fn in_dir(dir: &Path) -> Result<Self, String> {
        if !dir.is_dir() {
            return Err("no such directory".to_owned());
        }
        for program in ["postgres", "initdb"] {
            if !dir.join(program).is_file() {
                return Err(format!("has no `{program}`"));
            }
        }
        let version = said_by(&dir.join("postgres"), &["--version"]).ok_or("`postgres --version` failed")?;
        let version = version.trim().trim_start_matches("postgres (PostgreSQL) ").to_owned();
        let digits = version.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        let major: u32 = digits.parse().map_err(|_| format!("`postgres --version` said `{version}`"))?;
        if major < MINIMUM_MAJOR {
            return Err(format!("is Postgres {major}, and {MINIMUM_MAJOR} or newer is needed"));
        }
        Ok(Self { dir: dir.to_owned(), version, major })
    }

    /// The directory that has the programs.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The version as the server says it, such as `15.18 (Debian 15.18-0+deb12u1)`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The major version, such as 15.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The path of a program that may or may not be there (`psql`, `pgbench`), if it is.
    pub fn tool(&self, name: &str) -> Option<PathBuf> {
        Some(self.program(name)).filter(|path| path.is_file())
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// The directories to look at, best first.
fn places() -> Vec<PathBuf> {
    if let Some(dir) = std::env::var_os(OVERRIDE_VARIABLE) {
        return vec![dir.into()];
    }
    let mut places = Vec::new();
    if let Some(dir) = said_by(Path::new("pg_config"), &["--bindir"]) {
        places.push(PathBuf::from(dir.trim()));
    }
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/usr/local/opt", "postgresql@"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql@"),
        ("/Applications/Postgres.app/Contents/Versions", ""),
    ] {
        places.extend(versions_in(Path::new(parent), prefix).into_iter().map(|dir| dir.join("bin")));
    }
    // Where some distributions put the server beside everything else.
    places.extend(
        ["/usr/libexec/postgresql", "/usr/bin"]
            .into_iter()
            .map(PathBuf::from)
            .filter(|dir| dir.join("postgres").is_file()),
    );
    places.extend(install::private_copies());
    let mut seen = Vec::new();
    places.retain(|dir| {
        let new = !seen.contains(dir);
        seen.push(dir.clone());
        new
    });
    places
}

/// The entries `PREFIX<number>` of `parent`, highest number first.
fn versions_in(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(_, path)| path).collect()
}

fn said_by(program: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
