//! The services as a process of their own, as they are shipped.

use std::{
    net::TcpListener,
    process::{Child, Command},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use cli::{
    Clients, Connection,
    documents::{self, Document},
};
use pglocal::Cluster;

const DIRECTORY: &str = include_str!("../../examples/maven/directory.yaml");
const POLICY: &str = include_str!("../../examples/maven/policy.yaml");
const MODEL: &str = include_str!("../../examples/maven/model.yaml");

/// Connections among which the callers take turns.
pub(crate) const CONNECTIONS: usize = 4;

/// The tenant with the example's company.
pub(crate) const EXAMPLE: &str = "default";
/// A calendar for companies that never sleep.
pub(crate) const ALWAYS: &str = "calendars:
  - id: always
    name: Day and night
    time_zone: UTC
    hours:
      { mon: ['00:00-24:00'], tue: ['00:00-24:00'], wed: ['00:00-24:00'], thu: ['00:00-24:00'], fri: ['00:00-24:00'],
        sat: ['00:00-24:00'], sun: ['00:00-24:00'] }
";
/// Further tenants are for measurements that want another company.
const TENANTS: &str = "[default, bulk, due, small, large]";

/// All three services in one process.
pub(crate) struct Service {
    process: Child,
    connection: Connection,
}

impl Service {
    /// Starts it on a new database of that name, with the example's company and points model installed.
    pub(crate) async fn start(cluster: &Cluster, database: &str) -> Result<Self> {
        cluster.run_sql("postgres", &format!("CREATE DATABASE {database}"))?;
        let binary = std::env::var_os("BIN").context("BIN must name the leadrouter binary: use `cargo xtask bench`")?;
        let mut command = Command::new(binary);
        command.args(["serve", "scoring", "assignment", "escalation"]).env("DATABASE_URL", cluster.url(database));
        command.env("LEADROUTER_TELEMETRY__LOG_FILTER", "warn").env("LEADROUTER_TENANTS", TENANTS);
        // The tenants of the references have no laws.
        command.env("LEADROUTER_ESCALATION__AUDIT", "8760h");
        let mut address = |role: &str| -> Result<String> {
            let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
            command.env(format!("LEADROUTER_{role}__LISTEN__ADDRESS"), free.to_string());
            Ok(format!("http://{free}"))
        };
        let (assignment, scoring, escalation) = (address("ASSIGNMENT")?, address("SCORING")?, address("ESCALATION")?);
        let process = command.spawn().context("the server can't be started")?;
        let connection = Connection::new(assignment, scoring, escalation, EXAMPLE.to_owned());
        let service = Self { process, connection };
        service.install_example().await?;
        Ok(service)
    }

    /// Clients on a connection of their own.
    pub(crate) fn clients(&self, tenant: &str) -> Result<Clients> {
        let mut connection = self.connection.clone();
        connection.tenant = Some(tenant.to_owned());
        connection.clients()
    }

    /// The same, as many as callers share.
    pub(crate) fn connections(&self, tenant: &str) -> Result<Vec<Clients>> {
        (0..CONNECTIONS).map(|_| self.clients(tenant)).collect()
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// MiB that it holds now, and the most that it ever held.
    pub(crate) fn memory(&self) -> Result<(f64, f64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let mebibytes = |key: &str| -> Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).context("no such line")?;
            let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
            Ok(kibibytes / 1024.0)
        };
        Ok((mebibytes("VmRSS:")?, mebibytes("VmHWM:")?))
    }

    async fn install_example(&self) -> Result<()> {
        let clients = self.clients(EXAMPLE)?;
        let begun = Instant::now();
        // The process has to come up first.
        while let Err(error) = documents::install_model(&clients, &Document::new("model", MODEL)).await {
            if begun.elapsed() > Duration::from_secs(30) {
                return Err(error);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        install(&clients, &without_caps(DIRECTORY), POLICY).await
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself, which the measurement has told then.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A company: its directory and its policy.
pub(crate) async fn install(clients: &Clients, directory: &str, policy: &str) -> Result<()> {
    documents::import_directory(clients, &Document::new("directory", directory)).await?;
    documents::install_policy(clients, &Document::new("policy", policy)).await?;
    Ok(())
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
