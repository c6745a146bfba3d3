//! TLS for servers and for clients, with files that may be replaced while the process runs.

mod client;
mod pem;
mod server;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

pub use client::ClientTls;
pub(crate) use client::client_config;
pub(crate) use pem::{certificates, roots};
pub(crate) use server::{server_config, subject_names};

/// HTTP/2, as ALPN has it. gRPC knows nothing else.
const H2: &[u8] = b"h2";

/// The cryptography of all connections.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
