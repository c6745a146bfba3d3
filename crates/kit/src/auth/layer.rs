//! The layer that lets in who may call.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::future::BoxFuture;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tonic::{Code, Status};
use tower::{Layer, Service};

use super::{
    Caller, Known, Security,
    access::{Access, Need},
    audit::Audited,
    believed::Believed,
    credentials::{Answer, Credentials},
    quota::Quotas,
};
use crate::refusal::Gated;

/// Applies [`Auth`].
#[derive(Debug, Clone)]
pub struct AuthLayer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    access: Access,
    callers: Callers,
    quotas: Arc<Quotas>,
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
    Open(Option<Caller>, Option<Audited>),
    Closed(Status),
    Later(BoxFuture<'static, Result<Known, Status>>),
}

impl AuthLayer {
    /// Callers are known as `security` has it, and may call what `access` gives their role.
    pub(crate) fn new(security: &Security, access: Access) -> Self {
        let callers =
            security.credentials().map_or_else(|| Callers::Believed(Believed::new(security.rules())), Callers::Known);
        Self(Arc::new(Inner { access, callers, quotas: security.quotas() }))
    }

    fn admit<B>(&self, request: &Request<B>) -> Admission {
        let Inner { access, callers, .. } = &*self.0;
        let path = request.uri().path();
        if access.need(path) == Some(Need::Nothing) {
            return Admission::Open(None, None);
        }
        let known = match callers {
            Callers::Believed(believed) => believed.caller(request.headers()),
            Callers::Known(credentials) => match credentials.caller(request) {
                Answer::Known(known) => known,
                Answer::Later(known) => return Admission::Later(known),
            },
        };
        match known.and_then(|known| self.check(path, known)) {
            Ok((caller, audited)) => Admission::Open(Some(caller), audited),
            Err(status) => Admission::Closed(status),
        }
    }

    /// The caller, if they may call the method at `path`, and not too often. What is to be told is told also of those who may not.
    fn check(&self, path: &str, known: Known) -> Result<(Caller, Option<Audited>), Status> {
        let Known { caller, role, account } = known;
        let Inner { access, quotas, .. } = &*self.0;
        // What is refused for want of a permission counts as well.
        let within_quota = account.map_or(Ok(()), |account| quotas.admit(&account, &caller.tenant));
        let audited = access.is_audited(path).then(|| Audited::new(caller.clone(), path));
        match (within_quota.and_then(|()| access.check(path, role)), audited) {
            (Ok(()), audited) => Ok((caller, audited)),
            (Err(status), audited) => {
                if let Some(audited) = audited {
                    audited.end(status.code());
                }
                Err(status)
            }
        }
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
            Admission::Open(caller, audited) => {
                if let Some(caller) = caller {
                    request.extensions_mut().insert(caller);
                }
                AuthFuture::now(Gated::open(self.inner.call(request), ()), audited)
            }
            Admission::Closed(status) => AuthFuture::now(Gated::closed(status), None),
            Admission::Later(known) => {
                // The service that is ready must be the one that is called (tower #547).
                let clone = self.inner.clone();
                let mut inner = std::mem::replace(&mut self.inner, clone);
                let layer = self.layer.clone();
                let decided = async move {
                    match known.await.and_then(|known| layer.check(request.uri().path(), known)) {
                        Ok((caller, audited)) => {
                            request.extensions_mut().insert(caller);
                            let result = inner.call(request).await;
                            tell(audited, &result);
                            result
                        }
                        Err(status) => Ok(status.into_http()),
                    }
                };
                AuthFuture { when: When::Later { inner: Box::pin(decided) }, audited: None }
            }
        }
    }
}

pin_project! {
    /// The future of [`Auth`]: nearly always decided at once.
    pub struct AuthFuture<F, R, E> {
        #[pin]
        when: When<F, R, E>,
        audited: Option<Audited>,
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
    const fn now(inner: Gated<F>, audited: Option<Audited>) -> Self {
        Self { when: When::Now { inner }, audited }
    }
}

impl<F, B, E> Future for AuthFuture<F, Response<B>, E>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = match this.when.project() {
            WhenProjected::Now { inner } => ready!(inner.poll(cx)),
            WhenProjected::Later { inner } => ready!(inner.as_mut().poll(cx)),
        };
        tell(this.audited.take(), &result);
        Poll::Ready(result)
    }
}

/// Tells how an audited call ended. An answer that goes well has its status behind its body.
fn tell<B, E>(audited: Option<Audited>, result: &Result<Response<B>, E>) {
    let Some(audited) = audited else { return };
    audited.end(match result {
        Ok(response) => Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code()),
        Err(_) => Code::Unknown,
    });
}
