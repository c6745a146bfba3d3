//! Callers who mean no good: each gets its answer, others go on being served, and memory stays where it was.

use std::{io::Write as _, net::SocketAddr};

use bytes::Bytes;
use h2::{Reason, client::SendRequest};
use leadrouter_tests::{company, install, process::Process, route};
use prost::Message as _;
use store::testing::Database;
use tokio::{net::TcpStream, task::JoinSet};
use tonic::codegen::http::{HeaderMap, Request};

const ROUTE: &str = "/leadrouter.v1.AssignmentService/RouteLead";
const BATCH: &str = "/leadrouter.v1.AssignmentService/BatchRouteLeads";
const LIST: &str = "/leadrouter.v1.AssignmentService/ListLeads";

/// What an attack may add to the memory of the process.
const MOST: u64 = 64 << 20;

/// A caller on HTTP/2 as such, with windows that never open by themselves.
struct Raw {
    send: SendRequest<Bytes>,
    /// Ends with the connection.
    connection: tokio::task::JoinHandle<Result<(), h2::Error>>,
}

impl Raw {
    async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (send, connection) = h2::client::Builder::new()
            // So many that were reset are remembered as this caller likes to make.
            .max_concurrent_reset_streams(1_000_000)
            .handshake(stream)
            .await
            .unwrap();
        Self { send, connection: tokio_util::task::TaskTracker::new().spawn(connection) }
    }

    fn request(path: &str, headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::post(format!("http://victim{path}")).header("te", "trailers");
        request = request.header("content-type", "application/grpc").header("leadrouter-tenant", "default");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    /// The status of gRPC that a body gets; `None` when only HTTP has answered, with an error.
    async fn call(&self, path: &str, headers: &[(&str, &str)], body: Bytes) -> Result<Option<String>, h2::Error> {
        let mut send = self.send.clone().ready().await?;
        let (response, mut sending) = send.send_request(Self::request(path, headers), false)?;
        // The answer may come before all is sent.
        let _ = sending.send_data(body, true);
        let (head, mut body) = response.await?.into_parts();
        while let Some(data) = body.data().await {
            let _ = body.flow_control().release_capacity(data?.len());
        }
        let trailers = body.trailers().await?;
        let status = |headers: &HeaderMap| headers.get("grpc-status").map(|value| value.to_str().unwrap().to_owned());
        let status = trailers.as_ref().and_then(status).or_else(|| status(&head.headers));
        assert!(status.is_some() || head.status.is_client_error(), "{head:?}");
        Ok(status)
    }
}

/// One message as gRPC frames it.
fn framed(message: &[u8], is_compressed: bool) -> Bytes {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[u8::from(is_compressed)][..], &length, message].concat().into()
}

/// A field of that number whose content is given.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    prost::encoding::encode_varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

/// A running service with a company, and an honest caller.
struct Victim {
    process: Process,
    clients: cli::Clients,
    _database: Database,
    served: usize,
}

impl Victim {
    async fn start() -> Self {
        let database = Database::create().await;
        let process = Process::start(&database.url(), &[]).await;
        let clients = process.clients();
        let directory = company::directory(&[("ana", 1, ""), ("ben", 2, "")]);
        install(&clients, &directory, company::POLICY).await;
        let mut victim = Self { process, clients, _database: database, served: 0 };
        // What every process needs sooner or later is in memory then.
        for _ in 0..20 {
            victim.serves().await;
        }
        victim
    }

    async fn serves(&mut self) {
        self.served += 1;
        route(&self.clients, company::lead(self.served)).await.unwrap();
    }

    /// Has something done to it, and sees that it still serves and has not grown.
    async fn survives(&mut self, attack: impl AsyncFnOnce(SocketAddr)) {
        let before = self.process.peak_memory();
        attack(self.process.assignment()).await;
        self.serves().await;
        if let (Some(before), Some(after)) = (before, self.process.peak_memory()) {
            // What the kernel counts is not exact, and may be less than a moment ago.
            let more = after.saturating_sub(before);
            assert!(more < MOST, "{} MiB more", more >> 20);
        }
    }
}

/// What `INVALID_ARGUMENT` and others are on the wire.
const INVALID_ARGUMENT: &str = "3";
const OUT_OF_RANGE: &str = "11";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_is_refused() {
    let mut victim = Victim::start().await;
    victim
        .survives(async |address| {
            let raw = Raw::connect(address).await;
            for garbage in [&[0xff; 40][..], b"{\"lead\": {}}", &[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], &[0x0b; 99]] {
                let status = raw.call(ROUTE, &[], framed(garbage, false)).await.unwrap();
                assert_eq!(status.as_deref(), Some(INVALID_ARGUMENT), "{garbage:?}");
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bombs_are_not_let_off() {
    let mut victim = Victim::start().await;
    let most = 4 << 20;
    // Millions of messages of nothing: as requests of a batch, and as signals of one lead.
    let requests = field(1, b"").repeat(most / 2);
    let signals = field(1, &field(1, &field(23, b"").repeat((most - 100) / 3)));
    // As many as there may be in one list, and one more; as many as there may be in all, with a text that makes room for them.
    let list = field(1, b"").repeat(12_000);
    let longer = field(1, b"").repeat(12_001);
    let lead = [field(23, b"").repeat(11_000), field(6, &vec![b'x'; 80_000])].concat();
    let all = field(1, &field(1, &lead)).repeat(35);
    // Messages in messages, deeper than anybody decodes.
    let mut nested = Vec::new();
    for _ in 0..10_000 {
        nested = field(1, &nested);
    }
    for (what, bomb) in [
        ("requests", requests),
        ("signals", signals),
        ("list", list),
        ("longer list", longer),
        ("in all", all),
        ("nested", nested),
    ] {
        victim
            .survives(async |address| {
                let status = Raw::connect(address).await.call(BATCH, &[], framed(&bomb, false)).await.unwrap();
                assert_eq!(status.as_deref(), Some(INVALID_ARGUMENT), "{what}");
            })
            .await;
    }
    // A gigabyte of nothing, in a megabyte.
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..1024 {
        zipped.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let zipped = zipped.finish().unwrap();
    victim
        .survives(async |address| {
            let raw = Raw::connect(address).await;
            let status = raw.call(ROUTE, &[("grpc-encoding", "gzip")], framed(&zipped, true)).await.unwrap();
            assert_eq!(status.as_deref(), Some(OUT_OF_RANGE));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_have_an_end() {
    let mut victim = Victim::start().await;
    victim
        .survives(async |address| {
            for (headers, size) in [(1, 60_000), (2_000, 30)] {
                let raw = Raw::connect(address).await;
                let value = "x".repeat(size);
                let names: Vec<String> = (0..headers).map(|number| format!("x-{number}")).collect();
                let headers: Vec<_> = names.iter().map(|name| (name.as_str(), value.as_str())).collect();
                let answer = raw.call(ROUTE, &headers, framed(&[], false)).await;
                assert!(answer.as_ref().map_or(true, Option::is_none), "{answer:?}");
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_begin_and_end_at_once_end_the_connection() {
    const STREAMS: usize = 100_000;
    let mut victim = Victim::start().await;
    victim
        .survives(async |address| {
            let mut raw = Raw::connect(address).await;
            let mut made = 0;
            while made < STREAMS {
                let Ok(ready) = raw.send.clone().ready().await else { break };
                raw.send = ready;
                let Ok((_, mut stream)) = raw.send.send_request(Raw::request(ROUTE, &[]), false) else { break };
                stream.send_reset(Reason::CANCEL);
                made += 1;
            }
            let end = raw.connection.await.unwrap();
            assert!(end.is_err(), "{made} streams were taken: {end:?}");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_never_reads_gets_no_more_than_a_connection_holds() {
    const CONNECTIONS: usize = 8;
    const STREAMS: usize = 200;
    let mut victim = Victim::start().await;
    let leads: Vec<_> = (0..1_000).map(|number| route(&victim.clients, company::lead(100_000 + number))).collect();
    for lead in futures::future::join_all(leads).await {
        lead.unwrap();
    }
    let page = api::v1::ListLeadsRequest { page_size: 1_000, ..Default::default() }.encode_to_vec();
    victim
        .survives(async |address| {
            let mut readers = Vec::new();
            let mut heads = JoinSet::new();
            for _ in 0..CONNECTIONS {
                let raw = Raw::connect(address).await;
                for _ in 0..STREAMS {
                    let mut send = raw.send.clone().ready().await.unwrap();
                    let (response, mut sending) = send.send_request(Raw::request(LIST, &[]), false).unwrap();
                    sending.send_data(framed(&page, false), true).unwrap();
                    heads.spawn(response);
                }
                readers.push(raw);
            }
            // Every one has been answered, with data or a refusal, and nobody reads on.
            let mut answers = Vec::new();
            while let Some(answer) = heads.join_next().await {
                answers.push(answer.unwrap());
            }
            assert_eq!(answers.len(), CONNECTIONS * STREAMS);
        })
        .await;
}
