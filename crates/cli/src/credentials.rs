//! What the command line shows to services that ask for a credential.

use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use http::{HeaderValue, Uri};
use tonic::{
    Status,
    transport::{Certificate, ClientTlsConfig, Endpoint, Identity},
};

const HEADING: &str = "Credentials";

/// What is shown to services that ask for a credential. Every command takes these flags.
#[derive(Debug, Clone, Default, Args)]
pub struct Credentials {
    /// PEM file of the authorities that issue the services' certificates; otherwise those that browsers trust.
    #[arg(long, global = true, value_name = "FILE", help_heading = HEADING, env = "LEADROUTER_TLS_CA", hide_env_values = true)]
    pub tls_ca: Option<PathBuf>,

    /// PEM file of a client certificate.
    #[arg(long, global = true, value_name = "FILE", help_heading = HEADING, env = "LEADROUTER_TLS_CERT", hide_env_values = true)]
    pub tls_cert: Option<PathBuf>,

    /// PEM file of the client certificate's private key.
    #[arg(long, global = true, value_name = "FILE", help_heading = HEADING, env = "LEADROUTER_TLS_KEY", hide_env_values = true)]
    pub tls_key: Option<PathBuf>,

    /// The name that the services' certificates must be for; otherwise the host of the address.
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING)]
    #[arg(env = "LEADROUTER_TLS_SERVER_NAME", hide_env_values = true)]
    pub tls_server_name: Option<String>,

    /// File with a token (JWT), which is read anew for each call.
    #[arg(long, global = true, value_name = "FILE", help_heading = HEADING, env = "LEADROUTER_TOKEN_FILE", hide_env_values = true)]
    pub token_file: Option<PathBuf>,
}

impl Credentials {
    /// Adds to `endpoint` what its address asks for. Errors: a file can't be used, or what is to be secret would go over the network
    /// for everybody to read.
    pub(crate) fn secure(&self, endpoint: Endpoint) -> Result<Endpoint> {
        if endpoint.uri().scheme_str() == Some("https") {
            return endpoint.tls_config(self.tls()?).context("TLS can't be used");
        }
        if self.tls_ca.is_some() || self.tls_cert.is_some() || self.tls_key.is_some() {
            bail!("found `{}`, expected `https://`: --tls-ca, --tls-cert and --tls-key are for TLS", endpoint.uri());
        }
        if self.token_file.is_some() && !is_here(endpoint.uri()) {
            bail!("found `{}`, expected `https://`: anybody on the way could read the token", endpoint.uri());
        }
        Ok(endpoint)
    }

    fn tls(&self) -> Result<ClientTlsConfig> {
        let mut tls = ClientTlsConfig::new();
        tls = match &self.tls_ca {
            Some(path) => tls.ca_certificate(Certificate::from_pem(read("--tls-ca", path)?)),
            None => tls.with_webpki_roots(),
        };
        tls = match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => {
                tls.identity(Identity::from_pem(read("--tls-cert", cert)?, read("--tls-key", key)?))
            }
            (None, None) => tls,
            _ => bail!("--tls-cert and --tls-key go together"),
        };
        Ok(match &self.tls_server_name {
            Some(name) => tls.domain_name(name),
            None => tls,
        })
    }

    /// The header with the token, if there is one.
    pub(crate) async fn authorization(&self) -> Result<Option<HeaderValue>, Status> {
        let Some(path) = &self.token_file else { return Ok(None) };
        let told = |why: String| Status::unauthenticated(format!("--token-file {}: {why}", path.display()));
        let token = tokio::fs::read_to_string(path).await.map_err(|error| told(error.to_string()))?;
        let value = HeaderValue::from_str(&format!("Bearer {}", token.trim()));
        let mut value = value.map_err(|_| told("what is in it can't be sent".to_owned()))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

fn read(flag: &'static str, path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{flag}: can't read {}", path.display()))
}

/// True for an address on this machine.
fn is_here(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn secured(credentials: &Credentials, address: &'static str) -> Result<(), String> {
        credentials.secure(Endpoint::from_static(address)).map(drop).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_token_is_not_sent_for_everybody_to_read() {
        let credentials = Credentials { token_file: Some("token".into()), ..Credentials::default() };
        for address in ["http://127.0.0.1:7070", "http://[::1]:7070", "http://localhost", "https://leads.example"] {
            secured(&credentials, address).unwrap();
        }
        for address in ["http://leads.example", "http://10.0.0.1:7070"] {
            assert!(secured(&credentials, address).unwrap_err().contains("expected `https://`"), "{address}");
        }
    }

    #[test]
    fn what_is_for_tls_needs_tls_and_what_goes_together_comes_together() {
        let ca = Credentials { tls_ca: Some("ca.pem".into()), ..Credentials::default() };
        assert!(secured(&ca, "http://127.0.0.1:7070").unwrap_err().contains("--tls-ca"));
        assert!(secured(&ca, "https://127.0.0.1:7070").unwrap_err().starts_with("--tls-ca: can't read ca.pem"));
        let half = Credentials { tls_cert: Some("cert.pem".into()), ..Credentials::default() };
        assert_eq!(secured(&half, "https://localhost").unwrap_err(), "--tls-cert and --tls-key go together");
    }
}
