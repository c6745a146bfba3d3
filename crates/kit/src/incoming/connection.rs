//! One connection.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep},
};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;

use crate::tls;

/// Bytes of the HTTP/2 client preface (RFC 9113, 3.4). Only after them do pings find out silent peers.
const PREFACE: usize = 24;

/// The other end of a connection. In the extensions of every request. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Where it is, as far as the system knows.
    pub address: Option<SocketAddr>,
    /// The names that its certificate is for; `None` if it showed none.
    pub names: Option<Arc<[Box<str>]>>,
}

/// A connection that a peer must begin to use in time, and that the server can break off.
#[derive(Debug)]
pub struct Connection {
    stream: Transport,
    peer: Peer,
    preface: Option<Preface>,
    abort: Pin<Box<WaitForCancellationFutureOwned>>,
    _place: OwnedSemaphorePermit,
}

#[derive(Debug)]
enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

#[derive(Debug)]
struct Preface {
    missing: usize,
    timeout: Pin<Box<Sleep>>,
}

impl Connection {
    /// A connection as it was accepted. The peer has the time `handshake` to begin.
    pub(super) fn plain(
        stream: TcpStream,
        handshake: Duration,
        abort: CancellationToken,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let peer = Peer { address: stream.peer_addr().ok(), names: None };
        Self::new(Transport::Plain(stream), peer, Instant::now() + handshake, abort, place)
    }

    /// A connection whose TLS is agreed on. The peer has until `deadline` to begin.
    pub(super) fn secured(
        stream: TlsStream<TcpStream>,
        deadline: Instant,
        abort: CancellationToken,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let (tcp, session) = stream.get_ref();
        let peer = Peer { address: tcp.peer_addr().ok(), names: tls::subject_names(session).map(Into::into) };
        Self::new(Transport::Tls(Box::new(stream)), peer, deadline, abort, place)
    }

    fn new(
        stream: Transport,
        peer: Peer,
        deadline: Instant,
        abort: CancellationToken,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let preface = Preface { missing: PREFACE, timeout: Box::pin(tokio::time::sleep_until(deadline)) };
        Self { stream, peer, preface: Some(preface), abort: Box::pin(abort.cancelled_owned()), _place: place }
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.abort.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the server ends")));
        }
        let before = buf.filled().len();
        let read = match &mut this.stream {
            Transport::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Transport::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        };
        let Some(preface) = &mut this.preface else {
            return read;
        };
        preface.missing = preface.missing.saturating_sub(buf.filled().len() - before);
        if preface.missing == 0 {
            this.preface = None;
        } else if read.is_pending() && preface.timeout.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "no HTTP/2 preface in time")));
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Transport::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Transport::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Transport::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Transport::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Transport::Plain(stream) => stream.is_write_vectored(),
            Transport::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Transport::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
