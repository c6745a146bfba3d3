//! TLS handshakes, side by side, so that one who is slow keeps nobody waiting.

use std::{io, pin::pin, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use futures::{Stream, StreamExt as _};
use opentelemetry::KeyValue;
use rustls::{ServerConfig, server::Acceptor};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::Instant,
};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use super::Connection;
use crate::{config::LimitsConfig, lifecycle::Lifecycle, metrics};

/// Connections that are agreed on, and not yet taken.
const READY: usize = 16;

/// What handshakes share.
struct Shared {
    config: Arc<ArcSwap<ServerConfig>>,
    /// How many are under way at once. A peer that has said nothing yet is none of them, so the silent keep nobody out.
    places: Semaphore,
    timeout: Duration,
    lifecycle: Lifecycle,
}

/// The connections whose handshakes succeed, in the order in which they do.
pub(super) fn secured<S>(
    accepted: S,
    limits: &LimitsConfig,
    config: Arc<ArcSwap<ServerConfig>>,
    lifecycle: &Lifecycle,
) -> impl Stream<Item = io::Result<Connection>> + Send + use<S>
where
    S: Stream<Item = (TcpStream, OwnedSemaphorePermit)> + Send + 'static,
{
    let (ready, taken) = mpsc::channel(READY);
    let shared = Arc::new(Shared {
        config,
        places: Semaphore::new(limits.max_handshakes.min(Semaphore::MAX_PERMITS)),
        timeout: limits.handshake_timeout,
        lifecycle: lifecycle.clone(),
    });
    let stopping = lifecycle.stopping().clone();
    lifecycle.spawn(async move {
        let mut accepted = pin!(accepted);
        while let Some(Some((stream, place))) = stopping.run_until_cancelled(accepted.next()).await {
            let (shared, ready) = (Arc::clone(&shared), ready.clone());
            let (lifecycle, stopping) = (shared.lifecycle.clone(), stopping.clone());
            lifecycle.spawn(async move { stopping.run_until_cancelled(shared.one(stream, place, &ready)).await });
        }
    });
    futures::stream::unfold(taken, |mut taken| async move { Some((Ok(taken.recv().await?), taken)) })
}

impl Shared {
    async fn one(&self, stream: TcpStream, place: OwnedSemaphorePermit, ready: &mpsc::Sender<Connection>) {
        let deadline = Instant::now() + self.timeout;
        let late = || io::Error::new(io::ErrorKind::TimedOut, "no handshake in time");
        match tokio::time::timeout_at(deadline, self.agree(stream)).await.unwrap_or_else(|_| Err(late())) {
            Ok(stream) => {
                let connection = Connection::secured(stream, deadline, self.lifecycle.aborted().clone(), place);
                // Fails when the server ends.
                let _ = ready.send(connection).await;
            }
            Err(error) => {
                let kind = if error.kind() == io::ErrorKind::TimedOut { "timeout" } else { "refused" };
                metrics::server().failed_handshakes.add(1, &[KeyValue::new("error.type", kind)]);
                // Anybody can make these by the thousand.
                tracing::debug!(%error, "a TLS handshake failed");
            }
        }
    }

    /// The first message of the peer takes no place; what is computed after it does.
    async fn agree(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let _place = self.places.acquire().await.map_err(io::Error::other)?;
        hello.into_stream(self.config.load_full()).await
    }
}
