//! One private Postgres, from opening to stopping.

use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::instance::Instance;
use crate::server::Server;
use crate::{Binaries, ClusterOptions, Error, pid, server, socket, wire};

/// The database role that owns everything; only our own account can reach the socket to use it.
pub(crate) const SUPERUSER: &str = "postgres";

/// How many clusters may be open beside each other under one name.
const MOST_BESIDE: u32 = 64;

/// A running server on a directory of its own. Dropping it stops the server (and blocks for as long as that takes).
#[derive(Debug)]
pub struct Cluster {
    // Declared before the lock: the server must be gone before another process may have the directory.
    server: Server,
    socket_dir: PathBuf,
    binaries: Binaries,
    instance: Instance,
    temporary: bool,
}

impl Cluster {
    /// Opens the cluster in `options.data_dir`: makes it if need be, recovers it if its last owner was killed, starts
    /// its server and returns when that takes connections.
    ///
    /// # Errors
    /// [`Error::Locked`] while another process has it open, [`Error::Foreign`] for a directory that Leadrouter did not
    /// make, [`Error::VersionMismatch`] for data of another Postgres; the rest says itself.
    pub fn open(options: &ClusterOptions) -> Result<Self, Error> {
        let instance = Instance::claim(&options.data_dir)?;
        Self::start(instance, options, false)
    }

    /// As [`Cluster::open`], but where that directory is in use takes the first free one of `NAME-2`, `NAME-3` ...
    /// beside it, so that two can run side by side and each find its data again.
    pub fn open_free(options: &ClusterOptions) -> Result<Self, Error> {
        let first = &options.data_dir;
        let mut dir = first.clone();
        let mut number = 1;
        loop {
            match Instance::claim(&dir) {
                Err(Error::Locked { .. }) if number < MOST_BESIDE => {
                    number += 1;
                    let mut name = first.file_name().unwrap_or_default().to_owned();
                    name.push(format!("-{number}"));
                    dir = first.with_file_name(name);
                }
                Err(error) => return Err(error),
                Ok(instance) => return Self::start(instance, options, false),
            }
        }
    }

    /// Opens an empty cluster in the system's directory for temporary files and removes it on stop; `data_dir` is not
    /// looked at. Those that killed processes of this user left there are removed as well.
    pub fn open_temporary(options: &ClusterOptions) -> Result<Self, Error> {
        let instance = crate::temporary::claim(options.stop_timeout)?;
        Self::start(instance, options, true)
    }

    fn start(instance: Instance, options: &ClusterOptions, temporary: bool) -> Result<Self, Error> {
        let pgdata = instance.pgdata();
        let account = Account::for_data(&pgdata);
        account.check_reach(instance.dir())?;
        let binaries = choose_binaries(&pgdata, instance.dir(), options.binaries.clone())?;
        account.check_reach(binaries.dir())?;
        pid::end_leftover(&pgdata, options.stop_timeout)?;
        server::initialise(&pgdata, &binaries, &account, options.durability)?;
        let socket_dir = socket::prepare_dir(instance.dir(), &account)?;
        socket::clear(&socket_dir)?;
        let server = Server::start(&pgdata, &instance.log(), &socket_dir, &binaries, &account, options)?;
        tracing::info!(dir = %instance.dir().display(), pid = server.id(), "private Postgres {} is ready", binaries.version());
        Ok(Self { server, socket_dir, binaries, instance, temporary })
    }

    /// The address of `database` in the form that sqlx and libpq take. A new cluster has only the database `postgres`.
    pub fn url(&self, database: &str) -> String {
        socket::url(&self.socket_dir, database)
    }

    /// Runs a script in `database` (any number of statements, in one transaction unless it says otherwise) and returns
    /// the rows of all its statements, values as text. For set-up and tests; the product speaks through its store.
    pub fn run_sql(&self, database: &str, script: &str) -> Result<Vec<Vec<Option<String>>>, Error> {
        wire::run(&self.socket_dir, database, script)
    }

    /// The cluster's directory.
    pub fn data_dir(&self) -> &Path {
        self.instance.dir()
    }

    /// The directory of the server's socket.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// The programs that it runs on.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The server's process id.
    pub fn server_pid(&self) -> u32 {
        self.server.id()
    }

    /// Stops the server: orderly first, by force after the stop timeout.
    pub fn stop(mut self) -> Result<(), Error> {
        self.stop_server()
    }

    fn stop_server(&mut self) -> Result<(), Error> {
        self.server.stop()?;
        if self.temporary {
            self.remove_files()?;
        }
        Ok(())
    }

    fn remove_files(&self) -> Result<(), Error> {
        if !self.socket_dir.starts_with(self.instance.dir()) {
            server::remove_dir(&self.socket_dir)?;
        }
        server::remove_dir(self.instance.dir())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.stop_server() {
            tracing::error!(%error, "the private Postgres was not stopped");
        }
    }
}

/// Programs of the version that wrote the data, if there is data.
fn choose_binaries(pgdata: &Path, dir: &Path, given: Option<Binaries>) -> Result<Binaries, Error> {
    let first = given.map_or_else(Binaries::find, Ok);
    let Ok(written) = std::fs::read_to_string(pgdata.join("PG_VERSION")) else { return Ok(first?) };
    let written = written.trim();
    let matches = |binaries: &Binaries| binaries.major().to_string() == written;
    match first {
        Ok(binaries) if matches(&binaries) => Ok(binaries),
        first => match (Binaries::all().into_iter().find(matches), first) {
            (Some(other), _) => Ok(other),
            (None, Ok(binaries)) => {
                let (dir, found) = (dir.to_owned(), written.to_owned());
                Err(Error::VersionMismatch { dir, found, have: binaries.major() })
            }
            (None, Err(error)) => Err(error.into()),
        },
    }
}
