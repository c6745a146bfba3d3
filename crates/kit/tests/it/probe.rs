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
    client::{self, Channel, ClientConfig},
    config::{AuthMode, LimitsConfig},
    lifecycle::Lifecycle,
    server::{GrpcServer, Running},
};
use prost::Message as _;
use prost_types::{FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto};
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

/// The probe's descriptors, encoded.
pub(crate) fn descriptors() -> &'static [u8] {
    let method = |name: &str| MethodDescriptorProto { name: Some(name.into()), ..Default::default() };
    let service = ServiceDescriptorProto {
        name: Some("Probe".into()),
        method: vec![method("Call"), method("Reserved"), method("Watch")],
        ..Default::default()
    };
    let file = FileDescriptorProto {
        name: Some("test/v1/probe.proto".into()),
        package: Some("test.v1".into()),
        service: vec![service],
        syntax: Some("proto3".into()),
        ..Default::default()
    };
    FileDescriptorSet { file: vec![file] }.encode_to_vec().leak()
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
        let server = GrpcServer::new("probe", limits, AuthMode::Loopback)
            .service(Probe::new(handler))
            .descriptor_set(descriptors())
            .reserve(RESERVED);
        Self { running: server.serve(listener, &life).await.unwrap(), life }
    }

    pub(crate) fn channel(&self) -> Channel {
        client::channel(&ClientConfig::new(format!("http://{}", self.running.address))).unwrap()
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
