//! All services on this machine, for trying them out: on the Postgres that is given, else on a private one.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use kit::{clock::Clock, lifecycle::Drained};
use pglocal::{Binaries, Cluster, ClusterOptions};
use server::{App, Roles, config::Config};

/// Running services, and their Postgres if it is a private one.
pub(crate) struct Local {
    pub app: App,
    cluster: Option<Cluster>,
}

/// Where services listen.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    pub assignment: String,
    pub scoring: String,
    pub escalation: String,
}

impl Local {
    /// Starts everything; a private Postgres keeps its data under `name`. Addresses that are taken are replaced by free ones, so
    /// that two of these can run side by side.
    pub(crate) async fn start(name: &'static str, mut config: Config) -> Result<Self> {
        let mut cluster = None;
        if config.database_url().is_err() {
            let opened = tokio::task::spawn_blocking(move || open_cluster(name)).await??;
            config.database.url = Some(opened.url("postgres"));
            cluster = Some(opened);
        }
        match App::start_beside_others(config, Roles::ALL, Clock::system()).await {
            Ok(app) => Ok(Self { app, cluster }),
            Err(error) => {
                stop_cluster(cluster).await?;
                Err(error.into())
            }
        }
    }

    /// Where the services listen.
    pub(crate) fn addresses(&self) -> Addresses {
        let url = |address: Option<SocketAddr>| {
            address.map_or_else(String::new, |address| format!("{}://{address}", self.app.scheme()))
        };
        Addresses {
            assignment: url(self.app.assignment),
            scoring: url(self.app.scoring),
            escalation: url(self.app.escalation),
        }
    }

    /// Serves until a signal, and stops everything.
    pub(crate) async fn run(self) -> Result<Drained> {
        let drained = self.app.run().await;
        stop_cluster(self.cluster).await?;
        Ok(drained?)
    }

    /// Stops everything.
    pub(crate) async fn stop(self) -> Result<Drained> {
        let drained = self.app.stop().await;
        stop_cluster(self.cluster).await?;
        Ok(drained)
    }

    /// One line for each thing that a user can reach.
    pub(crate) fn describe(&self) -> String {
        let Addresses { assignment, scoring, escalation } = self.addresses();
        let postgres = self.cluster.as_ref().map_or_else(String::new, |cluster| {
            format!("\n  postgres    {}\n  data        {}", cluster.url("postgres"), cluster.data_dir().display())
        });
        format!(
            "  assignment  {assignment}  (leads, directory, policies)\n  scoring     {scoring}\n  \
             escalation  {escalation}{postgres}"
        )
    }
}

fn open_cluster(name: &str) -> Result<Cluster> {
    let binaries = Binaries::find_or_install()?;
    let options = ClusterOptions::new(pglocal::data_home()?.join("clusters").join(name)).binaries(binaries);
    Cluster::open_free(&options).context("the private Postgres can't be started")
}

async fn stop_cluster(cluster: Option<Cluster>) -> Result<()> {
    let Some(cluster) = cluster else { return Ok(()) };
    tokio::task::spawn_blocking(move || cluster.stop()).await?.context("the private Postgres was not stopped")
}
