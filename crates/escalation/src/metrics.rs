//! What the escalation service measures.

use std::sync::OnceLock;

use kit::metrics::{counter, durations, gauge};
use opentelemetry::metrics::{Counter, Gauge, Histogram};

/// The instruments.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub fired: Counter<u64>,
    pub failed: Counter<u64>,
    pub lateness: Histogram<f64>,
    pub oldest_due_age: Gauge<f64>,
    pub overdue: Gauge<f64>,
    /// By `law`.
    pub violations: Gauge<f64>,
}

/// Made with the first use, after telemetry has started.
pub(crate) fn metrics() -> &'static Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(|| Metrics {
        fired: counter("leadrouter.timer.fired", "{timer}", "Timers whose effect was done"),
        failed: counter("leadrouter.timer.failed", "{timer}", "Timers that could not be fired and are tried again"),
        lateness: durations("leadrouter.timer.lateness", "Time from a timer's due moment to its firing"),
        oldest_due_age: gauge(
            "leadrouter.timer.oldest_due_age",
            "s",
            "Age of the oldest timer that is due and not fired",
        ),
        overdue: gauge("leadrouter.timer.overdue", "{timer}", "Timers that have been due for over a minute"),
        violations: gauge("leadrouter.invariant.violations", "{row}", "Rows that break a law of the store; alert on 1"),
    })
}
