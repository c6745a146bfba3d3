//! The layer that lets in who may call.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tonic::Status;
use tower::{Layer, Service};

use super::{
    Caller, Known, Security,
    access::{Access, Need},
    believed::Believed,
    credentials::{Answer, Credentials},
};
use crate::refusal::Gated;

/// Applies [`Auth`].
#[derive(Debug, Clone)]
pub struct AuthLayer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    access: Access,
    callers: Callers,
}

/// How callers are known.
#[derive(Debug)]
enum Callers {
    Believed(Believed),
    Known(Arc<Credentials>),
}

/// What is done with a call.
enum Admission {
    /// It goes on, with its caller unless nobody needs to be known.
    Open(Option<Caller>),
    Closed(Status),
    Later(BoxFuture<'static, Result<Known, Status>>),
}

impl AuthLayer {
    /// Callers are known as `security` has it, and may call what `access` gives their role.
    pub(crate) fn new(security: &Security, access: Access) -> Self {
        let callers =
            security.credentials().map_or_else(|| Callers::Believed(Believed::new(security.rules())), Callers::Known);
        Self(Arc::new(Inner { access, callers }))
    }

    fn admit<B>(&self, request: &Request<B>) -> Admission {
        let Inner { access, callers } = &*self.0;
        let path = request.uri().path();
        if access.need(path) == Some(Need::Nothing) {
            return Admission::Open(None);
        }
        let known = match callers {
            Callers::Believed(believed) => believed.caller(request.headers()),
            Callers::Known(credentials) => match credentials.caller(request) {
                Answer::Known(known) => known,
                Answer::Later(known) => return Admission::Later(known),
            },
        };
        match known.and_then(|known| self.check(path, known)) {
            Ok(caller) => Admission::Open(Some(caller)),
            Err(status) => Admission::Closed(status),
        }
    }

    fn check(&self, path: &str, known: Known) -> Result<Caller, Status> {
        self.0.access.check(path, known.role)?;
        Ok(known.caller)
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
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone + Send + 'static,
    S::Future: Send,
    ReqB: Send + 'static,
    ResB: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = AuthFuture<S::Future, S::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqB>) -> Self::Future {
        match self.layer.admit(&request) {
            Admission::Open(caller) => {
                if let Some(caller) = caller {
                    request.extensions_mut().insert(caller);
                }
                AuthFuture::now(Gated::open(self.inner.call(request), ()))
            }
            Admission::Closed(status) => AuthFuture::now(Gated::closed(status)),
            Admission::Later(known) => {
                // The service that is ready must be the one that is called (tower #547).
                let clone = self.inner.clone();
                let mut inner = std::mem::replace(&mut self.inner, clone);
                let layer = self.layer.clone();
                let decided = async move {
                    match known.await.and_then(|known| layer.check(request.uri().path(), known)) {
                        Ok(caller) => {
                            request.extensions_mut().insert(caller);
                            inner.call(request).await
                        }
                        Err(status) => Ok(status.into_http()),
                    }
                };
                AuthFuture { when: When::Later { inner: Box::pin(decided) } }
            }
        }
    }
}

pin_project! {
    /// The future of [`Auth`]: nearly always decided at once.
    pub struct AuthFuture<F, R, E> {
        #[pin]
        when: When<F, R, E>,
    }
}

pin_project! {
    #[project = WhenProjected]
    enum When<F, R, E> {
        Now { #[pin] inner: Gated<F> },
        Later { inner: BoxFuture<'static, Result<R, E>> },
    }
}

impl<F, R, E> AuthFuture<F, R, E> {
    const fn now(inner: Gated<F>) -> Self {
        Self { when: When::Now { inner } }
    }
}

impl<F, B, E> Future for AuthFuture<F, Response<B>, E>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().when.project() {
            WhenProjected::Now { inner } => inner.poll(cx),
            WhenProjected::Later { inner } => inner.as_mut().poll(cx),
        }
    }
}
