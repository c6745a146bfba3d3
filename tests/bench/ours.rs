//! The services as a process of their own, under load.

use std::{
    net::TcpListener,
    process::{Child, Command},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use api::v1::{BatchRouteLeadsRequest, LeadProfile, RouteLeadRequest, ScoreLeadRequest, batch_route_result};
use cli::{
    Clients, Connection,
    documents::{self, Document},
    import::{Converter, Next, Rows, mapping::Format},
};
use hdrhistogram::Histogram;
use kit::clock::Clock;
use pglocal::Cluster;
use tokio::task::JoinSet;
use uuid::Uuid;

const DIRECTORY: &str = include_str!("../../examples/maven/directory.yaml");
const POLICY: &str = include_str!("../../examples/maven/policy.yaml");
const MODEL: &str = include_str!("../../examples/maven/model.yaml");
const MAPPING: &str = include_str!("../../examples/maven/mapping.yaml");
const LEADS: &[u8] = include_bytes!("../../examples/maven/leads.csv");

/// Leads of one `BatchRouteLeads`.
const BATCH: usize = 250;
/// Connections among which the callers take turns.
const CONNECTIONS: usize = 4;
/// Longest call that is told apart, microseconds.
const LONGEST: u64 = 60_000_000;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// `RouteLead` with that many callers.
    Route(usize),
    /// `BatchRouteLeads` with that many callers.
    Batch(usize),
    /// `ScoreLead` with that many callers.
    Score(usize),
}

impl Load {
    pub(crate) const ALL: [Self; 5] =
        [Self::Route(1), Self::Route(8), Self::Route(64), Self::Batch(8), Self::Score(64)];

    pub(crate) fn name(self) -> String {
        match self {
            Self::Route(callers) => format!("RouteLead x{callers}"),
            Self::Batch(callers) => format!("BatchRouteLeads x{callers}"),
            Self::Score(callers) => format!("ScoreLead x{callers}"),
        }
    }

    pub(crate) fn callers(self) -> usize {
        match self {
            Self::Route(callers) | Self::Batch(callers) | Self::Score(callers) => callers,
        }
    }
}

/// A running server with a company in it.
pub(crate) struct Service {
    process: Child,
    clients: Vec<Clients>,
    leads: Arc<Leads>,
}

/// What one measurement came to.
pub(crate) struct Measured {
    /// Leads a second.
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Service {
    pub(crate) async fn start(cluster: &Cluster) -> Result<Self> {
        cluster.run_sql("postgres", "CREATE DATABASE ours")?;
        let binary = std::env::var_os("BIN").context("BIN must name the leadrouter binary: use `cargo xtask bench`")?;
        let mut command = Command::new(binary);
        command.args(["serve", "scoring", "assignment", "escalation"]).env("DATABASE_URL", cluster.url("ours"));
        command.env("LEADROUTER_TELEMETRY__LOG_FILTER", "warn");
        let mut address = |role: &str| -> Result<String> {
            let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
            command.env(format!("LEADROUTER_{role}__LISTEN__ADDRESS"), free.to_string());
            Ok(format!("http://{free}"))
        };
        let (assignment, scoring, escalation) = (address("ASSIGNMENT")?, address("SCORING")?, address("ESCALATION")?);
        let process = command.spawn().context("the server can't be started")?;
        let connection = Connection::new(assignment, scoring, escalation, "default".to_owned());
        let clients = (0..CONNECTIONS).map(|_| connection.clients()).collect::<Result<Vec<_>>>()?;
        let service = Self { process, clients, leads: Arc::new(Leads::read()?) };
        service.install().await?;
        Ok(service)
    }

    async fn install(&self) -> Result<()> {
        let clients = &self.clients[0];
        let begun = Instant::now();
        // The process has to come up first.
        while let Err(error) = documents::install_model(clients, &Document::new("model", MODEL)).await {
            if begun.elapsed() > Duration::from_secs(30) {
                return Err(error);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        documents::import_directory(clients, &Document::new("directory", without_caps(DIRECTORY))).await?;
        documents::install_policy(clients, &Document::new("policy", POLICY)).await?;
        Ok(())
    }

    /// Keeps `load` up for `time`.
    pub(crate) async fn measure(&self, load: Load, time: Duration) -> Result<Measured> {
        let begun = Instant::now();
        let mut callers: JoinSet<_> = (0..load.callers())
            .map(|caller| {
                let (clients, leads) = (self.clients[caller % CONNECTIONS].clone(), Arc::clone(&self.leads));
                async move { call(&clients, &leads, load, begun, time).await }
            })
            .collect();
        let mut latencies = Histogram::<u64>::new_with_max(LONGEST, 3)?;
        let mut done = 0;
        while let Some(caller) = callers.join_next().await {
            let (count, own) = caller??;
            done += count;
            latencies.add(own)?;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts, shown")]
        let (done, milliseconds) = (done as f64, |q: f64| latencies.value_at_quantile(q) as f64 / 1000.0);
        let per_second = done / begun.elapsed().as_secs_f64();
        Ok(Measured { per_second, p50_ms: milliseconds(0.5), p99_ms: milliseconds(0.99) })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself, which the measurement has told then.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One caller: leads that were done, and the time of each call.
async fn call(
    clients: &Clients,
    leads: &Leads,
    load: Load,
    begun: Instant,
    time: Duration,
) -> Result<(usize, Histogram<u64>)> {
    let mut latencies = Histogram::new_with_max(LONGEST, 3)?;
    let (mut assignment, mut scoring) = (clients.assignment.clone(), clients.scoring.clone());
    let mut done = 0;
    while begun.elapsed() < time {
        let called = Instant::now();
        done += match load {
            Load::Route(_) => {
                assignment.route_lead(leads.next()).await?;
                1
            }
            Load::Score(_) => {
                let request = leads.next();
                scoring.score_lead(ScoreLeadRequest { lead: request.lead, ..ScoreLeadRequest::default() }).await?;
                1
            }
            Load::Batch(_) => {
                let requests = (0..BATCH).map(|_| leads.next()).collect();
                let answer = assignment.batch_route_leads(BatchRouteLeadsRequest { requests }).await?.into_inner();
                for result in &answer.results {
                    if let Some(batch_route_result::Result::Error(error)) = &result.result {
                        bail!("a lead of a batch failed: {}", error.message);
                    }
                }
                answer.results.len()
            }
        };
        latencies.saturating_record(u64::try_from(called.elapsed().as_micros()).unwrap_or(LONGEST));
    }
    Ok((done, latencies))
}

/// The example's leads again and again, each time by other people.
struct Leads {
    profiles: Vec<LeadProfile>,
    next: AtomicU64,
}

impl Leads {
    fn read() -> Result<Self> {
        let problems = |problems: Vec<_>| anyhow::anyhow!("{problems:?}");
        let mapping = cli::import::mapping::Mapping::parse(MAPPING).map_err(problems)?;
        let mut rows = Rows::from_reader(LEADS, Format::Csv, &mapping)?;
        let converter = Converter::new(&mapping, Clock::system().now());
        let mut profiles = Vec::new();
        while let Some(next) = rows.read()? {
            if let Next::Row(record) = next
                && let Ok(row) = converter.convert(record)
            {
                profiles.push(LeadProfile::from(row.profile));
            }
        }
        Ok(Self { profiles, next: AtomicU64::new(0) })
    }

    #[expect(clippy::cast_possible_truncation, reason = "an index below the number of profiles")]
    fn next(&self) -> RouteLeadRequest {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut lead = self.profiles[(number % self.profiles.len() as u64) as usize].clone();
        lead.external_id = lead.external_id.map(|id| format!("{id}-{number}"));
        lead.email = lead.email.map(|email| format!("n{number}.{email}"));
        RouteLeadRequest {
            lead: Some(lead),
            request_id: Uuid::from_u128(u128::from(number) + 1).to_string(),
            validate_only: false,
        }
    }
}

/// Nobody is ever full, so that a long run decides as a short one does.
fn without_caps(directory: &str) -> String {
    let mut text = String::with_capacity(directory.len());
    let mut rest = directory;
    while let Some(at) = rest.find("max_open: ") {
        let end = rest[at..].find(", ").map_or(rest.len(), |comma| at + comma + 2);
        text.push_str(&rest[..at]);
        rest = &rest[end..];
    }
    text + rest
}
