//! What is refused below the handlers says why as well, in a form that programs read.
//!
//! The transport makes a status of its own when there is no such method, or when a message is too large or no message at
//! all. Those have a text only; here they get the `ErrorInfo` that every other error of this product has.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, Request, Response, StatusCode, header::CONTENT_TYPE};
use pin_project_lite::pin_project;
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::refusal::{self, reason};

/// The header that carries the details of a status.
const DETAILS: &str = "grpc-status-details-bin";

/// Applies [`Explain`].
#[derive(Debug, Clone, Copy, Default)]
pub struct ExplainLayer;

impl<S> Layer<S> for ExplainLayer {
    type Service = Explain<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Explain { inner }
    }
}

/// Adds details to statuses that have none, and answers what is not gRPC with HTTP 415, as the protocol wants it.
#[derive(Debug, Clone)]
pub struct Explain<S> {
    inner: S,
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for Explain<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    ResB: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ExplainFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        ExplainFuture { inner: is_grpc(request.headers()).then(|| self.inner.call(request)) }
    }
}

/// True for `application/grpc`, also with a suffix: `application/grpc+proto`.
fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

pin_project! {
    /// The future of [`Explain`]; without an inner one it refuses.
    pub struct ExplainFuture<F> {
        #[pin]
        inner: Option<F>,
    }
}

impl<F, B, E> Future for ExplainFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(inner) = self.project().inner.as_pin_mut() else {
            let mut response = refusal::invalid_metadata("content-type", "application/grpc").into_http();
            *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Poll::Ready(Ok(response));
        };
        let mut response = ready!(inner.poll(cx))?;
        // An answer that goes well has its status behind its body.
        if response.headers().contains_key(Status::GRPC_STATUS) {
            explain(response.headers_mut());
        }
        Poll::Ready(Ok(response))
    }
}

fn explain(headers: &mut HeaderMap) {
    let Some(status) = Status::from_header_map(headers).filter(|_| !headers.contains_key(DETAILS)) else { return };
    let explained = match status.code() {
        Code::Unimplemented if status.message().is_empty() => {
            refusal::of(Code::Unimplemented, "there is no such method", reason::NOT_SUPPORTED)
        }
        Code::Unimplemented => refusal::of(Code::Unimplemented, status.message(), reason::NOT_SUPPORTED),
        // The transport has another code for what becomes too large while it is unpacked, and one that asks to try again.
        Code::OutOfRange | Code::ResourceExhausted => {
            refusal::of(Code::OutOfRange, status.message(), reason::MESSAGE_TOO_LARGE)
        }
        Code::Internal => refusal::of(Code::Internal, status.message(), reason::MALFORMED_CALL),
        _ => return,
    };
    // Fails only for a text that is no header value; this one comes from one.
    let _ = explained.add_header(headers);
}
