//! `health`: asks a service how it is, for scripts and containers that have no other client.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, Result};
use clap::Args;
use cli::Connection;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

/// A service that takes longer than this is not well.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    /// Address of the service.
    #[arg(default_value = "http://127.0.0.1:7070", value_name = "URL")]
    address: String,
}

/// Exit code 0: it serves; 1: it answers that it doesn't, or doesn't answer.
pub(crate) async fn run(args: HealthArgs, connection: &Connection) -> Result<ExitCode> {
    let endpoint = connection.endpoint(&args.address)?;
    let channel = endpoint.connect_timeout(PATIENCE).timeout(PATIENCE).connect_lazy();
    let answer = HealthClient::new(channel).check(HealthCheckRequest::default()).await;
    let status = answer.with_context(|| format!("{} does not answer", args.address))?.into_inner().status();
    println!("{}", status.as_str_name());
    Ok(if status == ServingStatus::Serving { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
