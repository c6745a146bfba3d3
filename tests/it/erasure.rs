//! What tells of a person can be erased: nothing of it is left in the store, the logs and the spans, and the history stays.

use api::v1::{
    AttributeValue, CloseOutcome, DeclineReason, EraseLeadRequest, ErrorReason, GetDecisionRequest, LeadProfile,
    RouteOutcome, Signal, attribute_value::Kind,
};
use cli::Clients;
use leadrouter_tests::{
    World,
    collector::Collector,
    company, install, leads,
    process::Process,
    requests::{Answer, Request},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use store::testing::Database;

/// In everything that people write of the person, and in nothing else.
const MARK: &str = "zyxplanted";

/// Somebody whose every field is marked, but for those that stay.
fn person() -> LeadProfile {
    let text = |field: &str| Some(format!("{MARK} {field}"));
    LeadProfile {
        external_id: text("id"),
        email: Some(format!("{MARK}@{MARK}.example")),
        phone: text("phone"),
        person_name: text("name"),
        job_title: text("title"),
        company_name: text("company"),
        company_domain: Some(format!("{MARK}.example")),
        industry: Some("patient".to_owned()),
        employees: Some(12),
        country: Some("FR".to_owned()),
        region: text("region"),
        postal_code: text("code"),
        city: text("city"),
        product: Some("gtx".to_owned()),
        source: Some("fair".to_owned()),
        campaign: text("campaign"),
        technologies: vec![MARK.to_owned()],
        attributes: [(MARK.to_owned(), AttributeValue { kind: Some(Kind::Text(MARK.to_owned())) })].into(),
        signals: vec![Signal {
            kind: MARK.to_owned(),
            at: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        }],
        ..LeadProfile::default()
    }
}

/// Where the mark stands in the store, as `table.column`: every column of every table is read as text, and bytes as they are.
async fn places(database: &Database) -> Vec<String> {
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let columns = "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns \
                   WHERE table_schema = 'public' ORDER BY 1, 2";
    let columns = sqlx::query(columns).fetch_all(&mut connection).await.unwrap();
    let mut places = Vec::new();
    for row in columns {
        let (table, column, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let text = if kind == "bytea" { format!("encode({column}, 'escape')") } else { format!("{column}::text") };
        let count = format!("SELECT count(*) FROM {table} WHERE {text} ILIKE '%{MARK}%'");
        let found: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut connection).await.unwrap();
        if found > 0 {
            places.push(format!("{table}.{column}"));
        }
    }
    places
}

fn erase(seen: &Answer) -> EraseLeadRequest {
    let (name, etag) = (seen.lead.name.clone(), seen.lead.etag.clone());
    EraseLeadRequest { name, etag, request_id: uuid::Uuid::new_v4().to_string() }
}

/// One life, with a note at each step.
async fn live(clients: &Clients) -> (Request, Answer, Request, Answer) {
    let route = Request::route(person());
    let routed = route.send(clients).await.unwrap();
    let name = routed.lead.name.clone();
    let mut decline = Request::decline(&name, routed.lead.etag.clone(), "", DeclineReason::Other);
    if let Request::Decline(decline) = &mut decline {
        decline.note = format!("{MARK} is a friend");
    }
    let mut pause = Request::pause(&name, routed.lead.etag.clone(), "", None);
    if let Request::Pause(pause) = &mut pause {
        pause.note = format!("{MARK} is on holiday");
    }
    pause.send(clients).await.unwrap();
    let declined = decline.send(clients).await.unwrap();
    let close = Request::close(&name, declined.lead.etag.clone(), "", CloseOutcome::Lost);
    let closed = close.send(clients).await.unwrap();
    (route, routed, close, closed)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tells_of_a_person_is_nowhere_once_it_is_erased() {
    let mut collector = Collector::start().await;
    let database = Database::create().await;
    let endpoint = collector.endpoint.clone();
    let log = tempfile::NamedTempFile::new().unwrap();
    let env = [
        ("LEADROUTER_TELEMETRY__OTLP_ENDPOINT", endpoint.as_str()),
        ("LEADROUTER_TELEMETRY__LOG_FILTER", "info,leadrouter=trace"),
    ];
    let process = Process::start_logging(&database.url(), &env, log.reopen().unwrap().into()).await;
    let clients = process.clients();
    install(&clients, &company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let (route, routed, close, closed) = live(&clients).await;
    // In the one place for each, and in no answer that is kept.
    let before = places(&database).await;
    let kept = |place: &String| place == "lead.profile" || place.split('.').next_back() == Some("note");
    assert!(before.iter().all(kept), "{before:?}");
    assert!(before.len() >= 3, "{before:?}");
    // Who asks again is told of the person as long as it is known.
    assert_eq!(route.send(&clients).await.unwrap(), routed);
    assert_eq!(close.send(&clients).await.unwrap(), closed);

    let request = erase(&closed);
    let erased = clients.assignment.clone().erase_lead(request.clone()).await.unwrap().into_inner().lead.unwrap();
    // The same request, and the same wish.
    for request in [request, erase(&closed)] {
        let again = clients.assignment.clone().erase_lead(request).await.unwrap().into_inner().lead.unwrap();
        assert_eq!(again, erased);
    }
    let route_again = route.send(&clients).await.unwrap();
    assert_eq!(route_again.lead.profile, erased.profile);
    assert_eq!((route_again.lead.owner, route_again.lead.erase_time), (routed.lead.owner, erased.erase_time));
    assert_eq!(places(&database).await, [""; 0]);

    assert!(process.terminate().await.success());
    collector.take_in();
    let log = std::fs::read_to_string(log.path()).unwrap();
    assert!(log.contains("EraseLead") && !collector.spans.is_empty(), "{log}");
    let told = format!("{:?}\n{:?}\n{log}", collector.spans, collector.metrics).to_lowercase();
    assert!(!told.contains(MARK), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_of_an_erased_lead_stays() {
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let (_, routed, _, closed) = live(&world.clients).await;
    let name = routed.lead.name.clone();
    let before = world.history(&name).await;
    let mut client = world.clients.assignment.clone();
    let stale = EraseLeadRequest { etag: routed.lead.etag.clone(), ..erase(&closed) };
    let refused = client.erase_lead(stale).await.unwrap_err();
    assert_eq!(api::reason_of(&refused), Some(ErrorReason::StaleEtag));
    let erased = client.erase_lead(erase(&closed)).await.unwrap().into_inner().lead.unwrap();
    let left = LeadProfile {
        industry: Some("patient".to_owned()),
        employees: Some(12),
        country: Some("FR".to_owned()),
        product: Some("gtx".to_owned()),
        source: Some("fair".to_owned()),
        ..LeadProfile::default()
    };
    assert_eq!(erased.profile, Some(left));
    assert_eq!(world.history(&name).await, before);
    assert_eq!(
        (erased.owner, erased.close_time, erased.epoch),
        (closed.lead.owner, closed.lead.close_time, closed.lead.epoch)
    );
    assert!(erased.erase_time.is_some());
    assert_eq!(world.lead(&name).await.erase_time, erased.erase_time);
    // What it was decided by is gone.
    let decision = client.get_decision(GetDecisionRequest { name: format!("{name}/decisions/1") }).await.unwrap_err();
    assert_eq!(api::reason_of(&decision), Some(ErrorReason::LeadErased));
    // Nobody is recognised: the same person is somebody new.
    let anew = Request::route(person()).send(&world.clients).await.unwrap();
    assert_ne!((anew.lead.name, anew.outcome), (name, Some(RouteOutcome::Duplicate)));
    assert_eq!(leads(&world.clients, "").await.len(), 2);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_somebody_works_with_is_not_erased() {
    let world = World::of(&company::directory(&[("ana", 1, "")]), company::POLICY).await;
    let lead = world.route(person()).await.unwrap().lead.unwrap();
    let mut client = world.clients.assignment.clone();
    let request = EraseLeadRequest { name: lead.name.clone(), etag: lead.etag.clone(), ..EraseLeadRequest::default() };
    let refused = client.erase_lead(request.clone()).await.unwrap_err();
    assert_eq!(api::reason_of(&refused), Some(ErrorReason::WrongLeadState));
    let unknown = EraseLeadRequest { name: format!("leads/{}", uuid::Uuid::nil()), ..request };
    let refused = client.erase_lead(unknown).await.unwrap_err();
    assert_eq!(api::reason_of(&refused), Some(ErrorReason::ResourceNotFound));
    assert_eq!(world.lead(&lead.name).await, lead);
    world.end().await;
}
