//! Who changed what others depend on is told in the log.

use api::v1::CreatePolicyRequest;
use leadrouter_tests::{company, install, process::Process, route};
use serde_json::Value;
use store::testing::Database;

#[tokio::test(flavor = "multi_thread")]
async fn administrative_calls_are_told_with_their_caller_and_their_end_and_others_are_not() {
    let database = Database::create().await;
    let log = tempfile::NamedTempFile::new().unwrap();
    let env = [
        ("LEADROUTER_TELEMETRY__LOG_FORMAT", "json"),
        ("LEADROUTER_TELEMETRY__LOG_FILTER", "error,leadrouter::audit=info"),
    ];
    let process = Process::start_logging(&database.url(), &env, log.reopen().unwrap().into()).await;
    let clients = process.clients();
    install(&clients, &company::directory(&[("ana", 1, "")]), company::POLICY).await;
    route(&clients, company::lead(1)).await.unwrap();
    clients.policy.clone().create_policy(CreatePolicyRequest::default()).await.unwrap_err();
    assert!(process.terminate().await.success());

    let log = std::fs::read_to_string(log.path()).unwrap();
    let told: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let calls: Vec<_> =
        told.iter().map(|line| (line["method"].as_str().unwrap(), line["code"].as_str().unwrap())).collect();
    assert_eq!(
        calls,
        [
            ("leadrouter.v1.DirectoryService/ImportDirectory", "OK"),
            ("leadrouter.v1.PolicyService/CreatePolicy", "OK"),
            ("leadrouter.v1.PolicyService/ActivatePolicy", "OK"),
            ("leadrouter.v1.PolicyService/CreatePolicy", "INVALID_ARGUMENT"),
        ],
        "{log}"
    );
    for line in &told {
        assert_eq!((line["target"].as_str(), line["tenant"].as_str()), (Some("leadrouter::audit"), Some("default")));
        assert!(!line["actor"].as_str().unwrap().is_empty() && line["trace_id"].is_string(), "{line}");
    }
}
