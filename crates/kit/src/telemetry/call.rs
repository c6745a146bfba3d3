//! One call as telemetry sees it, from its headers to the end of its answer.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tonic::{Code, Status};
use tracing::Span;

use crate::{
    methods::{Method, code_name, is_server_fault},
    metrics,
};

/// A call that goes on. Dropped without having ended, it was cancelled: the caller went away.
#[derive(Debug)]
pub(super) struct Call {
    span: Span,
    /// What a server measures by; a client has none.
    measured: Option<(Arc<Method>, Instant)>,
    code: Option<Code>,
}

impl Call {
    pub(super) const fn new(span: Span, measured: Option<(Arc<Method>, Instant)>) -> Self {
        Self { span, measured, code: None }
    }

    pub(super) const fn span(&self) -> &Span {
        &self.span
    }

    /// Notes the status, if these headers or trailers have it.
    pub(super) fn see(&mut self, headers: &HeaderMap) {
        if let Some(status) = headers.get(Status::GRPC_STATUS) {
            self.code = Some(Code::from_bytes(status.as_bytes()));
        }
    }

    /// Notes that there was no answer.
    pub(super) const fn failed(&mut self) {
        self.code = Some(Code::Unavailable);
    }

    const fn has_ended(&self) -> bool {
        self.code.is_some()
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let code = self.code.unwrap_or(Code::Cancelled);
        if let Some((method, start)) = &self.measured {
            metrics::server().duration.record(start.elapsed().as_secs_f64(), method.attributes(code));
        }
        if self.span.is_disabled() {
            return;
        }
        self.span.record("rpc.response.status_code", code_name(code));
        // Of a server's span only its own faults are errors; of a client's span everything but OK is.
        let is_error = if self.measured.is_some() { is_server_fault(code) } else { code != Code::Ok };
        if is_error {
            self.span.record("otel.status_code", "ERROR");
            self.span.record("error.type", code_name(code));
        }
    }
}

pin_project! {
    /// A call whose answer has not begun.
    pub struct TracedFuture<F> {
        #[pin]
        inner: F,
        call: Option<Call>,
    }
}

impl<F> TracedFuture<F> {
    pub(super) const fn new(inner: F, call: Call) -> Self {
        Self { inner, call: Some(call) }
    }
}

impl<F, B, E> Future for TracedFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<TracedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = {
            let _entered = this.call.as_ref().map(|call| call.span.enter());
            ready!(this.inner.poll(cx))
        };
        let mut call = this.call.take();
        match (&result, &mut call) {
            (Ok(response), Some(call)) => call.see(response.headers()),
            (Err(_), Some(call)) => call.failed(),
            (_, None) => {}
        }
        // A status among the headers is the whole answer, so the call ends here.
        let going_on = call.filter(|call| !call.has_ended());
        Poll::Ready(result.map(|response| response.map(|inner| TracedBody { inner, call: going_on })))
    }
}

pin_project! {
    /// An answer's body that keeps the call's span open until its end.
    #[derive(Debug, Default)]
    pub struct TracedBody<B> {
        #[pin]
        inner: B,
        call: Option<Call>,
    }
}

impl<B: Body> Body for TracedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let Some(call) = this.call else {
            return this.inner.poll_frame(cx);
        };
        // Not entered: what is sent here is ready, and nothing is told about it.
        let frame = ready!(this.inner.poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    call.see(trailers);
                }
            }
            Some(Err(_)) => call.failed(),
            None => {}
        }
        if call.has_ended() || frame.is_none() {
            *this.call = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
