use std::{future::pending, sync::Arc, time::Duration};

use futures::StreamExt as _;
use leadrouter_kit::{
    config::{DrainConfig, LimitsConfig},
    lifecycle::{Drained, Lifecycle},
};
use tokio::{
    net::TcpStream,
    sync::{Semaphore, mpsc},
};
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::probe::{CALL, Server, Text, call, text};

fn quick() -> DrainConfig {
    DrainConfig { timeout: Duration::from_millis(20), ..DrainConfig::default() }
}

#[tokio::test]
async fn a_call_in_flight_finishes_and_nothing_new_is_taken() {
    let (began, mut begins) = mpsc::unbounded_channel();
    let finish = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&finish);
    let server = Server::start(&LimitsConfig::default(), move |_: String, request: Request<Text>| {
        began.send(()).unwrap();
        let gate = Arc::clone(&gate);
        async move {
            let _passed = gate.acquire().await.unwrap();
            Ok(Response::new(request.into_inner()))
        }
    })
    .await;
    let channel = server.channel();
    let in_flight = call(&channel, CALL, text("slow"));
    let end = async {
        begins.recv().await.unwrap();
        let config = DrainConfig::default();
        let drained = server.life.shut_down(&config);
        let watcher = async {
            server.life.stopping().cancelled().await;
            // The listener closes in the server's own task, soon after.
            while TcpStream::connect(server.running.address).await.is_ok() {
                tokio::task::yield_now().await;
            }
            finish.add_permits(1);
        };
        tokio::join!(drained, watcher).0
    };
    let (answer, drained) = tokio::join!(in_flight, end);
    assert_eq!(answer.unwrap().into_inner(), text("slow"));
    assert_eq!(drained, Drained::Clean);
}

#[tokio::test]
async fn what_does_not_finish_is_broken_off() {
    let (held, mut dropped) = mpsc::channel::<()>(1);
    let (began, mut begins) = mpsc::unbounded_channel();
    let server = Server::start(&LimitsConfig::default(), move |_: String, _: Request<Text>| {
        let held = held.clone();
        began.send(()).unwrap();
        async move {
            let _held = held;
            pending::<Result<Response<Text>, Status>>().await
        }
    })
    .await;
    let channel = server.channel();
    let end = async {
        begins.recv().await.unwrap();
        server.life.shut_down(&quick()).await
    };
    let (answer, drained) = tokio::join!(call(&channel, CALL, text("")), end);
    assert_eq!(answer.unwrap_err().code(), Code::Unavailable);
    assert_eq!(drained, Drained::Aborted);
    assert_eq!(dropped.recv().await, None);
}

#[tokio::test]
async fn health_turns_before_anything_is_refused() {
    let server = Server::start(&LimitsConfig::default(), crate::probe::echo).await;
    for service in ["", "test.v1.Probe"] {
        let request = HealthCheckRequest { service: service.into() };
        let status = HealthClient::new(server.channel()).check(request).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::Serving, "{service:?}");
    }
    let request = HealthCheckRequest { service: "test.v1.Probe".into() };
    let mut watch = HealthClient::new(server.channel()).watch(request).await.unwrap().into_inner();
    assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::Serving);

    // It lingers longer than the test lasts, so that what is seen is seen before the end.
    let lingers = DrainConfig { linger: Duration::from_hours(1), ..DrainConfig::default() };
    tokio::select! {
        _ = server.life.shut_down(&lingers) => unreachable!("it lingers for an hour"),
        seen = watch.next() => assert_eq!(seen.unwrap().unwrap().status(), ServingStatus::NotServing),
    }
    assert!(!server.life.stopping().is_cancelled());
    call(&server.channel(), CALL, text("still served")).await.unwrap();
}

#[tokio::test]
async fn background_tasks_are_waited_for_and_then_broken_off() {
    let life = Lifecycle::new();
    let stopping = life.stopping().clone();
    let good = life.spawn(async move {
        stopping.cancelled().await;
        "saw it"
    });
    assert_eq!(life.shut_down(&DrainConfig::default()).await, Drained::Clean);
    assert_eq!(good.await.unwrap(), Some("saw it"));

    let life = Lifecycle::new();
    let stubborn = life.spawn(pending::<()>());
    assert_eq!(life.shut_down(&quick()).await, Drained::Aborted);
    assert_eq!(stubborn.await.unwrap(), None);
}
