//! Logs, traces and metrics of a process.
//!
//! Each layer has its own filter: one filter over all would also switch off trace context when logs are turned down.

mod call;
mod client;
mod context;
mod format;
mod server;

use std::time::Duration;

use opentelemetry::{KeyValue, global, trace::TracerProvider as _};
use opentelemetry_otlp::{ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    metrics::SdkMeterProvider,
    trace::{Sampler, SdkTracerProvider},
};
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer, filter::Targets, layer::SubscriberExt as _, registry::LookupSpan, util::SubscriberInitExt as _,
};

pub use self::{
    call::{TracedBody, TracedFuture},
    client::{ClientTrace, ClientTraceLayer},
    context::{current_trace_id, current_traceparent, link_to},
    server::{ServerTrace, ServerTraceLayer},
};
use crate::{config::TelemetryConfig, panic};

/// The target of the spans that this crate makes.
const RPC_TARGET: &str = "leadrouter::rpc";

/// Why telemetry can't be set up or ended.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `telemetry.log_filter` can't be read.
    #[error(
        "`telemetry.log_filter`: `{filter}` is not a filter ({source}); expected a level or a list of target=level, \
         such as `info` or `info,leadrouter_store=debug`"
    )]
    Filter {
        /// What was configured.
        filter: String,
        /// What the parser said.
        source: tracing_subscriber::filter::ParseError,
    },
    /// `telemetry.otlp_endpoint` can't be used.
    #[error("`telemetry.otlp_endpoint`: {0}; expected an address such as `http://localhost:4317`")]
    Exporter(#[from] ExporterBuildError),
    /// Something in this process has set up telemetry before.
    #[error("telemetry was set up twice in this process")]
    Twice,
    /// What was left did not go out in time.
    #[error("telemetry did not end within {0:?}; the last spans and metrics may be lost")]
    Slow(Duration),
    /// What was left could not be sent.
    #[error("the last spans and metrics could not be sent: {0}")]
    Flush(String),
}

/// Keeps the providers of a process, to end them well.
#[derive(Debug)]
#[must_use = "the last spans and metrics are lost unless `shutdown` is called"]
pub struct Telemetry {
    traces: SdkTracerProvider,
    metrics: Option<SdkMeterProvider>,
}

/// Sets up the process: log lines on standard error, trace context, panics as log lines, and, if an endpoint is
/// configured, traces and metrics by OTLP. Once per process, inside of a tokio runtime, before the first server.
///
/// `service` becomes the resource's `service.name`. Where one process plays several roles, spans and metrics tell them
/// apart by `leadrouter.role`.
pub fn init(
    config: &TelemetryConfig,
    service: &'static str,
    version: &'static str,
) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::try_new(&config.log_filter)
        .map_err(|source| TelemetryError::Filter { filter: config.log_filter.clone(), source })?;
    let resource = Resource::builder()
        .with_service_name(service)
        .with_attribute(KeyValue::new("service.version", version))
        .build();
    let traces = tracer_provider(config, resource.clone())?;
    let metrics = config.otlp_endpoint.as_ref().map(|endpoint| meter_provider(endpoint, resource)).transpose()?;

    tracing_subscriber::registry()
        .with(format::log_layer(config.log_format, std::io::stderr).with_filter(filter))
        .with(trace_layer(&traces))
        .try_init()
        .map_err(|_| TelemetryError::Twice)?;
    if let Some(metrics) = &metrics {
        global::set_meter_provider(metrics.clone());
    }
    panic::install_hook();
    Ok(Telemetry { traces, metrics })
}

fn tracer_provider(config: &TelemetryConfig, resource: Resource) -> Result<SdkTracerProvider, TelemetryError> {
    let builder = SdkTracerProvider::builder().with_resource(resource);
    let Some(endpoint) = &config.otlp_endpoint else {
        // Nothing is kept, but ids are made and a caller's decision is passed on.
        return Ok(builder.with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff))).build());
    };
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.sample_ratio.get())));
    Ok(builder.with_sampler(sampler).with_batch_exporter(exporter).build())
}

fn meter_provider(endpoint: &str, resource: Resource) -> Result<SdkMeterProvider, TelemetryError> {
    let exporter = MetricExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    Ok(SdkMeterProvider::builder().with_resource(resource).with_periodic_exporter(exporter).build())
}

/// The layer that turns spans into OpenTelemetry's, without those of the exporter's own connection.
fn trace_layer<S>(traces: &SdkTracerProvider) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let own_targets =
        ["h2", "hyper", "hyper_util", "tonic", "tower", "opentelemetry", "opentelemetry_sdk", "opentelemetry_otlp"];
    let filter = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_targets(own_targets.map(|target| (target, LevelFilter::OFF)));
    // Thread, source line and busy time cost more than they tell here.
    tracing_opentelemetry::layer()
        .with_tracer(traces.tracer("leadrouter"))
        .with_threads(false)
        .with_location(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(filter)
}

impl Telemetry {
    /// Sends what is left and ends.
    ///
    /// The providers block while the exporter needs the runtime (opentelemetry-rust #2715), so they end on a thread of
    /// their own, which is left behind if it takes longer than `timeout`. Not `spawn_blocking`: a runtime waits for
    /// those when it ends.
    pub async fn shutdown(self, timeout: Duration) -> Result<(), TelemetryError> {
        let (done, ended) = tokio::sync::oneshot::channel();
        let end = move || {
            // Nobody listens after the timeout.
            let _ = done.send(self.end(timeout));
        };
        if let Err(error) = std::thread::Builder::new().name("telemetry-end".into()).spawn(end) {
            return Err(TelemetryError::Flush(error.to_string()));
        }
        match tokio::time::timeout(timeout, ended).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(TelemetryError::Flush("the thread that sends them broke".into())),
            Err(_) => Err(TelemetryError::Slow(timeout)),
        }
    }

    fn end(self, timeout: Duration) -> Result<(), TelemetryError> {
        let traces = self.traces.shutdown_with_timeout(timeout);
        let metrics = self.metrics.map_or(Ok(()), |metrics| metrics.shutdown_with_timeout(timeout));
        traces.and(metrics).map_err(|error| TelemetryError::Flush(error.to_string()))
    }

    /// Sends what is there, and stays. For tests and before a planned pause.
    pub async fn flush(&self) {
        let (traces, metrics) = (self.traces.clone(), self.metrics.clone());
        let flush = move || {
            let _ = traces.force_flush();
            if let Some(metrics) = metrics {
                let _ = metrics.force_flush();
            }
        };
        let _ = tokio::task::spawn_blocking(flush).await;
    }
}

#[cfg(test)]
mod tests;
