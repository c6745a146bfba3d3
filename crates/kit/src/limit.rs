//! One limit on the calls in flight, over all connections, that sheds what is too much.
//!
//! A limit per connection would multiply with the connections, and a queue would answer late: a caller who is refused
//! at once can go elsewhere.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use http::{Request, Response};
use tonic::Status;
use tower::{Layer, Service};

use crate::{
    config::LimitsConfig,
    metrics,
    refusal::{self, Gated},
};

/// Counts the handlers at work. A handler counts until it answers with headers; what a stream sends after that is
/// bounded by the streams that a connection may have.
#[derive(Debug)]
pub struct Limiter {
    in_flight: AtomicUsize,
    /// For reserved methods.
    max: usize,
    /// For all others.
    open: usize,
    reserved: Box<[&'static str]>,
}

impl Limiter {
    /// With the limits' `max_in_flight`, of which `reserve` are kept for the methods at the paths `reserved`.
    pub fn new(limits: &LimitsConfig, reserved: impl Into<Box<[&'static str]>>) -> Self {
        Self {
            in_flight: AtomicUsize::new(0),
            max: limits.max_in_flight,
            open: limits.max_in_flight.saturating_sub(limits.reserve),
            reserved: reserved.into(),
        }
    }

    /// The handlers at work now.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// A place for a call of the method at `path`, given back on drop; `None` when there is none.
    pub fn admit(self: &Arc<Self>, path: &str) -> Option<Permit> {
        // Only a call that would be refused is asked for its name.
        if self.enter(self.open) || (self.reserved.contains(&path) && self.enter(self.max)) {
            Some(Permit(Arc::clone(self)))
        } else {
            None
        }
    }

    fn enter(&self, limit: usize) -> bool {
        let more = |now| (now < limit).then_some(now + 1);
        self.in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }
}

/// A place among the calls in flight.
#[derive(Debug)]
pub struct Permit(Arc<Limiter>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Applies [`Limit`].
#[derive(Debug, Clone)]
pub struct LimitLayer {
    limiter: Arc<Limiter>,
    /// Made once: refusing must be cheap just when there is no time.
    overloaded: Status,
}

impl LimitLayer {
    /// All services that this layer makes share the one limiter.
    pub fn new(limiter: Arc<Limiter>) -> Self {
        Self { limiter, overloaded: refusal::overloaded() }
    }
}

impl<S> Layer<S> for LimitLayer {
    type Service = Limit<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Limit { inner, layer: self.clone() }
    }
}

/// Answers `RESOURCE_EXHAUSTED` with `RetryInfo` when the limiter has no place.
#[derive(Debug, Clone)]
pub struct Limit<S> {
    inner: S,
    layer: LimitLayer,
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for Limit<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    ResB: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Gated<S::Future, Permit>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        if let Some(permit) = self.layer.limiter.admit(request.uri().path()) {
            Gated::open(self.inner.call(request), permit)
        } else {
            metrics::server().shed.add(1, &[]);
            Gated::closed(self.layer.overloaded.clone())
        }
    }
}

#[cfg(test)]
mod tests;
