//! The server process: initialise, start, stop.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Output};
use std::time::{Duration, Instant};

use rustix::process::Pid;

use crate::account::Account;
use crate::cluster::SUPERUSER;
use crate::pid::{self, PidFile};
use crate::{Binaries, ClusterOptions, Durability, Error};

/// How long backends of a server that was killed may take to notice it.
const ORPHANS: Duration = Duration::from_secs(20);

/// Makes `pgdata` if it isn't there: complete, or not at all.
pub(crate) fn initialise(
    pgdata: &Path,
    binaries: &Binaries,
    account: &Account,
    durability: Durability,
) -> Result<(), Error> {
    if pgdata.join("PG_VERSION").exists() {
        return Ok(());
    }
    let staging = pgdata.with_extension("new");
    let locales: &[&[&str]] = if binaries.major() >= 17 {
        // Postgres' own C.UTF-8: the same on every operating system.
        &[&["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]]
    } else {
        &[&["--locale=C.UTF-8"], &["--locale=C"]]
    };
    let mut result = Ok(());
    for locale in locales {
        remove_dir(&staging)?;
        account.private_dir(&staging)?;
        result = run_initdb(&staging, binaries, account, durability, locale);
        if result.is_ok() {
            break;
        }
    }
    result?;
    std::fs::rename(&staging, pgdata).map_err(Error::io("rename", &staging))
}

fn run_initdb(
    staging: &Path,
    binaries: &Binaries,
    account: &Account,
    durability: Durability,
    locale: &[&str],
) -> Result<(), Error> {
    let mut command = account.command(binaries.program("initdb"));
    command.arg("--pgdata").arg(staging).args(["--username", SUPERUSER, "--encoding=UTF8", "--data-checksums"]);
    // Whoever can reach the socket is let in; its directory decides who that is.
    command.args(["--auth-local=trust", "--auth-host=reject"]).args(locale);
    if durability == Durability::Fast {
        command.arg("--no-sync");
    }
    let output = command.output().map_err(Error::io("run", &binaries.program("initdb")))?;
    check("initdb", &output)
}

fn check(program: &'static str, output: &Output) -> Result<(), Error> {
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::Program { program, status: output.status, output: last_lines(&said, 8) })
}

/// The running server, as a child of this process.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    patience: Duration,
}

impl Server {
    /// Starts the server and returns when it takes connections.
    pub(crate) fn start(
        pgdata: &Path,
        log: &Path,
        socket_dir: &Path,
        binaries: &Binaries,
        account: &Account,
        options: &ClusterOptions,
    ) -> Result<Self, Error> {
        let orphans_end = Instant::now() + ORPHANS;
        loop {
            let result = Self::try_start(pgdata, log, socket_dir, binaries, account, options);
            match result {
                // Backends of a killed server are still finishing; Postgres rightly refuses to start beside them.
                Err(Error::Start { ref tail, .. })
                    if tail.contains("shared memory block") && Instant::now() < orphans_end =>
                {
                    std::thread::sleep(Duration::from_millis(100));
                }
                result => return result,
            }
        }
    }

    fn try_start(
        pgdata: &Path,
        log: &Path,
        socket_dir: &Path,
        binaries: &Binaries,
        account: &Account,
        options: &ClusterOptions,
    ) -> Result<Self, Error> {
        let program = binaries.program("postgres");
        let mut command = account.command(&program);
        command.arg("-D").arg(pgdata);
        for (name, value) in options.server_settings(&socket_dir.to_string_lossy()) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let out = open_log(log)?;
        let err = out.try_clone().map_err(Error::io("open", log))?;
        let child = command.stdout(out).stderr(err).spawn().map_err(Error::io("run", &program))?;
        let mut server = Self { child, patience: options.stop_timeout };
        let failure = server.wait_ready(pgdata, options.start_timeout);
        match failure {
            None => Ok(server),
            Some(reason) => {
                let _ = server.stop();
                let said = std::fs::read_to_string(log).unwrap_or_default();
                Err(Error::Start { reason, log: log.to_owned(), tail: last_lines(&said, 12) })
            }
        }
    }

    /// `None` when ready, or what went wrong.
    fn wait_ready(&mut self, pgdata: &Path, patience: Duration) -> Option<String> {
        let us = self.pid();
        let mut ended = None;
        let in_time = pid::wait_until(patience, || {
            if let Ok(Some(status)) = self.child.try_wait() {
                ended = Some(status.to_string());
                return true;
            }
            PidFile::read(pgdata).is_some_and(|record| Some(record.pid) == us && record.ready)
        });
        match ended {
            Some(status) => Some(format!("it ended with {status}")),
            None if in_time => None,
            None => Some(format!("it was not ready within {} s", patience.as_secs())),
        }
    }

    /// The server's process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()).ok()?)
    }

    /// Stops the server, harder with every step; done when the process is gone.
    pub(crate) fn stop(&mut self) -> Result<(), Error> {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return Ok(());
        }
        let Some(pid) = self.pid() else { return Ok(()) };
        let patience = self.patience;
        pid::stop(pid, patience, || matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)))
    }
}

/// A fresh log; the one before is kept beside it.
fn open_log(log: &Path) -> Result<File, Error> {
    let mut before = log.as_os_str().to_owned();
    before.push(".1");
    // There may be none yet.
    let _ = std::fs::rename(log, PathBuf::from(before));
    let file = File::create(log).map_err(Error::io("create", log))?;
    // Statements in it may carry people's data.
    file.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(Error::io("close", log))?;
    Ok(file)
}

/// Removes a directory that may be gone already.
pub(crate) fn remove_dir(path: &Path) -> Result<(), Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        match std::fs::remove_dir_all(path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            // Another process that looks for leftovers may just have tried the lock, and so made it anew.
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && tries < 20 => std::thread::sleep(pid::POLL),
            Err(error) => return Err(Error::io("remove", path)(error)),
        }
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
