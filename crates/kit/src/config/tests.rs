#![expect(
    clippy::unwrap_used,
    clippy::result_large_err,
    reason = "a test stops at the first surprise; figment's error"
)]

use std::{net::SocketAddr, path::Path, time::Duration};

use figment::Jail;
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    listen: ListenConfig,
    #[serde(default)]
    limits: LimitsConfig,
    #[serde(default)]
    telemetry: TelemetryConfig,
    #[serde(default)]
    auth: AuthMode,
}

/// Reads `file` with the variables `env` set.
fn read(file: &str, env: &[(&str, &str)]) -> Result<Example, ConfigError> {
    let mut result = None;
    Jail::expect_with(|jail| {
        jail.clear_env();
        jail.create_file("leadrouter.yaml", file)?;
        for (name, value) in env {
            jail.set_env(name, value);
        }
        result = Some(load(Some(Path::new("leadrouter.yaml"))));
        Ok(())
    });
    result.unwrap()
}

/// Key and message of each problem.
fn problems(file: &str, env: &[(&str, &str)]) -> Vec<(String, String)> {
    read(file, env).unwrap_err().problems.into_iter().map(|problem| (problem.key, problem.message)).collect()
}

const LEAST: &str = "listen: { address: '127.0.0.1:7070' }\n";

#[test]
fn what_is_not_said_has_its_default() {
    let example = read(LEAST, &[]).unwrap();
    assert_eq!(example.limits, LimitsConfig::default());
    assert_eq!(example.telemetry, TelemetryConfig::default());
    assert_eq!(example.auth, AuthMode::Loopback);
}

#[test]
fn the_environment_wins_over_the_file() {
    let file = format!("{LEAST}limits: {{ max_in_flight: 100, default_deadline: 5s }}\nauth: trusted-network\n");
    let env = [("LEADROUTER_LIMITS__MAX_IN_FLIGHT", "200"), ("LEADROUTER_TELEMETRY__LOG_FORMAT", "json")];
    let example = read(&file, &env).unwrap();
    assert_eq!(example.limits.max_in_flight, 200);
    assert_eq!(example.limits.default_deadline, Duration::from_secs(5));
    assert_eq!(example.telemetry.log_format, LogFormat::Json);
    assert_eq!(example.auth, AuthMode::TrustedNetwork);
}

#[test]
fn the_environment_alone_is_enough() {
    Jail::expect_with(|jail| {
        jail.clear_env();
        jail.set_env("LEADROUTER_LISTEN__ADDRESS", "[::1]:7070");
        jail.set_env("LEADROUTER_CONFIG", "the command line reads this one");
        jail.set_env("LEADROUTER_TENANT", "the client reads this one");
        assert_eq!(load_ignoring::<Example>(None, &["TENANT"]).unwrap().listen.address.port(), 7070);
        assert_eq!(load::<Example>(None).unwrap_err().problems[0].key, "tenant");
        Ok(())
    });
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    let found = problems(&format!("{LEAST}limits: {{ max_in_flihgt: 1 }}\n"), &[]);
    assert_eq!(found[0].0, "limits.max_in_flihgt");
    assert!(found[0].1.contains("did you mean `max_in_flight`?"), "{}", found[0].1);
    assert!(found[0].1.contains("keepalive_timeout"), "{}", found[0].1);

    let found = problems(LEAST, &[("LEADROUTER_SOMETHING_ELSE", "1")]);
    assert_eq!(found[0].0, "something_else");
    assert!(!found[0].1.contains("did you mean"), "{}", found[0].1);
}

#[test]
fn all_problems_are_told_at_once_with_where_they_come_from() {
    let file = "listen: { address: localhost }\nlimits: { max_in_flight: many, default_deadline: 30 }\n\
                telemetry: { sample_ratio: 1.5, log_format: xml }\nextra: 1\n";
    let error = read(file, &[("LEADROUTER_LIMITS__RESERVE", "-1")]).unwrap_err();
    let mut keys: Vec<&str> = error.problems.iter().map(|problem| problem.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "extra",
            "limits.default_deadline",
            "limits.max_in_flight",
            "limits.reserve",
            "listen.address",
            "telemetry.log_format",
            "telemetry.sample_ratio"
        ]
    );
    let text = error.to_string();
    for expected in [
        "7 problems",
        "leadrouter.yaml",
        "(from environment variable LEADROUTER_LIMITS__RESERVE)",
        "expected a duration with its unit, such as `500ms`",
        "expected a number from 0 to 1",
        "expected one of: text, json",
    ] {
        assert!(text.contains(expected), "{expected} is not in:\n{text}");
    }
}

#[test]
fn a_required_key_is_named() {
    let found = problems("auth: loopback\n", &[]);
    assert_eq!(found[0].0, "listen");
    assert!(found[0].1.contains("required"), "{}", found[0].1);
    assert_eq!(problems("listen: {}\n", &[])[0].0, "listen.address");
}

#[test]
fn a_file_that_can_not_be_read_is_told() {
    let error = load::<Example>(Some(Path::new("/nowhere/leadrouter.yaml"))).unwrap_err().to_string();
    assert_eq!(error, "configuration refused: there is no configuration file at /nowhere/leadrouter.yaml");
    let error = read("listen: [\n", &[]).unwrap_err().to_string();
    assert!(error.contains("line"), "{error}");
}

#[test]
fn durations_are_written_as_they_are_read() {
    let limits = LimitsConfig { max_connection_age: Some(Duration::from_mins(90)), ..LimitsConfig::default() };
    let text = serde_json::to_value(&limits).unwrap();
    assert_eq!(text["max_connection_age"], "1h 30m");
    assert_eq!(serde_json::from_value::<LimitsConfig>(text).unwrap(), limits);
}

#[test]
fn limits_with_which_nothing_could_be_served_are_refused() {
    assert!(LimitsConfig::default().check().is_ok());
    let limits = LimitsConfig {
        max_in_flight: 64,
        reserve: 64,
        max_concurrent_streams: 0,
        default_deadline: Duration::ZERO,
        ..LimitsConfig::default()
    };
    let keys: Vec<String> = limits.check().unwrap_err().problems.into_iter().map(|problem| problem.key).collect();
    assert_eq!(keys, ["limits.max_concurrent_streams", "limits.default_deadline", "limits.reserve"]);
}

#[test]
fn without_credentials_only_this_machine_may_call() {
    let check = |mode: AuthMode, address: &str| mode.check_listen(address.parse::<SocketAddr>().unwrap());
    for address in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        assert!(check(AuthMode::Loopback, address).is_ok(), "{address}");
    }
    for address in ["0.0.0.0:1", "[::]:1", "10.0.0.7:1", "[fe80::1]:1", "[::ffff:10.0.0.7]:1"] {
        let error = check(AuthMode::Loopback, address).unwrap_err().to_string();
        assert!(error.contains("auth: trusted-network"), "{error}");
        assert!(check(AuthMode::TrustedNetwork, address).is_ok(), "{address}");
    }
}
