//! The socket's place and the address that leads to it.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::account::Account;

/// Only part of the socket's name: nothing listens on TCP.
pub(crate) const PORT: u16 = 5432;

/// Longest socket path that every supported system takes (macOS 103, Linux 107 bytes).
const LONGEST: usize = 103;

/// The closed directory for the socket: `run/` in the cluster's, or a short one where that path would be too
/// long or hard to write down.
pub(crate) fn prepare_dir(cluster: &Path, account: &Account) -> Result<PathBuf, Error> {
    let beside = cluster.join("run");
    // libpq reads a comma as the start of a second host.
    let plain = beside.to_str().is_some_and(|path| !path.contains(','));
    let fits = file(&beside).as_os_str().len() <= LONGEST;
    let dir = if plain && fits { beside } else { short_dir(cluster)? };
    account.check_reach(dir.parent().unwrap_or(cluster))?;
    account.private_dir(&dir)?;
    Ok(dir)
}

/// Named after the cluster directory's identity on disk, so that the next start finds the same one.
fn short_dir(cluster: &Path) -> Result<PathBuf, Error> {
    let meta = cluster.metadata().map_err(Error::io("look at", cluster))?;
    Ok(Path::new("/tmp").join(format!("leadrouter-run-{}-{:x}-{:x}", meta.uid(), meta.dev(), meta.ino())))
}

/// Removes what a server that is gone left in `dir`, so that its recycled process id can't block the next one.
pub(crate) fn clear(dir: &Path) -> Result<(), Error> {
    let socket = file(dir);
    for file in [socket.with_extension(format!("{PORT}.lock")), socket] {
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("remove", &file)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The socket itself.
pub(crate) fn file(dir: &Path) -> PathBuf {
    dir.join(format!(".s.PGSQL.{PORT}"))
}

/// A connection address in the form that both sqlx and libpq read.
pub(crate) fn url(socket_dir: &Path, database: &str) -> String {
    let mut url = String::from("postgres:///");
    escape(&mut url, database.as_bytes());
    url.push_str("?host=");
    escape(&mut url, socket_dir.as_os_str().as_bytes());
    // Named in full: what is left out would be taken from the reader's `PG*` variables.
    let _ = write!(url, "&port={PORT}&user={}&sslmode=disable", crate::cluster::SUPERUSER);
    url
}

fn escape(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(*byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_escape_what_a_url_would_read_otherwise() {
        assert_eq!(
            url(Path::new("/tmp/a b/run"), "lead&router"),
            "postgres:///lead%26router?host=%2Ftmp%2Fa%20b%2Frun&port=5432&user=postgres&sslmode=disable"
        );
    }

    #[test]
    fn socket_lock_is_beside_the_socket() {
        let socket = file(Path::new("/run"));
        assert_eq!(socket.with_extension(format!("{PORT}.lock")), Path::new("/run/.s.PGSQL.5432.lock"));
    }
}
