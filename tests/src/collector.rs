//! An OTLP endpoint that keeps the spans and metrics that it gets.

use std::collections::HashMap;

use opentelemetry_proto::tonic::{
    collector::{
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::{MetricsService, MetricsServiceServer},
        },
        trace::v1::{
            ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::any_value::Value,
    metrics::v1::Metric,
    trace::v1::Span,
};
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// A running endpoint.
#[derive(Debug)]
pub struct Collector {
    /// Where to send spans to.
    pub endpoint: String,
    arriving: mpsc::UnboundedReceiver<Span>,
    arriving_metrics: mpsc::UnboundedReceiver<Metric>,
    /// All that arrived.
    pub spans: Vec<Span>,
    /// All that arrived, as far as [`Collector::take_in`] was asked for.
    pub metrics: Vec<Metric>,
    _serving: JoinSet<Result<(), tonic::transport::Error>>,
}

struct Endpoint<T>(mpsc::UnboundedSender<T>);

#[tonic::async_trait]
impl TraceService for Endpoint<Span> {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request.into_inner().resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        for span in scopes.flat_map(|scope| scope.spans) {
            // The test may be over.
            let _ = self.0.send(span);
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Endpoint<Metric> {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let scopes = request.into_inner().resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
        for metric in scopes.flat_map(|scope| scope.metrics) {
            // The test may be over.
            let _ = self.0.send(metric);
        }
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

impl Collector {
    /// Starts to listen.
    pub async fn start() -> Self {
        let (arrived, arriving) = mpsc::unbounded_channel();
        let (arrived_metrics, arriving_metrics) = mpsc::unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(Endpoint(arrived)))
            .add_service(MetricsServiceServer::new(Endpoint(arrived_metrics)));
        let mut serving = JoinSet::new();
        serving.spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        let (spans, metrics) = (Vec::new(), Vec::new());
        Self { endpoint, arriving, arriving_metrics, spans, metrics, _serving: serving }
    }

    /// Waits for a span.
    pub async fn until(&mut self, wanted: impl Fn(&Span) -> bool) -> Span {
        if let Some(span) = self.spans.iter().find(|span| wanted(span)) {
            return span.clone();
        }
        loop {
            let span = self.arriving.recv().await.unwrap();
            self.spans.push(span.clone());
            if wanted(&span) {
                return span;
            }
        }
    }

    /// Takes in what has arrived by now, as after the sender's end.
    pub fn take_in(&mut self) {
        while let Ok(span) = self.arriving.try_recv() {
            self.spans.push(span);
        }
        while let Ok(metric) = self.arriving_metrics.try_recv() {
            self.metrics.push(metric);
        }
    }

    /// The spans of a trace.
    pub fn trace(&self, trace_id: &[u8]) -> Vec<&Span> {
        self.spans.iter().filter(|span| span.trace_id == trace_id).collect()
    }
}

/// Attributes with text values.
pub fn attributes(span: &Span) -> HashMap<&str, String> {
    let value = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        other => format!("{other:?}"),
    };
    let pair = |kv: &'_ opentelemetry_proto::tonic::common::v1::KeyValue| {
        kv.value.as_ref().and_then(|any| any.value.as_ref()).map(value)
    };
    span.attributes.iter().filter_map(|kv| Some((kv.key.as_str(), pair(kv)?))).collect()
}
