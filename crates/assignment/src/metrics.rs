//! What the assignment service measures.

use std::sync::OnceLock;

use kit::metrics::{counter, durations, sizes, up_down_counter};
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, UpDownCounter},
};
use store::Counts;

/// The instruments.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub decisions: Counter<u64>,
    pub fallback_scores: Counter<u64>,
    pub batch_size: Histogram<u64>,
    pub commit_duration: Histogram<f64>,
    pub raced_commits: Counter<u64>,
    pub failed_commits: Counter<u64>,
    bulk_leads: Counter<u64>,
    pub changes_told: Counter<u64>,
    watchers: UpDownCounter<i64>,
}

/// Somebody who watches, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Watching(());

impl Drop for Watching {
    fn drop(&mut self) {
        metrics().watchers.add(-1, &[]);
    }
}

impl Metrics {
    /// Counts somebody who watches.
    pub(crate) fn watching(&self) -> Watching {
        self.watchers.add(1, &[]);
        Watching(())
    }

    /// Counts the leads of a part of a bulk reassignment.
    pub(crate) fn count_bulk(&self, counts: Counts) {
        let Counts { moved, unchanged, changed_meanwhile, refused } = counts;
        let ends = [
            ("moved", moved),
            ("unchanged", unchanged),
            ("changed_meanwhile", changed_meanwhile),
            ("refused", refused),
        ];
        for (end, leads) in ends {
            self.bulk_leads.add(leads.into(), &[KeyValue::new("leadrouter.outcome", end)]);
        }
    }
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
        bulk_leads: counter("leadrouter.bulk.leads", "{lead}", "Leads of bulk reassignments, by what came of them"),
        changes_told: counter("leadrouter.watch.changes", "{change}", "Changes told to those who watch"),
        watchers: up_down_counter("leadrouter.watch.streams", "{stream}", "Streams of those who watch"),
        failed_commits: counter("leadrouter.commit.failed", "{commit}", "Commits that took no effect"),
    })
}
