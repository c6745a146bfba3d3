//! Where Leadrouter keeps its clusters and its own copy of Postgres.

use std::path::{Path, PathBuf};

use crate::{Error, account};

/// Names the directory that holds everything, in place of the usual ones.
pub(crate) const DATA_DIR_VARIABLE: &str = "LEADROUTER_DATA_DIR";

/// The directory for data: `LEADROUTER_DATA_DIR`; else `$XDG_DATA_HOME/leadrouter`; else `~/.local/share/leadrouter`.
/// For root, whose home is usually closed to the account that runs the server, `/var/lib/leadrouter` then.
///
/// The directory need not exist yet.
pub fn data_home() -> Result<PathBuf, Error> {
    choose(None, "XDG_DATA_HOME", ".local/share", "/var/lib/leadrouter")
}

/// The directory for what can be fetched again: `LEADROUTER_DATA_DIR/cache`; else `$XDG_CACHE_HOME/leadrouter`; else
/// `~/.cache/leadrouter`; for root, as with [`data_home`], `/var/cache/leadrouter`.
pub fn cache_home() -> Result<PathBuf, Error> {
    choose(Some("cache"), "XDG_CACHE_HOME", ".cache", "/var/cache/leadrouter")
}

fn choose(below_override: Option<&str>, xdg: &str, below_home: &str, for_root: &str) -> Result<PathBuf, Error> {
    if let Some(dir) = absolute(DATA_DIR_VARIABLE) {
        return Ok(below_override.map_or_else(|| dir.clone(), |name| dir.join(name)));
    }
    let usual = absolute(xdg).or_else(|| absolute("HOME").map(|home| home.join(below_home)));
    match usual {
        Some(dir) if account::reachable(existing_part(&dir)) => Ok(dir.join("leadrouter")),
        _ if rustix::process::geteuid().is_root() => Ok(PathBuf::from(for_root)),
        Some(dir) => Ok(dir.join("leadrouter")),
        None => Err(Error::NoHome),
    }
}

fn absolute(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

fn existing_part(path: &Path) -> &Path {
    path.ancestors().find(|dir| dir.exists()).unwrap_or(path)
}
