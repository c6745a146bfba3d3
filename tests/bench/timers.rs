//! What time costs: looking for what is due, and having it fired.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use api::v1::BatchRouteLeadsRequest;
use cli::Clients;
use jiff::{Timestamp, ToSpan as _};
use pglocal::Cluster;
use store::{Look, Share, Store, StoreOptions};

use crate::{
    leads::Leads,
    load::BATCH,
    service::{ALWAYS, Service, install},
};

/// The database in which nobody but the measurement looks.
const DATABASE: &str = "timers";
/// Looks of which the median is told.
const LOOKS: usize = 500;
/// As the scheduler looks when there is nothing else.
const LOOK: Look = Look { limit: 1_000, since: None, share: Share::ALL, patience: Duration::from_secs(2) };

/// The scheduler's looks at timers that are not due.
pub(crate) struct Looks<'c> {
    cluster: &'c Cluster,
    store: Store,
    pending: u64,
}

impl<'c> Looks<'c> {
    pub(crate) async fn prepare(cluster: &'c Cluster) -> Result<Self> {
        cluster.run_sql("postgres", &format!("CREATE DATABASE {DATABASE}"))?;
        let store = Store::connect(&cluster.url(DATABASE), StoreOptions::default()).await?;
        store.migrate().await?;
        store.ensure_tenant("default", "2026-01-01T00:00:00Z".parse()?).await?;
        Ok(Self { cluster, store, pending: 0 })
    }

    /// Sets timers for the coming year until there are so many.
    pub(crate) fn fill(&mut self, pending: u64) -> Result<()> {
        let (from, to) = (self.pending, pending - 1);
        self.run(&format!("{SET} now() + interval '1 hour' + n % 31000000 * interval '1 second' FROM generate_series({from}, {to}) AS n"))?;
        self.run("VACUUM ANALYZE timer")?;
        self.pending = pending;
        Ok(())
    }

    /// Median of a look, microseconds.
    pub(crate) async fn time(&self, since: Option<Timestamp>) -> Result<f64> {
        let look = Look { since, ..LOOK };
        let mut times = Vec::with_capacity(LOOKS);
        for _ in 0..LOOKS {
            let begun = Instant::now();
            let due = self.store.due_timers(&look, None).await?;
            times.push(begun.elapsed().as_secs_f64() * 1e6);
            ensure!(due.timers.is_empty(), "nothing should have been due");
        }
        times.sort_by(f64::total_cmp);
        Ok(times[LOOKS / 2])
    }

    /// The same just after 100,000 timers have fired, while a report reads on.
    pub(crate) async fn time_beside_a_report(&self) -> Result<f64> {
        self.run(&format!("{SET} now() - interval '1 minute' FROM generate_series(-100000, -1) AS n"))?;
        let report = Report::begin(self.cluster)?;
        self.run("DELETE FROM timer WHERE due_at < now()")?;
        let now = self.store.now().await?;
        let time = self.time(Some(now - 2.seconds())).await?;
        report.end()?;
        Ok(time)
    }

    fn run(&self, script: &str) -> Result<()> {
        self.cluster.run_sql(DATABASE, script)?;
        Ok(())
    }
}

const SET: &str = "INSERT INTO timer (tenant_id, lead_id, kind, epoch, due_at) SELECT 1, md5(n::text)::uuid, 2, 1,";

/// Somebody who has begun to read, and holds the snapshot.
struct Report(Child);

impl Report {
    fn begin(cluster: &Cluster) -> Result<Self> {
        let program = cluster.binaries().tool("psql").context("there is no psql beside the Postgres that was found")?;
        let mut process = Command::new(program)
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--username=postgres", "--host"])
            .arg(cluster.socket_dir())
            .arg(DATABASE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let begin = b"BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT count(*) FROM tenant;\n";
        process.stdin.as_mut().context("it has an input")?.write_all(begin)?;
        let mut answer = String::new();
        BufReader::new(process.stdout.as_mut().context("it has an output")?).read_line(&mut answer)?;
        Ok(Self(process))
    }

    /// It ends when its input does.
    fn end(mut self) -> Result<()> {
        drop(self.0.stdin.take());
        self.0.wait()?;
        Ok(())
    }
}

/// Leads whose acceptance window runs out.
pub(crate) const DUE: usize = 100_000;
/// The same for rates.
pub(crate) const DUE_F64: f64 = 100_000.0;
/// Timers that are fired together, as the scheduler does.
pub(crate) const PART: usize = 200;
/// The tenant whose leads they are.
const TENANT: &str = "due";
const REPS: usize = 40;

const POLICY: &str = "
name: everything-to-sales
time_zone: UTC
sla:
  slow: { respond: 300d@wall, accept: 30d@wall, escalate: [] }
waiting: { retry_every: 5m@wall, deadline: 2h@wall, then: review }
rules: []
default: { to: { pool: sales }, sla: slow }
";

/// Reps who are always there, each with the next one as backup.
fn directory() -> String {
    let mut text = format!("{ALWAYS}teams:\n  - {{ id: sales, name: Sales, calendar: always }}\nreps:\n");
    for rep in 0..REPS {
        let _ = writeln!(text, "  - {{ id: r{rep}, name: Rep {rep}, team: sales, backup: r{} }}", (rep + 1) % REPS);
    }
    text.push_str("pools:\n  - id: sales\n    name: Sales\n    members:\n");
    for rep in 0..REPS {
        let _ = writeln!(text, "      - {{ rep: r{rep} }}");
    }
    text
}

/// Makes the company, and offers it its leads.
pub(crate) async fn prepare(service: &Service, leads: &Arc<Leads>) -> Result<Clients> {
    let mut clients = service.clients(TENANT)?;
    install(&clients, &directory(), POLICY).await?;
    println!("timers: routing {DUE} leads first");
    for _ in 0..DUE / BATCH {
        let requests = (0..BATCH).map(|_| leads.next()).collect();
        clients.assignment.batch_route_leads(BatchRouteLeadsRequest { requests }).await?;
    }
    Ok(clients)
}

const OF_TENANT: &str = "tenant_id = (SELECT tenant_id FROM tenant WHERE slug = 'due')";

/// Lets the acceptance windows of all leads run out at one moment, in two seconds from now; leads a second from then on.
pub(crate) async fn run_out(cluster: &Cluster, database: &str) -> Result<f64> {
    let moment = scalar(cluster, database, "SELECT now() + interval '2 seconds'")?;
    let script = format!("UPDATE timer SET due_at = '{moment}' WHERE {OF_TENANT} AND kind = 1");
    tokio::task::block_in_place(|| cluster.run_sql(database, &script))?;
    until(cluster, database, &format!("SELECT NOT EXISTS (SELECT FROM timer WHERE due_at = '{moment}')")).await?;
    let done = format!(
        "SELECT count(*) || ' ' || extract(epoch FROM max(pg_xact_commit_timestamp(xmin)) - '{moment}')
         FROM escalation WHERE {OF_TENANT} AND due_at = '{moment}'"
    );
    let done = scalar(cluster, database, &done)?;
    let (count, seconds) = done.split_once(' ').context("two figures")?;
    ensure!(count.parse::<usize>()? == DUE, "{count} of {DUE} windows ran out");
    Ok(DUE_F64 / seconds.parse::<f64>()?)
}

/// Timers a second in steady state.
const STEADY: u64 = 500;

/// Lets so many windows run out every second, for that time: p50 and p99 of the milliseconds from the due moment to the commit of
/// the effect.
pub(crate) async fn lateness(cluster: &Cluster, database: &str, time: Duration) -> Result<(f64, f64)> {
    let from = scalar(cluster, database, "SELECT now() + interval '2 seconds'")?;
    let timers = STEADY * time.as_secs();
    let script = format!(
        "UPDATE timer AS t SET due_at = '{from}'::timestamptz + n * interval '1 second' / {STEADY}
         FROM (SELECT tenant_id, lead_id, row_number() OVER (ORDER BY md5(lead_id::text)) AS n FROM timer
               WHERE {OF_TENANT} AND kind = 1 LIMIT {timers}) AS picked
         WHERE t.tenant_id = picked.tenant_id AND t.lead_id = picked.lead_id AND t.kind = 1"
    );
    cluster.run_sql(database, &script)?;
    let to = format!("'{from}'::timestamptz + interval '{} seconds'", time.as_secs() + 1);
    until(cluster, database, &format!("SELECT NOT EXISTS (SELECT FROM timer WHERE due_at < {to}) AND now() > {to}"))
        .await?;
    let late = format!(
        "SELECT count(*) || ' ' || min(late) || ' ' || percentile_disc(0.5) WITHIN GROUP (ORDER BY late) || ' '
                || percentile_disc(0.99) WITHIN GROUP (ORDER BY late)
         FROM (SELECT 1000 * extract(epoch FROM pg_xact_commit_timestamp(xmin) - due_at) AS late
               FROM escalation WHERE {OF_TENANT} AND due_at >= '{from}' AND due_at < {to}) AS fired"
    );
    let late = scalar(cluster, database, &late)?;
    let figures: Vec<f64> = late.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    let &[count, least, p50, p99] = figures.as_slice() else { anyhow::bail!("four figures, not {late}") };
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let expected = timers as f64;
    ensure!((count - expected).abs() < 0.5, "{count} of {timers} fired");
    ensure!(least >= 0.0, "one fired {least} ms late: early");
    Ok((p50, p99))
}

fn scalar(cluster: &Cluster, database: &str, query: &str) -> Result<String> {
    let rows = tokio::task::block_in_place(|| cluster.run_sql(database, query))?;
    rows.into_iter().flatten().flatten().next().with_context(|| format!("no answer to {query}"))
}

/// Asks until it is so, for ten minutes at most.
async fn until(cluster: &Cluster, database: &str, query: &str) -> Result<()> {
    let begun = Instant::now();
    while scalar(cluster, database, query)? != "t" {
        ensure!(begun.elapsed() < Duration::from_mins(10), "it never came about: {query}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
