//! The configuration file. One file serves all roles: a process reads all of it and uses the sections of its own roles.

mod webhooks;

use std::{net::SocketAddr, path::Path, time::Duration};

use assignment::AssignmentConfig;
use escalation::SchedulerConfig;
use kit::{
    auth::Security,
    client::ClientConfig,
    clock::Clock,
    config::{
        AuthConfig, AuthMode, ConfigError, DrainConfig, LimitsConfig, ListenConfig, Problem, TelemetryConfig,
        human_duration,
    },
};
use serde::{Deserialize, Serialize};
use store::StoreOptions;

use crate::{Roles, access::RULES};

pub(crate) use webhooks::WebhookFiles;
pub use webhooks::WebhooksConfig;

/// Variables that begin as configuration does, but belong to the command line or to the private Postgres.
const OTHER_VARIABLES: &[&str] = &[
    "DATA_DIR",
    "SERVER",
    "SCORING_SERVER",
    "ESCALATION_SERVER",
    "TENANT",
    "ACTOR",
    "TLS_CA",
    "TLS_CERT",
    "TLS_KEY",
    "TLS_SERVER_NAME",
    "TOKEN_FILE",
];

/// Everything that can be configured.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The ownership store.
    pub database: DatabaseConfig,
    /// Names of the tenants that are made at the start if they don't exist; each 1 to 63 of `a-z`, `0-9` and `-`.
    /// Default: `default`.
    pub tenants: Tenants,
    /// Who may call, and how that is known. Default: callers are believed, and must be on this machine.
    pub auth: AuthConfig,
    /// What each server takes on at most.
    pub limits: LimitsConfig,
    /// How the process ends.
    pub drain: DrainConfig,
    /// Logs, traces and metrics.
    pub telemetry: TelemetryConfig,
    /// The scoring role.
    pub scoring: ScoringRole,
    /// The assignment role.
    pub assignment: AssignmentRole,
    /// The escalation role.
    pub escalation: EscalationRole,
    /// How those are told who subscribed.
    pub webhooks: WebhooksConfig,
}

/// Names of tenants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tenants(pub Vec<String>);

impl Default for Tenants {
    fn default() -> Self {
        Self(vec!["default".to_owned()])
    }
}

/// How to reach the ownership store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host/database`, or `postgres:///database?host=/directory` for a socket. When unset, the
    /// variable `DATABASE_URL` is used.
    pub url: Option<String>,
    /// Most connections of this process, of which each of its lanes keeps one to itself. Default 16.
    pub max_connections: u32,
    /// How long a request waits for a connection. Default 5 s.
    #[serde(with = "human_duration")]
    pub acquire_timeout: Duration,
    /// Longest time of one statement. Default 10 s.
    #[serde(with = "human_duration")]
    pub statement_timeout: Duration,
    /// Whether to bring the schema up to this program's version at the start; if not, another version is an error.
    /// Default true.
    pub migrate: bool,
    /// Days for which the answers to request ids are kept, at least 2. Default 7.
    pub keep_answers_days: u16,
    /// Days for which those who watch can go on where they were, at least 2. Default 7.
    pub keep_events_days: u16,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        let StoreOptions { max_connections, acquire_timeout, statement_timeout, .. } = StoreOptions::default();
        Self {
            url: None,
            max_connections,
            acquire_timeout,
            statement_timeout,
            migrate: true,
            keep_answers_days: 7,
            keep_events_days: 7,
        }
    }
}

/// The scoring role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScoringRole {
    /// Default `127.0.0.1:7071`.
    pub listen: ListenConfig,
}

/// The assignment role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssignmentRole {
    /// Default `127.0.0.1:7070`.
    pub listen: ListenConfig,
    /// Where scores are asked for. When unset, the scoring role of the same process.
    pub scoring: Option<ClientConfig>,
    /// Commits under way at once, 1 to 64. More than one pays only where tenants or pools share no counters. Default 1.
    pub lanes: usize,
    /// How long a lead waits for its score before it gets the fallback score. Default 500 ms.
    #[serde(with = "human_duration")]
    pub score_timeout: Duration,
}

/// The escalation role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EscalationRole {
    /// Default `127.0.0.1:7072`.
    pub listen: ListenConfig,
    /// Where due timers are fired. When unset, the assignment role of the same process.
    pub assignment: Option<ClientConfig>,
    /// Most timers fired at once, 1 to 1,000. Default 200.
    pub batch: u32,
    /// Longest time between two looks for due timers. Default 250 ms.
    #[serde(with = "human_duration")]
    pub poll: Duration,
    /// Pause before a timer that could not be fired is tried again. Default 2 s.
    #[serde(with = "human_duration")]
    pub retry: Duration,
    /// Least time between two audits of the store. Each reads all leads, and 200 times as long as it took passes before the next.
    /// Default 1 min.
    #[serde(with = "human_duration")]
    pub audit: Duration,
}

const fn local(port: u16) -> ListenConfig {
    ListenConfig { address: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), port) }
}

impl Default for ScoringRole {
    fn default() -> Self {
        Self { listen: local(7071) }
    }
}

impl Default for AssignmentRole {
    fn default() -> Self {
        let AssignmentConfig { lanes, score_timeout } = AssignmentConfig::default();
        Self { listen: local(7070), scoring: None, lanes, score_timeout }
    }
}

impl Default for EscalationRole {
    fn default() -> Self {
        let SchedulerConfig { batch, poll, retry, audit } = SchedulerConfig::default();
        Self { listen: local(7072), assignment: None, batch, poll, retry, audit }
    }
}

impl Config {
    /// Reads the file, if one is given, and the environment over it: all problems at once.
    ///
    /// Errors: unknown keys, values out of bounds, a file that can't be read.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        kit::config::load_checked(path, OTHER_VARIABLES, Self::problems)
    }

    /// What a process of those roles would stumble over at its start, as far as it can be seen without starting.
    ///
    /// Errors: a role without the other role that it needs, an address that may not be listened on.
    pub fn check(&self, roles: Roles) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        let needs = |role: &str, other: &str| {
            let what = format!("is required: this process doesn't play the {other} role, which `{role}` calls");
            Problem::at(format!("{role}.{other}.endpoint"), what)
        };
        if roles.assignment && !roles.scoring && self.assignment.scoring.is_none() {
            problems.push(needs("assignment", "scoring"));
        }
        if roles.escalation && !roles.assignment && self.escalation.assignment.is_none() {
            problems.push(needs("escalation", "assignment"));
        }
        for (plays, role, listen) in [
            (roles.scoring, "scoring", self.scoring.listen),
            (roles.assignment, "assignment", self.assignment.listen),
            (roles.escalation, "escalation", self.escalation.listen),
        ] {
            if plays && let Err(error) = self.auth.check_listen(listen.address) {
                problems.extend(error.problems.into_iter().map(|p| Problem { key: format!("{role}.{}", p.key), ..p }));
            }
        }
        problems.extend(self.callee_problems(roles));
        if problems.is_empty() { Ok(()) } else { Err(ConfigError { problems }) }
    }

    /// What keeps a role from calling another one, where callers need credentials.
    fn callee_problems(&self, roles: Roles) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.auth.mode != AuthMode::Credentials {
            return problems;
        }
        let callees = [
            (roles.assignment, "assignment", "scoring", &self.assignment.scoring),
            (roles.escalation, "escalation", "assignment", &self.escalation.assignment),
        ];
        for (role, other, configured) in callees.into_iter().filter(|callee| callee.0).map(|(_, a, b, c)| (a, b, c)) {
            let Some(client) = &self.auth.client else {
                let message = format!("is required: `{role}` calls the {other} role, and must show who it is");
                problems.push(Problem::at("auth.client", message));
                break;
            };
            match configured {
                Some(callee) if callee.endpoint.starts_with("https://") => {}
                Some(callee) => {
                    let message = format!(
                        "found `{}`, expected `https://...`: without TLS nobody knows who calls",
                        callee.endpoint
                    );
                    problems.push(Problem::at(format!("{role}.{other}.endpoint"), message));
                }
                None if self.auth.tls.is_none() => {
                    let message = format!("is required: `{role}` calls the {other} role of this process");
                    problems.push(Problem::at("auth.tls", message));
                }
                None if client.server_name.is_none() => {
                    let message =
                        format!("is required: `{role}` calls the {other} role of this process by its address");
                    problems.push(Problem::at("auth.client.server_name", message));
                }
                None => {}
            }
        }
        problems
    }

    /// Reads the certificates and keys that the configuration names, as a start would.
    ///
    /// Errors: all that is wrong with them.
    pub fn check_files(&self) -> Result<(), ConfigError> {
        match (Security::load(&self.auth, RULES, Clock::system()), self.webhooks.load()) {
            (Ok(_), Ok(_)) => Ok(()),
            (auth, webhooks) => {
                let errors = [auth.err(), webhooks.err()];
                Err(ConfigError { problems: errors.into_iter().flatten().flat_map(|error| error.problems).collect() })
            }
        }
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = self.limits.check().err().map(|error| error.problems).unwrap_or_default();
        problems.extend(self.auth.problems(&RULES));
        problems.extend(self.webhooks.problems());
        let mut check = |holds: bool, key: &str, message: String| {
            if !holds {
                problems.push(Problem::at(key, message));
            }
        };
        let lanes = self.assignment.lanes;
        check((1..=64).contains(&lanes), "assignment.lanes", format!("found {lanes}, expected 1 to 64"));
        let batch = self.escalation.batch;
        check((1..=1000).contains(&batch), "escalation.batch", format!("found {batch}, expected 1 to 1000"));
        // A lane keeps one connection, and needs another while it reads a new policy; reads and the scheduler need some as well.
        let connections = self.database.max_connections;
        let least = u32::try_from(lanes).unwrap_or(u32::MAX).saturating_mul(2).saturating_add(2);
        let message = format!("found {connections}, expected at least 2 x `assignment.lanes` + 2 ({least})");
        check(connections >= least, "database.max_connections", message);
        let days = self.database.keep_answers_days;
        check(days >= 2, "database.keep_answers_days", format!("found {days}, expected at least 2"));
        let days = self.database.keep_events_days;
        check(days >= 2, "database.keep_events_days", format!("found {days}, expected at least 2"));
        for (key, time) in [
            ("database.acquire_timeout", self.database.acquire_timeout),
            ("database.statement_timeout", self.database.statement_timeout),
            ("assignment.score_timeout", self.assignment.score_timeout),
            ("escalation.poll", self.escalation.poll),
            ("escalation.retry", self.escalation.retry),
            ("escalation.audit", self.escalation.audit),
        ] {
            check(!time.is_zero(), key, "found 0, expected a time such as `250ms`".to_owned());
        }
        for (index, tenant) in self.tenants.0.iter().enumerate() {
            let message = format!("found `{tenant}`, expected 1 to 63 of a-z, 0-9 and -, the first a letter or digit");
            check(kit::auth::is_tenant(tenant), &format!("tenants[{index}]"), message);
        }
        problems
    }

    /// The store's address: the configured one, else that of `DATABASE_URL`.
    ///
    /// Errors: neither is set.
    pub fn database_url(&self) -> Result<String, ConfigError> {
        let from_environment = || std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
        self.database.url.clone().or_else(from_environment).ok_or_else(|| {
            let message = "is required, or the variable DATABASE_URL. To try Leadrouter on a Postgres of its own, use \
                           `leadrouter dev` or `leadrouter demo`";
            ConfigError::of(Problem::at("database.url", message))
        })
    }

    /// This configuration as a file that can be read again, without the password in the store's address.
    ///
    /// Errors: it can't be written down; that would be a mistake in this program.
    pub fn shown(&self) -> Result<String, serde_json::Error> {
        let mut shown = self.clone();
        shown.database.url = self.database.url.as_deref().map(without_password);
        // JSON is YAML; no library that writes YAML is needed for it.
        serde_json::to_string_pretty(&shown).map(|text| text + "\n")
    }

    pub(crate) fn store_options(&self) -> StoreOptions {
        let DatabaseConfig { max_connections, acquire_timeout, statement_timeout, .. } = self.database;
        // Those of the lanes are opened beside the pool.
        let lanes = u32::try_from(self.assignment.lanes).unwrap_or(u32::MAX);
        let max_connections = max_connections.saturating_sub(lanes).max(1);
        StoreOptions { max_connections, acquire_timeout, statement_timeout, ..StoreOptions::default() }
    }
}

/// `postgres://user:secret@host/name` with `***` in place of the secret.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    match authority.rsplit_once('@').map(|(user, host)| (user.split_once(':'), host)) {
        Some((Some((user, _)), host)) => format!("{scheme}://{user}:***@{host}{path}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
