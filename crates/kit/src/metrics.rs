//! Metrics, through OpenTelemetry's global meter. Instruments made before [`telemetry::init`](crate::telemetry::init)
//! lead nowhere, so make them after it, or lazily (`LazyLock`).

use std::sync::{Arc, OnceLock};

use opentelemetry::{
    global,
    metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter},
};
use opentelemetry_semantic_conventions::metric::RPC_SERVER_CALL_DURATION;

use crate::limit::Limiter;

/// Edges of duration histograms, seconds: half a millisecond to ten seconds, closest where a routing call lies.
pub const DURATION_EDGES: [f64; 14] =
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];

/// Edges of size histograms (rows, leads of a batch): powers of two from one to ten thousand.
pub const SIZE_EDGES: [f64; 15] =
    [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16384.0];

/// The meter of this product.
pub fn meter() -> Meter {
    global::meter("leadrouter")
}

/// A counter; `unit` in UCUM, with braces for things that are counted: `{lead}`.
pub fn counter(name: &'static str, unit: &'static str, description: &'static str) -> Counter<u64> {
    meter().u64_counter(name).with_unit(unit).with_description(description).build()
}

/// A number that goes up and down by steps.
pub fn up_down_counter(name: &'static str, unit: &'static str, description: &'static str) -> UpDownCounter<i64> {
    meter().i64_up_down_counter(name).with_unit(unit).with_description(description).build()
}

/// A number that is set, such as an age or a length.
pub fn gauge(name: &'static str, unit: &'static str, description: &'static str) -> Gauge<f64> {
    meter().f64_gauge(name).with_unit(unit).with_description(description).build()
}

/// A histogram of durations in seconds.
pub fn durations(name: &'static str, description: &'static str) -> Histogram<f64> {
    let meter = meter();
    let histogram = meter.f64_histogram(name).with_unit("s").with_description(description);
    histogram.with_boundaries(DURATION_EDGES.to_vec()).build()
}

/// A histogram of sizes; `unit` as for [`counter`].
pub fn sizes(name: &'static str, unit: &'static str, description: &'static str) -> Histogram<u64> {
    let meter = meter();
    let histogram = meter.u64_histogram(name).with_unit(unit).with_description(description);
    histogram.with_boundaries(SIZE_EDGES.to_vec()).build()
}

/// What every server measures.
pub(crate) struct ServerMetrics {
    /// Calls by method and status; its count is the number of calls.
    pub(crate) duration: Histogram<f64>,
    pub(crate) shed: Counter<u64>,
    pub(crate) over_quota: Counter<u64>,
    pub(crate) panics: Counter<u64>,
    pub(crate) failed_handshakes: Counter<u64>,
    pub(crate) reloads: Counter<u64>,
    pub(crate) key_fetches: Counter<u64>,
    pub(crate) audited: Counter<u64>,
}

pub(crate) fn server() -> &'static ServerMetrics {
    static METRICS: OnceLock<ServerMetrics> = OnceLock::new();
    METRICS.get_or_init(|| ServerMetrics {
        duration: durations(RPC_SERVER_CALL_DURATION, "Time from a call's headers to the end of its answer"),
        over_quota: counter(
            "leadrouter.rpc.over_quota",
            "{call}",
            "Calls refused because their caller's quota was used up",
        ),
        shed: counter("leadrouter.rpc.shed", "{call}", "Calls refused because the limit in flight was reached"),
        panics: counter("leadrouter.rpc.panics", "{panic}", "Handlers that panicked"),
        failed_handshakes: counter(
            "leadrouter.tls.failed_handshakes",
            "{handshake}",
            "TLS handshakes that came to nothing",
        ),
        reloads: counter(
            "leadrouter.files.reloads",
            "{reload}",
            "Changed certificates and keys that were read, by outcome",
        ),
        audited: counter("leadrouter.audit.calls", "{call}", "Administrative calls, by method and code"),
        key_fetches: counter("leadrouter.token_keys.fetches", "{fetch}", "Fetches of the keys of tokens, by outcome"),
    })
}

/// Reports how many handlers are at work in `role`, for as long as the limiter lives.
pub(crate) fn observe_in_flight(role: &'static str, limiter: &Arc<Limiter>) {
    let limiter = Arc::downgrade(limiter);
    let attributes = [opentelemetry::KeyValue::new("leadrouter.role", role)];
    let _registered = meter()
        .u64_observable_gauge("leadrouter.rpc.in_flight")
        .with_unit("{call}")
        .with_description("Handlers at work")
        .with_callback(move |observer| {
            if let Some(limiter) = limiter.upgrade() {
                observer.observe(limiter.in_flight() as u64, &attributes);
            }
        })
        .build();
}
