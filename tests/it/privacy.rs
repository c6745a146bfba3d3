//! What the program tells of itself - spans, metrics, log lines - tells nothing of the people in the leads.

use api::v1::{
    AttributeValue, CloseLeadRequest, CloseOutcome, CreatePolicyRequest, DeclineLeadRequest, DeclineReason,
    GetLeadRequest, ImportDirectoryRequest, LeadProfile, ListLeadsRequest, PauseReason, PauseSlaRequest, Policy,
    attribute_value::Kind,
};
use leadrouter_tests::{collector::Collector, company, install, process::Process, route};
use sqlx::{Connection as _, PgConnection};
use store::testing::Database;
use tonic::Code;

/// In everything that people write, and in nothing else.
const MARK: &str = "zyxplanted";
const PHONE: &str = "5550199777";

/// Somebody whose every field is marked.
fn person(number: usize) -> LeadProfile {
    let text = || Some(format!("{MARK} {number}"));
    LeadProfile {
        external_id: text(),
        email: Some(format!("{MARK}.{number}@{MARK}.example")),
        phone: Some(format!("+1{PHONE}{number}")),
        person_name: text(),
        job_title: text(),
        company_name: text(),
        company_domain: Some(format!("{MARK}.example")),
        city: text(),
        postal_code: text(),
        source: text(),
        campaign: text(),
        technologies: vec![MARK.to_owned()],
        attributes: [(MARK.to_owned(), AttributeValue { kind: Some(Kind::Text(MARK.to_owned())) })].into(),
        ..LeadProfile::default()
    }
}

/// All that the program tells while it deals with marked people: well, badly, and with a store that fails.
async fn told(log_format: &str) -> String {
    let mut collector = Collector::start().await;
    let database = Database::create().await;
    let endpoint = collector.endpoint.clone();
    let log = tempfile::NamedTempFile::new().unwrap();
    let env = [
        ("LEADROUTER_TELEMETRY__OTLP_ENDPOINT", endpoint.as_str()),
        ("LEADROUTER_TELEMETRY__LOG_FORMAT", log_format),
        ("LEADROUTER_TELEMETRY__LOG_FILTER", "info,leadrouter=trace"),
    ];
    let process = Process::start_logging(&database.url(), &env, log.reopen().unwrap().into()).await;
    let clients = process.clients();
    let directory = company::directory(&[("ana", 1, &format!("email: {MARK}@reps.example")), ("ben", 1, "")]);
    // Nobody accepts within a second, so a timer fires.
    install(&clients, &directory, &company::POLICY.replace("accept: 10m@wall", "accept: 1s@wall")).await;
    let mut assignment = clients.assignment.clone();

    route(&clients, person(1)).await.unwrap();
    route(&clients, person(1)).await.unwrap();
    let patient = LeadProfile { industry: Some("patient".to_owned()), ..person(2) };
    let name = route(&clients, LeadProfile { company_domain: None, ..patient }).await.unwrap().lead.unwrap().name;
    collector.until(|span| span.name == "escalation.fire").await;

    let get = async |name: &str| clients.assignment.clone().get_lead(GetLeadRequest { name: name.to_owned() }).await;
    let etag = get(&name).await.unwrap().into_inner().lead.unwrap().etag;
    let note = MARK.to_owned();
    let reason = PauseReason::Other.into();
    let request =
        PauseSlaRequest { name: name.clone(), etag: etag.clone(), reason, note: note.clone(), ..Default::default() };
    assignment.pause_sla(request).await.unwrap();
    let reason = DeclineReason::Other.into();
    let request = DeclineLeadRequest { name: name.clone(), etag, reason, note, ..DeclineLeadRequest::default() };
    let etag = assignment.decline_lead(request).await.unwrap().into_inner().lead.unwrap().etag;
    let (outcome, note) = (CloseOutcome::Lost.into(), MARK.to_owned());
    let request = CloseLeadRequest { name, etag, outcome, note, ..CloseLeadRequest::default() };
    assignment.close_lead(request).await.unwrap();

    // What is wrong is told to the caller only.
    let wrong = LeadProfile { email: Some(MARK.to_owned()), country: Some(MARK.to_owned()), ..person(3) };
    assert_eq!(route(&clients, wrong).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(get(&format!("leads/{MARK}")).await.unwrap_err().code(), Code::InvalidArgument);
    let request = ListLeadsRequest { filter: format!("owner = {MARK}"), ..ListLeadsRequest::default() };
    assert_eq!(assignment.list_leads(request).await.unwrap_err().code(), Code::InvalidArgument);
    let (source, text) = (format!("reps: [{{ id: {MARK}, email: {MARK} }}]"), format!("name: {MARK}\n{MARK}: {MARK}"));
    let request = ImportDirectoryRequest { source, ..ImportDirectoryRequest::default() };
    assert_eq!(clients.directory.clone().import_directory(request).await.unwrap_err().code(), Code::InvalidArgument);
    let policy = Some(Policy { source: text, ..Policy::default() });
    let request = CreatePolicyRequest { policy, ..CreatePolicyRequest::default() };
    assert_eq!(clients.policy.clone().create_policy(request).await.unwrap_err().code(), Code::InvalidArgument);

    // The store refuses the row, and tells the program all that is in it.
    let mut other = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::raw_sql("ALTER TABLE lead ADD CHECK (false) NOT VALID").execute(&mut other).await.unwrap();
    assert_eq!(route(&clients, person(4)).await.unwrap_err().code(), Code::Internal);

    assert!(process.terminate().await.success());
    collector.take_in();
    assert!(!collector.metrics.is_empty());
    let log = std::fs::read_to_string(log.path()).unwrap();
    assert!(log.contains("a batch failed"), "{log}");
    if log_format == "json" {
        log.lines().for_each(|line| drop(serde_json::from_str::<serde_json::Value>(line).unwrap()));
    }
    format!("{:?}\n{:?}\n{log}", collector.spans, collector.metrics)
}

/// Fails with the place where the marked text stands.
fn names_nobody(told: &str) {
    let told = told.to_lowercase();
    for mark in [MARK, PHONE] {
        if let Some(place) = told.find(mark) {
            let around = told.floor_char_boundary(place.saturating_sub(400))..told.ceil_char_boundary(place + 200);
            panic!("somebody's data: ... {} ...", &told[around]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_s_data_is_in_spans_metrics_and_lines_of_text() {
    names_nobody(&told("text").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_s_data_is_in_lines_of_json() {
    names_nobody(&told("json").await);
}
