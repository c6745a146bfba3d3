//! `cargo xtask bench`: what a call costs, beside what Postgres itself needs for the least that a durable assignment takes.
//!
//! Ours and the reference run in turn, on the same server, with as many callers; of several rounds the median ratio is told.
//! Absolute figures of a shared machine mean little.

mod ours;
mod reference;
mod rules;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use clap::Parser;
use pglocal::{Binaries, Cluster, ClusterOptions};
use serde::Serialize;

use self::{
    ours::{Load, Service},
    reference::Reference,
    rules::Rules,
};

/// As in the program that it calls: what the caller costs is taken from the same cores.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Arguments {
    /// Also write the rows to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Seconds of each measurement
    #[arg(long, default_value_t = 4)]
    seconds: u64,

    /// How often ours and the reference take turns
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// Only measurements whose name contains this
    #[arg(long, default_value = "")]
    only: String,
}

/// One line of the result. Rates are medians of the rounds, `ratio` is the median of the rounds' ratios; above 1 is better than the
/// reference.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    /// Of `ours` and `reference`.
    unit: &'static str,
    ours: f64,
    /// Of leads a second: transactions a second of pgbench with as many clients. Of microseconds: what it may cost at most.
    reference: f64,
    ratio: f64,
    /// Milliseconds of a call.
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
}

/// What a decision by 1,000 rules may cost, microseconds.
const RULES_LIMIT: f64 = 10.0;

/// Rows that the reference updates: far more than callers, so that it never waits for a row lock.
const REFERENCE_ROWS: u32 = 100_000;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    // Durable: every commit is on disk before it is answered, as for anybody's leads.
    let options = ClusterOptions::new("").binaries(Binaries::find_or_install()?).max_connections(200);
    let cluster = tokio::task::spawn_blocking(move || Cluster::open_temporary(&options)).await??;
    let result = measure(&arguments, &cluster).await;
    tokio::task::spawn_blocking(move || cluster.stop()).await??;
    let rows = result?;
    println!(
        "\n{:<24} {:>8} {:>10} {:>10} {:>7} {:>9} {:>9}",
        "", "", "ours", "reference", "ratio", "p50 ms", "p99 ms"
    );
    for Row { name, unit, ours, reference, ratio, p50_ms, p99_ms } in &rows {
        let milliseconds = |time: &Option<f64>| time.map_or_else(String::new, |time| format!("{time:.2}"));
        let (p50, p99) = (milliseconds(p50_ms), milliseconds(p99_ms));
        println!("{name:<24} {unit:>8} {ours:>10.1} {reference:>10.1} {ratio:>7.2} {p50:>9} {p99:>9}");
    }
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)? + "\n")
            .with_context(|| format!("can't write {}", path.display()))?;
    }
    Ok(())
}

async fn measure(arguments: &Arguments, cluster: &Cluster) -> Result<Vec<Row>> {
    let reference = Reference::prepare(cluster, REFERENCE_ROWS)?;
    let service = Service::start(cluster).await?;
    let time = Duration::from_secs(arguments.seconds);
    let mut rows = Vec::new();
    for (name, rules) in [("1,000 rules", Rules::Segments), ("1,000 rules, by number", Rules::NumbersOnly)] {
        if name.contains(&arguments.only) {
            let ours = rules::measure(rules)?;
            let ratio = RULES_LIMIT / ours;
            rows.push(Row {
                name: name.to_owned(),
                unit: "us",
                ours,
                reference: RULES_LIMIT,
                ratio,
                p50_ms: None,
                p99_ms: None,
            });
        }
    }
    for load in Load::ALL.into_iter().filter(|load| load.name().contains(&arguments.only)) {
        let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let (mut p50, mut p99) = (Vec::new(), Vec::new());
        for round in 1..=arguments.rounds {
            cluster.run_sql("postgres", "CHECKPOINT")?;
            let measured = service.measure(load, time).await?;
            cluster.run_sql("postgres", "CHECKPOINT")?;
            let tps = reference.run(load.callers(), time).await?;
            println!("{} round {round}: ours {:.0}/s, pgbench {tps:.0}/s", load.name(), measured.per_second);
            ratios.push(measured.per_second / tps);
            ours.push(measured.per_second);
            theirs.push(tps);
            p50.push(measured.p50_ms);
            p99.push(measured.p99_ms);
        }
        rows.push(Row {
            name: load.name(),
            unit: "leads/s",
            ours: median(ours),
            reference: median(theirs),
            ratio: median(ratios),
            p50_ms: Some(median(p50)),
            p99_ms: Some(median(p99)),
        });
    }
    Ok(rows)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
