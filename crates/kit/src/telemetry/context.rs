//! W3C trace context: out of headers, into headers, and into rows that outlive a process.

use std::{collections::HashMap, fmt::Write as _, sync::LazyLock};

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator as _},
    trace::{SpanContext, TraceContextExt as _, TraceId},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TRACEPARENT: &str = "traceparent";

static PROPAGATOR: LazyLock<TraceContextPropagator> = LazyLock::new(TraceContextPropagator::new);

/// The trace context of what this task does now, as W3C's `traceparent`, to be stored with a timer or a history row.
/// `None` outside of every span.
pub fn current_traceparent() -> Option<String> {
    with_current(|span| {
        let mut text = String::with_capacity(55);
        // Writing to a String can't fail.
        let _ = write!(text, "00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags());
        text
    })
}

/// The trace that this task works in, for error messages and log lines.
pub fn current_trace_id() -> Option<TraceId> {
    with_current(SpanContext::trace_id)
}

fn with_current<T>(read: impl FnOnce(&SpanContext) -> T) -> Option<T> {
    Context::map_current(|context| {
        let span = context.span();
        let context = span.span_context();
        context.is_valid().then(|| read(context))
    })
}

/// Links `span` to the one that a stored `traceparent` names: what a timer does days later is a trace of its own, that
/// points to the one which set it. False when the text is no trace context; the span is then as it was.
pub fn link_to(span: &Span, traceparent: &str) -> bool {
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let linked = PROPAGATOR.extract_with_context(&Context::new(), &carrier).span().span_context().clone();
    let valid = linked.is_valid();
    if valid {
        span.add_link(linked);
    }
    valid
}

/// Makes the caller's span the parent of `span`, which must not have been entered.
pub(super) fn adopt_parent(span: &Span, headers: &HeaderMap) {
    if headers.contains_key(TRACEPARENT) && !span.is_disabled() {
        let parent = PROPAGATOR.extract_with_context(&Context::new(), &Headers(headers));
        // Fails when no telemetry is set up, which is no reason not to serve.
        let _ = span.set_parent(parent);
    }
}

/// Writes the context of `span` into the headers of a call. Where telemetry is not set up, leaves them alone.
pub(super) fn inject(span: &Span, headers: &mut HeaderMap) {
    let context = span.context();
    if context.span().span_context().is_valid() {
        PROPAGATOR.inject_context(&context, &mut HeadersMut(headers));
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct HeadersMut<'a>(&'a mut HeaderMap);

impl Injector for HeadersMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(key.as_bytes()), HeaderValue::try_from(value))
            && !value.is_empty()
        {
            self.0.insert(name, value);
        }
    }
}
