//! Traces and metrics as a collector receives them. A process has one telemetry, so this is one test.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "it/probe.rs"]
#[expect(dead_code, reason = "shared with the other tests")]
mod probe;

use std::{collections::HashMap, time::Duration};

use leadrouter_kit::{
    config::{LimitsConfig, TelemetryConfig},
    lifecycle::Lifecycle,
    telemetry,
};
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
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::metric::Data,
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use probe::{CALL, Server, Text, call, text};
use tokio::{net::TcpListener, sync::mpsc};
use tonic::{Request, Response, Status, codegen::tokio_stream::wrappers::TcpListenerStream};

struct Collector {
    traces: mpsc::UnboundedSender<ExportTraceServiceRequest>,
    metrics: mpsc::UnboundedSender<ExportMetricsServiceRequest>,
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.traces.send(request.into_inner()).unwrap();
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.metrics.send(request.into_inner()).unwrap();
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

fn attributes(list: &[KeyValue]) -> HashMap<&str, String> {
    let value = |kv: &KeyValue| match kv.value.as_ref().and_then(|any| any.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        other => format!("{other:?}"),
    };
    list.iter().map(|kv| (kv.key.as_str(), value(kv))).collect()
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_call_through_two_servers_is_one_trace() {
    let (traces, mut sent_traces) = mpsc::unbounded_channel();
    let (metrics, mut sent_metrics) = mpsc::unbounded_channel();
    let (endpoint, _collector) = collect(traces, metrics).await;
    let config =
        TelemetryConfig { otlp_endpoint: Some(endpoint), log_filter: "error".into(), ..TelemetryConfig::default() };
    let telemetry = telemetry::init(&config, "leadrouter-test", "1.2.3").unwrap();
    assert!(matches!(telemetry::init(&config, "x", "0"), Err(telemetry::TelemetryError::Twice)));

    run_calls().await;

    telemetry.shutdown(Duration::from_secs(10)).await.unwrap();
    let mut spans: Vec<Span> = Vec::new();
    while let Ok(request) = sent_traces.try_recv() {
        for resource in request.resource_spans {
            let about = attributes(&resource.resource.as_ref().unwrap().attributes).len();
            assert!(about >= 2, "name and version");
            assert_eq!(attributes(&resource.resource.unwrap().attributes)["service.name"], "leadrouter-test");
            spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    check_spans(&spans);
    let mut requests = Vec::new();
    while let Ok(request) = sent_metrics.try_recv() {
        requests.push(request);
    }
    check_metrics(&requests);
}

/// A call in the trace of a caller, through two servers; one that panics; one to a method that isn't there.
async fn run_calls() {
    let back = Server::start(&LimitsConfig::default(), async |_: String, request: Request<Text>| {
        assert_ne!(request.get_ref().text, "panic");
        Ok(Response::new(text(telemetry::current_traceparent().unwrap())))
    })
    .await;
    let channel = back.channel();
    let front = Server::start(&LimitsConfig::default(), move |_: String, request: Request<Text>| {
        let channel = channel.clone();
        async move { call(&channel, CALL, request.into_inner()).await }
    })
    .await;
    let mut request = Request::new(text(""));
    request.metadata_mut().insert("traceparent", format!("00-{TRACE}-{CALLER}-01").parse().unwrap());
    // The plain client leaves the caller's context as it is.
    let plain = tonic::transport::Endpoint::from_shared(format!("http://{}", front.running.address)).unwrap();
    let mut grpc = tonic::client::Grpc::new(plain.connect_lazy());
    grpc.ready().await.unwrap();
    let path = tonic::codegen::http::uri::PathAndQuery::from_static(CALL);
    let codec: tonic_prost::ProstCodec<Text, Text> = tonic_prost::ProstCodec::default();
    let answer = grpc.unary(request, path, codec).await.unwrap().into_inner().text;
    assert!(answer.starts_with(&format!("00-{TRACE}-")), "{answer}");

    let panicked = call(&back.channel(), CALL, text("panic")).await.unwrap_err();
    assert_eq!(panicked.code(), tonic::Code::Internal);
    let unknown = call(&back.channel(), "/test.v1.Nothing/There", text("")).await.unwrap_err();
    assert_eq!(unknown.code(), tonic::Code::Unimplemented);
}

fn check_spans(spans: &[Span]) {
    let in_trace: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    let child_of = |parent: &str| *in_trace.iter().find(|span| hex(&span.parent_span_id) == parent).unwrap();
    let front = child_of(CALLER);
    let client = child_of(&hex(&front.span_id));
    let back = child_of(&hex(&client.span_id));
    assert_eq!(in_trace.len(), 3, "{in_trace:#?}");
    let kinds = [front, client, back].map(Span::kind);
    assert_eq!(kinds, [SpanKind::Server, SpanKind::Client, SpanKind::Server]);
    for span in in_trace {
        assert_eq!(span.name, "test.v1.Probe/Call");
        let attributes = attributes(&span.attributes);
        assert_eq!(attributes["rpc.system.name"], "grpc");
        assert_eq!(attributes["rpc.method"], "test.v1.Probe/Call");
        assert_eq!(attributes["rpc.response.status_code"], "OK");
    }
    assert_eq!(attributes(&front.attributes)["leadrouter.role"], "probe");

    let panicked = spans.iter().find(|span| {
        span.kind() == SpanKind::Server && attributes(&span.attributes)["rpc.response.status_code"] == "INTERNAL"
    });
    let panicked = panicked.unwrap();
    assert_eq!(panicked.status.as_ref().unwrap().code(), StatusCode::Error);
    assert!(panicked.events.iter().any(|event| event.name == "panicked"), "{:?}", panicked.events);

    let unknown = spans.iter().find(|span| span.kind() == SpanKind::Server && span.name == "_OTHER").unwrap();
    assert_eq!(attributes(&unknown.attributes)["rpc.method_original"], "test.v1.Nothing/There");

    // What the exporter itself sends is not among them.
    assert!(spans.iter().all(|span| !span.name.contains("opentelemetry")), "{spans:#?}");
}

fn check_metrics(requests: &[ExportMetricsServiceRequest]) {
    let metrics: Vec<_> = requests
        .iter()
        .flat_map(|request| &request.resource_metrics)
        .flat_map(|resource| &resource.scope_metrics)
        .inspect(|scope| assert_eq!(scope.scope.as_ref().unwrap().name, "leadrouter"))
        .flat_map(|scope| &scope.metrics)
        .collect();
    let duration = metrics.iter().rfind(|metric| metric.name == "rpc.server.call.duration").unwrap();
    assert_eq!(duration.unit, "s");
    let Some(Data::Histogram(histogram)) = &duration.data else { unreachable!("durations are a histogram") };
    let count = |method: &str, code: &str| {
        let fits = |list: &[KeyValue]| {
            let attributes = attributes(list);
            attributes["rpc.method"] == method && attributes["rpc.response.status_code"] == code
        };
        histogram.data_points.iter().filter(|point| fits(&point.attributes)).map(|point| point.count).sum::<u64>()
    };
    assert_eq!(count("test.v1.Probe/Call", "OK"), 2);
    assert_eq!(count("test.v1.Probe/Call", "INTERNAL"), 1);
    assert_eq!(count("_OTHER", "UNIMPLEMENTED"), 1);
    assert!(metrics.iter().any(|metric| metric.name == "leadrouter.rpc.panics"));
    assert!(metrics.iter().any(|metric| metric.name == "leadrouter.rpc.in_flight"));
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A collector in this process, without this crate's stack, so that it makes no spans of its own.
async fn collect(
    traces: mpsc::UnboundedSender<ExportTraceServiceRequest>,
    metrics: mpsc::UnboundedSender<ExportMetricsServiceRequest>,
) -> (String, Lifecycle) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let collector = || Collector { traces: traces.clone(), metrics: metrics.clone() };
    let serving = tonic::transport::Server::builder()
        .add_service(TraceServiceServer::new(collector()))
        .add_service(MetricsServiceServer::new(collector()))
        .serve_with_incoming(TcpListenerStream::new(listener));
    let life = Lifecycle::new();
    life.spawn(serving);
    (endpoint, life)
}
