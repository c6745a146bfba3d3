//! What is made of files, and made again when they change, without a restart.
//!
//! Their content is compared, not their times: tools that rotate secrets replace directories, links or files, each in its own
//! way. What can't be used is told, and the last good state stays.

use std::{fmt, io, path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use opentelemetry::KeyValue;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    config::{ConfigError, Problem},
    metrics,
};

/// A file, and the key of the configuration that names it.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) key: String,
    pub(crate) path: PathBuf,
}

impl File {
    pub(crate) fn new(key: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self { key: key.into(), path: path.into() }
    }

    fn unreadable(&self, error: &io::Error) -> Problem {
        Problem::at(&*self.key, format!("can't read {}: {error}", self.path.display()))
    }
}

/// Contents of the files, in their order.
pub(crate) type Contents = Vec<Vec<u8>>;
type Build<T> = Box<dyn Fn(&[Vec<u8>]) -> Result<T, Vec<Problem>> + Send + Sync>;

/// Files, and what was last made of them.
pub(crate) struct Reloading<T> {
    /// For log lines and metrics: `server certificate`.
    what: &'static str,
    files: Vec<File>,
    build: Build<T>,
    seen: Contents,
    /// Told already; not told again at each look.
    told: Vec<Problem>,
    current: Arc<ArcSwap<T>>,
}

impl<T> fmt::Debug for Reloading<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloading").field("what", &self.what).field("files", &self.files).finish_non_exhaustive()
    }
}

impl<T: Send + Sync + 'static> Reloading<T> {
    /// Reads the files for the first time. Errors: what is wrong with which of them.
    pub(crate) fn load(
        what: &'static str,
        files: Vec<File>,
        build: impl Fn(&[Vec<u8>]) -> Result<T, Vec<Problem>> + Send + Sync + 'static,
    ) -> Result<Self, ConfigError> {
        let (mut seen, mut problems) = (Vec::with_capacity(files.len()), Vec::new());
        for file in &files {
            match std::fs::read(&file.path) {
                Ok(content) => seen.push(content),
                Err(error) => problems.push(file.unreadable(&error)),
            }
        }
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        let current = build(&seen).map_err(|problems| ConfigError { problems })?;
        let current = Arc::new(ArcSwap::from_pointee(current));
        Ok(Self { what, files, build: Box::new(build), seen, told: Vec::new(), current })
    }

    /// What was last made of the files, now and later.
    pub(crate) fn current(&self) -> Arc<ArcSwap<T>> {
        Arc::clone(&self.current)
    }

    /// Looks at the files every so often, until `stopping`.
    pub(crate) async fn run(mut self, every: Duration, clock: Clock, stopping: CancellationToken) {
        while stopping.run_until_cancelled(clock.sleep(every)).await.is_some() {
            self.look().await;
        }
    }

    async fn look(&mut self) {
        let outcome = match self.read().await {
            Ok(contents) if contents == self.seen => {
                self.told.clear();
                return;
            }
            Ok(contents) => (self.build)(&contents).map(|made| {
                self.current.store(Arc::new(made));
                self.seen = contents;
            }),
            Err(problem) => Err(vec![problem]),
        };
        let label = if outcome.is_ok() { "ok" } else { "failed" };
        let attributes = [KeyValue::new("leadrouter.what", self.what), KeyValue::new("leadrouter.outcome", label)];
        metrics::server().reloads.add(1, &attributes);
        match outcome {
            Ok(()) => {
                self.told.clear();
                tracing::info!(what = self.what, "changed files are in use");
            }
            Err(problems) if problems == self.told => {}
            Err(problems) => {
                let error = ConfigError { problems: problems.clone() };
                tracing::error!(what = self.what, %error, "changed files can't be used; the last good ones stay in use");
                self.told = problems;
            }
        }
    }

    async fn read(&self) -> Result<Contents, Problem> {
        let mut contents = Vec::with_capacity(self.files.len());
        for file in &self.files {
            contents.push(tokio::fs::read(&file.path).await.map_err(|error| file.unreadable(&error))?);
        }
        Ok(contents)
    }
}
