//! The Postgres that tests and queries are run against.

use anyhow::{Context as _, Result};
use pglocal::{Binaries, Cluster, ClusterOptions, Durability};

/// A server on which databases can be made: the one of `DATABASE_URL`, or a private one that ends with this value.
pub(crate) struct Database {
    url: String,
    cluster: Option<Cluster>,
}

impl Database {
    /// The server of `DATABASE_URL` if there is one, else a private one.
    pub(crate) fn given_or_private() -> Result<Self> {
        match std::env::var("DATABASE_URL") {
            Ok(url) if !url.is_empty() => {
                println!("using the server of DATABASE_URL");
                Ok(Self { url, cluster: None })
            }
            _ => {
                let cluster = private()?;
                Ok(Self { url: cluster.url("postgres"), cluster: Some(cluster) })
            }
        }
    }

    /// The address of a database whose user may create others.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Stops the server if it is ours.
    pub(crate) fn close(self) -> Result<()> {
        self.cluster.map_or(Ok(()), |cluster| cluster.stop().context("could not stop the private Postgres"))
    }
}

/// An empty private server in a temporary directory, quick rather than durable.
pub(crate) fn private() -> Result<Cluster> {
    let binaries = Binaries::find_or_install()?;
    println!("starting a private Postgres {} from {}", binaries.version(), binaries.dir().display());
    let options = ClusterOptions::new("").binaries(binaries).durability(Durability::Fast).max_connections(400);
    Ok(Cluster::open_temporary(&options)?)
}
