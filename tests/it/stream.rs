//! Leads that come as a stream.

use api::v1::{BatchRouteLeadsRequest, RouteLeadRequest, RouteLeadsRequest, RouteLeadsResponse, batch_route_result};
use futures::{StreamExt as _, stream};
use leadrouter_tests::{World, company};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

fn request(number: usize) -> RouteLeadRequest {
    RouteLeadRequest {
        lead: Some(company::lead(number)),
        request_id: Uuid::from_u128(number as u128 + 1).to_string(),
        validate_only: false,
    }
}

fn streamed(request: RouteLeadRequest) -> RouteLeadsRequest {
    RouteLeadsRequest { request: Some(request) }
}

/// Outcome and owner, or the code of the error and the fields that are wrong.
fn told(result: Option<batch_route_result::Result>) -> String {
    match result.unwrap() {
        batch_route_result::Result::Response(response) => {
            format!("{} {}", response.outcome().as_str_name(), response.lead.unwrap().owner)
        }
        batch_route_result::Result::Error(error) => {
            let fields: Vec<_> = error.field_violations.iter().map(|wrong| wrong.field.as_str()).collect();
            assert_eq!(Code::from(error.code), Code::InvalidArgument, "{error:?}");
            format!("INVALID_ARGUMENT {}", fields.join(" "))
        }
    }
}

async fn results(world: &World, requests: Vec<RouteLeadRequest>) -> Vec<Result<RouteLeadsResponse, Status>> {
    let requests = stream::iter(requests.into_iter().map(streamed));
    world.clients.assignment.clone().route_leads(requests).await.unwrap().into_inner().collect().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_leads_is_routed_as_a_batch_of_them_is() {
    let directory = company::directory(&[("ana", 1, ""), ("ben", 2, ""), ("cleo", 3, "")]);
    // More than one part; every seventh is somebody who was there before, every fiftieth is wrong.
    let requests = || {
        let numbers = (0..900).map(|n| if n % 7 == 6 { request(n / 2) } else { request(n) });
        let mut requests: Vec<_> = numbers.collect();
        for (n, request) in requests.iter_mut().enumerate() {
            request.request_id = Uuid::from_u128(n as u128 + 1).to_string();
            if n % 50 == 49 {
                request.lead = None;
            }
        }
        requests
    };
    let batch = World::of(&directory, company::POLICY).await;
    let mut client = batch.clients.assignment.clone();
    let answer = client.batch_route_leads(BatchRouteLeadsRequest { requests: requests() }).await.unwrap();
    let expected: Vec<_> = answer.into_inner().results.into_iter().map(|r| told(r.result)).collect();

    let streaming = World::of(&directory, company::POLICY).await;
    let found = results(&streaming, requests()).await;
    let found: Vec<_> = found.into_iter().map(|r| told(r.unwrap().result.unwrap().result)).collect();
    let wrong = found.iter().filter(|told| **told == "INVALID_ARGUMENT request.lead");
    assert_eq!((found.len(), wrong.count()), (900, 18));
    for (n, (found, expected)) in found.iter().zip(&expected).enumerate() {
        // A batch names the place of an entry.
        assert_eq!(found, &expected.replace(&format!("requests[{n}]"), "request"), "lead {n}");
    }
    batch.end().await;
    streaming.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_sent_again_answers_what_the_first_one_did() {
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let requests: Vec<_> = (0..300).map(request).collect();
    let first: Vec<_> = results(&world, requests.clone()).await.into_iter().map(Result::unwrap).collect();
    let again: Vec<_> = results(&world, requests).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(first, again);
    assert_eq!(world.leads("").await.len(), 300);
    world.end().await;
}

/// Results come while the caller still sends: who waits for the answer to the first lead before it sends the second is served.
#[tokio::test(flavor = "multi_thread")]
async fn each_lead_is_answered_without_waiting_for_the_next() {
    let world = World::of(&company::directory(&[("ana", 1, "")]), company::POLICY).await;
    let (sender, requests) = tokio::sync::mpsc::channel(1);
    sender.send(streamed(request(0))).await.unwrap();
    let call = world.clients.assignment.clone().route_leads(ReceiverStream::new(requests)).await;
    let mut results = call.unwrap().into_inner();
    for n in 1..5 {
        let result = results.next().await.unwrap().unwrap().result.unwrap();
        assert_eq!(told(result.result), "ROUTE_OUTCOME_OFFERED reps/ana");
        sender.send(streamed(request(n))).await.unwrap();
    }
    drop(sender);
    assert_eq!(results.count().await, 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_does_not_keep_a_server_from_ending() {
    let world = World::of(&company::directory(&[("ana", 1, "")]), company::POLICY).await;
    let (sender, requests) = tokio::sync::mpsc::channel(1);
    sender.send(streamed(request(0))).await.unwrap();
    let call = world.clients.assignment.clone().route_leads(ReceiverStream::new(requests)).await;
    let mut results = call.unwrap().into_inner();
    results.next().await.unwrap().unwrap();
    let (last, ()) = tokio::join!(results.next(), world.end());
    let status = last.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.get_details_error_info().unwrap().reason, "SERVICE_UNAVAILABLE");
    drop(sender);
}
