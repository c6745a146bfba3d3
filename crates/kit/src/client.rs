//! Calling other services: lazily connected, traced, and within the deadline.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use rustls::pki_types::ServerName;
use serde::{Deserialize, Serialize};
use tonic::{
    Code, Status,
    body::Body,
    transport::{self, Endpoint},
};
use tower::{Layer as _, Service, ServiceExt as _, util::Oneshot};

use crate::{
    config::{ConfigError, Problem, human_duration},
    deadline::{ClientDeadline, ClientDeadlineLayer},
    telemetry::{ClientTrace, ClientTraceLayer},
    tls::ClientTls,
};

/// Time that the callee has to answer a ping.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// How to reach one other service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// Where it is: `http://assignment:7070`, or `https://` with `auth.client`.
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
    /// Time between HTTP/2 pings, also while no call is open, so that the next call doesn't find a dead connection.
    /// Default 30 s; the callee has 10 s to answer one.
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

/// A channel to the service that `config` names. It connects with the first call, and again whenever it has to; over `https` it shows
/// the certificate of `tls`.
///
/// Must be called inside of a tokio runtime.
pub fn channel(config: &ClientConfig, tls: Option<&ClientTls>) -> Result<Channel, ConfigError> {
    let secured = config.endpoint.strip_prefix("https://").zip(tls);
    let connect: Box<dyn Fn() -> transport::Channel> = match secured {
        None => {
            let endpoint = endpoint(config)?;
            Box::new(move || endpoint.connect_lazy())
        }
        Some((rest, tls)) => {
            // The library would add TLS of its own, which can't be changed later.
            let plain = ClientConfig { endpoint: format!("http://{rest}"), ..config.clone() };
            let origin = config.endpoint.parse().map_err(|error| refused(config, &format!(" ({error})")))?;
            let (endpoint, tls) = (endpoint(&plain)?.origin(origin), tls.clone());
            let host = endpoint.uri().host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
            let host = ServerName::try_from(host).map_err(|error| refused(config, &format!(" ({error})")))?;
            Box::new(move || tls.connect_lazy(&endpoint, &host))
        }
    };
    if config.connections == 0 {
        return Err(ConfigError::of(Problem::at("connections", "found 0, expected at least 1")));
    }
    let pool = Pool(Arc::new(Connections {
        channels: (0..config.connections).map(|_| connect()).collect(),
        next: AtomicUsize::new(0),
    }));
    // In this order: a call that is over before it began still shows in the trace.
    Ok(ClientTraceLayer.layer(ClientDeadlineLayer::new(config.timeout).layer(pool)))
}

fn endpoint(config: &ClientConfig) -> Result<Endpoint, ConfigError> {
    if config.endpoint.starts_with("https://") {
        return Err(refused(config, "; for TLS, set `auth.client`"));
    }
    if !config.endpoint.starts_with("http://") {
        return Err(refused(config, ""));
    }
    let endpoint =
        Endpoint::from_shared(config.endpoint.clone()).map_err(|error| refused(config, &format!(" ({error})")))?;
    Ok(endpoint
        .connect_timeout(config.connect_timeout)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(config.keepalive_interval)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true))
}

fn refused(config: &ClientConfig, why: &str) -> ConfigError {
    let message = format!("found `{}`, expected an address such as `http://localhost:7070`{why}", config.endpoint);
    ConfigError::of(Problem::at("endpoint", message))
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
    type Error = Status;
    type Future = PoolFuture;

    /// Always ready: the wait for a connection's turn is part of the call, so that the deadline covers it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> PoolFuture {
        let turn = self.0.next.fetch_add(1, Ordering::Relaxed) % self.0.channels.len();
        PoolFuture { inner: self.0.channels[turn].clone().oneshot(request) }
    }
}

pin_project! {
    /// A call on one of the connections.
    pub struct PoolFuture {
        #[pin]
        inner: Oneshot<transport::Channel, Request<Body>>,
    }
}

impl Future for PoolFuture {
    type Output = Result<Response<Body>, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(cx).map_err(broken)
    }
}

/// What a connection that failed means to the caller. tonic calls some of these failures CANCELLED (a connection that
/// closed before the call went out, as after its maximum age) or UNKNOWN, which nobody retries. gRPC's own mapping of
/// failed transports is UNAVAILABLE.
fn broken(error: transport::Error) -> Status {
    let status = Status::from_error(Box::new(error));
    match status.code() {
        Code::Cancelled | Code::Unknown => Status::unavailable(format!("the connection failed: {}", status.message())),
        _ => status,
    }
}
