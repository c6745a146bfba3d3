//! `dev`: all services on one machine, with nothing in them.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Args;
use server::config::Config;

use super::{local::Local, serve};

#[derive(Debug, Args)]
pub(crate) struct DevArgs {
    /// A configuration file; none is needed.
    #[arg(long, value_name = "FILE", env = "LEADROUTER_CONFIG")]
    config: Option<PathBuf>,
}

pub(crate) async fn run(args: DevArgs) -> Result<ExitCode> {
    let config = Config::load(args.config.as_deref())?;
    let telemetry = serve::start_telemetry(&config)?;
    let drained = async {
        let local = Local::start("dev", config).await?;
        println!("Leadrouter is running:\n{}\nCtrl-C stops it.", local.describe());
        local.run().await
    }
    .await;
    serve::end_telemetry(telemetry).await;
    Ok(serve::exit_code(drained?))
}
