//! What can go wrong, in words that say what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a private Postgres could not be opened, started or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No Postgres server programs on this machine.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// Another process has this cluster open.
    #[error("{} is in use by process {}; stop that one, or use another directory", dir.display(), pid_text(*.pid))]
    Locked {
        /// The cluster's directory.
        dir: PathBuf,
        /// The process that holds the lock, where it could be read.
        pid: Option<u32>,
    },
    /// The directory has content, but not our mark.
    #[error("{} was not made by Leadrouter and is left alone; name an empty or absent directory", dir.display())]
    Foreign {
        /// The directory that was refused.
        dir: PathBuf,
    },
    /// The directory is another user's.
    #[error("{} belongs to user id {owner}, and this process runs as {us}; run as that user or name another directory", dir.display())]
    OtherUser {
        /// The directory that was refused.
        dir: PathBuf,
        /// Its owner's user id.
        owner: u32,
        /// The user id of this process.
        us: u32,
    },
    /// The account that runs the server cannot reach the directory.
    #[error(
        "the server runs as `{account}`, who can't enter {}; allow it (chmod o+x) or set {} to a directory under which everyone may pass",
        dir.display(), crate::home::DATA_DIR_VARIABLE
    )]
    Unreachable {
        /// The first directory on the way that is closed.
        dir: PathBuf,
        /// The system account that runs the server.
        account: String,
    },
    /// The data was written by another major version of Postgres.
    #[error(
        "{} holds data of Postgres {found}, and the programs found are Postgres {have}; install Postgres {found}, or move the directory away to start empty",
        dir.display()
    )]
    VersionMismatch {
        /// The cluster's directory.
        dir: PathBuf,
        /// Major version that wrote the data.
        found: String,
        /// Major version of the programs.
        have: u32,
    },
    /// Neither of the usual places for data can be used.
    #[error(
        "no place for data: neither {} nor XDG_DATA_HOME nor HOME is set to an absolute path",
        crate::home::DATA_DIR_VARIABLE
    )]
    NoHome,
    /// One of Postgres' programs failed.
    #[error("{program} failed ({status}): {output}")]
    Program {
        /// Its name.
        program: &'static str,
        /// Its exit status.
        status: std::process::ExitStatus,
        /// The end of what it said.
        output: String,
    },
    /// The server exited, or was not ready in time.
    #[error("Postgres did not start: {reason}; its log, {}, ends with:\n{tail}", log.display())]
    Start {
        /// What was seen.
        reason: String,
        /// The server's log file.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// The server refused a script.
    #[error("{message}")]
    Sql {
        /// Severity, SQLSTATE, text and place, as the server said them.
        message: String,
    },
    /// A server is still there after every way to stop it.
    #[error("Postgres (process {pid}) did not stop")]
    Stop {
        /// The server's process id.
        pid: i32,
    },
    /// The operating system refused something.
    #[error("could not {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

fn pid_text(pid: Option<u32>) -> String {
    pid.map_or_else(|| "(id unknown)".to_owned(), |pid| pid.to_string())
}

impl Error {
    /// For `map_err`: the action and path that an I/O error belongs to.
    pub(crate) fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> Self + 'a {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

/// No usable Postgres was found; says where it was looked for and the line to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotFound {
    /// Each place, and why it didn't do.
    pub tried: Vec<(String, String)>,
    /// The command that installs Postgres on this operating system.
    pub install_line: &'static str,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "no Postgres {} or newer was found. To install one, type:", crate::MINIMUM_MAJOR)?;
        writeln!(f, "\n    {}\n", self.install_line)?;
        write!(
            f,
            "or set {} to a directory that has `postgres` and `initdb`. Looked at:",
            crate::binaries::OVERRIDE_VARIABLE
        )?;
        for (place, reason) in &self.tried {
            write!(f, "\n  {place}: {reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for NotFound {}
