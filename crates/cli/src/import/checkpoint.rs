//! How far an import has come, in a file, so that one that was stopped goes on where it was.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{reader::Position, summary::ImportSummary};

/// The layout of the file.
const VERSION: u32 = 1;
/// So much of the start of an input tells it from others of the same size.
const START_BYTES: u64 = 64 * 1024;

/// How far an import has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checkpoint {
    version: u32,
    /// Of which input by which mapping.
    pub of: Identity,
    /// When the import started first. Ages of signals count back from it, so that a row that is sent again is the same
    /// request.
    pub started_at: Timestamp,
    /// Behind the last row that was answered, and all before it were; `None`: nothing was.
    pub position: Option<Position>,
    /// What came of those.
    pub summary: ImportSummary,
    /// Bytes of the report about those.
    pub report_bytes: u64,
}

/// What tells one import from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Identity {
    /// Bytes of the input.
    bytes: u64,
    /// Digest of its start.
    start: String,
    /// Digest of the mapping.
    mapping: String,
}

impl Identity {
    /// The identity of an import of `file` by a mapping with this text.
    pub(super) fn of(file: &Path, mapping: &str) -> anyhow::Result<Self> {
        let read = || -> io::Result<(u64, Vec<u8>)> {
            let file = File::open(file)?;
            let bytes = file.metadata()?.len();
            let mut start = Vec::new();
            file.take(START_BYTES).read_to_end(&mut start)?;
            Ok((bytes, start))
        };
        let (bytes, start) = read().with_context(|| format!("can't read {}", file.display()))?;
        Ok(Self { bytes, start: digest(&start), mapping: digest(mapping.as_bytes()) })
    }
}

fn digest(bytes: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let (first, _) = digest.split_at(16);
    format!("{:032x}", first.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte)))
}

impl Checkpoint {
    /// That of an import that starts now.
    pub(super) fn begin(of: Identity, now: Timestamp) -> Self {
        let summary = ImportSummary::default();
        Self { version: VERSION, of, started_at: now, position: None, summary, report_bytes: 0 }
    }

    /// What an earlier run left at `path`; `None` if there was none. Errors: it is of another import.
    pub(super) fn load(path: &Path, of: &Identity) -> anyhow::Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("can't read the checkpoint {}", path.display())),
        };
        let checkpoint: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is no checkpoint; --restart begins anew", path.display()))?;
        if checkpoint.version != VERSION {
            bail!("{} was written by another version; --restart begins anew", path.display());
        }
        if checkpoint.of.mapping != of.mapping {
            bail!("the mapping has changed since {} was written; --restart begins anew", path.display());
        }
        if checkpoint.of != *of {
            bail!("the input has changed since {} was written; --restart begins anew", path.display());
        }
        Ok(Some(checkpoint))
    }

    /// Replaces the file at `path`. A crash leaves the old one or the new one.
    pub(super) fn save(&self, path: &Path) -> anyhow::Result<()> {
        let write = || -> io::Result<()> {
            let text = serde_json::to_string_pretty(self)?;
            let mut new = path.as_os_str().to_owned();
            new.push(".new");
            fs::write(&new, text)?;
            fs::rename(&new, path)
        };
        write().with_context(|| format!("can't write the checkpoint {}", path.display()))
    }
}

/// Where the checkpoint of `file` is when nobody says: beside it, or in the current folder if it is there or nothing
/// can be written beside it.
pub(super) fn default_path(file: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(".leadrouter-checkpoint");
    let beside = file.with_file_name(&name);
    if beside.exists() {
        return beside;
    }
    let here = PathBuf::from(&name);
    if here.exists() || !can_write(&beside) { here } else { beside }
}

fn can_write(path: &Path) -> bool {
    let mut trial = path.as_os_str().to_owned();
    trial.push(".new");
    let written = File::create(&trial).is_ok();
    if written {
        // What can't be removed is overwritten by the first checkpoint.
        let _ = fs::remove_file(&trial);
    }
    written
}
