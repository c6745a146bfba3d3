//! The sections of a configuration that belong to this crate.

use std::{net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};

use super::{ConfigError, Problem, human_duration, optional_human_duration};

/// Logs, traces and metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// Where traces and metrics go, OTLP over gRPC, such as `http://localhost:4317`. Nothing is sent when unset;
    /// trace context is passed on all the same.
    pub otlp_endpoint: Option<String>,
    /// How log lines look. Default `text`.
    pub log_format: LogFormat,
    /// Which log lines are written, in the syntax of `tracing_subscriber`'s `EnvFilter`. Default `info`, without the notices that
    /// Postgres sends to each client.
    pub log_filter: String,
    /// Share of traces begun here that are recorded, 0 to 1. A caller's decision wins over it. Default 1.
    pub sample_ratio: Ratio,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            log_format: LogFormat::Text,
            log_filter: "info,sqlx=warn".to_owned(),
            sample_ratio: Ratio(1.0),
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// A number from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Ratio(f64);

impl Ratio {
    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Ratio {
    type Error = String;

    fn try_from(ratio: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&ratio) {
            Ok(Self(ratio))
        } else {
            Err(format!("found {ratio}, expected a number from 0 to 1"))
        }
    }
}

impl From<Ratio> for f64 {
    fn from(ratio: Ratio) -> Self {
        ratio.0
    }
}

/// Where a role listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenConfig {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
}

/// What one server takes on at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Open connections; further ones wait in the listen queue. Default 10 000.
    pub max_connections: usize,
    /// Streams that one connection may have open. Default 200, which is hyper's own (tonic lifts it to none).
    pub max_concurrent_streams: u32,
    /// Handlers at work at once, over all connections; more are refused with `RESOURCE_EXHAUSTED`. Default 1024.
    pub max_in_flight: usize,
    /// Those of `max_in_flight` that only reserved methods (timers, health) may use. Default 64.
    pub reserve: usize,
    /// Bytes of one decoded message. Default 4 MiB, which is gRPC's own.
    pub max_message_bytes: usize,
    /// Bytes of a request's headers. Default 16 KiB.
    pub max_header_bytes: u32,
    /// Deadline of a call that brings none. Default 30 s.
    #[serde(with = "human_duration")]
    pub default_deadline: Duration,
    /// The longest that a handler may work, whatever the caller allows. Default 10 min.
    #[serde(with = "human_duration")]
    pub max_deadline: Duration,
    /// TLS handshakes that are worked on at once; further ones wait. Default 256.
    pub max_handshakes: usize,
    /// Time from accepting a connection to its HTTP/2 preface, the TLS handshake included. Default 10 s.
    #[serde(with = "human_duration")]
    pub handshake_timeout: Duration,
    /// Time between HTTP/2 pings. Default 30 s.
    #[serde(with = "human_duration")]
    pub keepalive_interval: Duration,
    /// Time that a peer has to answer a ping. Default 10 s.
    #[serde(with = "human_duration")]
    pub keepalive_timeout: Duration,
    /// Age at which a connection is asked to go, so that clients spread over new replicas; calls in flight finish.
    /// Default: never.
    #[serde(with = "optional_human_duration")]
    pub max_connection_age: Option<Duration>,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_concurrent_streams: 200,
            max_in_flight: 1024,
            reserve: 64,
            max_message_bytes: 4 << 20,
            max_header_bytes: 16 << 10,
            default_deadline: Duration::from_secs(30),
            max_deadline: Duration::from_mins(10),
            max_handshakes: 256,
            handshake_timeout: Duration::from_secs(10),
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(10),
            max_connection_age: None,
        }
    }
}

impl LimitsConfig {
    /// Refuses numbers with which nothing could be served.
    pub fn check(&self) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        let mut at_least_one = |key: &str, is_zero: bool| {
            if is_zero {
                problems.push(Problem::at(format!("limits.{key}"), "found 0, expected at least 1"));
            }
        };
        at_least_one("max_connections", self.max_connections == 0);
        at_least_one("max_concurrent_streams", self.max_concurrent_streams == 0);
        at_least_one("max_message_bytes", self.max_message_bytes == 0);
        at_least_one("max_header_bytes", self.max_header_bytes == 0);
        at_least_one("default_deadline", self.default_deadline.is_zero());
        at_least_one("max_deadline", self.max_deadline.is_zero());
        at_least_one("max_handshakes", self.max_handshakes == 0);
        at_least_one("handshake_timeout", self.handshake_timeout.is_zero());
        at_least_one("keepalive_interval", self.keepalive_interval.is_zero());
        at_least_one("keepalive_timeout", self.keepalive_timeout.is_zero());
        if self.reserve >= self.max_in_flight {
            problems.push(Problem::at(
                "limits.reserve",
                format!("found {}, expected less than `limits.max_in_flight` ({})", self.reserve, self.max_in_flight),
            ));
        }
        if problems.is_empty() { Ok(()) } else { Err(ConfigError { problems }) }
    }
}

/// How a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DrainConfig {
    /// Time between reporting `NOT_SERVING` and refusing connections, so that balancers can look away. Default 0 s.
    #[serde(with = "human_duration")]
    pub linger: Duration,
    /// Time that calls in flight and background tasks have to finish. Default 20 s: below the 30 s after which
    /// Kubernetes kills.
    #[serde(with = "human_duration")]
    pub timeout: Duration,
}

impl Default for DrainConfig {
    fn default() -> Self {
        Self { linger: Duration::ZERO, timeout: Duration::from_secs(20) }
    }
}
