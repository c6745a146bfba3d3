//! A Postgres of the run's own, which is killed and started again, and whose disk can be full.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use pglocal::{Binaries, Cluster, ClusterOptions};

use crate::process::signal;

/// Name of the database.
const DATABASE: &str = "postgres";

/// Room on the small disk, MiB: enough for a long run, little enough to be filled at once.
const DISK_MIB: u32 = 1_024;

/// A durable server in a directory of its own.
#[derive(Debug)]
pub struct Postgres {
    options: ClusterOptions,
    running: Option<Cluster>,
    disk: Option<SmallDisk>,
    dir: PathBuf,
}

impl Postgres {
    /// Makes one. Blocks.
    pub fn start() -> Result<Self> {
        // The server's account must be able to come through, so this is no directory of `tempfile`.
        let dir = std::env::temp_dir().join(format!("leadrouter-chaos-{}", std::process::id()));
        let disk = SmallDisk::mount(&dir)?;
        let options = ClusterOptions::new(dir.join("cluster"))
            .binaries(Binaries::find_or_install()?)
            .max_connections(100)
            .setting("wal_keep_size", "0")
            .setting("max_wal_size", "128MB")
            .setting("min_wal_size", "32MB");
        let running = Some(Cluster::open(&options)?);
        Ok(Self { options, running, disk, dir })
    }

    /// Its socket.
    pub fn socket(&self) -> Result<PathBuf> {
        Ok(self.cluster()?.socket_dir().join(".s.PGSQL.5432"))
    }

    /// Its address behind a proxy.
    pub fn url(proxy: std::net::SocketAddr) -> String {
        format!("postgres://postgres@{proxy}/{DATABASE}?sslmode=disable")
    }

    fn cluster(&self) -> Result<&Cluster> {
        self.running.as_ref().context("the Postgres does not run")
    }

    /// SIGKILL to the server; its other processes end by themselves when they notice. Starts it again at once. Blocks.
    pub fn kill_and_restart(&mut self) -> Result<()> {
        signal(self.cluster()?.server_pid(), "KILL")?;
        self.restart()
    }

    fn restart(&mut self) -> Result<()> {
        // Its directory is locked until the old one is gone.
        drop(self.running.take());
        self.running = Some(Cluster::open(&self.options)?);
        Ok(())
    }

    /// Whether there is a disk that can be filled.
    pub fn can_be_full(&self) -> bool {
        self.disk.is_some()
    }

    /// Leaves no room on its disk.
    pub fn fill_disk(&self) -> Result<()> {
        self.disk.as_ref().context("there is no small disk")?.fill()
    }

    /// Makes room again, and starts the server if it has ended over it. Blocks.
    pub fn clear_disk(&mut self) -> Result<()> {
        self.disk.as_ref().context("there is no small disk")?.clear()?;
        if self.cluster()?.run_sql(DATABASE, "SELECT 1").is_err() {
            self.restart()?;
        }
        Ok(())
    }

    /// Takes every connection that is left, and gives them back when the result is dropped.
    pub fn use_up_connections(&self) -> Result<Vec<std::os::unix::net::UnixStream>> {
        let socket = self.socket()?;
        // More than there are: those that come too late are refused.
        let begin = |_| {
            let mut stream = std::os::unix::net::UnixStream::connect(&socket)?;
            std::io::Write::write_all(&mut stream, &startup())?;
            Ok(stream)
        };
        (0..self.options.max_connections)
            .map(begin)
            .collect::<std::io::Result<_>>()
            .context("can't connect to Postgres")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.running.take());
        drop(self.disk.take());
        if let Err(error) = std::fs::remove_dir_all(&self.dir) {
            eprintln!("chaos: {} was not removed: {error}", self.dir.display());
        }
    }
}

/// The first message of a connection: version 3.0, and whose it is.
fn startup() -> Vec<u8> {
    let body = [&196_608_u32.to_be_bytes()[..], b"user\0postgres\0database\0postgres\0\0"].concat();
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], &body].concat()
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("can't run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// A file system in memory, which takes root to make.
#[derive(Debug)]
struct SmallDisk {
    dir: PathBuf,
}

impl SmallDisk {
    /// `None` for whoever may not mount one.
    fn mount(dir: &Path) -> Result<Option<Self>> {
        use std::os::unix::fs::DirBuilderExt as _;
        // For the server's account to come through.
        std::fs::DirBuilder::new().recursive(true).mode(0o711).create(dir)?;
        let options = format!("size={DISK_MIB}m,mode=0711");
        let mount = run(Command::new("mount").args(["-t", "tmpfs", "-o", &options, "leadrouter-chaos"]).arg(dir));
        Ok(mount.is_ok().then(|| Self { dir: dir.to_owned() }))
    }

    fn ballast(&self) -> PathBuf {
        self.dir.join("ballast")
    }

    fn fill(&self) -> Result<()> {
        let mut file = std::fs::File::create(self.ballast())?;
        let zeros = vec![0; 1024 * 1024];
        for size in [zeros.len(), 4096] {
            while std::io::Write::write_all(&mut file, &zeros[..size]).is_ok() {}
        }
        Ok(())
    }

    fn clear(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Err(error) = run(Command::new("umount").arg(&self.dir)) {
            eprintln!("chaos: {error:#}");
        }
    }
}
