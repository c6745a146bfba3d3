//! TLS for servers and for clients, with files that may be replaced while the process runs.

mod client;
mod pem;
mod server;

use std::{path::Path, sync::Arc};

use rustls::{ClientConfig, RootCertStore, crypto::CryptoProvider};

pub use client::ClientTls;
pub(crate) use client::client_config;
pub(crate) use pem::{certificates, roots};
pub(crate) use server::{server_config, subject_names};

use crate::config::{ConfigError, Problem};

/// HTTP/2, as ALPN has it. gRPC knows nothing else.
const H2: &[u8] = b"h2";

/// The cryptography of all connections.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// TLS towards servers of others, whose certificates are issued by the authorities in a PEM file, or by those that browsers trust.
/// `key` is the configuration's key that names the file.
///
/// Errors: what is wrong with the file.
pub fn outgoing(key: &str, ca: Option<&Path>) -> Result<ClientConfig, ConfigError> {
    let roots = match ca {
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        Some(path) => std::fs::read(path)
            .map_err(|error| Problem::at(key, format!("can't read {}: {error}", path.display())))
            .and_then(|pem| roots(key, &pem))
            .map_err(ConfigError::of)?,
    };
    let tls = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let tls = tls.map_err(|error| ConfigError::of(Problem::at(key, error.to_string())))?;
    Ok(tls.with_root_certificates(roots).with_no_client_auth())
}
