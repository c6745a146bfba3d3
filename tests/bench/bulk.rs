//! `BulkReassign` of 100,000 leads.

use std::{fmt::Write as _, sync::Arc, time::Instant};

use anyhow::{Context as _, Result, ensure};
use api::{
    longrunning::WaitOperationRequest,
    v1::{BatchRouteLeadsRequest, BulkReassignMetadata, BulkReassignRequest, bulk_reassign_request::Target},
};
use cli::Clients;
use prost::Message as _;

use crate::{
    leads::Leads,
    load::BATCH,
    service::{ALWAYS, Service, install},
};

/// The tenant whose leads they are.
const TENANT: &str = "bulk";

/// Leads that change hands.
pub(crate) const LEADS: usize = 100_000;
/// The same for rates.
pub(crate) const LEADS_F64: f64 = 100_000.0;

const POLICY: &str = "
name: everything-to-sales
time_zone: UTC
sla:
  slow: { respond: 30d@wall, escalate: [] }
waiting: { retry_every: 5m@wall, deadline: 2h@wall, then: review }
rules: []
default: { to: { pool: sales }, sla: slow }
";

/// Forty reps, who are always there.
fn directory() -> String {
    let mut text = format!("{ALWAYS}teams:\n  - {{ id: sales, name: Sales, calendar: always }}\nreps:\n");
    for rep in 0..40 {
        let _ = writeln!(text, "  - {{ id: r{rep}, name: Rep {rep}, team: sales }}");
    }
    text.push_str("pools:\n  - id: sales\n    name: Sales\n    members:\n");
    for rep in 0..40 {
        let _ = writeln!(text, "      - {{ rep: r{rep} }}");
    }
    text
}

/// Makes the company, and gives it its leads.
pub(crate) async fn prepare(service: &Service, leads: &Arc<Leads>) -> Result<Clients> {
    let mut clients = service.clients(TENANT)?;
    install(&clients, &directory(), POLICY).await?;
    println!("bulk_reassign_100k: routing {LEADS} leads first");
    for _ in 0..LEADS / BATCH {
        let requests = (0..BATCH).map(|_| leads.next()).collect();
        clients.assignment.batch_route_leads(BatchRouteLeadsRequest { requests }).await?;
    }
    Ok(clients)
}

/// Gives all of them to somebody else of the pool: seconds from the call to the end of the operation.
pub(crate) async fn run(clients: &Clients) -> Result<f64> {
    let mut clients = clients.clone();
    let begun = Instant::now();
    let request = BulkReassignRequest {
        filter: "team = teams/sales".to_owned(),
        target: Some(Target::Pool("pools/sales".to_owned())),
        ..BulkReassignRequest::default()
    };
    let mut operation = clients.assignment.bulk_reassign(request).await?.into_inner();
    while !operation.done {
        let request = WaitOperationRequest { name: operation.name.clone(), timeout: None };
        operation = clients.operations.wait_operation(request).await?.into_inner();
    }
    let seconds = begun.elapsed().as_secs_f64();
    let metadata = operation.metadata.context("an operation has metadata")?;
    let counts = BulkReassignMetadata::decode(metadata.value.as_slice())?.counts.unwrap_or_default();
    ensure!(usize::try_from(counts.moved_count) == Ok(LEADS), "not all leads were moved: {counts:?}");
    Ok(seconds)
}
