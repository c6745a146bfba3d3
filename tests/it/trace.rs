//! One trace from the caller to the store, and a link from a timer that fires to the trace that set it.

use api::v1::RouteLeadRequest;
use leadrouter_tests::{
    collector::{Collector, attributes},
    company,
    process::Process,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use store::testing::Database;

const TRACE: [u8; 16] = *b"one lead's trace";

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_s_way_is_one_trace_and_a_timer_links_to_it() {
    let mut collector = Collector::start().await;
    let database = Database::create().await;
    let endpoint = collector.endpoint.clone();
    let process = Process::start(&database.url(), &[("LEADROUTER_TELEMETRY__OTLP_ENDPOINT", &endpoint)]).await;
    let clients = process.clients();
    // Nobody accepts within a second.
    let policy = company::POLICY.replace("accept: 10m@wall", "accept: 1s@wall");
    leadrouter_tests::install(&clients, &company::directory(&[("ana", 1, ""), ("ben", 1, "")]), &policy).await;

    let mut request =
        tonic::Request::new(RouteLeadRequest { lead: Some(company::lead(1)), ..RouteLeadRequest::default() });
    let trace_id = format!("{:032x}", u128::from_be_bytes(TRACE));
    request.metadata_mut().insert("traceparent", format!("00-{trace_id}-00f067aa0ba902b7-01").parse().unwrap());
    clients.assignment.clone().route_lead(request).await.unwrap();

    let fired = collector.until(|span| span.name == "escalation.fire").await;
    assert!(fired.links.iter().any(|link| link.trace_id == TRACE), "{:?}", fired.links);
    assert_ne!(fired.trace_id, TRACE);

    assert!(process.terminate().await.success());
    collector.take_in();
    let spans = collector.trace(&TRACE);
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    for expected in [
        "leadrouter.v1.AssignmentService/RouteLead",
        "leadrouter.v1.ScoringService/BatchScoreLeads",
        "assignment.commit",
    ] {
        assert!(names.contains(&expected), "{expected} is not among {names:?}");
    }
    // The named transaction of the store is in it.
    let of_store = |span: &&&Span| attributes(span).get("db.system.name").is_some_and(|system| system == "postgresql");
    let transaction = spans.iter().find(of_store).unwrap();
    assert_eq!(attributes(transaction)["db.operation.name"], "assignment.commit");
    // Every span hangs together: each but the first has its parent in the trace.
    for span in &spans {
        let parent = &span.parent_span_id;
        let known = spans.iter().any(|other| other.span_id == *parent);
        assert!(known || parent == &[0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7], "{} hangs in the air", span.name);
    }
    // Nobody's data is in any span.
    for span in &collector.spans {
        let told = format!("{:?} {}", attributes(span), span.name);
        assert!(!told.contains("person1") && !told.contains("Company 1"), "{told}");
    }
}
