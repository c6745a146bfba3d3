//! Whoever is refused finds a reason, also when no handler was asked.

use leadrouter_kit::{config::LimitsConfig, refusal::ERROR_DOMAIN};
use tonic::{Code, Request, Response, Status, codegen::http::StatusCode};
use tonic_types::StatusExt as _;

use crate::{
    probe::{CALL, Server, Text, call, echo, text},
    raw::Raw,
};

const GRPC: (&str, &str) = ("content-type", "application/grpc");

fn told(status: &Status) -> (Code, String) {
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("{status:?} has no ErrorInfo"));
    assert_eq!(info.domain, ERROR_DOMAIN);
    assert!(!status.message().is_empty());
    (status.code(), info.reason)
}

#[tokio::test]
async fn what_no_handler_has_seen_is_refused_with_a_reason() {
    let server = Server::start(&LimitsConfig::default(), echo).await;
    let channel = server.channel();
    let error = call(&channel, "/test.v1.Nobody/Call", text("")).await.unwrap_err();
    assert_eq!(told(&error), (Code::Unimplemented, "NOT_SUPPORTED".to_owned()));
    let error = call(&channel, CALL, text("x".repeat(5 << 20))).await.unwrap_err();
    assert_eq!(told(&error), (Code::OutOfRange, "MESSAGE_TOO_LARGE".to_owned()));
    assert!(error.message().contains("4194304"), "{error:?}");

    let raw = Raw::connect(server.running.address).await;
    let send = async |headers: &[(&str, &str)], body| {
        let (http, headers) = raw.send(CALL, headers, body).await.unwrap();
        assert_eq!(http, StatusCode::OK);
        told(&Status::from_header_map(&headers).unwrap())
    };
    let malformed = (Code::Internal, "MALFORMED_CALL".to_owned());
    // No message, one that ends too early, one that is none, and one that is packed in an unknown way.
    assert_eq!(send(&[GRPC], b"").await, malformed);
    assert_eq!(send(&[GRPC], &[0, 0, 0, 0, 9, 1]).await, malformed);
    assert_eq!(send(&[GRPC], &[0, 0, 0, 0, 1, 0xff]).await, malformed);
    assert_eq!(send(&[GRPC], &[7, 0, 0, 0, 0]).await, malformed);
    let packed = send(&[GRPC, ("grpc-encoding", "br")], &[1, 0, 0, 0, 0]).await;
    assert_eq!(packed, (Code::Unimplemented, "NOT_SUPPORTED".to_owned()));
}

#[tokio::test]
async fn what_a_handler_says_stays_as_it_is() {
    let server = Server::start(&LimitsConfig::default(), async |_: String, request: Request<Text>| {
        match request.into_inner().text.as_str() {
            "fine" => Ok(Response::new(text("fine"))),
            _ => Err(leadrouter_kit::refusal::overloaded()),
        }
    })
    .await;
    let channel = server.channel();
    assert_eq!(call(&channel, CALL, text("fine")).await.unwrap().into_inner().text, "fine");
    let error = call(&channel, CALL, text("")).await.unwrap_err();
    assert_eq!(told(&error), (Code::ResourceExhausted, "OVERLOADED".to_owned()));
    assert!(error.get_details_retry_info().is_some());
}

#[tokio::test]
async fn what_is_not_grpc_is_an_unsupported_media_type() {
    let server = Server::start(&LimitsConfig::default(), echo).await;
    let raw = Raw::connect(server.running.address).await;
    for headers in [&[("content-type", "application/json")] as &[_], &[]] {
        let (http, headers) = raw.send(CALL, headers, b"{}").await.unwrap();
        assert_eq!(http, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        // For those who look for it nonetheless.
        let (code, reason) = told(&Status::from_header_map(&headers).unwrap());
        assert_eq!((code, reason.as_str()), (Code::InvalidArgument, "INVALID_METADATA"));
    }
    let (http, _) = raw.send(CALL, &[("content-type", "application/grpc+proto")], &[0; 5]).await.unwrap();
    assert_eq!(http, StatusCode::OK);
}
