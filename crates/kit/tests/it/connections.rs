use std::{
    collections::HashSet,
    future::{Ready, ready},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use leadrouter_kit::{
    client::{self, ClientConfig},
    config::LimitsConfig,
    incoming::Peer,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::{Semaphore, mpsc},
};
use tonic::{Code, Request, Response};

use crate::probe::{CALL, Server, Text, call, echo, text};

#[tokio::test]
async fn a_peer_that_says_nothing_is_let_go() {
    let limits = LimitsConfig { handshake_timeout: Duration::from_millis(10), ..LimitsConfig::default() };
    let server = Server::start(&limits, echo).await;
    for beginning in ["", "PRI * HTTP/2.0\r\n"] {
        let mut silent = TcpStream::connect(server.running.address).await.unwrap();
        silent.write_all(beginning.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        // An end or a reset, whichever comes first.
        let _ = silent.read_to_end(&mut heard).await;
    }
    // One who talks stays, longer than that.
    let channel = server.channel();
    let (first, second) = (who(&channel).await, {
        let mut silent = TcpStream::connect(server.running.address).await.unwrap();
        let _ = silent.read_to_end(&mut Vec::new()).await;
        who(&channel).await
    });
    assert_eq!(first, second);
}

async fn who(channel: &client::Channel) -> String {
    call(channel, CALL, text("")).await.unwrap().into_inner().text
}

fn address(request: &Request<Text>) -> SocketAddr {
    request.extensions().get::<Peer>().unwrap().address.unwrap()
}

/// A handler that answers with the address of the connection's other end.
#[expect(clippy::needless_pass_by_value, reason = "handlers own their requests")]
fn peer(_: String, request: Request<Text>) -> Ready<Result<Response<Text>, tonic::Status>> {
    ready(Ok(Response::new(text(address(&request).to_string()))))
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_their_turn() {
    let limits = LimitsConfig { max_connections: 1, ..LimitsConfig::default() };
    let server = Server::start(&limits, peer).await;
    let first = TcpStream::connect(server.running.address).await.unwrap();
    let channel = server.channel();
    let waits = who(&channel);
    let mut waits = std::pin::pin!(waits);
    // Whatever the second one sends, nobody reads it while the first is there.
    let nothing = tokio::time::timeout(Duration::from_millis(20), &mut waits).await;
    assert!(nothing.is_err());
    drop(first);
    waits.await;
}

/// Asking a connection to go, for its age, leaves the calls on it alone. (With a grace period it would not.)
#[tokio::test]
async fn an_old_connection_goes_without_breaking_its_calls() {
    let (began, mut begins) = mpsc::unbounded_channel();
    let finish = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&finish);
    let limits = LimitsConfig { max_connection_age: Some(Duration::from_millis(5)), ..LimitsConfig::default() };
    let server = Server::start(&limits, move |_: String, request: Request<Text>| {
        let (gate, began) = (Arc::clone(&gate), began.clone());
        async move {
            if request.get_ref().text == "slow" {
                began.send(address(&request)).unwrap();
                let _passed = gate.acquire().await.unwrap();
            }
            peer(String::new(), request).await
        }
    })
    .await;
    let channel = server.channel();
    let slow = call(&channel, CALL, text("slow"));
    let others = async {
        let old: SocketAddr = begins.recv().await.unwrap();
        // A call that meets the end of the connection is told to try again.
        loop {
            match call(&channel, CALL, text("")).await {
                Ok(answer) if answer.get_ref().text == old.to_string() => {}
                Ok(_) => break,
                Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status:?}"),
            }
        }
        finish.add_permits(1);
        old
    };
    let (slow, old) = tokio::join!(slow, others);
    assert_eq!(slow.unwrap().into_inner().text, old.to_string());
}

#[tokio::test]
async fn calls_take_turns_among_connections() {
    let server = Server::start(&LimitsConfig::default(), peer).await;
    let mut config = ClientConfig::new(format!("http://{}", server.running.address));
    config.connections = 3;
    let channel = client::channel(&config, None).unwrap();
    let mut peers = HashSet::new();
    for _ in 0..9 {
        peers.insert(who(&channel).await);
    }
    assert_eq!(peers.len(), 3);
}

#[tokio::test]
async fn an_address_that_can_not_be_called_is_told() {
    let error = |endpoint: &str| client::channel(&ClientConfig::new(endpoint), None).unwrap_err().to_string();
    for endpoint in ["localhost:7070", "https://localhost", "http://", "http://a b"] {
        let error = error(endpoint);
        assert!(error.contains(endpoint) && error.contains("such as `http://localhost:7070`"), "{error}");
    }
}
