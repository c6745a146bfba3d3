//! All that a process needs to know its callers, and to be known by those whom it calls.

use std::{net::SocketAddr, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{ClientConfig, ServerConfig, pki_types::ServerName};

use super::{
    Rules,
    credentials::Credentials,
    quota::Quotas,
    token::{KeySource, Tokens},
};
use crate::{
    clock::Clock,
    config::{AuthConfig, AuthMode, ClientTlsConfig, ConfigError, Problem},
    lifecycle::Lifecycle,
    reload::Reloading,
    tls::{self, ClientTls},
};

/// Who may call the servers of a process, and how the process calls others.
#[derive(Debug)]
pub struct Security {
    config: AuthConfig,
    rules: Rules,
    clock: Clock,
    credentials: Option<Arc<Credentials>>,
    quotas: Arc<Quotas>,
    server_tls: Option<Arc<ArcSwap<ServerConfig>>>,
    client_tls: Option<ClientTls>,
    upkeep: Upkeep,
}

/// What has to be looked at now and then.
#[derive(Debug, Default)]
struct Upkeep {
    server: Option<Reloading<ServerConfig>>,
    client: Option<Reloading<ClientConfig>>,
    keys: Option<KeySource>,
}

impl Security {
    /// Reads the files that the configuration names.
    ///
    /// Errors: all that is wrong with the configuration and the files.
    pub fn load(config: &AuthConfig, rules: Rules, clock: Clock) -> Result<Self, ConfigError> {
        let problems = config.problems(&rules);
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        let server = config.tls.as_ref();
        let server =
            server.map(|tls| Reloading::load("server certificate", tls.files(), tls::server_config)).transpose();
        let client = config.client.as_ref();
        let client =
            client.map(|tls| Reloading::load("client certificate", tls.files(), tls::client_config)).transpose();
        let name = config.client.as_ref().map_or(Ok(None), server_name);
        let tokens = config.tokens.as_ref().map(|tokens| Tokens::load(tokens, rules, clock.clone())).transpose();
        let (server, client, name, tokens) = match (server, client, name, tokens) {
            (Ok(server), Ok(client), Ok(name), Ok(tokens)) => (server, client, name, tokens),
            (server, client, name, tokens) => {
                let errors = [server.err(), client.err(), name.err(), tokens.err()];
                return Err(ConfigError { problems: errors.into_iter().flatten().flat_map(|e| e.problems).collect() });
            }
        };
        let (tokens, keys) = tokens.unzip();
        let client_tls =
            client.as_ref().map(|client| ClientTls { config: client.current(), server_name: name.clone() });
        let credentials = (config.mode == AuthMode::Credentials)
            .then(|| Arc::new(Credentials::new(&config.workloads, tokens, &rules)));
        let quotas = Arc::new(Quotas::new(config.quota, &config.workloads, &rules));
        Ok(Self {
            config: config.clone(),
            rules,
            clock,
            credentials,
            quotas,
            server_tls: server.as_ref().map(Reloading::current),
            client_tls,
            upkeep: Upkeep { server, client, keys },
        })
    }

    /// Looks for changed files, and fetches keys, for as long as `lifecycle` lasts. Without it, everything stays as it was loaded.
    pub fn keep_up(&mut self, lifecycle: &Lifecycle) {
        let Upkeep { server, client, keys } = std::mem::take(&mut self.upkeep);
        let (every, clock, stopping) = (self.config.reload, || self.clock.clone(), || lifecycle.stopping().clone());
        if let Some(server) = server {
            lifecycle.spawn(server.run(every, clock(), stopping()));
        }
        if let Some(client) = client {
            lifecycle.spawn(client.run(every, clock(), stopping()));
        }
        if let Some(keys) = keys {
            lifecycle.spawn(keys.run(every, clock(), stopping()));
        }
    }

    /// How this process shows itself to those whom it calls; `None` if it doesn't.
    pub fn client_tls(&self) -> Option<&ClientTls> {
        self.client_tls.as_ref()
    }

    /// True when callers have to use TLS.
    pub fn has_tls(&self) -> bool {
        self.server_tls.is_some()
    }

    pub(crate) fn check_listen(&self, address: SocketAddr) -> Result<(), ConfigError> {
        self.config.check_listen(address)
    }

    pub(crate) const fn rules(&self) -> Rules {
        self.rules
    }

    pub(super) fn credentials(&self) -> Option<Arc<Credentials>> {
        self.credentials.clone()
    }

    pub(super) fn quotas(&self) -> Arc<Quotas> {
        Arc::clone(&self.quotas)
    }

    pub(crate) fn server_tls(&self) -> Option<Arc<ArcSwap<ServerConfig>>> {
        self.server_tls.clone()
    }
}

fn server_name(config: &ClientTlsConfig) -> Result<Option<ServerName<'static>>, ConfigError> {
    let Some(name) = &config.server_name else { return Ok(None) };
    let parsed = ServerName::try_from(name.clone());
    let message = format!("found `{name}`, expected a DNS name or an IP address");
    parsed.map(Some).map_err(|_| ConfigError::of(Problem::at(ClientTlsConfig::SERVER_NAME, message)))
}
