//! The layer that lets in who may call.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tonic::Status;
use tower::{Layer, Service};

use super::{
    Caller,
    access::{Access, Need},
    believed::Believed,
};
use crate::refusal::Gated;

/// Applies [`Auth`].
#[derive(Debug, Clone)]
pub struct AuthLayer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    access: Access,
    believed: Believed,
}

impl AuthLayer {
    /// Callers are believed, and may call what `access` gives their role.
    pub(crate) fn new(access: Access) -> Self {
        let believed = Believed::new(*access.rules());
        Self(Arc::new(Inner { access, believed }))
    }

    /// The caller of a request, if they may make it; `None` where nobody needs to be known.
    fn admit<B>(&self, request: &Request<B>) -> Result<Option<Caller>, Status> {
        let Inner { access, believed } = &*self.0;
        let path = request.uri().path();
        if access.need(path) == Some(Need::Nothing) {
            return Ok(None);
        }
        let known = believed.caller(request.headers())?;
        access.check(path, known.role)?;
        Ok(Some(known.caller))
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = Auth<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Auth { inner, layer: self.clone() }
    }
}

/// Puts the [`Caller`] into the request's extensions, or refuses the call.
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
        match self.layer.admit(&request) {
            Ok(caller) => {
                if let Some(caller) = caller {
                    request.extensions_mut().insert(caller);
                }
                Gated::open(self.inner.call(request), ())
            }
            Err(status) => Gated::closed(status),
        }
    }
}
