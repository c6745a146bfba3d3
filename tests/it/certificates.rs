//! Callers with client certificates.

use std::{fmt::Debug, time::Duration};

use api::v1::{ListLeadsRequest, ListLeadsResponse};
use cli::{Clients, Connection};
use kit::auth::TENANT_HEADER;
use leadrouter_tests::{
    authority::{Authority, Identity},
    company, route,
    secured::{BATCH, CRM, SERVICES, Secured},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_types::StatusExt as _;

/// Asks for leads, of that tenant if one is named.
pub(crate) async fn leads(clients: &Clients, tenant: Option<&str>) -> Result<Response<ListLeadsResponse>, Status> {
    let mut request = Request::new(ListLeadsRequest::default());
    if let Some(tenant) = tenant {
        request.metadata_mut().insert(TENANT_HEADER, tenant.parse().unwrap());
    }
    clients.assignment.clone().list_leads(request).await
}

/// Code, reason and text of a refusal.
pub(crate) fn refusal<T: Debug>(answer: Result<Response<T>, Status>) -> (Code, String, String) {
    let status = answer.unwrap_err();
    let reason = status.get_details_error_info().map_or_else(String::new, |info| info.reason);
    (status.code(), reason, status.message().to_owned())
}

pub(crate) fn refused<T: Debug>(answer: Result<Response<T>, Status>, code: Code, reason: &str, text: &str) {
    let (found, why, message) = refusal(answer);
    assert_eq!((found, why.as_str()), (code, reason), "{message}");
    assert!(message.contains(text), "{message}");
}

fn showing(secured: &Secured, identity: &Identity) -> Connection {
    let mut connection = secured.nobody();
    let (certificate, key) = identity.write(&secured.file(""), "shown");
    (connection.credentials.tls_cert, connection.credentials.tls_key) = (Some(certificate), Some(key));
    connection
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_is_known_by_its_certificate_and_has_the_tenants_and_the_role_of_its_entry() {
    let secured = Secured::start().await;
    // One tenant need not be named; another is refused.
    let batch = secured.workload(BATCH).clients().unwrap();
    leads(&batch, None).await.unwrap();
    leads(&batch, Some("default")).await.unwrap();
    refused(leads(&batch, Some("acme")).await, Code::PermissionDenied, "TENANT_DENIED", "`acme`");
    // A router brings in leads, and works none.
    let accept = batch.assignment.clone().accept_lead(api::v1::AcceptLeadRequest::default()).await;
    refused(accept, Code::PermissionDenied, "METHOD_DENIED", "LEADS_WORK, which the role `router` does not have");
    // Who has two chooses.
    let crm = secured.workload(CRM).clients().unwrap();
    refused(leads(&crm, None).await, Code::InvalidArgument, "INVALID_METADATA", TENANT_HEADER);
    leads(&crm, Some("default")).await.unwrap();
    leads(&crm, Some("acme")).await.unwrap();
    refused(leads(&crm, Some("other")).await, Code::PermissionDenied, "TENANT_DENIED", "`other`");
    // Who may act for all tenants still has no rights but those of its role.
    let services = secured.workload(SERVICES).clients().unwrap();
    refused(leads(&services, Some("acme")).await, Code::PermissionDenied, "METHOD_DENIED", "`service`");
    secured.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known_is_told_why_and_gets_nowhere() {
    let secured = Secured::start().await;
    let nobody = secured.nobody().clients().unwrap();
    refused(
        leads(&nobody, None).await,
        Code::Unauthenticated,
        "CREDENTIAL_MISSING",
        "client certificate, or send a token",
    );
    // Names are believed no more.
    let mut named = secured.nobody();
    (named.tenant, named.actor) = (Some("default".to_owned()), Some("admin".to_owned()));
    refused(leads(&named.clients().unwrap(), None).await, Code::Unauthenticated, "CREDENTIAL_MISSING", "");

    let stranger = secured.workload("spiffe://test/stranger").clients().unwrap();
    let told = "`spiffe://test/stranger`, which `auth.workloads` does not name";
    refused(leads(&stranger, None).await, Code::Unauthenticated, "CREDENTIAL_INVALID", told);

    // These don't even get a connection.
    let expired = showing(&secured, &secured.workloads.issue_expired(BATCH)).clients().unwrap();
    assert_eq!(refusal(leads(&expired, None).await).0, Code::Unavailable);
    let forged = showing(&secured, &Authority::new("workloads").issue(BATCH)).clients().unwrap();
    assert_eq!(refusal(leads(&forged, None).await).0, Code::Unavailable);
    let mut plain = secured.nobody();
    plain.server = plain.server.replace("https://", "http://");
    plain.credentials.tls_ca = None;
    plain.scoring_server.clone_from(&plain.server);
    plain.escalation_server.clone_from(&plain.server);
    assert_eq!(refusal(leads(&plain.clients().unwrap(), None).await).0, Code::Unavailable);

    // And a caller refuses services that it doesn't know.
    let mut wary = secured.workload(BATCH);
    std::fs::write(secured.file("other-ca.pem"), Authority::new("servers").pem()).unwrap();
    wary.credentials.tls_ca = Some(secured.file("other-ca.pem"));
    assert_eq!(refusal(leads(&wary.clients().unwrap(), None).await).0, Code::Unavailable);
    secured.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_answers_those_whom_nobody_knows() {
    let secured = Secured::start().await;
    let connection = secured.nobody();
    let channel = connection.endpoint(&connection.server).unwrap().connect_lazy();
    HealthClient::new(channel).check(HealthCheckRequest::default()).await.unwrap();
    secured.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_silent_take_no_place_of_a_handshake() {
    let secured = Secured::start_with(|config| config.limits.max_handshakes = 1).await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(TcpStream::connect(secured.world.app.assignment.unwrap()).await.unwrap());
    }
    leads(&secured.workload(BATCH).clients().unwrap(), None).await.unwrap();
    drop(silent);
    secured.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_does_not_come_to_its_end_is_broken_off() {
    let secured = Secured::start_with(|config| config.limits.handshake_timeout = Duration::from_millis(20)).await;
    // The first five bytes of a client's first message.
    for beginning in [b"".as_slice(), b"\x16\x03\x01\x02\x00"] {
        let mut silent = TcpStream::connect(secured.world.app.assignment.unwrap()).await.unwrap();
        silent.write_all(beginning).await.unwrap();
        // An end or a reset, whichever comes first.
        let _ = silent.read_to_end(&mut Vec::new()).await;
    }
    secured.world.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_services_show_each_other_who_they_are() {
    let secured = Secured::start().await;
    let world = &secured.world;
    world.install(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let batch = secured.workload(BATCH).clients().unwrap();
    let answer = route(&batch, company::lead(1)).await.unwrap();
    // Scored by the service, and not with what stands in when it is away.
    assert_eq!(answer.score.unwrap().scoring_model, "scoringModels/1");
    let lead = answer.lead.unwrap();
    // The timer is fired over gRPC as well.
    let lead = world.advance_until(Duration::from_mins(10), &lead.name, |lead| lead.epoch == 2).await;
    let request = api::v1::ListAssignmentsRequest { parent: lead.name, ..Default::default() };
    let history = world.clients.assignment.clone().list_assignments(request).await.unwrap().into_inner().assignments;
    let actors: Vec<&str> = history.iter().map(|assignment| assignment.actor.as_str()).collect();
    assert_eq!(actors, [BATCH, SERVICES]);
    secured.world.end().await;
}
