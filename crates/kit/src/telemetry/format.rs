//! Log lines, each with the trace that it belongs to.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    Layer,
    fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter, format::Writer},
    registry::LookupSpan,
};

use super::context::current_trace_id;
use crate::config::LogFormat;

/// The layer that writes log lines.
pub(super) fn log_layer<S, W>(format: LogFormat, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    match format {
        LogFormat::Text => {
            let inner = tracing_subscriber::fmt::format().with_ansi(false);
            layer.with_ansi(false).event_format(WithTrace { inner, format }).boxed()
        }
        LogFormat::Json => {
            let inner = tracing_subscriber::fmt::format().json().flatten_event(true);
            layer.json().event_format(WithTrace { inner, format }).boxed()
        }
    }
}

/// Adds `trace_id` to what `inner` writes: at the end of a text, as the first member of a JSON object.
struct WithTrace<F> {
    inner: F,
    format: LogFormat,
}

impl<S, N, F> FormatEvent<S, N> for WithTrace<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(trace) = current_trace_id() else {
            return self.inner.format_event(context, writer, event);
        };
        let mut line = String::with_capacity(256);
        self.inner.format_event(context, Writer::new(&mut line), event)?;
        match self.format {
            LogFormat::Text => writeln!(writer, "{} trace_id={trace}", line.trim_end_matches('\n')),
            LogFormat::Json => write!(writer, "{{\"trace_id\":\"{trace}\",{}", line.get(1..).unwrap_or_default()),
        }
    }
}
