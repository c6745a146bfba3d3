//! The client's side: a span for each call, and its context in the call's headers.

use std::task::{Context, Poll};

use http::{Request, Response};
use tower::{Layer, Service};
use tracing::{field::Empty, info_span};

use super::{
    RPC_TARGET, TracedBody,
    call::{Call, TracedFuture},
    context::inject,
};

/// Applies [`ClientTrace`].
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientTraceLayer;

impl<S> Layer<S> for ClientTraceLayer {
    type Service = ClientTrace<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientTrace { inner }
    }
}

/// Opens a span for each call, and tells the callee to continue its trace.
#[derive(Debug, Clone)]
pub struct ClientTrace<S> {
    inner: S,
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for ClientTrace<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
{
    type Response = Response<TracedBody<ResB>>;
    type Error = S::Error;
    type Future = TracedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqB>) -> Self::Future {
        let name = request.uri().path().trim_start_matches('/');
        let span = info_span!(
            target: RPC_TARGET,
            "rpc",
            otel.name = name,
            otel.kind = "client",
            otel.status_code = Empty,
            rpc.system.name = "grpc",
            rpc.method = name,
            rpc.response.status_code = Empty,
            error.type = Empty,
        );
        inject(&span, request.headers_mut());
        let inner = span.in_scope(|| self.inner.call(request));
        TracedFuture::new(inner, Call::new(span, None))
    }
}
