//! Who calls. Until callers have credentials, they say it themselves, and are believed (see
//! [`AuthMode`](crate::config::AuthMode) for where that is allowed).

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Request, Response};
use tonic::Status;
use tower::{Layer, Service};

use crate::refusal::{self, Gated};

/// Metadata that names the tenant.
pub const TENANT_HEADER: &str = "leadrouter-tenant";
/// Metadata that names who acts: a person or a system, as the caller knows them.
pub const ACTOR_HEADER: &str = "leadrouter-actor";

const DEFAULT_TENANT: &str = "default";
const DEFAULT_ACTOR: &str = "anonymous";
const MAX_TENANT: usize = 63;
const MAX_ACTOR: usize = 120;

/// Who calls. In the extensions of every request that reaches a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant's name, a slug: 1 to 63 of `a-z`, `0-9` and `-`, not led by `-`. `default` if the caller names none.
    pub tenant: Arc<str>,
    /// Who acts: 1 to 120 printable ASCII characters. `anonymous` if the caller names none.
    pub actor: Arc<str>,
}

impl Caller {
    /// The caller of a request, from its extensions. `None` only in a server without this crate's stack.
    pub fn of(extensions: &http::Extensions) -> Option<&Self> {
        extensions.get()
    }
}

/// Names tenant and actor in the metadata of a call, as a service does that acts for somebody. What can't stand in metadata
/// is left out, and the callee's defaults hold.
pub fn name_caller(metadata: &mut tonic::metadata::MetadataMap, tenant: &str, actor: &str) {
    for (header, value) in [(TENANT_HEADER, tenant), (ACTOR_HEADER, actor)] {
        if let Ok(value) = value.parse() {
            metadata.insert(header, value);
        }
    }
}

/// Applies [`Auth`].
#[derive(Debug, Clone)]
pub struct AuthLayer {
    nobody: Caller,
}

impl AuthLayer {
    /// Callers who name nothing get one shared `Caller`.
    pub fn new() -> Self {
        Self { nobody: Caller { tenant: DEFAULT_TENANT.into(), actor: DEFAULT_ACTOR.into() } }
    }

    fn caller(&self, headers: &HeaderMap) -> Result<Caller, Status> {
        let tenant = match single(headers, TENANT_HEADER)? {
            None => Arc::clone(&self.nobody.tenant),
            Some(tenant) => tenant_slug(tenant).ok_or_else(invalid_tenant)?,
        };
        let actor = match single(headers, ACTOR_HEADER)? {
            None => Arc::clone(&self.nobody.actor),
            Some(actor) => printable(actor).ok_or_else(invalid_actor)?,
        };
        Ok(Caller { tenant, actor })
    }
}

impl Default for AuthLayer {
    fn default() -> Self {
        Self::new()
    }
}

/// The header's one value. Two would let a proxy and this server disagree on which one counts.
fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a [u8]>, Status> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    match values.next() {
        None => Ok(first.map(http::HeaderValue::as_bytes)),
        Some(_) => Err(refusal::invalid_metadata(name, "one value, found several")),
    }
}

/// Whether a tenant may be named so: 1 to 63 of `a-z`, `0-9` and `-`, not led by `-`.
pub fn is_tenant(name: &str) -> bool {
    (1..=MAX_TENANT).contains(&name.len())
        && !name.starts_with('-')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn tenant_slug(value: &[u8]) -> Option<Arc<str>> {
    std::str::from_utf8(value).ok().filter(|name| is_tenant(name)).map(Arc::from)
}

fn printable(value: &[u8]) -> Option<Arc<str>> {
    let fits = (1..=MAX_ACTOR).contains(&value.len()) && value.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
    if fits { std::str::from_utf8(value).ok().map(Arc::from) } else { None }
}

fn invalid_tenant() -> Status {
    refusal::invalid_metadata(TENANT_HEADER, "1 to 63 characters of a-z, 0-9 and -, the first a letter or digit")
}

fn invalid_actor() -> Status {
    refusal::invalid_metadata(ACTOR_HEADER, "1 to 120 printable ASCII characters")
}

impl<S> Layer<S> for AuthLayer {
    type Service = Auth<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Auth { inner, layer: self.clone() }
    }
}

/// Puts the [`Caller`] into the request's extensions, or answers `INVALID_ARGUMENT` naming the header.
#[derive(Debug, Clone)]
pub struct Auth<S> {
    inner: S,
    layer: AuthLayer,
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for Auth<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    ResB: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Gated<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqB>) -> Self::Future {
        match self.layer.caller(request.headers()) {
            Ok(caller) => {
                request.extensions_mut().insert(caller);
                Gated::open(self.inner.call(request), ())
            }
            Err(status) => Gated::closed(status),
        }
    }
}

#[cfg(test)]
mod tests;
