//! The server's side: reads the caller's deadline and keeps to it.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use tower::{Layer, Service};

use super::{Deadline, DeadlineBody, DeadlineFuture, parse_timeout};
use crate::{config::LimitsConfig, refusal};

/// Applies [`ServerDeadline`].
#[derive(Debug, Clone)]
pub struct ServerDeadlineLayer(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    default: Duration,
    max: Duration,
    open_ended: Box<[&'static str]>,
}

impl ServerDeadlineLayer {
    /// With the limits' `default_deadline` and `max_deadline`. The methods at the paths `open_ended` have no default
    /// deadline: they take a stream for as long as it comes.
    pub fn new(limits: &LimitsConfig, open_ended: impl Into<Box<[&'static str]>>) -> Self {
        Self(Arc::new(Rules {
            default: limits.default_deadline,
            max: limits.max_deadline,
            open_ended: open_ended.into(),
        }))
    }
}

impl<S> Layer<S> for ServerDeadlineLayer {
    type Service = ServerDeadline<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ServerDeadline { inner, rules: Arc::clone(&self.0) }
    }
}

/// Puts a [`Deadline`] into the request's extensions and into the task, and answers `DEADLINE_EXCEEDED` when it is
/// over. A call that is late on arrival never reaches the handler.
///
/// The handler has the shorter of the caller's time and the maximum. A stream that it answers with may last for the
/// caller's time, or without end when the caller set none.
#[derive(Debug, Clone)]
pub struct ServerDeadline<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for ServerDeadline<S>
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
        let asked = match parse_timeout(request.headers()) {
            Ok(asked) => asked,
            Err(error) => {
                let status = refusal::invalid_metadata(super::timeout_header::GRPC_TIMEOUT, &error.to_string());
                return DeadlineFuture::refused(status);
            }
        };
        if asked.is_some_and(|timeout| timeout.is_zero()) {
            return DeadlineFuture::refused(refusal::deadline_exceeded());
        }
        let whole = asked.map(Deadline::after);
        let handler = asked.unwrap_or_else(|| self.rules.default_for(request.uri().path())).min(self.rules.max);
        let deadline = Deadline::after(handler);
        request.extensions_mut().insert(deadline);
        DeadlineFuture::begin(deadline, whole, || self.inner.call(request))
    }
}

impl Rules {
    fn default_for(&self, path: &str) -> Duration {
        if self.open_ended.contains(&path) { Duration::MAX } else { self.default }
    }
}
