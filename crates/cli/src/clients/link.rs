//! One connection, and what every call over it says and waits for.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use anyhow::{Context as _, bail};
use futures::future::BoxFuture;
use http::{HeaderName, HeaderValue, Request, Response, header::AUTHORIZATION};
use tonic::{
    Code, Status,
    body::Body,
    transport::{self, Channel, Endpoint},
};
use tower::{Service, ServiceExt as _};

use crate::credentials::Credentials;

/// How long a call may take that sets no time of its own, as `grpc-timeout` writes it.
const TIMEOUT: HeaderValue = HeaderValue::from_static("30S");
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const TENANT: HeaderName = HeaderName::from_static("leadrouter-tenant");
const ACTOR: HeaderName = HeaderName::from_static("leadrouter-actor");
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A connection that answers no ping for this long is dead.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// For whom calls are made: what their metadata say.
#[derive(Debug, Clone)]
pub struct Caller {
    tenant: Option<HeaderValue>,
    actor: HeaderValue,
}

impl Caller {
    /// `tenant` is a slug, and left to the service if it is not given; `actor` who acts. Errors: one of them can't stand in metadata.
    pub fn new(tenant: Option<&str>, actor: &str) -> anyhow::Result<Self> {
        let value = |text: &str, flag: &str| -> anyhow::Result<HeaderValue> {
            let sendable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
            if !sendable {
                bail!("{flag}: expected printable ASCII characters, found `{}`", text.escape_debug());
            }
            HeaderValue::from_str(text).with_context(|| flag.to_owned())
        };
        Ok(Self {
            tenant: tenant.map(|tenant| value(tenant, "--tenant")).transpose()?,
            actor: value(actor, "--actor")?,
        })
    }
}

/// Reads the address of a service. Errors: what was found and what was expected.
pub fn endpoint(address: &str) -> anyhow::Result<Endpoint> {
    let expected = || format!("found `{address}`, expected an address such as `http://localhost:7070`");
    if !address.starts_with("http://") && !address.starts_with("https://") {
        bail!(expected());
    }
    let endpoint = Endpoint::from_shared(address.to_owned()).with_context(expected)?;
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEPALIVE_TIMEOUT)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT))
}

/// What generated clients are made with: names the caller, bounds the wait, and tells what to do when nothing answers.
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Link {
    channel: Channel,
    caller: Caller,
    credentials: Option<Arc<Credentials>>,
    place: Arc<Place>,
}

/// For messages.
#[derive(Debug)]
struct Place {
    address: String,
    flag: &'static str,
}

impl Link {
    /// Calls over `channel` for `caller`. Messages name `address`, and the command line's `flag` that sets it.
    pub fn new(channel: Channel, caller: Caller, address: &str, flag: &'static str) -> Self {
        let place = Arc::new(Place { address: address.to_owned(), flag });
        Self { channel, caller, credentials: None, place }
    }

    /// The same, with the token of these credentials.
    #[must_use]
    pub fn showing(mut self, credentials: &Credentials) -> Self {
        self.credentials = credentials.token_file.is_some().then(|| Arc::new(credentials.clone()));
        self
    }
}

impl Service<Request<Body>> for Link {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    /// Always ready: waiting for the connection is part of the call.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let headers = request.headers_mut();
        if let Some(tenant) = &self.caller.tenant {
            headers.insert(TENANT, tenant.clone());
        }
        headers.insert(ACTOR, self.caller.actor.clone());
        headers.entry(GRPC_TIMEOUT).or_insert(TIMEOUT);
        let (place, channel, credentials) = (Arc::clone(&self.place), self.channel.clone(), self.credentials.clone());
        Box::pin(async move {
            if let Some(credentials) = credentials
                && let Some(authorization) = credentials.authorization().await?
            {
                request.headers_mut().insert(AUTHORIZATION, authorization);
            }
            channel.oneshot(request).await.map_err(|error| place.broken(error))
        })
    }
}

impl Place {
    /// What a connection that failed means to the caller.
    fn broken(&self, error: transport::Error) -> Status {
        let Self { address, flag } = self;
        let status = Status::from_error(Box::new(error));
        match status.code() {
            // The connection could not be made: tonic knows these errors and calls nothing else so.
            Code::Unavailable => Status::unavailable(format!(
                "nothing answers at {address} ({}); start it with `leadrouter dev`, or name another address with {flag}",
                root_cause(&status)
            )),
            // So it calls the end of our own wait.
            Code::Cancelled if status.message() == "Timeout expired" => Status::deadline_exceeded(format!(
                "no answer came from {address} in time; whether the call had an effect is open"
            )),
            _ => Status::unavailable(format!("the connection to {address} failed: {}", root_cause(&status))),
        }
    }
}

/// The innermost error: what the system said.
fn root_cause(status: &Status) -> String {
    let mut innermost: &dyn std::error::Error = status;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests;
