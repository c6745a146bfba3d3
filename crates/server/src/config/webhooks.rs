//! The section `webhooks`: how those are told who subscribed.

use std::{path::PathBuf, sync::Arc, time::Duration};

use api::convert::subscription::UrlRules;
use delivery::DeliveryConfig;
use kit::{
    config::{ConfigError, Problem, human_duration},
    seal::Seal,
    tls,
};
use rustls::ClientConfig;
use serde::{Deserialize, Serialize};

const CA: &str = "webhooks.ca";
const SEALING_KEYS: &str = "webhooks.sealing_keys";

/// How those are told who subscribed. It belongs to the assignment role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhooksConfig {
    /// Whether this process sends messages; at least one should. Default true.
    pub send: bool,
    /// How long an attempt may take, 1 s to 1 min. Default 15 s.
    #[serde(with = "human_duration")]
    pub timeout: Duration,
    /// Attempts under way at once, 4 to 4,096. A quarter is for receivers that were away the last time. Default 256.
    pub concurrency: usize,
    /// Whether messages may be sent without TLS. Default false.
    pub allow_http: bool,
    /// Whether messages may be sent to private networks, to this machine and to the services of clouds for machines. Default false.
    pub allow_private_networks: bool,
    /// PEM file of the authorities that issue the certificates of receivers. Default: those that browsers trust.
    pub ca: Option<PathBuf>,
    /// Files with the keys under which the secrets of subscriptions are kept, each 32 bytes in base64: the first seals, all open. Without
    /// one they lie open in the store. Default: none.
    pub sealing_keys: Vec<PathBuf>,
}

impl Default for WebhooksConfig {
    fn default() -> Self {
        let DeliveryConfig { allow_private, allow_http, timeout, concurrency } = DeliveryConfig::default();
        Self {
            send: true,
            timeout,
            concurrency,
            allow_http,
            allow_private_networks: allow_private,
            ca: None,
            sealing_keys: Vec::new(),
        }
    }
}

/// What is read of the files.
#[derive(Debug, Clone)]
pub(crate) struct WebhookFiles {
    pub(crate) seal: Arc<Seal>,
    pub(crate) tls: Arc<ClientConfig>,
}

impl WebhooksConfig {
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let seconds = self.timeout.as_secs_f64();
        if !(1.0..=60.0).contains(&seconds) {
            problems.push(Problem::at("webhooks.timeout", format!("found {seconds} s, expected 1 s to 1 min")));
        }
        let places = self.concurrency;
        if !(4..=4_096).contains(&places) {
            problems.push(Problem::at("webhooks.concurrency", format!("found {places}, expected 4 to 4096")));
        }
        problems
    }

    /// Reads the files that are named.
    ///
    /// Errors: all that is wrong with them.
    pub(crate) fn load(&self) -> Result<WebhookFiles, ConfigError> {
        match (Seal::load(SEALING_KEYS, &self.sealing_keys), tls::outgoing(CA, self.ca.as_deref())) {
            (Ok(seal), Ok(tls)) => Ok(WebhookFiles { seal: Arc::new(seal), tls: Arc::new(tls) }),
            (seal, tls) => {
                let errors = [seal.err(), tls.err()];
                Err(ConfigError { problems: errors.into_iter().flatten().flat_map(|error| error.problems).collect() })
            }
        }
    }

    /// Where messages may be sent.
    pub(crate) const fn rules(&self) -> UrlRules {
        UrlRules { allow_http: self.allow_http, allow_private: self.allow_private_networks }
    }

    pub(crate) const fn delivery(&self) -> DeliveryConfig {
        DeliveryConfig {
            allow_private: self.allow_private_networks,
            allow_http: self.allow_http,
            timeout: self.timeout,
            concurrency: self.concurrency,
        }
    }
}
