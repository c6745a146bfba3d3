//! Accepting connections: how many, how silent they may be, and how they end.

mod connection;
mod handshake;

use std::{io, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use futures::{Stream, StreamExt as _};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::{config::LimitsConfig, lifecycle::Lifecycle};

pub use connection::{Connection, Peer};

/// Pause after an accept that failed for want of something, such as file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The connections of `listener`, at most `max_connections` at a time, over TLS if there is a configuration for it. All of them break
/// when `lifecycle` is aborted.
pub fn incoming(
    listener: TcpListener,
    limits: &LimitsConfig,
    tls: Option<Arc<ArcSwap<ServerConfig>>>,
    lifecycle: &Lifecycle,
) -> impl Stream<Item = io::Result<Connection>> + Send + use<> {
    let accepted = accepted(listener, limits.max_connections);
    let (handshake, aborted) = (limits.handshake_timeout, lifecycle.aborted().clone());
    match tls {
        None => accepted
            .map(move |(stream, place)| Ok(Connection::plain(stream, handshake, aborted.clone(), place)))
            .left_stream(),
        Some(tls) => handshake::secured(accepted, limits, tls, lifecycle).right_stream(),
    }
}

/// Connections as they come, each with its place among those that there may be.
fn accepted(listener: TcpListener, most: usize) -> impl Stream<Item = (TcpStream, OwnedSemaphorePermit)> + Send {
    let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    futures::stream::unfold((listener, places), |(listener, places)| async move {
        let place = Arc::clone(&places).acquire_owned().await.ok()?;
        let stream = accept(&listener).await;
        Some(((stream, place), (listener, places)))
    })
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // A connection without it works, only later.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
