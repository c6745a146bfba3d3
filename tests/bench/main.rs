//! `cargo xtask bench`: what a call costs, beside the least that it could cost on the same machine in the same minute.
//!
//! Ours and the reference run in turn, on the same Postgres, with as many callers; of several rounds the median ratio is told.
//! Absolute figures of a shared machine mean little. Callers call again as soon as they are answered, so a stall shows in the rate, and
//! p99 is that of the calls that were made.

mod bulk;
mod echo;
mod growth;
mod idle;
mod leads;
mod load;
mod reference;
mod rules;
mod service;
mod table;
mod timers;

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Result;
use clap::Parser;
use cli::Clients;
use pglocal::{Binaries, Cluster, ClusterOptions};
use prost::Message as _;
use tokio_util::sync::CancellationToken;

use self::{
    echo::EchoServer,
    growth::Size,
    leads::Leads,
    load::{BATCH, Call, Measured},
    reference::Reference,
    rules::Rules,
    service::{EXAMPLE, Service},
    table::{Row, Table},
};

/// As in the program that it calls: what the caller costs is taken from the same cores.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Arguments {
    /// Also write the rows to this file, as JSON, each as soon as it is there
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Seconds of each measurement
    #[arg(long, default_value_t = 4)]
    seconds: u64,

    /// How often ours and the reference take turns
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// Only rows whose name contains this
    #[arg(long, default_value = "")]
    only: String,

    /// Leads of the large tenant of `growth`; a million takes about 1 GB of disk
    #[arg(long, default_value_t = 10_000_000)]
    growth_leads: u64,

    /// Be the echo server that the rates of calls are compared with
    #[arg(hide = true)]
    role: Option<String>,
}

/// The database of the services.
const DATABASE: &str = "ours";

/// What a decision by 1,000 rules may cost, microseconds.
const RULES_LIMIT: f64 = 10.0;
/// What services and Postgres together may use of a core while nothing is due, percent.
const IDLE_LIMIT: f64 = 1.0;
/// What all services together may hold, MiB: what one of them may.
const MEMORY_LIMIT: f64 = 256.0;
/// Leads of a bulk reassignment that are written at once, as by the service.
const PART: usize = 256;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.role.as_deref() == Some(echo::SERVE) {
        return echo::serve().await;
    }
    // Durable: every commit is on disk before it is answered, as for anybody's leads.
    let options = ClusterOptions::new("").binaries(Binaries::find_or_install()?).max_connections(200);
    // Tells when an effect could be seen, which is later than when it was decided.
    let options = options.setting("track_commit_timestamp", "on");
    let cluster = tokio::task::spawn_blocking(move || Cluster::open_temporary(&options)).await??;
    let result = Bench::measure(&arguments, &cluster).await;
    tokio::task::spawn_blocking(move || cluster.stop()).await??;
    result
}

/// What all measurements use.
struct Bench<'b> {
    arguments: &'b Arguments,
    cluster: &'b Cluster,
    reference: Reference,
    service: Service,
    leads: Arc<Leads>,
    table: Table,
}

impl<'b> Bench<'b> {
    async fn measure(arguments: &'b Arguments, cluster: &'b Cluster) -> Result<()> {
        let mut bench = Self {
            arguments,
            cluster,
            reference: Reference::prepare(cluster)?,
            service: Service::start(cluster, DATABASE).await?,
            leads: Arc::new(Leads::read()?),
            table: Table::new(arguments.json.clone()),
        };
        let (at_rest, _) = bench.service.memory()?;
        bench.idle().await?;
        bench.rules()?;
        for callers in [1, 8, 64] {
            bench.route(callers).await?;
        }
        bench.batch().await?;
        bench.score().await?;
        bench.bulk().await?;
        bench.timers().await?;
        bench.growth().await?;
        bench.memory(at_rest)?;
        bench.table.print();
        Ok(())
    }

    fn is_wanted(&self, name: &str) -> bool {
        name.contains(&self.arguments.only)
    }

    fn time(&self) -> Duration {
        Duration::from_secs(self.arguments.seconds)
    }

    /// No dirty page of one measurement is written during the next.
    fn settle(&self) -> Result<()> {
        self.cluster.run_sql("postgres", "CHECKPOINT")?;
        Ok(())
    }

    /// Nothing is due for a day.
    async fn idle(&mut self) -> Result<()> {
        const NAME: &str = "idle_1m_timers";
        if self.is_wanted(NAME) {
            let used = idle::measure(self.cluster, DATABASE, self.service.pid(), self.time() * 10).await?;
            self.table.add(Row::limit(NAME, "% core", used, IDLE_LIMIT))?;
        }
        Ok(())
    }

    fn rules(&mut self) -> Result<()> {
        for (name, rules) in [("rules_1000", Rules::Segments), ("rules_1000_by_number", Rules::NumbersOnly)] {
            if self.is_wanted(name) {
                let ours = rules::measure(rules)?;
                self.table.add(Row::limit(name, "us", ours, RULES_LIMIT))?;
            }
        }
        Ok(())
    }

    /// `RouteLead` beside the smallest assignment that is durable.
    async fn route(&mut self, callers: usize) -> Result<()> {
        // One caller waits at most twice as long; many share commits, and are served twice as fast.
        let bar = if callers == 1 { 0.5 } else { 2.0 };
        let connections = self.service.connections(EXAMPLE)?;
        let ours = async |bench: &Self| load::run(Call::Route, callers, &connections, &bench.leads, bench.time()).await;
        let theirs = async |bench: &Self| bench.reference.assignments(callers, bench.time()).await;
        self.compare(&format!("route_lead_{callers}"), "leads/s", bar, ours, theirs).await
    }

    /// `BatchRouteLeads` beside the same rows, written by hand.
    async fn batch(&mut self) -> Result<()> {
        const CALLERS: usize = 2;
        let name = format!("batch_route_{BATCH}");
        if !self.is_wanted(&name) {
            return Ok(());
        }
        let connections = self.service.connections(EXAMPLE)?;
        load::run(Call::Batch, 1, &connections, &self.leads, Duration::from_secs(1)).await?;
        Reference::take_sample(self.cluster, DATABASE)?;
        let ours = async |bench: &Self| load::run(Call::Batch, CALLERS, &connections, &bench.leads, bench.time()).await;
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let theirs =
            async |bench: &Self| Ok(bench.reference.batches(DATABASE, CALLERS, bench.time()).await? * BATCH as f64);
        self.compare(&name, "leads/s", 0.5, ours, theirs).await
    }

    /// `ScoreLead` beside an echo of messages of the same sizes.
    async fn score(&mut self) -> Result<()> {
        const CALLERS: usize = 64;
        let (name, connections) = (format!("score_lead_{CALLERS}"), self.service.connections(EXAMPLE)?);
        if !self.is_wanted(&name) {
            return Ok(());
        }
        let request = api::v1::ScoreLeadRequest { lead: self.leads.next().lead, ..Default::default() };
        let sent = request.encoded_len();
        let received = connections[0].scoring.clone().score_lead(request).await?.into_inner().encoded_len();
        let server = EchoServer::start().await?;
        let ours = async |bench: &Self| load::run(Call::Score, CALLERS, &connections, &bench.leads, bench.time()).await;
        let theirs = async |bench: &Self| server.run(CALLERS, (sent, received), bench.time()).await;
        self.compare(&name, "calls/s", 0.7, ours, theirs).await
    }

    /// `BulkReassign` of 100,000 leads beside the same rows, changed by hand in parts of the same size.
    async fn bulk(&mut self) -> Result<()> {
        const NAME: &str = "bulk_reassign_100k";
        if !self.is_wanted(NAME) {
            return Ok(());
        }
        let clients = bulk::prepare(&self.service, &self.leads).await?;
        Reference::prepare_bulk(self.cluster, DATABASE, PART)?;
        let (parts, mut rounds) = (bulk::LEADS.div_ceil(PART), Vec::new());
        for round in 1..=self.arguments.rounds {
            self.settle()?;
            let ours = bulk::LEADS_F64 / bulk::run(&clients).await?;
            self.settle()?;
            let theirs = bulk::LEADS_F64 / self.reference.bulk(DATABASE, parts).await?;
            println!("{NAME} round {round}: ours {ours:.0}/s, reference {theirs:.0}/s");
            rounds.push((ours, theirs));
        }
        self.table.add(Row::rates(NAME, "leads/s", 0.5, &rounds))
    }

    /// `RouteLead` of a large tenant beside that of a small one.
    async fn growth(&mut self) -> Result<()> {
        const CALLERS: usize = 64;
        if !self.is_wanted("growth") {
            return Ok(());
        }
        let (small, large) = (Size::SMALL, Size::large(self.arguments.growth_leads));
        let few = growth::prepare(&self.service, self.cluster, DATABASE, small).await?;
        let many = growth::prepare(&self.service, self.cluster, DATABASE, large).await?;
        let ours = async |bench: &Self| growth::run(large, CALLERS, &many, &bench.leads, bench.time()).await;
        let theirs = async |bench: &Self| {
            let measured = growth::run(small, CALLERS, &few, &bench.leads, bench.time()).await?;
            Ok(measured.per_second)
        };
        self.compare("growth", "leads/s", 0.8, ours, theirs).await
    }

    /// What the scheduler pays for looking at timers, and for firing them.
    async fn timers(&mut self) -> Result<()> {
        if self.is_wanted("timers_look") || self.is_wanted("timers_look_beside_report") {
            self.looks().await?;
        }
        if self.is_wanted("timers_due_100k") || self.is_wanted("timers_live_p99") || self.is_wanted("timers_late") {
            self.due().await?;
        }
        Ok(())
    }

    /// A look when nothing is due, with few timers and with many.
    async fn looks(&mut self) -> Result<()> {
        const FEW: u64 = 10_000;
        let mut looks = timers::Looks::prepare(self.cluster).await?;
        looks.fill(FEW)?;
        let few = looks.time(None).await?;
        looks.fill(self.arguments.growth_leads)?;
        let many = looks.time(None).await?;
        self.table.add(Row::times("timers_look", "us", 1.0 / 1.5, &[(many, few)]))?;
        let quiet = looks.time(None).await?;
        let beside = looks.time_beside_a_report().await?;
        self.table.add(Row::times("timers_look_beside_report", "us", 1.0 / 3.0, &[(beside, quiet)]))
    }

    /// 100,000 timers that are due at one moment, and what live routing at half load feels of it; then some every second.
    async fn due(&mut self) -> Result<()> {
        let connections = self.service.connections(EXAMPLE)?;
        timers::prepare(&self.service, &self.leads).await?;
        Reference::prepare_due(self.cluster, DATABASE, timers::PART)?;
        let most = load::run(Call::Route, 64, &connections, &self.leads, self.time()).await?.per_second;
        let (mut rates, mut latencies) = (Vec::new(), Vec::new());
        for round in 1..=self.arguments.rounds {
            let quiet = self.beside(most / 2.0, &connections, tokio::time::sleep(self.time())).await?.0;
            self.settle()?;
            let (busy, ours) = self.beside(most / 2.0, &connections, timers::run_out(self.cluster, DATABASE)).await?;
            self.settle()?;
            let by_hand = self.reference.due(DATABASE, timers::DUE.div_ceil(timers::PART));
            let (_, seconds) = self.beside(most / 2.0, &connections, by_hand).await?;
            let (ours, theirs) = (ours?, timers::DUE_F64 / seconds?);
            println!(
                "timers_due_100k round {round}: ours {ours:.0}/s, reference {theirs:.0}/s, live p99 {:.1} ms, before {:.1} ms",
                busy.p99_ms, quiet.p99_ms
            );
            rates.push((ours, theirs));
            latencies.push((busy.p99_ms, quiet.p99_ms));
        }
        self.table.add(Row::rates("timers_due_100k", "timers/s", 0.5, &rates))?;
        self.table.add(Row::times("timers_live_p99", "ms", 1.0 / 3.0, &latencies))?;
        self.settle()?;
        let time = self.time() * 5;
        let (p50, p99) = timers::lateness(self.cluster, DATABASE, time).await?;
        self.table.add(Row::limit("timers_late_p50", "ms", p50, 20.0))?;
        self.table.add(Row::limit("timers_late_p99", "ms", p99, 100.0))
    }

    /// What live routing at that rate feels while something else is done, and what comes of that.
    async fn beside<T>(
        &self,
        rate: f64,
        connections: &[Clients],
        work: impl Future<Output = T>,
    ) -> Result<(Measured, T)> {
        let stop = CancellationToken::new();
        let work = async {
            let done = work.await;
            stop.cancel();
            done
        };
        let (live, done) = tokio::join!(load::steadily(rate, connections, &self.leads, &stop), work);
        Ok((live?, done))
    }

    /// What all three services hold, at rest and at the most.
    fn memory(&mut self, at_rest: f64) -> Result<()> {
        let (_, peak) = self.service.memory()?;
        for (name, held) in [("memory_at_rest", at_rest), ("memory_peak", peak)] {
            if self.is_wanted(name) {
                self.table.add(Row::limit(name, "MiB", held, MEMORY_LIMIT))?;
            }
        }
        Ok(())
    }

    /// Takes turns. The row's times of a call are those of ours.
    async fn compare(
        &mut self,
        name: &str,
        unit: &'static str,
        bar: f64,
        ours: impl AsyncFn(&Self) -> Result<load::Measured>,
        theirs: impl AsyncFn(&Self) -> Result<f64>,
    ) -> Result<()> {
        if !self.is_wanted(name) {
            return Ok(());
        }
        let (mut rounds, mut times) = (Vec::new(), Vec::new());
        for round in 1..=self.arguments.rounds {
            self.settle()?;
            let measured = ours(self).await?;
            self.settle()?;
            let reference = theirs(self).await?;
            println!("{name} round {round}: ours {:.0}/s, reference {reference:.0}/s", measured.per_second);
            rounds.push((measured.per_second, reference));
            times.push((measured.p50_ms, measured.p99_ms));
        }
        self.table.add(Row::rates(name, unit, bar, &rounds).with_times(&times))
    }
}
