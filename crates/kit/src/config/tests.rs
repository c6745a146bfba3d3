#![expect(
    clippy::unwrap_used,
    clippy::result_large_err,
    reason = "a test stops at the first surprise; figment's error"
)]

use std::{net::SocketAddr, path::Path, time::Duration};

use figment::Jail;
use serde::{Deserialize, Serialize};

use super::*;
use crate::auth::{Permissions, Role, Rules};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    listen: ListenConfig,
    #[serde(default)]
    limits: LimitsConfig,
    #[serde(default)]
    telemetry: TelemetryConfig,
    #[serde(default)]
    auth: AuthConfig,
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
    assert_eq!(example.auth, AuthConfig::default());
}

#[test]
fn the_environment_wins_over_the_file() {
    let file =
        format!("{LEAST}limits: {{ max_in_flight: 100, default_deadline: 5s }}\nauth: {{ mode: trusted-network }}\n");
    let env = [("LEADROUTER_LIMITS__MAX_IN_FLIGHT", "200"), ("LEADROUTER_TELEMETRY__LOG_FORMAT", "json")];
    let example = read(&file, &env).unwrap();
    assert_eq!(example.limits.max_in_flight, 200);
    assert_eq!(example.limits.default_deadline, Duration::from_secs(5));
    assert_eq!(example.telemetry.log_format, LogFormat::Json);
    assert_eq!(example.auth.mode, AuthMode::TrustedNetwork);
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
    let found = problems("limits: {}\n", &[]);
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
fn where_callers_are_believed_only_this_machine_may_call() {
    let check = |mode: AuthMode, address: &str| {
        let auth = AuthConfig { mode, ..AuthConfig::default() };
        auth.check_listen(address.parse::<SocketAddr>().unwrap())
    };
    for address in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        assert!(check(AuthMode::Dev, address).is_ok(), "{address}");
        assert!(check(AuthMode::Credentials, address).is_ok(), "{address}");
    }
    for address in ["0.0.0.0:1", "[::]:1", "10.0.0.7:1", "[fe80::1]:1", "[::ffff:10.0.0.7]:1"] {
        let error = check(AuthMode::Dev, address).unwrap_err().to_string();
        assert!(error.contains("`auth.mode: dev`") && error.contains("auth.mode: credentials"), "{error}");
        assert!(check(AuthMode::TrustedNetwork, address).is_ok(), "{address}");
        let error = check(AuthMode::Credentials, address).unwrap_err().to_string();
        assert!(error.contains("tokens would go over the network"), "{error}");
    }
}

/// The keys that are told of a section `auth`.
fn auth_problems(section: &str) -> Vec<String> {
    const READER: Role = Role { name: "reader", permissions: Permissions::of(&[1]) };
    let rules = Rules { roles: &[READER], ..Rules::NONE };
    let example = read(&format!("{LEAST}auth: {section}"), &[]).unwrap();
    example.auth.problems(&rules).into_iter().map(|problem| problem.key).collect()
}

const TOKENS: &str = "issuer: https://id.example, audience: leads, keys: { file: keys.json }";
const TLS: &str = "certificate: a.pem, key: a.key";

#[test]
fn all_that_is_wrong_with_credentials_is_told_at_once() {
    assert_eq!(auth_problems(&format!("{{ mode: credentials, tokens: {{ {TOKENS} }} }}")), [""; 0]);
    let workload = "{ id: 'spiffe://a/b', tenants: ['*'], role: reader }";
    let both = format!("{{ mode: credentials, tls: {{ {TLS}, client_ca: ca.pem }}, workloads: [{workload}] }}");
    assert_eq!(auth_problems(&both), [""; 0]);

    assert_eq!(auth_problems("{ mode: credentials }"), ["auth"]);
    let unread = format!(
        "{{ tls: {{ {TLS} }}, workloads: [{workload}], tokens: {{ {TOKENS} }},
        quota: {{ calls_per_second: 1 }} }}"
    );
    assert_eq!(auth_problems(&unread), ["auth.tls", "auth.workloads", "auth.tokens", "auth.quota"]);
    let no_authority =
        format!("{{ mode: credentials, tls: {{ {TLS} }}, workloads: [{workload}], tokens: {{ {TOKENS} }} }}");
    assert_eq!(auth_problems(&no_authority), ["auth.tls.client_ca"]);
    let nobody = format!("{{ mode: credentials, tls: {{ {TLS}, client_ca: ca.pem }} }}");
    assert_eq!(auth_problems(&nobody), ["auth.workloads"]);

    let wrong = format!(
        "{{ mode: credentials, reload: 0s, quota: {{ calls_per_second: 0 }}, tls: {{ {TLS}, client_ca: ca.pem }},
           workloads: [{workload}, {workload}, {{ id: 'a b', tenants: [], role: king }}, {{ id: c, tenants: [A], role: reader, quota: {{ calls_per_second: 1, burst: 0 }} }}],
           tokens: {{ issuer: '', audience: a, algorithms: [], leeway: 6m, keys: {{ url: 'http://id.example/keys', timeout: 0s }} }} }}"
    );
    assert_eq!(
        auth_problems(&wrong),
        [
            "auth.reload",
            "auth.workloads[1].id",
            "auth.workloads[2].id",
            "auth.workloads[2].tenants",
            "auth.workloads[2].role",
            "auth.workloads[3].tenants",
            "auth.workloads[3].quota.burst",
            "auth.quota.calls_per_second",
            "auth.tokens.issuer",
            "auth.tokens.algorithms",
            "auth.tokens.leeway",
            "auth.tokens.keys.url",
            "auth.tokens.keys.timeout",
        ]
    );
}

#[test]
fn an_algorithm_with_a_shared_secret_can_not_be_configured() {
    let file = format!("{LEAST}auth: {{ mode: credentials, tokens: {{ {TOKENS}, algorithms: [HS256] }} }}");
    let [(key, message)] = &problems(&file, &[])[..] else { panic!("one problem") };
    assert!(
        key.starts_with("auth.tokens") && message.contains("HS256") && message.contains("ES256"),
        "{key}: {message}"
    );
}

#[test]
fn keys_come_from_where_nobody_can_replace_them() {
    let of = |url: &str| {
        let keys = format!("issuer: i, audience: a, keys: {{ url: '{url}' }}");
        auth_problems(&format!("{{ mode: credentials, tokens: {{ {keys} }} }}"))
    };
    for url in ["https://id.example/keys", "http://127.0.0.1:8080/keys", "http://[::1]/keys", "http://localhost/keys"] {
        assert_eq!(of(url), [""; 0], "{url}");
    }
    for url in ["http://id.example/keys", "file:///keys", "keys", "https://user:secret@id.example/keys"] {
        assert_eq!(of(url), ["auth.tokens.keys.url"], "{url}");
    }
}
