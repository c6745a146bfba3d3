use std::sync::Arc;

use leadrouter_kit::config::LimitsConfig;
use tokio::sync::{Notify, Semaphore, mpsc};
use tonic::{Code, Request, Response};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_types::StatusExt as _;

use crate::probe::{CALL, RESERVED, Server, Text, call, text};

fn limits() -> LimitsConfig {
    LimitsConfig { max_in_flight: 2, reserve: 1, ..LimitsConfig::default() }
}

/// The limit is over all connections: each call below comes on one of its own.
#[tokio::test]
async fn too_much_is_shed_and_the_reserve_is_kept() {
    let (began, mut begins) = mpsc::unbounded_channel();
    let finish = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&finish);
    let handler = move |path: String, request: Request<Text>| {
        began.send(()).unwrap();
        let gate = Arc::clone(&gate);
        async move {
            if path == CALL {
                let _passed = gate.acquire().await.unwrap();
            }
            Ok(Response::new(request.into_inner()))
        }
    };
    let server = Server::start(&limits(), handler).await;

    let channel = server.channel();
    let first = call(&channel, CALL, text("first"));
    let others = async {
        begins.recv().await.unwrap();
        let shed = call(&server.channel(), CALL, text("second")).await.unwrap_err();
        assert_eq!(shed.code(), Code::ResourceExhausted);
        let details = shed.get_error_details();
        assert!(details.retry_info().unwrap().retry_delay.is_some_and(|delay| !delay.is_zero()));
        assert_eq!(details.error_info().unwrap().reason, "OVERLOADED");

        assert_eq!(call(&server.channel(), RESERVED, text("timers")).await.unwrap().into_inner(), text("timers"));
        HealthClient::new(server.channel()).check(HealthCheckRequest::default()).await.unwrap();
        finish.add_permits(1);
    };
    let (first, ()) = tokio::join!(first, others);
    assert_eq!(first.unwrap().into_inner(), text("first"));
    // Its place is free again.
    call(&server.channel(), CALL, text("third")).await.unwrap();
}

/// A caller who hangs up gives the place back.
#[tokio::test]
async fn a_cancelled_call_gives_its_place_back() {
    let (began, mut begins) = mpsc::unbounded_channel();
    let released = Arc::new(Notify::new());
    let told = Arc::clone(&released);
    let handler = move |_: String, request: Request<Text>| {
        let guard = OnDrop(Arc::clone(&told));
        began.send(()).unwrap();
        async move {
            let _guard = guard;
            if request.get_ref().text == "waits" {
                std::future::pending::<()>().await;
            }
            Ok(Response::new(request.into_inner()))
        }
    };
    let server = Server::start(&limits(), handler).await;
    let channel = server.channel();
    {
        let waits = std::pin::pin!(call(&channel, CALL, text("waits")));
        tokio::select! {
            _ = waits => unreachable!("it waits for ever"),
            _ = begins.recv() => {}
        }
    }
    released.notified().await;
    // The place is given back right after the handler is dropped.
    loop {
        match call(&channel, CALL, text("next")).await {
            Ok(_) => break,
            Err(status) => assert_eq!(status.code(), Code::ResourceExhausted),
        }
    }
}

struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}
