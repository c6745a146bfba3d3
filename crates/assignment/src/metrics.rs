//! What the assignment service measures.

use std::sync::OnceLock;

use kit::metrics::{counter, durations, sizes};
use opentelemetry::metrics::{Counter, Histogram};

/// The instruments.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub decisions: Counter<u64>,
    pub fallback_scores: Counter<u64>,
    pub batch_size: Histogram<u64>,
    pub commit_duration: Histogram<f64>,
    pub raced_commits: Counter<u64>,
    pub failed_commits: Counter<u64>,
}

/// Made with the first use, after telemetry has started.
pub(crate) fn metrics() -> &'static Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(|| Metrics {
        decisions: counter("leadrouter.decisions", "{decision}", "Commands carried out"),
        fallback_scores: counter("leadrouter.score.fallback", "{lead}", "Leads routed without a score of their own"),
        batch_size: sizes("leadrouter.commit.batch_size", "{command}", "Commands that shared one commit"),
        commit_duration: durations("leadrouter.commit.duration", "Time of one commit, from its begin to its end"),
        raced_commits: counter(
            "leadrouter.commit.raced",
            "{commit}",
            "Commits tried again because a replica was faster",
        ),
        failed_commits: counter("leadrouter.commit.failed", "{commit}", "Commits that took no effect"),
    })
}
