//! Bulk reassignments, as tests start them and look at what came of them.

use std::time::Duration;

use api::{
    longrunning::{GetOperationRequest, Operation, WaitOperationRequest, operation::Result as OperationResult},
    v1::{
        BulkReassignCounts, BulkReassignMetadata, BulkReassignRequest, BulkReassignResponse, BulkReassignResult,
        ListBulkReassignResultsRequest, RouteAgain, bulk_reassign_request::Target,
    },
};
use cli::Clients;
use prost::Message as _;
use tonic::Status;

/// How long a test waits for the end of an operation, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(2);

/// To a rep or queue.
pub fn to_owner(name: &str) -> Option<Target> {
    Some(Target::Owner(name.to_owned()))
}

/// To a pool.
pub fn to_pool(id: &str) -> Option<Target> {
    Some(Target::Pool(format!("pools/{id}")))
}

/// To whom the policy finds.
pub fn route_again() -> Option<Target> {
    Some(Target::RouteAgain(RouteAgain {}))
}

/// The leads of a filter, to that target.
pub fn by_filter(filter: &str, target: Option<Target>) -> BulkReassignRequest {
    BulkReassignRequest { filter: filter.to_owned(), target, ..BulkReassignRequest::default() }
}

/// Starts one.
pub async fn start(clients: &Clients, request: BulkReassignRequest) -> Result<Operation, Status> {
    clients.assignment.clone().bulk_reassign(request).await.map(tonic::Response::into_inner)
}

/// What it would come to.
pub async fn preview(clients: &Clients, request: BulkReassignRequest) -> Operation {
    start(clients, BulkReassignRequest { validate_only: true, ..request }).await.unwrap()
}

/// An operation as it stands.
pub async fn get(clients: &Clients, name: &str) -> Operation {
    let request = GetOperationRequest { name: name.to_owned() };
    clients.operations.clone().get_operation(request).await.unwrap().into_inner()
}

/// An operation when it has ended.
pub async fn ended(clients: &Clients, name: &str) -> Operation {
    let wait = async {
        loop {
            let request = WaitOperationRequest { name: name.to_owned(), timeout: None };
            let operation = clients.operations.clone().wait_operation(request).await.unwrap().into_inner();
            if operation.done {
                return operation;
            }
        }
    };
    let Ok(operation) = tokio::time::timeout(PATIENCE, wait).await else {
        panic!("it never ended: {:?}", metadata(&get(clients, name).await))
    };
    operation
}

/// An operation as soon as so many of its leads are done.
pub async fn until_done(clients: &Clients, name: &str, leads: i32) -> Operation {
    let look = async {
        loop {
            let operation = get(clients, name).await;
            let counts = counts(&operation);
            if metadata(&operation).total_count - counts.untouched_count >= leads {
                return operation;
            }
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap()
}

/// Starts one, and waits for its end.
pub async fn run(clients: &Clients, request: BulkReassignRequest) -> Operation {
    let name = start(clients, request).await.unwrap().name;
    ended(clients, &name).await
}

/// What is known of it.
pub fn metadata(operation: &Operation) -> BulkReassignMetadata {
    BulkReassignMetadata::decode(operation.metadata.as_ref().unwrap().value.as_slice()).unwrap()
}

/// How many leads came to which end.
pub fn counts(operation: &Operation) -> BulkReassignCounts {
    metadata(operation).counts.unwrap()
}

/// What it came to.
pub fn response(operation: &Operation) -> BulkReassignResponse {
    match operation.result.as_ref().unwrap() {
        OperationResult::Response(any) => BulkReassignResponse::decode(any.value.as_slice()).unwrap(),
        OperationResult::Error(status) => panic!("{status:?}"),
    }
}

/// What came of each lead.
pub async fn results(clients: &Clients, operation: &str) -> Vec<BulkReassignResult> {
    let (mut results, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListBulkReassignResultsRequest { parent: operation.to_owned(), page_size: 1_000, page_token };
        let page = clients.assignment.clone().list_bulk_reassign_results(request).await.unwrap().into_inner();
        results.extend(page.results);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return results;
        }
    }
}
