//! Who runs the server: ourselves, or a system account when we are root.

use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

/// The user that Postgres' programs run as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Account {
    /// This process's own user.
    Ourselves,
    /// Another user, because we are root and Postgres refuses root.
    System { name: String, uid: u32, gid: u32 },
}

impl Account {
    /// The account for a cluster whose `pgdata` may be there already; then its owner goes on owning it.
    pub(crate) fn for_data(pgdata: &Path) -> Self {
        match std::fs::metadata(pgdata) {
            Ok(meta) if rustix::process::geteuid().is_root() && meta.uid() != 0 => {
                let name = name_of(meta.uid()).unwrap_or_else(|| meta.uid().to_string());
                Self::System { name, uid: meta.uid(), gid: meta.gid() }
            }
            _ => Self::for_new(),
        }
    }

    /// The account for a cluster that is yet to be made.
    fn for_new() -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self::Ourselves;
        }
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let found = ["postgres", "nobody"].into_iter().find_map(|name| {
            let mut fields =
                passwd.lines().map(|line| line.split(':')).find(|fields| fields.clone().next() == Some(name))?;
            let uid = fields.nth(2)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            Some(Self::System { name: name.to_owned(), uid, gid })
        });
        // 65534 is `nobody` by convention where the account file can't tell.
        found.unwrap_or_else(|| Self::System { name: "nobody".to_owned(), uid: 65534, gid: 65534 })
    }

    /// A command that runs `program` as this account, away from the terminal's Ctrl-C and from the caller's `PG*`
    /// variables and locale.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        // The caller's directory may be closed to the account, and messages are read by code.
        command.env("LC_ALL", "C").current_dir("/").stdin(Stdio::null()).process_group(0);
        if let Self::System { uid, gid, .. } = self {
            command.uid(*uid).gid(*gid);
        }
        command
    }

    /// Gives `path` to this account.
    pub(crate) fn hand_over(&self, path: &Path) -> Result<(), Error> {
        match self {
            Self::Ourselves => Ok(()),
            Self::System { uid, gid, .. } => chown(path, Some(*uid), Some(*gid)).map_err(Error::io("hand over", path)),
        }
    }

    /// Makes `path` a directory that only this account (and root) can enter, if it is not one already.
    pub(crate) fn private_dir(&self, path: &Path) -> Result<(), Error> {
        match std::fs::create_dir(path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io("create", path)(error)),
        }
        // A symbolic link here could lead anywhere: only a real directory will do.
        let meta = std::fs::symlink_metadata(path).map_err(Error::io("look at", path))?;
        let us = rustix::process::geteuid().as_raw();
        if !meta.is_dir() || (meta.uid() != us && meta.uid() != self.uid()) {
            return Err(Error::Foreign { dir: path.to_owned() });
        }
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).map_err(Error::io("close", path))?;
        self.hand_over(path)
    }

    /// Checks that this account can pass through every directory down to `path`.
    pub(crate) fn check_reach(&self, path: &Path) -> Result<(), Error> {
        let Self::System { name, .. } = self else { return Ok(()) };
        match self.first_closed(path) {
            None => Ok(()),
            Some(dir) => Err(Error::Unreachable { dir, account: name.clone() }),
        }
    }

    fn first_closed(&self, path: &Path) -> Option<PathBuf> {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut ancestors: Vec<&Path> = real.ancestors().collect();
        ancestors.reverse();
        ancestors.into_iter().find(|dir| dir.metadata().is_ok_and(|meta| !self.may_enter(&meta))).map(Path::to_owned)
    }

    fn may_enter(&self, meta: &std::fs::Metadata) -> bool {
        let Self::System { uid, gid, .. } = self else { return true };
        let bit = if meta.uid() == *uid {
            0o100
        } else if meta.gid() == *gid {
            0o010
        } else {
            0o001
        };
        meta.mode() & bit != 0
    }

    fn uid(&self) -> u32 {
        match self {
            Self::Ourselves => rustix::process::geteuid().as_raw(),
            Self::System { uid, .. } => *uid,
        }
    }
}

/// Whether a system account could reach what is below `path`; always true when we aren't root.
pub(crate) fn reachable(path: &Path) -> bool {
    Account::for_new().first_closed(path).is_none()
}

fn name_of(uid: u32) -> Option<String> {
    let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}
