#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    io,
    sync::{Arc, Mutex},
};

use opentelemetry_sdk::trace::{InMemorySpanExporter, SimpleSpanProcessor};
use tracing::{info, info_span};
use tracing_subscriber::Registry;

use super::*;
use crate::config::LogFormat;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Runs `work` with log lines and spans kept.
fn record(
    format: LogFormat,
    log_filter: &str,
    work: impl FnOnce(),
) -> (String, Vec<opentelemetry_sdk::trace::SpanData>) {
    let (lines, spans) = (Lines::default(), InMemorySpanExporter::default());
    let traces = SdkTracerProvider::builder().with_span_processor(SimpleSpanProcessor::new(spans.clone())).build();
    let writer = lines.clone();
    let subscriber = Registry::default()
        .with(format::log_layer(format, move || writer.clone()).with_filter(EnvFilter::new(log_filter)))
        .with(trace_layer(&traces));
    tracing::subscriber::with_default(subscriber, work);
    (lines.text(), spans.get_finished_spans().unwrap())
}

#[test]
fn json_lines_carry_the_trace() {
    let (text, spans) = record(LogFormat::Json, "info", || {
        info_span!("work").in_scope(|| info!(leads = 3, "routed"));
        info!("outside");
    });
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["trace_id"], spans[0].span_context.trace_id().to_string());
    assert_eq!((&lines[0]["message"], &lines[0]["leads"]), (&"routed".into(), &3.into()));
    assert_eq!(lines[1].get("trace_id"), None);
}

#[test]
fn text_lines_carry_the_trace() {
    let (text, spans) = record(LogFormat::Text, "info", || info_span!("work").in_scope(|| info!("routed")));
    let trace = spans[0].span_context.trace_id();
    assert!(text.contains("routed") && text.ends_with(&format!(" trace_id={trace}\n")), "{text}");
}

#[test]
fn turning_logs_down_leaves_traces_alone() {
    let (text, spans) = record(LogFormat::Text, "error", || {
        info_span!("work").in_scope(|| {
            info!("quiet");
            assert!(current_traceparent().is_some());
            tracing::error!("loud");
        });
    });
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains("loud") && text.contains("trace_id="), "{text}");
    assert_eq!(spans.len(), 1);
}

#[test]
fn the_exporters_own_connection_makes_no_spans() {
    let (_, spans) = record(LogFormat::Text, "off", || {
        for span in [
            info_span!(target: "h2::client", "own"),
            info_span!(target: "hyper_util::client", "own"),
            info_span!(target: "tonic::transport", "own"),
            info_span!(target: "opentelemetry_sdk", "own"),
        ] {
            span.in_scope(|| {});
        }
        info_span!("work").in_scope(|| {});
    });
    assert_eq!(spans.iter().map(|span| &*span.name).collect::<Vec<_>>(), ["work"]);
}

#[test]
fn a_traceparent_that_was_stored_can_be_linked_to() {
    let mut stored = None;
    let (_, spans) = record(LogFormat::Text, "off", || {
        info_span!("sets the timer").in_scope(|| stored = current_traceparent());
        let fires = info_span!("fires the timer");
        assert!(link_to(&fires, stored.as_deref().unwrap()));
        assert!(!link_to(&fires, "00-no-trace-00"));
        // Also once it has begun.
        fires.in_scope(|| assert!(link_to(&fires, stored.as_deref().unwrap())));
    });
    let stored = stored.unwrap();
    let (first, second) = (&spans[0], &spans[1]);
    assert_eq!(stored, format!("00-{}-{}-01", first.span_context.trace_id(), first.span_context.span_id()));
    assert_ne!(first.span_context.trace_id(), second.span_context.trace_id());
    assert_eq!(second.links.len(), 2);
    assert!(second.links.iter().all(|link| link.span_context.span_id() == first.span_context.span_id()));
    assert_eq!(current_traceparent(), None);
}

#[tokio::test]
async fn a_filter_that_can_not_be_read_is_told() {
    let config = TelemetryConfig { log_filter: "info,x=loud".into(), ..TelemetryConfig::default() };
    let error = init(&config, "test", "0").unwrap_err().to_string();
    assert!(error.contains("`info,x=loud` is not a filter") && error.contains("such as `info`"), "{error}");
}

/// A collector that takes connections and says nothing holds up neither the runtime nor the end of the process.
#[tokio::test]
async fn the_end_does_not_wait_for_a_silent_collector() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let config = TelemetryConfig { otlp_endpoint: Some(endpoint.clone()), ..TelemetryConfig::default() };
    let resource = Resource::builder().build();
    let telemetry = Telemetry {
        traces: tracer_provider(&config, resource.clone()).unwrap(),
        metrics: Some(meter_provider(&endpoint, resource).unwrap()),
    };
    {
        use opentelemetry::trace::Tracer as _;
        telemetry.traces.tracer("test").start("lost");
    }
    let timeout = Duration::from_millis(50);
    let ended = tokio::time::timeout(Duration::from_secs(5), telemetry.shutdown(timeout)).await.unwrap();
    assert!(ended.is_err());
}
