//! A Postgres of Leadrouter's own: found (or fetched), initialised, started, watched and stopped by this process.
//!
//! It lives in a directory that Leadrouter made and marked, listens on a Unix socket in a directory that only its owner
//! can enter, has no TCP port, and so disturbs no other server and no other directory. Everything here blocks: callers
//! on an async runtime use `spawn_blocking`.
//!
//! ```no_run
//! # fn main() -> Result<(), leadrouter_pglocal::Error> {
//! use leadrouter_pglocal::{Binaries, Cluster, ClusterOptions, data_home};
//! let binaries = Binaries::find_or_install()?;
//! let options = ClusterOptions::new(data_home()?.join("clusters/default")).binaries(binaries);
//! let cluster = Cluster::open_free(&options)?;
//! let url = cluster.url("postgres"); // hand this to sqlx
//! # drop(url);
//! cluster.stop()
//! # }
//! ```
//!
//! # Layout of a cluster's directory
//!
//! | entry | what |
//! | --- | --- |
//! | `leadrouter.cluster` | the mark: without it the directory isn't ours and is left alone |
//! | `leadrouter.lock` | locked while a process has the cluster open; holds that process's id |
//! | `pgdata/` | Postgres' own directory |
//! | `run/` | the socket (elsewhere if the path would be too long for one) |
//! | `server.log`, `server.log.1` | what the server said since its last start, and before that |
//!
//! # Root
//!
//! Postgres refuses to run as root. A root process starts it as the system account `postgres`, or `nobody` where there is
//! none, and hands `pgdata/` and `run/` over to that account; everything above them must be enterable by it.

mod account;
mod binaries;
mod cluster;
mod error;
mod home;
mod install;
mod instance;
mod options;
mod pid;
mod server;
mod socket;
mod temporary;
mod wire;

pub use binaries::{Binaries, MINIMUM_MAJOR};
pub use cluster::Cluster;
pub use error::{Error, NotFound};
pub use home::{cache_home, data_home};
pub use options::{ClusterOptions, Durability};
