//! Calling other services: lazily connected, traced, and within the deadline.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use serde::{Deserialize, Serialize};
use tonic::{
    body::Body,
    transport::{self, Endpoint},
};
use tower::{Layer as _, Service, ServiceExt as _, util::Oneshot};

use crate::{
    config::{ConfigError, Problem, human_duration},
    deadline::{ClientDeadline, ClientDeadlineLayer},
    telemetry::{ClientTrace, ClientTraceLayer},
};

/// How to reach one other service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// Where it is: `http://assignment:7070`.
    pub endpoint: String,
    /// Connections among which calls take turns. One HTTP/2 connection is served by one task of the callee's, and stays
    /// with one of its replicas. Default 1.
    #[serde(default = "one")]
    pub connections: usize,
    /// Time to the answer of a call that has no deadline from its caller. Default 10 s.
    #[serde(default = "ten_seconds", with = "human_duration")]
    pub timeout: Duration,
    /// Time to connect. Default 2 s.
    #[serde(default = "two_seconds", with = "human_duration")]
    pub connect_timeout: Duration,
    /// Time between HTTP/2 pings while calls are open. Default 30 s; the callee has 10 s to answer one.
    #[serde(default = "thirty_seconds", with = "human_duration")]
    pub keepalive_interval: Duration,
}

const fn one() -> usize {
    1
}

const fn two_seconds() -> Duration {
    Duration::from_secs(2)
}

const fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

const fn thirty_seconds() -> Duration {
    Duration::from_secs(30)
}

impl ClientConfig {
    /// The defaults, for a service at `endpoint`.
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            connections: one(),
            timeout: ten_seconds(),
            connect_timeout: two_seconds(),
            keepalive_interval: thirty_seconds(),
        }
    }
}

/// What generated clients are made with. Cheap to clone.
pub type Channel = ClientTrace<ClientDeadline<Pool>>;

/// A channel to the service that `config` names. It connects with the first call, and again whenever it has to.
///
/// Must be called inside of a tokio runtime.
pub fn channel(config: &ClientConfig) -> Result<Channel, ConfigError> {
    let endpoint = endpoint(config)?;
    if config.connections == 0 {
        return Err(ConfigError::of(Problem::at("connections", "found 0, expected at least 1")));
    }
    let pool = Pool(Arc::new(Connections {
        channels: (0..config.connections).map(|_| endpoint.connect_lazy()).collect(),
        next: AtomicUsize::new(0),
    }));
    // In this order: a call that is over before it began still shows in the trace.
    Ok(ClientTraceLayer.layer(ClientDeadlineLayer::new(config.timeout).layer(pool)))
}

fn endpoint(config: &ClientConfig) -> Result<Endpoint, ConfigError> {
    let refused = |why: &str| {
        let message = format!("found `{}`, expected an address such as `http://localhost:7070`{why}", config.endpoint);
        ConfigError::of(Problem::at("endpoint", message))
    };
    if config.endpoint.starts_with("https://") {
        return Err(refused("; for TLS, let a mesh or a gateway in between add it"));
    }
    if !config.endpoint.starts_with("http://") {
        return Err(refused(""));
    }
    let endpoint = Endpoint::from_shared(config.endpoint.clone()).map_err(|error| refused(&format!(" ({error})")))?;
    Ok(endpoint
        .connect_timeout(config.connect_timeout)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(config.keepalive_interval)
        .keep_alive_timeout(Duration::from_secs(10)))
}

/// Connections that calls use in turn.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Connections>);

#[derive(Debug)]
struct Connections {
    channels: Box<[transport::Channel]>,
    next: AtomicUsize,
}

impl Service<Request<Body>> for Pool {
    type Response = Response<Body>;
    type Error = transport::Error;
    type Future = Oneshot<transport::Channel, Request<Body>>;

    /// Always ready: the wait for a connection's turn is part of the call, so that the deadline covers it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), transport::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let turn = self.0.next.fetch_add(1, Ordering::Relaxed) % self.0.channels.len();
        self.0.channels[turn].clone().oneshot(request)
    }
}
