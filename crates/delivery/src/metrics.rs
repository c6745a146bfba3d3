//! What is measured of deliveries.

use std::sync::OnceLock;

use kit::metrics::{counter, durations, gauge};
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram},
};

/// The instruments.
#[derive(Debug)]
pub(crate) struct Metrics {
    attempts: Counter<u64>,
    pub(crate) dead: Counter<u64>,
    pub(crate) lost: Counter<u64>,
    pub(crate) duration: Histogram<f64>,
    pub(crate) oldest: Gauge<f64>,
    pub(crate) lag: Gauge<f64>,
    pub(crate) lost_now: Gauge<f64>,
}

impl Metrics {
    /// Counts an attempt: `delivered`, `refused`, `absent`, `gone`.
    pub(crate) fn attempt(&self, outcome: &'static str) {
        self.attempts.add(1, &[KeyValue::new("leadrouter.outcome", outcome)]);
    }
}

/// Made with the first use, after telemetry has started.
pub(crate) fn metrics() -> &'static Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(|| Metrics {
        attempts: counter(
            "leadrouter.webhook.attempts",
            "{attempt}",
            "Attempts to deliver a message, by what came of it",
        ),
        dead: counter("leadrouter.webhook.dead_letters", "{message}", "Messages that were given up"),
        lost: counter(
            "leadrouter.webhook.lost",
            "{subscription}",
            "Times that what a subscription was to be told next was not kept any more",
        ),
        duration: durations("leadrouter.webhook.duration", "Time of an attempt to deliver a message"),
        oldest: gauge(
            "leadrouter.webhook.oldest_undelivered_age",
            "s",
            "Age of the oldest change that an active subscription was not told of",
        ),
        lag: gauge(
            "leadrouter.webhook.outbox_lag",
            "{commit}",
            "Commits of which no messages were made yet, of the active subscription that is furthest behind",
        ),
        lost_now: gauge(
            "leadrouter.webhook.lost_subscriptions",
            "{subscription}",
            "Subscriptions that are LOST; alert on 1",
        ),
    })
}
