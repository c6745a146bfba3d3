//! The least that a unary call costs: a tonic server that answers what it was sent for, and does nothing.

use std::{
    convert::Infallible,
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result};
use prost::Message as _;
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status,
    body::Body,
    client::Grpc as Client,
    codegen::{BoxFuture, Service, StdError, http, http::uri::PathAndQuery},
    server::{Grpc as Server, NamedService, UnaryService},
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

use crate::{
    load::{Caller, repeat},
    service::CONNECTIONS,
};

/// What starts this program as the server.
pub(crate) const SERVE: &str = "serve-echo";

const PATH: &str = "/bench.Echo/Echo";

/// Bytes, and how many of them are wanted back.
#[derive(Clone, PartialEq, prost::Message)]
struct Payload {
    #[prost(bytes = "vec", tag = "1")]
    bytes: Vec<u8>,
    #[prost(uint32, tag = "2")]
    wanted: u32,
}

/// A payload of that encoded size, or a few bytes more.
fn payload(size: usize, wanted: usize) -> Result<Payload> {
    let mut payload = Payload { bytes: Vec::new(), wanted: wanted.try_into()? };
    payload.bytes = vec![b'x'; size.saturating_sub(payload.encoded_len() + 3)];
    Ok(payload)
}

#[derive(Debug, Clone)]
struct Echo;

impl UnaryService<Payload> for Echo {
    type Response = Payload;
    type Future = BoxFuture<Response<Payload>, Status>;

    fn call(&mut self, request: Request<Payload>) -> Self::Future {
        let wanted = request.get_ref().wanted as usize;
        Box::pin(
            async move { payload(wanted, 0).map(Response::new).map_err(|error| Status::internal(error.to_string())) },
        )
    }
}

impl NamedService for Echo {
    const NAME: &'static str = "bench.Echo";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move { Ok(Server::new(ProstCodec::<Payload, Payload>::default()).unary(Self, request).await) })
    }
}

/// Serves until it is killed; prints where.
pub(crate) async fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let incoming = tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true));
    Ok(tonic::transport::Server::builder().add_service(Echo).serve_with_incoming(incoming).await?)
}

/// The server, as a process of its own like ours.
pub(crate) struct EchoServer {
    process: Child,
    channels: Vec<Channel>,
}

impl EchoServer {
    pub(crate) async fn start() -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?).arg(SERVE).stdout(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().context("its output is piped")?;
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line)?;
        let address: SocketAddr = line.trim().parse().context("the echo server did not say where it is")?;
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
        let mut channels = Vec::new();
        for _ in 0..CONNECTIONS {
            channels.push(endpoint.connect().await?);
        }
        Ok(Self { process, channels })
    }

    /// Calls a second of that many callers, who send so many bytes and get so many.
    pub(crate) async fn run(&self, callers: usize, (sent, received): (usize, usize), time: Duration) -> Result<f64> {
        let payload = payload(sent, received)?;
        let caller = |number: usize| EchoCaller {
            client: Client::new(self.channels[number % self.channels.len()].clone()),
            payload: payload.clone(),
        };
        Ok(repeat(callers, time, caller).await?.per_second)
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        // It may have ended by itself, which the measurement has told then.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct EchoCaller {
    client: Client<Channel>,
    payload: Payload,
}

impl Caller for EchoCaller {
    async fn once(&mut self) -> Result<usize> {
        self.client.ready().await.map_err(StdError::from).map_err(|error| anyhow::anyhow!(error))?;
        let codec = ProstCodec::<Payload, Payload>::default();
        let path = PathAndQuery::from_static(PATH);
        self.client.unary(Request::new(self.payload.clone()), path, codec).await?;
        Ok(1)
    }
}
