//! How a cluster is to be opened.

use std::path::PathBuf;
use std::time::Duration;

use crate::Binaries;

/// Whether a commit survives a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Every commit is on disk before it is answered: Postgres' defaults.
    #[default]
    Durable,
    /// Nothing is forced to disk. For tests that neither measure nor crash the machine; a crash may ruin the cluster.
    Fast,
}

/// How [`Cluster::open`](crate::Cluster::open) starts its server.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// The cluster's own directory; made if absent.
    pub data_dir: PathBuf,
    /// Default: [`Durability::Durable`].
    pub durability: Durability,
    /// Default: 200.
    pub max_connections: u32,
    /// Size of the shared buffers in MiB. Default: 256.
    pub shared_buffers_mib: u32,
    /// Further server settings, name and value; they win over ours.
    pub settings: Vec<(String, String)>,
    /// The programs to use; by default [`Binaries::find`] (or others of the version that wrote the data) is asked.
    pub binaries: Option<Binaries>,
    /// How long a start may take, crash recovery included. Default: 120 s.
    pub start_timeout: Duration,
    /// How long an orderly stop may take before a hard one. Default: 30 s.
    pub stop_timeout: Duration,
}

impl ClusterOptions {
    /// The defaults, for the cluster in `data_dir`.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            durability: Durability::default(),
            max_connections: 200,
            shared_buffers_mib: 256,
            settings: Vec::new(),
            binaries: None,
            start_timeout: Duration::from_mins(2),
            stop_timeout: Duration::from_secs(30),
        }
    }

    /// With these programs.
    #[must_use]
    pub fn binaries(mut self, binaries: Binaries) -> Self {
        self.binaries = Some(binaries);
        self
    }

    /// With this durability.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// With at most this many connections.
    #[must_use]
    pub fn max_connections(mut self, max_connections: u32) -> Self {
        self.max_connections = max_connections;
        self
    }

    /// With one more server setting.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// The server's `-c` settings, ours first so that the caller's win.
    pub(crate) fn server_settings(&self, socket_dir: &str) -> Vec<(String, String)> {
        let fixed = [
            // No TCP: the socket's directory is the only door.
            ("listen_addresses", String::new()),
            ("port", crate::socket::PORT.to_string()),
            ("unix_socket_directories", format!("\"{}\"", socket_dir.replace('"', "\"\""))),
            ("unix_socket_permissions", "0700".to_owned()),
            ("max_connections", self.max_connections.to_string()),
            ("shared_buffers", format!("{}MB", self.shared_buffers_mib)),
            ("timezone", "UTC".to_owned()),
            ("log_timezone", "UTC".to_owned()),
            ("lc_messages", "C".to_owned()),
            ("logging_collector", "off".to_owned()),
            ("cluster_name", "leadrouter".to_owned()),
            // Short statements only: compiling them costs more than it saves.
            ("jit", "off".to_owned()),
        ];
        let durability: &[(&str, &str)] = match self.durability {
            Durability::Durable => &[("fsync", "on"), ("full_page_writes", "on"), ("synchronous_commit", "on")],
            Durability::Fast => &[
                ("fsync", "off"),
                ("full_page_writes", "off"),
                ("synchronous_commit", "off"),
                ("wal_level", "minimal"),
                ("max_wal_senders", "0"),
            ],
        };
        let fixed = fixed.into_iter().map(|(name, value)| (name.to_owned(), value));
        let durability = durability.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        fixed.chain(durability).chain(self.settings.iter().cloned()).collect()
    }
}
