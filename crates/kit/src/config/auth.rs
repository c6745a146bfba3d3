//! The section `auth`: who may call, and how that is known.

use std::{collections::BTreeSet, net::SocketAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::{ConfigError, Problem, TokensConfig, human_duration};
use crate::{
    auth::{Rules, is_tenant, is_text},
    reload::File,
};

/// Who may call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// How callers are known. Default `dev`.
    pub mode: AuthMode,
    /// The servers' TLS. Default: none.
    pub tls: Option<TlsConfig>,
    /// The workloads that may call with a client certificate.
    pub workloads: Vec<WorkloadConfig>,
    /// Bearer tokens (JWT). Default: none are accepted.
    pub tokens: Option<TokensConfig>,
    /// How often each caller may call, whom no entry of `workloads` gives a quota of its own. Default: no limit.
    pub quota: Option<QuotaConfig>,
    /// How this process shows itself to the services that it calls.
    pub client: Option<ClientTlsConfig>,
    /// Time between two looks for changed files. Default 10 s.
    #[serde(with = "human_duration")]
    pub reload: Duration,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            mode: AuthMode::Dev,
            tls: None,
            workloads: Vec::new(),
            tokens: None,
            quota: None,
            client: None,
            reload: Duration::from_secs(10),
        }
    }
}

/// How callers are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthMode {
    /// Callers are believed, and therefore must be on this machine: only loopback addresses may be listened on.
    #[default]
    Dev,
    /// Callers are believed wherever they are: something in front (a mesh, a gateway) lets only the right ones in.
    TrustedNetwork,
    /// Callers show a certificate, or a token, or both.
    Credentials,
}

/// What a server shows, and whose client certificates it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file of the server's certificate, followed by those between it and its authority.
    pub certificate: PathBuf,
    /// PEM file of the certificate's private key.
    pub key: PathBuf,
    /// PEM file of the authorities that issue the certificates of `auth.workloads`.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
}

impl TlsConfig {
    pub(crate) const CERTIFICATE: &str = "auth.tls.certificate";
    pub(crate) const KEY: &str = "auth.tls.key";
    pub(crate) const CLIENT_CA: &str = "auth.tls.client_ca";

    pub(crate) fn files(&self) -> Vec<File> {
        let mut files = vec![File::new(Self::CERTIFICATE, &self.certificate), File::new(Self::KEY, &self.key)];
        files.extend(self.client_ca.as_ref().map(|path| File::new(Self::CLIENT_CA, path)));
        files
    }
}

/// How this process shows itself to other services, and how it knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientTlsConfig {
    /// PEM file of the authorities that issue the servers' certificates.
    pub ca: PathBuf,
    /// PEM file of this process's client certificate.
    pub certificate: PathBuf,
    /// PEM file of the certificate's private key.
    pub key: PathBuf,
    /// The name that the servers' certificates must be for. Default: the host of the endpoint.
    #[serde(default)]
    pub server_name: Option<String>,
}

impl ClientTlsConfig {
    pub(crate) const CA: &str = "auth.client.ca";
    pub(crate) const CERTIFICATE: &str = "auth.client.certificate";
    pub(crate) const KEY: &str = "auth.client.key";
    pub(crate) const SERVER_NAME: &str = "auth.client.server_name";

    pub(crate) fn files(&self) -> Vec<File> {
        vec![
            File::new(Self::CA, &self.ca),
            File::new(Self::CERTIFICATE, &self.certificate),
            File::new(Self::KEY, &self.key),
        ]
    }
}

/// What a workload may do that calls with a client certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkloadConfig {
    /// The URI (`spiffe://acme.example/batch`) or DNS name that its certificate is for; 1 to 120 characters.
    pub id: String,
    /// The tenants that it may act for, or `"*"` for all of them.
    pub tenants: Vec<String>,
    /// What it may do: `reader`, `router`, `operator`, `admin`, `service`.
    pub role: String,
    /// How often it may call. Default: `auth.quota`; no limit for the role `service`.
    #[serde(default)]
    pub quota: Option<QuotaConfig>,
}

/// How often a caller may call for one tenant. Each process counts by itself, and a batch counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaConfig {
    /// Calls a second in the long run, at least 1.
    pub calls_per_second: u32,
    /// Calls at once after a rest, at least 1. Default: those of one second.
    #[serde(default)]
    pub burst: Option<u32>,
}

impl QuotaConfig {
    /// Calls at once after a rest.
    pub fn burst(&self) -> u32 {
        self.burst.unwrap_or(self.calls_per_second)
    }

    fn problems(&self, at: &str) -> Vec<Problem> {
        let values = [("calls_per_second", Some(self.calls_per_second)), ("burst", self.burst)];
        let zero = values.into_iter().filter(|(_, value)| *value == Some(0));
        zero.map(|(key, _)| Problem::at(format!("{at}.{key}"), "found 0, expected at least 1")).collect()
    }
}

/// Stands for all tenants.
pub(crate) const ALL_TENANTS: &str = "*";
const MAX_WORKLOAD: usize = 120;

impl AuthConfig {
    /// What is wrong with the section, as far as it can be seen without opening a file.
    pub fn problems(&self, rules: &Rules) -> Vec<Problem> {
        let mut problems = self.mode_problems();
        if self.reload.is_zero() {
            problems.push(Problem::at("auth.reload", "found 0, expected a time such as `10s`"));
        }
        let mut ids = BTreeSet::new();
        for (index, workload) in self.workloads.iter().enumerate() {
            let mut problem = |key: &str, message: String| {
                problems.push(Problem::at(format!("auth.workloads[{index}].{key}"), message));
            };
            let id = &workload.id;
            if !is_text(id, MAX_WORKLOAD) || id.contains(' ') {
                problem("id", format!("found `{id}`, expected 1 to 120 printable ASCII characters without blanks"));
            }
            if !ids.insert(id) {
                problem("id", format!("`{id}` is there twice"));
            }
            if workload.tenants.is_empty() {
                problem("tenants", "expected at least one, or `\"*\"` for all of them".to_owned());
            }
            for tenant in workload.tenants.iter().filter(|tenant| *tenant != ALL_TENANTS && !is_tenant(tenant)) {
                problem("tenants", format!("found `{tenant}`, expected names of a-z, 0-9 and -, or `\"*\"`"));
            }
            if rules.role(&workload.role).is_none() {
                problem("role", format!("found `{}`, expected one of: {}", workload.role, rules.role_names()));
            }
        }
        let quotas = self.workloads.iter().enumerate();
        let quotas = quotas.filter_map(|(n, of)| of.quota.map(|quota| (format!("auth.workloads[{n}].quota"), quota)));
        let quotas = quotas.chain(self.quota.map(|quota| ("auth.quota".to_owned(), quota)));
        problems.extend(quotas.flat_map(|(at, quota)| quota.problems(&at)));
        problems.extend(self.tokens.iter().flat_map(TokensConfig::problems));
        problems
    }

    /// What doesn't fit the mode.
    fn mode_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut check = |holds: bool, key: &str, message: &str| {
            if !holds {
                problems.push(Problem::at(key, message));
            }
        };
        let authority = self.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        if self.mode == AuthMode::Credentials {
            let somebody = authority || self.tokens.is_some();
            check(
                somebody,
                "auth",
                "nobody could call: set `auth.tls.client_ca` with `auth.workloads`, or `auth.tokens`",
            );
            check(
                authority || self.workloads.is_empty(),
                TlsConfig::CLIENT_CA,
                "is required: `auth.workloads` come with certificates",
            );
            check(
                !authority || !self.workloads.is_empty(),
                "auth.workloads",
                "is required: without it no certificate of `auth.tls.client_ca` may do anything",
            );
        } else {
            let message = "is read in the mode `credentials` only; set `auth.mode: credentials`";
            check(self.tls.is_none(), "auth.tls", message);
            check(self.workloads.is_empty(), "auth.workloads", message);
            check(self.tokens.is_none(), "auth.tokens", message);
            check(self.client.is_none(), "auth.client", message);
            check(self.quota.is_none(), "auth.quota", message);
        }
        problems
    }

    /// Refuses an address that would let in callers whom nobody knows, or let others read their tokens.
    pub fn check_listen(&self, address: SocketAddr) -> Result<(), ConfigError> {
        let why = match self.mode {
            _ if address.ip().to_canonical().is_loopback() => return Ok(()),
            AuthMode::TrustedNetwork => return Ok(()),
            AuthMode::Credentials if self.tls.is_some() => return Ok(()),
            AuthMode::Credentials => {
                "and tokens would go over the network for everybody to read. Set `auth.tls`, or listen on 127.0.0.1 or \
                 [::1] behind a proxy on this machine"
            }
            AuthMode::Dev => {
                "and callers are believed (`auth.mode: dev`). Listen on 127.0.0.1 or [::1]; or set `auth.mode: credentials`; or \
                 `auth.mode: trusted-network` if a mesh or gateway in front lets only trusted callers in"
            }
        };
        let message = format!("{address} can be reached from other machines, {why}");
        Err(ConfigError::of(Problem::at("listen.address", message)))
    }
}
