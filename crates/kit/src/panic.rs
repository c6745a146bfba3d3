//! A handler that panics answers `INTERNAL`, and the process lives on.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::{metrics, refusal};

/// Logs each panic of the process with its place, as one line with the trace id, instead of printing it.
pub fn install_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("(not a text)");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(panic.message = message, panic.location = place, "panicked");
    }));
}

/// Applies [`CatchPanic`].
#[derive(Debug, Clone, Copy, Default)]
pub struct CatchPanicLayer;

impl<S> Layer<S> for CatchPanicLayer {
    type Service = CatchPanic<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CatchPanic { inner }
    }
}

/// Turns a panic of the handler, or of the stream that it answers with, into `INTERNAL`, and counts it.
///
/// The hook (see [`install_hook`]) has logged it by then.
#[derive(Debug, Clone)]
pub struct CatchPanic<S> {
    inner: S,
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for CatchPanic<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    ResB: Default,
{
    type Response = Response<CatchPanicBody<ResB>>;
    type Error = S::Error;
    type Future = CatchPanicFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        CatchPanicFuture { inner: catch(|| self.inner.call(request)) }
    }
}

/// `None` after a panic. What panicked is not touched again: the future or body is dropped or ended.
fn catch<T>(work: impl FnOnce() -> T) -> Option<T> {
    let result = catch_unwind(AssertUnwindSafe(work)).ok();
    if result.is_none() {
        metrics::server().panics.add(1, &[]);
    }
    result
}

pin_project! {
    /// The future of [`CatchPanic`].
    pub struct CatchPanicFuture<F> {
        #[pin]
        inner: Option<F>,
    }
}

impl<F, B, E> Future for CatchPanicFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = Result<Response<CatchPanicBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(inner) = self.project().inner.as_pin_mut() else {
            return Poll::Ready(Ok(refusal::internal().into_http()));
        };
        let Some(poll) = catch(|| inner.poll(cx)) else {
            return Poll::Ready(Ok(refusal::internal().into_http()));
        };
        Poll::Ready(ready!(poll).map(|response| response.map(|inner| CatchPanicBody { inner, broken: false })))
    }
}

pin_project! {
    /// A body that ends with the trailers of `INTERNAL` when it panics.
    #[derive(Debug, Default)]
    pub struct CatchPanicBody<B> {
        #[pin]
        inner: B,
        broken: bool,
    }
}

impl<B: Body> Body for CatchPanicBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        if *this.broken {
            return Poll::Ready(None);
        }
        if let Some(poll) = catch(|| this.inner.poll_frame(cx)) {
            return poll;
        }
        *this.broken = true;
        let mut trailers = HeaderMap::with_capacity(3);
        // Fails only for a message that is no header value; this one is fixed.
        let _ = refusal::internal().add_header(&mut trailers);
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.broken || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
