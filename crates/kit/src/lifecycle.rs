//! The end of a process, in order: not healthy, no new work, what is in flight finishes, the rest is broken off.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::config::DrainConfig;

/// Time that broken-off tasks have to notice it.
const AFTER_ABORT: Duration = Duration::from_secs(1);

/// The exit code of a process that was asked twice to end: 128 + SIGINT, as shells have it.
const EXIT_NOW: i32 = 130;

/// What servers and background tasks of a process share to end together. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    requested: CancellationToken,
    stopping: CancellationToken,
    aborted: CancellationToken,
    tasks: TaskTracker,
    health: Mutex<Vec<(HealthReporter, Vec<String>)>>,
}

/// How the end went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Everything finished by itself.
    Clean,
    /// Time ran out; what was left was broken off.
    Aborted,
}

impl Lifecycle {
    /// A life that has just begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when no new work may begin. Background loops watch it.
    pub fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    /// Cancelled when what is still in flight is broken off.
    pub fn aborted(&self) -> &CancellationToken {
        &self.0.aborted
    }

    /// The tasks that the end waits for.
    pub fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    /// Starts a task that the end waits for. It must end by itself once [`stopping`](Self::stopping) is cancelled; it
    /// is dropped where it waits when it hasn't by the time of [`aborted`](Self::aborted).
    pub fn spawn<F>(&self, task: F) -> JoinHandle<Option<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let aborted = self.0.aborted.clone();
        self.0.tasks.spawn(async move { aborted.run_until_cancelled(task).await })
    }

    /// Asks the process to end, as a signal would: for a task without which nothing works.
    pub fn request_shutdown(&self) {
        self.0.requested.cancel();
    }

    /// Lets the end report these services as not serving.
    pub fn watch_health(&self, reporter: HealthReporter, services: Vec<String>) {
        self.0.health.lock().unwrap_or_else(PoisonError::into_inner).push((reporter, services));
    }

    /// Waits for SIGTERM, SIGINT or [`request_shutdown`](Self::request_shutdown), and then ends as
    /// [`shut_down`](Self::shut_down) does. A second signal exits the process at once.
    pub async fn run(&self, config: &DrainConfig) -> io::Result<Drained> {
        let mut signals = Signals::new()?;
        tokio::select! {
            name = signals.next() => tracing::info!(signal = name, "asked to end"),
            () = self.0.requested.cancelled() => tracing::info!("asked to end from within"),
        }
        tokio::select! {
            drained = self.shut_down(config) => Ok(drained),
            name = signals.next() => {
                tracing::warn!(signal = name, "asked again, ending now");
                std::process::exit(EXIT_NOW)
            }
        }
    }

    /// Ends: reports `NOT_SERVING`, lingers, stops new work, waits for what is in flight, breaks off the rest.
    pub async fn shut_down(&self, config: &DrainConfig) -> Drained {
        self.report_not_serving().await;
        tokio::time::sleep(config.linger).await;
        self.0.stopping.cancel();
        self.0.tasks.close();
        if tokio::time::timeout(config.timeout, self.0.tasks.wait()).await.is_ok() {
            return Drained::Clean;
        }
        tracing::warn!(tasks = self.0.tasks.len(), timeout = ?config.timeout, "time ran out, breaking off");
        self.abort().await;
        Drained::Aborted
    }

    /// Breaks off everything at once, as a crash would: connections are cut and tasks dropped where they wait.
    pub async fn abort(&self) {
        self.0.stopping.cancel();
        self.0.aborted.cancel();
        self.0.tasks.close();
        // What doesn't notice by then is blocked, and ends with the process.
        let _ = tokio::time::timeout(AFTER_ABORT, self.0.tasks.wait()).await;
    }

    async fn report_not_serving(&self) {
        let reporters = std::mem::take(&mut *self.0.health.lock().unwrap_or_else(PoisonError::into_inner));
        for (reporter, services) in reporters {
            for service in services {
                reporter.set_service_status(service, ServingStatus::NotServing).await;
            }
        }
    }
}

/// The signals that ask a process to end.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(unix)]
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "it can fail on unix")]
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> &'static str {
        // Where no signal can be had, only `request_shutdown` ends the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "ctrl-c"
    }
}
