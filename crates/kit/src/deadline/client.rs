//! The client's side: tells the callee what is left, and waits no longer than that.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderName, Request, Response};
use tower::{Layer, Service};

use super::{Deadline, DeadlineBody, DeadlineFuture, format_timeout, parse_timeout, timeout_header::GRPC_TIMEOUT};
use crate::refusal;

/// Applies [`ClientDeadline`].
#[derive(Debug, Clone, Copy)]
pub struct ClientDeadlineLayer {
    default: Duration,
}

impl ClientDeadlineLayer {
    /// `default` is for calls that have no deadline from anywhere; it ends with the headers of the answer, so that
    /// streams may last.
    pub const fn new(default: Duration) -> Self {
        Self { default }
    }
}

impl<S> Layer<S> for ClientDeadlineLayer {
    type Service = ClientDeadline<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientDeadline { inner, default: self.default }
    }
}

/// Sets `grpc-timeout` from the earliest of: a [`Deadline`] in the request's extensions, the deadline of the call that
/// this task works on, and the request's own `set_timeout`. Nothing is sent once that is over.
#[derive(Debug, Clone)]
pub struct ClientDeadline<S> {
    inner: S,
    default: Duration,
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for ClientDeadline<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    ResB: Default,
{
    type Response = Response<DeadlineBody<ResB>>;
    type Error = S::Error;
    type Future = DeadlineFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqB>) -> Self::Future {
        // A value that tonic wrote can be read; another is left for the server to refuse.
        let own = parse_timeout(request.headers()).ok().flatten().map(Deadline::after);
        let handed = request.extensions().get::<Deadline>().copied();
        let whole = [own, handed, Deadline::current()].into_iter().flatten().min();
        let deadline = whole.unwrap_or_else(|| Deadline::after(self.default));
        let left = deadline.remaining();
        if left.is_zero() {
            return DeadlineFuture::refused(refusal::deadline_exceeded());
        }
        request.headers_mut().insert(HeaderName::from_static(GRPC_TIMEOUT), format_timeout(left));
        DeadlineFuture::begin(deadline, whole, || self.inner.call(request))
    }
}
