//! So many an hour, and an end before the end.

use std::time::Duration;

use api::{
    longrunning::{CancelOperationRequest, operation::Result as OperationResult},
    v1::{
        AcceptLeadRequest,
        BulkReassignOutcome::{Cancelled, ChangedMeanwhile, Moved},
        BulkReassignRequest, BulkReassignResult, CloseLeadRequest, CloseOutcome, DeactivateRepRequest,
        DeclineLeadRequest, DeclineReason, ErrorReason,
    },
};
use leadrouter_tests::{
    World,
    bulk::{by_filter, counts, ended, get, metadata, results, run, start, to_owner, until_done},
};
use tonic::Code;

use super::{expected, owners, world_of};

/// Comes back when whatever was due by now is done: another operation, which was due after it, has ended.
async fn looked(world: &World) {
    run(&world.clients, by_filter("owner = queues/self-service", to_owner("queues/review"))).await;
}

/// One lead is done; the others wait for their hour.
async fn one_of(world: &World, to: &str) -> String {
    let request = BulkReassignRequest { max_per_hour: 60, ..by_filter("owner = reps/ana", to_owner(to)) };
    let name = start(&world.clients, request).await.unwrap().name;
    until_done(&world.clients, &name, 1).await;
    name
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_of_sixty_an_hour_is_one_a_minute() {
    let world = world_of(&[("ana", 1, ""), ("ben", 1, "accepting: false")], 3).await;
    let name = one_of(&world, "reps/ben").await;
    for done in 1..3 {
        world.clock.advance(Duration::from_secs(59));
        looked(&world).await;
        assert_eq!(counts(&get(&world.clients, &name).await).moved_count, done);
        world.clock.advance(Duration::from_secs(1));
        looked(&world).await;
        let told = metadata(&get(&world.clients, &name).await);
        assert_eq!(told.counts.unwrap().moved_count, done + 1);
        assert!((60.0..=120.0).contains(&told.leads_per_hour), "{told:?}");
    }
    let operation = ended(&world.clients, &name).await;
    let told = metadata(&operation);
    let took = told.end_time.unwrap().seconds - told.create_time.unwrap().seconds;
    assert_eq!((took, told.estimated_end_time), (120, None));
    assert_eq!(owners(&world).await, expected([("reps/ben", 3)]));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_when_it_is_cancelled_stays_and_the_rest_is_not_touched() {
    let world = world_of(&[("ana", 1, ""), ("ben", 1, "accepting: false")], 4).await;
    let name = one_of(&world, "reps/ben").await;
    let told = metadata(&get(&world.clients, &name).await);
    assert_eq!(told.counts.unwrap().untouched_count, 3);
    let cancel = CancelOperationRequest { name: name.clone() };
    world.clients.operations.clone().cancel_operation(cancel.clone()).await.unwrap();
    let operation = ended(&world.clients, &name).await;
    let Some(OperationResult::Error(error)) = &operation.result else { panic!("{operation:?}") };
    assert_eq!(
        (error.code, error.message.as_str()),
        (Code::Cancelled.into(), "cancelled after 1 of 4 leads; what was done stays")
    );
    let outcomes: Vec<_> = results(&world.clients, &name).await.iter().map(BulkReassignResult::outcome).collect();
    assert_eq!(outcomes, [Moved, Cancelled, Cancelled, Cancelled]);
    assert_eq!(owners(&world).await, expected([("reps/ana", 3), ("reps/ben", 1)]));
    // Saying it again changes nothing, nor does time.
    world.clients.operations.clone().cancel_operation(cancel).await.unwrap();
    world.clock.advance(Duration::from_hours(1));
    looked(&world).await;
    assert_eq!(get(&world.clients, &name).await.result, operation.result);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_that_somebody_changed_meanwhile_are_left_alone() {
    let world = world_of(&[("ana", 1, ""), ("ben", 1, "accepting: false"), ("cem", 1, "accepting: false")], 5).await;
    let name = one_of(&world, "reps/ben").await;
    let [declined, accepted, closed, _] = world.leads("owner = reps/ana").await.try_into().unwrap();
    let mut client = world.clients.assignment.clone();
    let decline = DeclineLeadRequest {
        name: declined.name.clone(),
        etag: declined.etag.clone(),
        reason: DeclineReason::NoCapacity.into(),
        ..DeclineLeadRequest::default()
    };
    client.decline_lead(decline).await.unwrap();
    // What an owner does with a lead gives it no new epoch.
    let accept = AcceptLeadRequest { name: accepted.name.clone(), etag: accepted.etag.clone(), ..Default::default() };
    client.accept_lead(accept).await.unwrap();
    let close = CloseLeadRequest {
        name: closed.name.clone(),
        etag: closed.etag.clone(),
        outcome: CloseOutcome::Lost.into(),
        ..CloseLeadRequest::default()
    };
    client.close_lead(close).await.unwrap();
    world.clock.advance(Duration::from_mins(1));
    let operation = ended(&world.clients, &name).await;
    assert_eq!((counts(&operation).moved_count, counts(&operation).changed_meanwhile_count), (2, 3));
    let results = results(&world.clients, &name).await;
    for (lead, owner) in [(declined, "queues/waiting"), (accepted, "reps/ana"), (closed, "reps/ana")] {
        let result = results.iter().find(|result| result.lead == lead.name).unwrap();
        assert_eq!((result.outcome(), result.reason()), (ChangedMeanwhile, ErrorReason::StaleEtag));
        assert!(result.message.contains(&format!("{owner} has it")), "{}", result.message);
        assert_eq!(world.lead(&lead.name).await.owner, owner);
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rep_who_leaves_meanwhile_is_left_with_nothing() {
    let world = world_of(&[("ana", 1, ""), ("ben", 1, "accepting: false")], 3).await;
    let name = one_of(&world, "reps/ben").await;
    let leave = DeactivateRepRequest { name: "reps/ben".to_owned(), drain: true, ..Default::default() };
    world.clients.directory.clone().deactivate_rep(leave).await.unwrap();
    world.clock.advance(Duration::from_mins(1));
    let told = counts(&ended(&world.clients, &name).await);
    assert_eq!((told.moved_count, told.refused_count), (1, 2));
    let reasons: Vec<_> = results(&world.clients, &name).await.iter().map(BulkReassignResult::reason).collect();
    assert_eq!(reasons, [ErrorReason::Unspecified, ErrorReason::RepInactive, ErrorReason::RepInactive]);
    assert_eq!(owners(&world).await, expected([("reps/ana", 3)]));
    world.end().await;
}
