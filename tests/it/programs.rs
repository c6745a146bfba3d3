//! The program as a user starts it: `demo`, `dev`, `config`, with a private Postgres of its own.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use cli::Connection;
use leadrouter_tests::{binary, company, install, process::signal, route};
use serde_json::Value;

/// The program with its own place for data, and nothing else of this environment that it would mind.
fn program(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(args).env("LEADROUTER_DATA_DIR", data).env_remove("DATABASE_URL").stdin(Stdio::null());
    command
}

/// A place for data that the account which runs Postgres can enter.
fn place() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let open = std::fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().permissions(open).tempdir().unwrap()
}

/// A running `dev`, with the addresses that it tells.
struct Dev {
    child: Child,
    connection: Connection,
}

impl Dev {
    fn start(data: &Path) -> Self {
        let mut child = program(data, &["dev"]).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told: Vec<String> = lines.map(Result::unwrap).take_while(|line| !line.starts_with("Ctrl-C")).collect();
        let address = |role: &str| {
            let line = told.iter().find(|line| line.trim_start().starts_with(role)).unwrap();
            line.split_whitespace().nth(1).unwrap().to_owned()
        };
        let connection = Connection::new(address("assignment"), address("scoring"), address("escalation"), "default");
        Self { child, connection }
    }

    fn stop(mut self) {
        signal(self.child.id(), "INT").unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_run_side_by_side_and_keep_their_data() {
    let data = place();
    let (first, second) = (Dev::start(data.path()), Dev::start(data.path()));
    assert_ne!(first.connection.server, second.connection.server);
    let mut routed = Vec::new();
    for dev in [&first, &second] {
        let clients = dev.connection.clients().unwrap();
        assert!(leadrouter_tests::leads(&clients, "").await.is_empty(), "the other one's leads are not here");
        install(&clients, &company::directory(&[("ana", 1, "")]), company::POLICY).await;
        routed.push([route(&clients, company::lead(1)).await.unwrap().lead.unwrap()]);
    }
    first.stop();
    second.stop();

    let again = Dev::start(data.path());
    let leads = leadrouter_tests::leads(&again.connection.clients().unwrap(), "").await;
    // It is the successor of the first.
    assert_eq!(leads, routed[0]);
    again.stop();
}

#[test]
fn the_demo_routes_every_lead_to_one_owner_and_says_so_in_json() {
    let data = place();
    let json = data.path().join("demo.json");
    let output = program(data.path(), &["demo", "--once", "--json", json.to_str().unwrap()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let figures: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    let number = |key: &str| figures[key].as_i64().unwrap_or_else(|| panic!("{key} of {figures}"));
    assert_eq!(number("leads_in"), 6160);
    assert_eq!(number("leads_in"), number("routed") + number("rejected"));
    assert_eq!((number("without_owner"), number("with_two_owners"), number("violations")), (0, 0, 0));
    let sum = |key: &str| figures[key].as_object().unwrap().values().filter_map(Value::as_i64).sum::<i64>();
    assert_eq!((sum("by_owner"), sum("by_destination")), (number("leads"), number("leads")));
    assert_eq!(number("leads"), number("routed") - number("duplicates"));
    for key in ["automated_share", "duplicates", "named_accounts", "per_second", "p50_ms", "p99_ms"] {
        assert!(figures[key].as_f64().is_some_and(|figure| figure > 0.0), "{key} of {figures}");
    }
}
