//! `serve`: one or more roles in one process, until a signal ends it.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Result;
use clap::{Args, ValueEnum};
use kit::{
    clock::Clock,
    lifecycle::Drained,
    telemetry::{self, Telemetry},
};
use server::{App, Roles, config::Config};

/// Time that the last spans and metrics have to go out.
const FLUSH: Duration = Duration::from_secs(5);
/// The process ended, but broke off calls that took too long: as `timeout(1)` has it.
const TIMED_OUT: u8 = 124;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  leadrouter serve assignment --config leadrouter.yaml
  DATABASE_URL=postgres://leadrouter@db/leadrouter leadrouter serve scoring assignment escalation")]
pub(crate) struct ServeArgs {
    /// What this process does.
    #[arg(required = true, value_enum, value_name = "ROLE")]
    roles: Vec<Role>,

    /// The configuration file; `leadrouter config show` prints one with all keys and their defaults.
    #[arg(long, value_name = "FILE", env = "LEADROUTER_CONFIG")]
    config: Option<PathBuf>,
}

/// A service that a process can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Scores leads by points models.
    Scoring,
    /// Decides who owns a lead; also serves the directory and the policies.
    Assignment,
    /// Watches deadlines and has them enforced.
    Escalation,
}

/// Those roles together; none named means all.
pub(crate) fn roles(named: &[Role]) -> Roles {
    let plays = |role| named.is_empty() || named.contains(&role);
    Roles { scoring: plays(Role::Scoring), assignment: plays(Role::Assignment), escalation: plays(Role::Escalation) }
}

pub(crate) async fn run(args: ServeArgs) -> Result<ExitCode> {
    let config = Config::load(args.config.as_deref())?;
    let telemetry = start_telemetry(&config)?;
    let app = match App::start(config, roles(&args.roles), Clock::system()).await {
        Ok(app) => app,
        Err(error) => {
            end_telemetry(telemetry).await;
            return Err(error.into());
        }
    };
    let drained = app.run().await;
    end_telemetry(telemetry).await;
    Ok(exit_code(drained?))
}

pub(crate) fn start_telemetry(config: &Config) -> Result<Telemetry> {
    Ok(telemetry::init(&config.telemetry, "leadrouter", env!("CARGO_PKG_VERSION"))?)
}

pub(crate) async fn end_telemetry(telemetry: Telemetry) {
    if let Err(error) = telemetry.shutdown(FLUSH).await {
        tracing::warn!(%error, "telemetry did not end well");
    }
}

pub(crate) fn exit_code(drained: Drained) -> ExitCode {
    match drained {
        Drained::Clean => ExitCode::SUCCESS,
        Drained::Aborted => ExitCode::from(TIMED_OUT),
    }
}
