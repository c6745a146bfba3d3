#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod data;
mod examples;
mod mappings;

use std::path::{Path, PathBuf};

use super::{
    load::{Loaded, load},
    mapping::ModelMapping,
};

fn parsed(text: &str) -> ModelMapping {
    ModelMapping::parse(text).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Everything that is wrong with a mapping, a line each.
fn wrong(text: &str) -> Vec<String> {
    ModelMapping::parse(text).unwrap_err().iter().map(ToString::to_string).collect()
}

/// A directory with files of these names and texts; the first is the data.
struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, name: &str, mapping: &str) -> anyhow::Result<Loaded> {
        load(&self.path(name), &parsed(mapping), &std::collections::BTreeMap::new(), &|_| None, &mut |_| {})
    }

    /// What is wrong, without the directory.
    fn refused(&self, name: &str, mapping: &str) -> String {
        let error = format!("{:#}", self.load(name, mapping).unwrap_err());
        error.replace(&format!("{}/", self.0.path().display()), "")
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
