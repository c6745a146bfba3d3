//! What every server has beside its own services: reflection, callers, names.

use futures::{StreamExt as _, stream};
use leadrouter_kit::{
    auth::Caller,
    config::{AuthConfig, AuthMode, LimitsConfig},
    lifecycle::Lifecycle,
    server::GrpcServer,
};
use tokio::net::TcpListener;
use tonic::{Code, Request, Response};
use tonic_reflection::pb::{v1, v1alpha};

use crate::probe::{CALL, Server, Text, believing, call, echo, text};

const SERVICES: [&str; 4] = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "test.v1.Probe",
];

#[tokio::test]
async fn reflection_answers_in_v1() {
    use v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };
    let server = Server::start(&LimitsConfig::default(), echo).await;
    let ask = |request| ServerReflectionRequest { host: String::new(), message_request: Some(request) };
    let requests = [
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol("test.v1.Probe".into())),
    ];
    let mut client = ServerReflectionClient::new(server.channel());
    let mut answers = client.server_reflection_info(stream::iter(requests)).await.unwrap().into_inner();
    let MessageResponse::ListServicesResponse(list) = answers.next().await.unwrap().unwrap().message_response.unwrap()
    else {
        unreachable!("a list was asked for")
    };
    let mut names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    names.sort();
    assert_eq!(names, SERVICES);
    let file = answers.next().await.unwrap().unwrap().message_response.unwrap();
    assert!(matches!(file, MessageResponse::FileDescriptorResponse(_)), "{file:?}");
}

#[tokio::test]
async fn reflection_answers_in_v1alpha() {
    use v1alpha::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };
    let server = Server::start(&LimitsConfig::default(), echo).await;
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(server.channel());
    let mut answers = client.server_reflection_info(stream::iter([request])).await.unwrap().into_inner();
    let answer = answers.next().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(list) = answer else { unreachable!("a list was asked for") };
    assert_eq!(list.service.len(), SERVICES.len());
}

#[tokio::test]
async fn handlers_know_their_caller() {
    let server = Server::start(&LimitsConfig::default(), async |_: String, request: Request<Text>| {
        let caller = Caller::of(request.extensions()).unwrap();
        Ok(Response::new(text(format!("{} {}", caller.tenant, caller.actor))))
    })
    .await;
    let channel = server.channel();
    assert_eq!(call(&channel, CALL, text("")).await.unwrap().into_inner().text, "default anonymous");

    let mut request = Request::new(text(""));
    request.metadata_mut().insert("leadrouter-tenant", "acme".parse().unwrap());
    request.metadata_mut().insert("leadrouter-actor", "crm".parse().unwrap());
    assert_eq!(call(&channel, CALL, request).await.unwrap().into_inner().text, "acme crm");

    let mut request = Request::new(text(""));
    request.metadata_mut().insert("leadrouter-tenant", "Acme".parse().unwrap());
    let status = call(&channel, CALL, request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("leadrouter-tenant"), "{}", status.message());
}

#[tokio::test]
async fn a_server_that_strangers_could_reach_does_not_start() {
    let start = async |mode| {
        let security = believing(&AuthConfig { mode, ..AuthConfig::default() });
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        GrpcServer::new("probe", &LimitsConfig::default(), security).serve(listener, &Lifecycle::new()).await
    };
    let error = start(AuthMode::Dev).await.unwrap_err().to_string();
    assert!(error.contains("`auth.mode: trusted-network`"), "{error}");
    start(AuthMode::TrustedNetwork).await.unwrap();
}
