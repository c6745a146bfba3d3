//! Who may call what.

use leadrouter_kit::{auth::ROLE_HEADER, config::LimitsConfig, refusal::reason};
use tonic::{Code, Request, Status};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_types::StatusExt as _;

use crate::probe::{CALL, CALLER, STRANGER, Server, Text, call, echo, text};

/// A method of the contract that names no permission.
const FORGOTTEN: &str = "/test.v1.Probe/Forgotten";

fn acting_as(role: &str) -> Request<Text> {
    let mut request = Request::new(text("hello"));
    request.metadata_mut().insert(ROLE_HEADER, role.parse().unwrap());
    request
}

fn denial(status: &Status) -> (Code, String, String) {
    let info = status.get_details_error_info().unwrap();
    (status.code(), info.reason, info.metadata.get("permission").cloned().unwrap_or_default())
}

#[tokio::test]
async fn a_role_may_call_what_it_has_the_permission_for() {
    let server = Server::start(&LimitsConfig::default(), echo).await;
    let channel = server.channel();
    assert_eq!(call(&channel, CALL, acting_as(CALLER.name)).await.unwrap().into_inner().text, "hello");
    let status = call(&channel, CALL, acting_as(STRANGER.name)).await.unwrap_err();
    let expected = (Code::PermissionDenied, reason::METHOD_DENIED.to_owned(), "MAY_CALL".to_owned());
    assert_eq!(denial(&status), expected);
    assert!(status.message().contains("MAY_CALL") && status.message().contains("`stranger`"), "{}", status.message());
}

#[tokio::test]
async fn a_method_without_a_permission_is_denied_to_everybody() {
    let server = Server::start(&LimitsConfig::default(), echo).await;
    let channel = server.channel();
    for request in [Request::new(text("")), acting_as(CALLER.name)] {
        let status = call(&channel, FORGOTTEN, request).await.unwrap_err();
        assert_eq!(denial(&status).0, Code::PermissionDenied);
        assert_eq!(denial(&status).1, reason::METHOD_DENIED);
    }
}

#[tokio::test]
async fn health_answers_those_who_have_no_permission() {
    let server = Server::start(&LimitsConfig::default(), echo).await;
    let mut request = Request::new(HealthCheckRequest::default());
    request.metadata_mut().insert(ROLE_HEADER, STRANGER.name.parse().unwrap());
    HealthClient::new(server.channel()).check(request).await.unwrap();
}
