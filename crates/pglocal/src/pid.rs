//! Postgres' own record of the process that has a data directory, and what to make of one that was left behind.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::Error;

const FILE: &str = "postmaster.pid";

/// How often a waiting loop looks again.
pub(crate) const POLL: Duration = Duration::from_millis(5);

/// The lines of `postmaster.pid` that matter here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: Pid,
    pub(crate) ready: bool,
}

impl PidFile {
    /// What `pgdata` records, if it records anything readable.
    pub(crate) fn read(pgdata: &Path) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(pgdata.join(FILE)).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = Pid::from_raw(lines.next()?.trim().parse().ok()?)?;
        // Line 8 is the state that the server has reached.
        let ready = lines.nth(6).is_some_and(|state| state.trim() == "ready");
        Some(Self { pid, ready })
    }
}

/// Ends the server that an earlier owner of this (marked, and now locked by us) directory left running, if there is one,
/// and makes sure that a record whose process id now belongs to something else can't block the next start.
pub(crate) fn end_leftover(pgdata: &Path, patience: Duration) -> Result<(), Error> {
    let Some(record) = PidFile::read(pgdata) else { return Ok(()) };
    if test_kill_process(record.pid) == Err(rustix::io::Errno::SRCH) {
        return Ok(());
    }
    if is_server_of(record.pid, pgdata) {
        tracing::info!(
            pid = record.pid.as_raw_nonzero().get(),
            "stopping the Postgres that an earlier run left behind"
        );
        return stop(record.pid, patience, || test_kill_process(record.pid) == Err(rustix::io::Errno::SRCH));
    }
    disown(pgdata)
}

/// Whether `pid` is a Postgres that runs on `pgdata`.
fn is_server_of(pid: Pid, pgdata: &Path) -> bool {
    let pid = pid.as_raw_nonzero().get();
    let proc = Path::new("/proc").join(pid.to_string());
    if proc.exists() {
        // The server works inside its data directory.
        let here = |path: &Path| path.canonicalize().ok();
        let name = std::fs::read_to_string(proc.join("comm")).unwrap_or_default();
        return name.trim() == "postgres" && here(&proc.join("cwd")).is_some_and(|cwd| Some(cwd) == here(pgdata));
    }
    let Ok(listed) = Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output() else {
        return false;
    };
    let line = String::from_utf8_lossy(&listed.stdout);
    line.contains("postgres") && line.contains(&*pgdata.to_string_lossy())
}

/// Puts our own process id into the record. Postgres takes its parent's id for a false match and goes on to check that
/// no orphaned backend still uses the shared memory: a check that deleting the file would switch off.
fn disown(pgdata: &Path) -> Result<(), Error> {
    let path = pgdata.join(FILE);
    let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    std::fs::write(&path, format!("{}\n{rest}", std::process::id())).map_err(Error::io("write", &path))
}

/// Asks for an orderly stop (open transactions roll back), then for an immediate one, then ends the process.
pub(crate) fn stop(pid: Pid, patience: Duration, mut gone: impl FnMut() -> bool) -> Result<(), Error> {
    let hard = Duration::from_secs(5);
    for (signal, patience) in [(Signal::INT, patience), (Signal::QUIT, hard), (Signal::KILL, hard)] {
        // An error means that it is gone already, which `gone` will confirm.
        let _ = kill_process(pid, signal);
        if wait_until(patience, &mut gone) {
            return Ok(());
        }
        tracing::warn!(?signal, "Postgres is still there");
    }
    Err(Error::Stop { pid: pid.as_raw_nonzero().get() })
}

/// Looks again and again until `done` or the time is over; says which.
pub(crate) fn wait_until(patience: Duration, mut done: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + patience;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(POLL);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn reads_a_record_of_a_ready_server_and_of_a_starting_one() {
        let ready = "42\n/data\n1700000000\n5432\n/run\n\n  5432001   7\nready   \n";
        assert_eq!(PidFile::parse(ready), Some(PidFile { pid: Pid::from_raw(42).unwrap(), ready: true }));
        let starting = "42\n/data\n1700000000\n5432\n/run\n";
        assert_eq!(PidFile::parse(starting), Some(PidFile { pid: Pid::from_raw(42).unwrap(), ready: false }));
        assert_eq!(PidFile::parse("not a number\n"), None);
    }

    #[test]
    fn this_process_is_no_server() {
        assert!(!is_server_of(rustix::process::getpid(), Path::new("/")));
    }
}
