//! A cluster's directory: marked as ours and locked while it is open.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::Error;

const MARK: &str = "leadrouter.cluster";
const MARK_TEXT: &str =
    "A private Postgres of Leadrouter, format 1. Only Leadrouter changes what is in this directory.\n";
const NEW_MARK: &str = "leadrouter.cluster.new";
const LOCK: &str = "leadrouter.lock";

/// The directory, locked by this process until the value is dropped (or the process ends, however it ends).
#[derive(Debug)]
pub(crate) struct Instance {
    dir: PathBuf,
    _lock: File,
}

impl Instance {
    /// Locks `dir`, which is made and marked first if it is absent or empty.
    pub(crate) fn claim(dir: &Path) -> Result<Self, Error> {
        create_all(dir)?;
        let dir = dir.canonicalize().map_err(Error::io("resolve", dir))?;
        let (owner, us) =
            (dir.metadata().map_err(Error::io("look at", &dir))?.uid(), rustix::process::geteuid().as_raw());
        if owner != us {
            return Err(Error::OtherUser { dir, owner, us });
        }
        // Whoever is about to mark it may do so between the two looks, so a third one counts.
        let is_ours = is_marked(&dir) || is_unused(&dir)? || is_marked(&dir);
        if !is_ours {
            return Err(Error::Foreign { dir });
        }
        let lock = lock(&dir)?;
        if !is_marked(&dir) {
            mark(&dir)?;
        }
        Ok(Self { dir, _lock: lock })
    }

    /// The directory, with symbolic links resolved.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn pgdata(&self) -> PathBuf {
        self.dir.join("pgdata")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.join("server.log")
    }
}

/// Makes `dir` and what is missing above it, closed to others; for root passable, since the server's account has to come
/// through (whatever root's umask says), but not readable.
fn create_all(dir: &Path) -> Result<(), Error> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect();
    let mode = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
    for dir in missing.into_iter().rev() {
        match std::fs::create_dir(dir) {
            Ok(()) => std::fs::set_permissions(dir, Permissions::from_mode(mode)).map_err(Error::io("open", dir))?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io("create", dir)(error)),
        }
    }
    Ok(())
}

/// Whether Leadrouter made `dir`.
pub(crate) fn is_marked(dir: &Path) -> bool {
    std::fs::read_to_string(dir.join(MARK)).is_ok_and(|text| text == MARK_TEXT)
}

/// All at once, so that nobody finds half a mark. Whoever holds the lock may do so.
fn mark(dir: &Path) -> Result<(), Error> {
    let (new, mark) = (dir.join(NEW_MARK), dir.join(MARK));
    std::fs::write(&new, MARK_TEXT).map_err(Error::io("write", &new))?;
    std::fs::rename(&new, &mark).map_err(Error::io("write", &mark))
}

/// Empty, or held by another process that is about to mark it.
fn is_unused(dir: &Path) -> Result<bool, Error> {
    let entries = std::fs::read_dir(dir).map_err(Error::io("list", dir))?;
    for entry in entries {
        let name = entry.map_err(Error::io("list", dir))?.file_name();
        if name != LOCK && name != NEW_MARK {
            return Ok(false);
        }
    }
    Ok(true)
}

fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join(LOCK);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(Error::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            return Err(Error::Locked { dir: dir.to_owned(), pid: holder.trim().parse().ok() });
        }
        Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
    }
    // A temporary cluster's directory may have been removed between opening and locking.
    let there = std::fs::metadata(&path).is_ok_and(|meta| file.metadata().is_ok_and(|ours| ours.ino() == meta.ino()));
    if !there {
        return Err(Error::io("lock", &path)(ErrorKind::NotFound.into()));
    }
    let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
    written.map_err(Error::io("write", &path))?;
    Ok(file)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step fails the test")]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn of_those_who_come_at_once_one_gets_it_and_the_others_are_told_that_it_is_in_use() {
        const COMERS: usize = 8;
        let place = tempfile::tempdir().unwrap();
        for round in 0..200 {
            let (dir, gate) = (place.path().join(round.to_string()), Barrier::new(COMERS));
            let claims: Vec<_> = std::thread::scope(|scope| {
                let claim = || {
                    gate.wait();
                    Instance::claim(&dir)
                };
                let comers: Vec<_> = (0..COMERS).map(|_| scope.spawn(claim)).collect();
                comers.into_iter().map(|comer| comer.join().unwrap()).collect()
            });
            let (got, refused): (Vec<_>, Vec<_>) = claims.iter().partition(|claim| claim.is_ok());
            assert_eq!(got.len(), 1, "{claims:?}");
            assert!(refused.iter().all(|claim| matches!(claim, Err(Error::Locked { .. }))), "{claims:?}");
            assert!(is_marked(&dir));
        }
    }
}
