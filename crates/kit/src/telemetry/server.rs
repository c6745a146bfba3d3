//! The server's side: a span and a measurement for each call.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use http::{Request, Response};
use tower::{Layer, Service};
use tracing::{field::Empty, info_span};

use super::{
    RPC_TARGET, TracedBody,
    call::{Call, TracedFuture},
    context::adopt_parent,
};
use crate::methods::{Methods, OTHER};

/// What is kept of the path of a method that the server doesn't know.
const MAX_ORIGINAL: usize = 128;

/// Applies [`ServerTrace`].
#[derive(Debug, Clone)]
pub struct ServerTraceLayer {
    role: &'static str,
    methods: Arc<Methods>,
}

impl ServerTraceLayer {
    /// For the server that plays `role` and has these methods.
    pub const fn new(role: &'static str, methods: Arc<Methods>) -> Self {
        Self { role, methods }
    }
}

impl<S> Layer<S> for ServerTraceLayer {
    type Service = ServerTrace<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ServerTrace { inner, layer: self.clone() }
    }
}

/// Opens a span for each call, in the caller's trace if it brought one, named after the method and with the attributes
/// of OpenTelemetry's conventions for RPC; and measures the call's duration by method and status.
#[derive(Debug, Clone)]
pub struct ServerTrace<S> {
    inner: S,
    layer: ServerTraceLayer,
}

impl ServerTraceLayer {
    fn call<B>(&self, request: &Request<B>) -> Call {
        let path = request.uri().path();
        let method = self.methods.find(path);
        let name: &str = &method.name;
        let span = info_span!(
            target: RPC_TARGET,
            parent: None,
            "rpc",
            otel.name = name,
            otel.kind = "server",
            otel.status_code = Empty,
            rpc.system.name = "grpc",
            rpc.method = name,
            rpc.method_original = Empty,
            rpc.response.status_code = Empty,
            error.type = Empty,
            leadrouter.role = self.role,
        );
        if name == OTHER {
            let original = path.get(1..MAX_ORIGINAL).unwrap_or_else(|| path.trim_start_matches('/'));
            span.record("rpc.method_original", original);
        }
        adopt_parent(&span, request.headers());
        Call::new(span, Some((Arc::clone(method), Instant::now())))
    }
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for ServerTrace<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
{
    type Response = Response<TracedBody<ResB>>;
    type Error = S::Error;
    type Future = TracedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let call = self.layer.call(&request);
        let inner = call.span().in_scope(|| self.inner.call(request));
        TracedFuture::new(inner, call)
    }
}
