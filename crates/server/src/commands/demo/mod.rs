//! `demo`: a whole company in a minute. Starts everything, installs the example, routes its leads through gRPC, and tells what
//! came of them - read back from the services, not remembered from the run.

mod example;
mod figures;
mod read_back;
mod route;
mod show;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use cli::{Clients, Connection};
use kit::{
    clock::Clock,
    config::{AuthMode, TelemetryConfig},
};
use server::config::Config;

use self::figures::Figures;
use super::{
    local::{Addresses, Local},
    serve,
};

/// Log lines between those of the demo would hide them; a configured filter wins.
const QUIET: &str = "warn";

#[derive(Debug, Args)]
#[command(
    after_help = "The first demo fills the tenant `default`; later ones take `demo-2`, `demo-3` and so on, and leave the leads of \
                        earlier ones alone. The data is kept, and is served again by the next `leadrouter demo`."
)]
pub(crate) struct DemoArgs {
    /// Stop after the figures instead of serving on until Ctrl-C.
    #[arg(long)]
    once: bool,

    /// Also write the figures to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Leads that are routed at the same time.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1000))]
    callers: u16,

    /// A configuration file; none is needed.
    #[arg(long, value_name = "FILE", env = "LEADROUTER_CONFIG")]
    config: Option<PathBuf>,
}

pub(crate) async fn run(args: DemoArgs) -> Result<ExitCode> {
    let mut config = Config::load(args.config.as_deref())?;
    if config.auth.mode == AuthMode::Credentials {
        bail!("the demo has no credential to show: set `auth.mode: dev`");
    }
    if config.telemetry.log_filter == TelemetryConfig::default().log_filter {
        QUIET.clone_into(&mut config.telemetry.log_filter);
    }
    let telemetry = serve::start_telemetry(&config)?;
    let outcome = demonstrate(&args, config).await;
    serve::end_telemetry(telemetry).await;
    outcome
}

async fn demonstrate(args: &DemoArgs, config: Config) -> Result<ExitCode> {
    println!("Starting Postgres and the services ...");
    let local = Local::start("demo", config).await?;
    let told = tell(args, &local).await;
    let holds = match &told {
        Ok(figures) => figures.holds(),
        Err(_) => false,
    };
    let drained = if told.is_err() || args.once {
        local.stop().await?
    } else {
        println!("\nThe services go on; Ctrl-C stops them.\n{}", local.describe());
        local.run().await?
    };
    told?;
    if !holds {
        bail!("leads were lost, or have not exactly one owner: the figures above must not look like this");
    }
    Ok(serve::exit_code(drained))
}

/// Installs the example, routes its leads, reads back what came of them and prints it.
async fn tell(args: &DemoArgs, local: &Local) -> Result<Figures> {
    let tenant = fresh_tenant(local).await?;
    let Addresses { assignment, scoring, escalation } = local.addresses();
    let clients: Clients = Connection::new(assignment, scoring, escalation, tenant.clone()).clients()?;
    println!("Installing the example company (directory, policy, points model) for tenant `{tenant}` ...");
    example::install(&clients).await?;
    let run = route::all(&clients, Clock::system().now(), usize::from(args.callers)).await?;
    let back = read_back::all(&clients, &local.app).await?;
    let figures = Figures::new(tenant, &run, &back);
    println!("{}", show::text(&figures, &back));
    if let Some(path) = &args.json {
        let json = serde_json::to_string_pretty(&figures)?;
        std::fs::write(path, json + "\n").with_context(|| format!("can't write {}", path.display()))?;
    }
    Ok(figures)
}

/// The first of `default`, `demo-2`, `demo-3` ... that has no directory yet.
async fn fresh_tenant(local: &Local) -> Result<String> {
    let store = local.app.store();
    let mut name = "default".to_owned();
    for number in 2.. {
        let tenant = store.ensure_tenant(&name, Clock::system().now()).await?;
        if store.versions(tenant).await?.directory == 0 {
            break;
        }
        name = format!("demo-{number}");
    }
    Ok(name)
}
