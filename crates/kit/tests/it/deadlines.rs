use std::{future::pending, time::Duration};

use futures::future::join_all;
use leadrouter_kit::{config::LimitsConfig, deadline::Deadline};
use tokio::{net::TcpListener, sync::mpsc};
use tonic::{Code, Request, Response, Status, codegen::tokio_stream::wrappers::TcpListenerStream};

use crate::{
    probe::{CALL, Server, Text, WATCH, call, echo, text},
    raw::{Raw, status},
};

const DEADLINE_EXCEEDED: i32 = Code::DeadlineExceeded as i32;

async fn never(_: String, _: Request<Text>) -> Result<Response<Text>, Status> {
    pending().await
}

/// tonic has a timer on the same header, outside of ours; it must lose each time.
#[tokio::test]
async fn the_callers_deadline_is_answered_as_such() {
    let server = Server::start(&LimitsConfig::default(), never).await;
    let raw = Raw::connect(server.running.address).await;
    let calls = (1..=40).map(|millis| {
        let raw = &raw;
        async move { raw.call(CALL, &[("grpc-timeout", &format!("{millis}m"))]).await.unwrap() }
    });
    for headers in join_all(calls).await {
        assert_eq!(status(&headers), DEADLINE_EXCEEDED, "{headers:?}");
    }
}

/// The negative control of the test above: without our layer the answer is CANCELLED.
#[tokio::test]
async fn tonic_alone_calls_it_cancelled() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tonic::transport::Server::builder()
        .add_service(crate::probe::Probe::new(never))
        .serve_with_incoming(TcpListenerStream::new(listener));
    let client = async {
        let headers = Raw::connect(address).await.call(CALL, &[("grpc-timeout", "5m")]).await.unwrap();
        assert_eq!(status(&headers), Code::Cancelled as i32);
    };
    tokio::select! {
        _ = serving => unreachable!("it serves until the test ends"),
        () = client => {}
    }
}

#[tokio::test]
async fn the_default_ends_a_call_that_brings_none() {
    let limits = LimitsConfig { default_deadline: Duration::from_millis(5), ..LimitsConfig::default() };
    let server = Server::start(&limits, never).await;
    let headers = Raw::connect(server.running.address).await.call(CALL, &[]).await.unwrap();
    assert_eq!(status(&headers), DEADLINE_EXCEEDED);
}

#[tokio::test]
async fn a_stream_ends_with_its_deadline() {
    let server = Server::start(&LimitsConfig::default(), never).await;
    let headers = Raw::connect(server.running.address).await.call(WATCH, &[("grpc-timeout", "5m")]).await.unwrap();
    assert_eq!(status(&headers), DEADLINE_EXCEEDED);
}

#[tokio::test]
async fn the_handler_is_dropped_when_it_is_over() {
    let (held, mut dropped) = mpsc::channel::<()>(1);
    let handler = move |_: String, _: Request<Text>| {
        let held = held.clone();
        async move {
            let _held = held;
            pending::<Result<Response<Text>, Status>>().await
        }
    };
    let server = Server::start(&LimitsConfig::default(), handler).await;
    let raw = Raw::connect(server.running.address).await;
    assert_eq!(status(&raw.call(CALL, &[("grpc-timeout", "5m")]).await.unwrap()), DEADLINE_EXCEEDED);
    // Ends once the server, and with it the handler's own sender, is gone; a handler that goes on would keep its copy.
    server.life.abort().await;
    assert_eq!(dropped.recv().await, None);
}

#[tokio::test]
async fn nothing_begins_after_the_deadline() {
    let (began, mut begins) = mpsc::unbounded_channel();
    let handler = move |_: String, request: Request<Text>| {
        began.send(()).unwrap();
        async move { Ok(Response::new(request.into_inner())) }
    };
    let server = Server::start(&LimitsConfig::default(), handler).await;
    let raw = Raw::connect(server.running.address).await;
    assert_eq!(status(&raw.call(CALL, &[("grpc-timeout", "0n")]).await.unwrap()), DEADLINE_EXCEEDED);
    let over = Deadline::after(Duration::ZERO);
    let error = over.scope(call(&server.channel(), CALL, text(""))).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert!(begins.try_recv().is_err());
}

/// Two servers: the first calls the second within the time that its own caller gave it.
#[tokio::test]
async fn what_is_left_goes_downstream() {
    let back = Server::start(&LimitsConfig::default(), async |_: String, request: Request<Text>| {
        let header = request.metadata().get("grpc-timeout").unwrap().to_str().unwrap().to_owned();
        assert!(request.extensions().get::<Deadline>().unwrap().remaining() <= Duration::from_secs(7));
        Ok(Response::new(text(header)))
    })
    .await;
    let channel = back.channel();
    let front = Server::start(&LimitsConfig::default(), move |_: String, _: Request<Text>| {
        let channel = channel.clone();
        async move { call(&channel, CALL, text("")).await }
    })
    .await;
    let mut request = Request::new(text(""));
    request.set_timeout(Duration::from_secs(7));
    let answer = call(&front.channel(), CALL, request).await.unwrap().into_inner().text;
    let (digits, unit) = answer.split_at(answer.len() - 1);
    let micros: u64 = digits.parse().unwrap();
    assert_eq!(unit, "u");
    assert!((6_000_000..7_000_000).contains(&micros), "{answer}");
}

#[tokio::test]
async fn our_client_says_deadline_exceeded_too() {
    let server = Server::start(&LimitsConfig::default(), never).await;
    let calls = (1..=40).map(|millis| {
        let channel = server.channel();
        async move {
            let mut request = Request::new(text(""));
            request.set_timeout(Duration::from_millis(millis));
            call(&channel, CALL, request).await.unwrap_err().code()
        }
    });
    assert!(join_all(calls).await.into_iter().all(|code| code == Code::DeadlineExceeded));
}

#[tokio::test]
async fn a_timeout_that_can_not_be_read_is_refused_by_name() {
    let server = Server::start(&LimitsConfig::default(), echo).await;
    let raw = Raw::connect(server.running.address).await;
    let headers = raw.call(CALL, &[("grpc-timeout", "soon")]).await.unwrap();
    assert_eq!(status(&headers), Code::InvalidArgument as i32);
    assert!(headers["grpc-message"].to_str().unwrap().contains("grpc-timeout"));
}
