//! Clusters for one run: a directory of their own, removed at the end, or by the next one if the end never came.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::instance::{self, Instance};
use crate::{Error, pid, server};

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A fresh, locked directory.
pub(crate) fn claim(patience: Duration) -> Result<Instance, Error> {
    let parent = parent()?;
    sweep(&parent, patience);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = parent.join(format!("{}-{number}", std::process::id()));
        if dir.exists() {
            continue;
        }
        match Instance::claim(&dir) {
            // A sweep of another process came between; the next number will do.
            Err(Error::Locked { .. }) => {}
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            result => return result,
        }
    }
}

/// One directory per user, which must really be that user's: the place is open to all.
fn parent() -> Result<PathBuf, Error> {
    let us = rustix::process::geteuid();
    let dir = std::env::temp_dir().join(format!("leadrouter-{}", us.as_raw()));
    let mode = if us.is_root() { 0o711 } else { 0o700 };
    match DirBuilder::new().mode(mode).create(&dir) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(Error::io("create", &dir)(error)),
        _ => {}
    }
    let meta = std::fs::symlink_metadata(&dir).map_err(Error::io("look at", &dir))?;
    if meta.is_dir() && meta.uid() == us.as_raw() { Ok(dir) } else { Err(Error::Foreign { dir }) }
}

/// Removes what processes that are gone left behind. Whatever can't be removed now stays for the next time.
fn sweep(parent: &Path, patience: Duration) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for dir in entries.flatten().map(|entry| entry.path()).filter(|dir| instance::is_marked(dir)) {
        if let Ok(instance) = Instance::claim(&dir)
            && pid::end_leftover(&instance.pgdata(), patience).is_ok()
            && let Err(error) = server::remove_dir(&dir)
        {
            tracing::warn!(%error, "a cluster that an earlier run left behind stays");
        }
    }
}
