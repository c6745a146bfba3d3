//! A service that does what a test tells it, and the server round it.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    sync::Arc,
    task::Poll,
};

use futures::{Stream, StreamExt as _, future::BoxFuture, stream::BoxStream};
use leadrouter_kit::{
    auth::{Permissions, Role, Rules, Security},
    client::{self, Channel, ClientConfig},
    clock::Clock,
    config::{AuthConfig, LimitsConfig},
    lifecycle::Lifecycle,
    server::{GrpcServer, Running},
};
use prost::Message as _;
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status,
    body::Body,
    client::Grpc,
    codegen::{Service, http},
    server::{NamedService, ServerStreamingService, UnaryService},
};
use tonic_prost::ProstCodec;

pub(crate) const CALL: &str = "/test.v1.Probe/Call";
pub(crate) const RESERVED: &str = "/test.v1.Probe/Reserved";
pub(crate) const WATCH: &str = "/test.v1.Probe/Watch";

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Text {
    #[prost(string, tag = "1")]
    pub(crate) text: String,
}

pub(crate) fn text(text: impl Into<String>) -> Text {
    Text { text: text.into() }
}

type Answer = Result<Response<Text>, Status>;
type Answers = BoxStream<'static, Result<Text, Status>>;

/// What the service does. The path tells the methods apart.
pub(crate) trait Handler: Send + Sync + 'static {
    fn call(&self, path: &str, request: Request<Text>) -> BoxFuture<'static, Answer>;

    fn watch(&self) -> Answers {
        futures::stream::pending().boxed()
    }
}

impl<F, Fut> Handler for F
where
    F: Fn(String, Request<Text>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Answer> + Send + 'static,
{
    fn call(&self, path: &str, request: Request<Text>) -> BoxFuture<'static, Answer> {
        Box::pin(self(path.to_owned(), request))
    }
}

pub(crate) struct Probe<H>(Arc<H>);

impl<H> Probe<H> {
    pub(crate) fn new(handler: H) -> Self {
        Self(Arc::new(handler))
    }
}

impl<H> Clone for Probe<H> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<H> NamedService for Probe<H> {
    const NAME: &'static str = "test.v1.Probe";
}

struct Method<H>(Arc<H>, String);

impl<H: Handler> UnaryService<Text> for Method<H> {
    type Response = Text;
    type Future = BoxFuture<'static, Answer>;

    fn call(&mut self, request: Request<Text>) -> Self::Future {
        self.0.call(&self.1, request)
    }
}

impl<H: Handler> ServerStreamingService<Text> for Method<H> {
    type Response = Text;
    type ResponseStream = Answers;
    type Future = BoxFuture<'static, Result<Response<Answers>, Status>>;

    fn call(&mut self, _: Request<Text>) -> Self::Future {
        let answers = self.0.watch();
        Box::pin(async move { Ok(Response::new(answers)) })
    }
}

impl<H: Handler> Service<http::Request<Body>> for Probe<H> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = Method(Arc::clone(&self.0), request.uri().path().to_owned());
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(ProstCodec::default());
            Ok(if method.1 == WATCH {
                grpc.server_streaming(method, request).await
            } else {
                grpc.unary(method, request).await
            })
        })
    }
}

/// The role of those who may call the probe.
pub(crate) const CALLER: Role = Role { name: "caller", permissions: Permissions::of(&[MAY_CALL]) };
/// Has a permission, only not the one that is needed.
pub(crate) const STRANGER: Role = Role { name: "stranger", permissions: Permissions::of(&[MAY_CALL + 1]) };
pub(crate) const RULES: Rules = Rules { roles: &[CALLER, STRANGER], permission_name: |_| "MAY_CALL", ..Rules::NONE };
const MAY_CALL: i32 = 1;

/// A file of descriptors, with the option that the types of `prost-types` have no place for.
#[derive(Clone, PartialEq, prost::Message)]
struct Files {
    #[prost(message, repeated, tag = "1")]
    file: Vec<File>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct File {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    package: String,
    #[prost(message, repeated, tag = "6")]
    service: Vec<Described>,
    #[prost(string, tag = "12")]
    syntax: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Described {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    method: Vec<DescribedMethod>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct DescribedMethod {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "4")]
    options: Option<Options>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Options {
    #[prost(int32, tag = "50811")]
    permission: i32,
}

/// The probe's descriptors, encoded.
pub(crate) fn descriptors() -> &'static [u8] {
    let method = |name: &str, permission| DescribedMethod { name: name.into(), options: Some(Options { permission }) };
    let mut methods = ["Call", "Reserved", "Watch"].map(|name| method(name, MAY_CALL)).to_vec();
    methods.push(DescribedMethod { name: "Forgotten".into(), options: None });
    let service = Described { name: "Probe".into(), method: methods };
    let file = File {
        name: "test/v1/probe.proto".into(),
        package: "test.v1".into(),
        service: vec![service],
        syntax: "proto3".into(),
    };
    Files { file: vec![file] }.encode_to_vec().leak()
}

/// No credentials, but the probe's rules.
pub(crate) fn believing(auth: &AuthConfig) -> Arc<Security> {
    Arc::new(Security::load(auth, RULES, Clock::system()).unwrap())
}

/// A server with one probe, and the life that it shares.
pub(crate) struct Server {
    pub(crate) running: Running,
    pub(crate) life: Lifecycle,
}

impl Server {
    pub(crate) async fn start<H: Handler>(limits: &LimitsConfig, handler: H) -> Self {
        let life = Lifecycle::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = GrpcServer::new("probe", limits, believing(&AuthConfig::default()))
            .service(Probe::new(handler))
            .descriptor_set(descriptors())
            .reserve(RESERVED);
        Self { running: server.serve(listener, &life).await.unwrap(), life }
    }

    pub(crate) fn channel(&self) -> Channel {
        client::channel(&ClientConfig::new(format!("http://{}", self.running.address)), None).unwrap()
    }
}

pub(crate) async fn call(channel: &Channel, path: &'static str, request: impl tonic::IntoRequest<Text>) -> Answer {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.unwrap();
    grpc.unary(request.into_request(), http::uri::PathAndQuery::from_static(path), ProstCodec::default()).await
}

pub(crate) async fn watch(
    channel: &Channel,
) -> Result<Pin<Box<dyn Stream<Item = Result<Text, Status>> + Send>>, Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.unwrap();
    let request = Request::new(text(""));
    let path = http::uri::PathAndQuery::from_static(WATCH);
    let codec: ProstCodec<Text, Text> = ProstCodec::default();
    Ok(grpc.server_streaming(request, path, codec).await?.into_inner().boxed())
}

/// A handler that answers with what it was sent.
pub(crate) fn echo(_: String, request: Request<Text>) -> Ready<Answer> {
    ready(Ok(Response::new(request.into_inner())))
}
