#![expect(
    clippy::unwrap_used,
    clippy::result_large_err,
    reason = "tests; the large error is of the library that isolates them"
)]

use figment::Jail;

use super::*;

/// Reads a file and variables as the program would.
fn read(file: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let mut result = None;
    Jail::expect_with(|jail| {
        jail.clear_env();
        jail.create_file("leadrouter.yaml", file)?;
        for (name, value) in env {
            jail.set_env(name, value);
        }
        result = Some(Config::load(Some(Path::new("leadrouter.yaml"))));
        Ok(())
    });
    result.unwrap()
}

fn keys(error: &ConfigError) -> Vec<&str> {
    error.problems.iter().map(|problem| problem.key.as_str()).collect()
}

#[test]
fn an_empty_file_is_enough_for_one_process_with_all_roles() {
    let config = read("", &[]).unwrap();
    assert_eq!(config, Config::default());
    config.check(Roles::ALL).unwrap();
}

#[test]
fn what_is_shown_can_be_read_again() {
    let shown = serde_json::to_string(&Config::default()).unwrap();
    assert_eq!(read(&shown, &[]).unwrap(), Config::default());
}

#[test]
fn variables_of_the_command_line_are_no_configuration() {
    let env: Vec<_> = ["LEADROUTER_SERVER", "LEADROUTER_TENANT", "LEADROUTER_ACTOR", "LEADROUTER_DATA_DIR"]
        .map(|name| (name, "x"))
        .into_iter()
        .chain([("LEADROUTER_ASSIGNMENT__LANES", "3")])
        .collect();
    assert_eq!(read("", &env).unwrap().assignment.lanes, 3);
}

#[test]
fn all_values_out_of_bounds_are_told_at_once() {
    let file = "
database: { max_connections: 1, keep_answers_days: 0, keep_events_days: 1 }
tenants: [ok, Not-Ok]
limts: {}
limits: { max_in_flight: 0 }
assignment: { lanes: 0, score_timeout: 0s }
escalation: { batch: 1001 }
webhooks: { timeout: 999ms, concurrency: 3 }
";
    let error = read(file, &[]).unwrap_err();
    assert_eq!(
        keys(&error),
        [
            "limts",
            "limits.reserve",
            "webhooks.timeout",
            "webhooks.concurrency",
            "assignment.lanes",
            "escalation.batch",
            "database.max_connections",
            "database.keep_answers_days",
            "database.keep_events_days",
            "assignment.score_timeout",
            "tenants[1]",
        ]
    );
}

#[test]
fn a_role_alone_must_be_told_where_the_role_is_that_it_calls() {
    let config = Config::default();
    let only = |scoring, assignment, escalation| Roles { scoring, assignment, escalation };
    config.check(only(true, false, false)).unwrap();
    assert_eq!(keys(&config.check(only(false, true, false)).unwrap_err()), ["assignment.scoring.endpoint"]);
    assert_eq!(keys(&config.check(only(false, false, true)).unwrap_err()), ["escalation.assignment.endpoint"]);

    let file = "
assignment: { scoring: { endpoint: 'http://scoring:7071' } }
escalation: { assignment: { endpoint: 'http://assignment:7070' } }
";
    let config = read(file, &[]).unwrap();
    config.check(only(false, true, false)).unwrap();
    config.check(only(false, false, true)).unwrap();
}

#[test]
fn an_open_address_is_refused_for_the_roles_that_would_listen_on_it() {
    let config = read("scoring: { listen: { address: '0.0.0.0:7071' } }", &[]).unwrap();
    assert_eq!(keys(&config.check(Roles::ALL).unwrap_err()), ["scoring.listen.address"]);
    config.check(Roles { scoring: false, ..Roles::ALL }).unwrap_err();
    let auth = AuthConfig { mode: AuthMode::TrustedNetwork, ..AuthConfig::default() };
    let trusting = Config { auth, ..config };
    trusting.check(Roles::ALL).unwrap();
}
