//! `cargo xtask chaos`: faults, one after the other, on running services, and what came of the promises.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use leadrouter_tests::chaos::{self, Options, Report};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask chaos", bin_name = "cargo xtask chaos")]
struct Arguments {
    /// Minutes of it; every fault strikes at least once
    #[arg(long, default_value_t = 10)]
    minutes: u64,

    /// Names the run; by default, another one each time
    #[arg(long)]
    seed: Option<u64>,

    /// Callers at a time
    #[arg(long, default_value_t = 16)]
    callers: usize,

    /// Seconds for which the database is in trouble
    #[arg(long, default_value_t = 5)]
    hold: u64,

    /// Seconds for which a service stands still
    #[arg(long, default_value_t = 30)]
    freeze: u64,

    /// Seconds within which everybody must be served again after a fault
    #[arg(long, default_value_t = 30)]
    recovery: u64,

    /// Also write the report to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let Arguments { minutes, seed, callers, hold, freeze, recovery, json } = Arguments::parse();
    let options = Options {
        time: Duration::from_mins(minutes),
        seed: seed.unwrap_or_else(rand::random),
        callers,
        hold: Duration::from_secs(hold),
        freeze: Duration::from_secs(freeze),
        recovery: Duration::from_secs(recovery),
    };
    println!("seed {}", options.seed);
    let began = std::time::Instant::now();
    let logs = tempfile::Builder::new().prefix("leadrouter-chaos-logs").tempdir()?;
    let progress = |told: &str| println!("{:>6.1} s  {told}", began.elapsed().as_secs_f64());
    // Asked to end, it takes down what it has put up: services, Postgres and its disk.
    let report = tokio::select! {
        report = chaos::run(&options, logs.path(), progress) => report,
        asked = asked_to_end() => asked.and_then(|signal| bail!("ended by {signal}")),
    };
    if !report.as_ref().is_ok_and(Report::is_good) {
        println!("what the services said is in {}", logs.keep().display());
    }
    let report = report?;
    let text = serde_json::to_string_pretty(&report)?;
    println!("{text}");
    if let Some(path) = json {
        std::fs::write(&path, text + "\n").with_context(|| format!("can't write {}", path.display()))?;
    }
    println!("{}", if report.is_good() { "every promise held" } else { "PROMISES WERE BROKEN" });
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Waits until somebody wants this program to end, and says how.
async fn asked_to_end() -> Result<&'static str> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    })
}
