//! Many leads at once: which are selected, what becomes of them, and what disturbs it.

mod command_line;
mod disturbed;
mod paced;

use std::collections::BTreeMap;

use api::{
    longrunning::{DeleteOperationRequest, GetOperationRequest, ListOperationsRequest},
    v1::{
        AcceptLeadRequest, AssignmentCause,
        BulkReassignOutcome::{Moved, Refused, Unchanged},
        BulkReassignRequest, ErrorReason, LeadProfile, LeadState,
    },
};
use leadrouter_tests::{
    World,
    bulk::{
        by_filter, counts, ended, metadata, preview, response, results, route_again, run, start, to_owner, to_pool,
    },
    company,
};
use tonic::Code;
use uuid::Uuid;

/// A company of those reps, with so many leads.
async fn world_of(reps: &[(&str, u32, &str)], leads: usize) -> World {
    let world = World::of(&company::directory(reps), company::POLICY).await;
    for number in 0..leads {
        world.route(company::lead(number)).await.unwrap();
    }
    world
}

/// How many leads each owner has.
async fn owners(world: &World) -> BTreeMap<String, usize> {
    let mut owners = BTreeMap::new();
    for lead in world.leads("").await {
        *owners.entry(lead.owner).or_default() += 1;
    }
    owners
}

fn expected<const N: usize>(owners: [(&str, usize); N]) -> BTreeMap<String, usize> {
    owners.map(|(owner, leads)| (owner.to_owned(), leads)).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_are_selected_by_each_field_of_a_filter_and_by_name() {
    let directory = company::directory(&[("ana", 1, ""), ("ben", 1, "")])
        + "territories:\n  - { id: dach, name: DACH, countries: [DE], regions: [CH-ZH], postal_prefixes: [\"AT:6\"] }\n";
    let world = World::of(&directory, company::POLICY).await;
    let of = |number, fields: LeadProfile| LeadProfile { email: company::lead(number).email, ..fields };
    let from = |country: &str, postal_code: Option<&str>| LeadProfile {
        country: Some(country.to_owned()),
        postal_code: postal_code.map(str::to_owned),
        ..LeadProfile::default()
    };
    let patient = LeadProfile { industry: Some("patient".to_owned()), ..LeadProfile::default() };
    let closed = LeadProfile { industry: Some("spam".to_owned()), ..LeadProfile::default() };
    world.route(of(0, from("DE", None))).await.unwrap();
    world.route(of(1, from("AT", Some("6020")))).await.unwrap();
    world.route(of(2, from("AT", Some("1010")))).await.unwrap();
    world.route(of(5, LeadProfile { region: Some("CH-ZH".to_owned()), ..from("CH", None) })).await.unwrap();
    world.clock.advance(std::time::Duration::from_mins(1));
    let between = world.clock.now();
    let accepted = world.route(of(3, patient)).await.unwrap().lead.unwrap();
    let spam = world.route(of(4, closed)).await.unwrap().lead.unwrap();
    assert_eq!(spam.state(), LeadState::Closed);
    let accept = AcceptLeadRequest { name: accepted.name.clone(), etag: accepted.etag.clone(), ..Default::default() };
    world.clients.assignment.clone().accept_lead(accept).await.unwrap();

    let filters = [
        ("owner = reps/ana", 3),
        ("owner = queues/review", 0),
        ("team = teams/sales", 5),
        ("team = teams/sales AND owner = reps/ben", 2),
        ("team = teams/sales AND owner = queues/review", 0),
        ("state = ACCEPTED", 1),
        ("state = CLOSED", 0),
        ("territory = territories/dach", 3),
        ("territory = territories/dach AND owner = reps/ana", 1),
        ("rule = patient", 1),
        ("rule = \"\" AND team = teams/sales", 4),
        (&format!("arrived_before = {between}"), 4),
        (&format!("arrived_before = {between} AND owner = reps/ben"), 2),
        ("due_before = 2030-01-01T00:00:00Z", 5),
    ];
    for (filter, leads) in filters {
        let found = preview(&world.clients, by_filter(filter, to_owner("queues/nurture"))).await;
        assert_eq!(metadata(&found).total_count, leads, "{filter}");
    }
    // Once each, and not those that are closed.
    let names = vec![accepted.name.clone(), spam.name, accepted.name];
    let request = BulkReassignRequest { leads: names, target: to_owner("queues/nurture"), ..Default::default() };
    assert_eq!(metadata(&preview(&world.clients, request).await).total_count, 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_announced_is_what_happens() {
    let reps = [("ana", 1, ""), ("ben", 1, "max_open: 12"), ("cem", 2, "max_open: 23")];
    let world = world_of(&reps, 40).await;
    let request = by_filter("owner = reps/ana", to_pool("sales"));
    let before = owners(&world).await;
    let announced = preview(&world.clients, request.clone()).await;
    assert!(announced.done && announced.name.is_empty());
    assert_eq!(owners(&world).await, before, "it only looked");

    let done = run(&world.clients, request).await;
    assert_eq!(response(&announced), response(&done));
    let told = counts(&done);
    assert!(told.moved_count > 0 && told.refused_count > 0, "{told:?}");
    let after = owners(&world).await;
    assert_eq!((after["reps/ben"], after["reps/cem"]), (12, 23), "caps hold");
    let refused = &response(&done).refusals[0];
    assert_eq!((refused.reason(), refused.lead_count), (ErrorReason::NobodyFree, told.refused_count));
    for effect in response(&done).owners {
        let (was, is) = (before[&effect.owner], after[&effect.owner]);
        assert_eq!(
            i64::try_from(is).unwrap() - i64::try_from(was).unwrap(),
            i64::from(effect.gained_count - effect.lost_count)
        );
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_go_to_a_rep_with_note_and_actor_and_each_result_is_told() {
    let world = world_of(&[("ana", 1, ""), ("ben", 1, "max_open: 4"), ("cem", 1, "")], 6).await;
    let request =
        BulkReassignRequest { note: "ana leaves".to_owned(), ..by_filter("team = teams/sales", to_owner("reps/ben")) };
    let announced = response(&preview(&world.clients, request.clone()).await);
    let operation = run(&world.clients, request).await;
    assert_eq!(announced, response(&operation));
    let told = counts(&operation);
    // Two were his before, two more he could take.
    assert_eq!((told.moved_count, told.unchanged_count, told.refused_count, told.untouched_count), (2, 2, 2, 0));
    assert_eq!(metadata(&operation).request.unwrap().note, "ana leaves");
    let results = results(&world.clients, &operation.name).await;
    let outcomes: Vec<_> = results.iter().map(|result| (result.owner_before.as_str(), result.outcome())).collect();
    let expected = [
        ("reps/cem", Moved),
        ("reps/ben", Unchanged),
        ("reps/ana", Moved),
        ("reps/cem", Refused),
        ("reps/ben", Unchanged),
        ("reps/ana", Refused),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(
        (results[3].reason(), results[3].message.as_str()),
        (ErrorReason::RepAtCap, "`reps/ben` has reached the cap of 4 open leads")
    );
    assert_eq!(
        (results[0].owner.as_str(), results[0].assignment.clone()),
        ("reps/ben", format!("{}/assignments/2", results[0].lead))
    );
    let history = world.history(&results[0].lead).await;
    assert_eq!(history[1], ("reps/ben".to_owned(), AssignmentCause::Reassigned));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_are_routed_again_by_the_policy_that_is_active_now() {
    let directory =
        company::directory(&[("ana", 1, ""), ("ben", 1, "")]) + "  - { id: key, name: Key, members: [boss] }\n";
    let world = World::of(&directory, company::POLICY).await;
    for number in 0..6 {
        world.route(company::lead(number)).await.unwrap();
    }
    let all = "team = teams/sales";
    world
        .install(
            &directory,
            &company::POLICY.replace("to: { pool: sales }, sla: quick", "to: { pool: key }, sla: quick"),
        )
        .await;
    let announced = response(&preview(&world.clients, by_filter(all, route_again())).await);
    let operation = run(&world.clients, by_filter(all, route_again())).await;
    assert_eq!((response(&operation), counts(&operation).moved_count), (announced, 6));
    assert_eq!(owners(&world).await, expected([("reps/boss", 6)]));
    let lead = &world.leads(all).await[0];
    assert_eq!(world.history(&lead.name).await[1], ("reps/boss".to_owned(), AssignmentCause::Rerouted));
    assert_eq!(lead.state(), LeadState::Offered);

    // Once more it finds whoever has them.
    let again = run(&world.clients, by_filter(all, route_again())).await;
    assert_eq!((counts(&again).unchanged_count, counts(&again).moved_count), (6, 0));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_names_one_operation_however_often_it_comes() {
    let world = world_of(&[("ana", 1, ""), ("ben", 1, "")], 4).await;
    let id = Uuid::from_u128(7).to_string();
    let request = BulkReassignRequest { request_id: id.clone(), ..by_filter("owner = reps/ana", to_owner("reps/ben")) };
    let first = start(&world.clients, request.clone()).await.unwrap();
    assert_eq!(first.name, format!("operations/{id}"));
    let operation = ended(&world.clients, &first.name).await;
    assert_eq!(start(&world.clients, request.clone()).await.unwrap(), operation);
    let other = BulkReassignRequest { note: "other".to_owned(), ..request };
    let status = start(&world.clients, other).await.unwrap_err();
    assert_eq!((status.code(), api::reason_of(&status)), (Code::AlreadyExists, Some(ErrorReason::RequestIdReused)));
    assert_eq!(owners(&world).await, expected([("reps/ben", 4)]));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_is_refused_before_it_begins() {
    let world = world_of(&[("ana", 1, "")], 1).await;
    let lead = |number| format!("leads/{}", Uuid::from_u128(number));
    let by_name = |leads| BulkReassignRequest { leads, target: route_again(), ..Default::default() };
    for (request, code, reason) in [
        (by_filter("", route_again()), Code::InvalidArgument, ErrorReason::InvalidFilter),
        (by_filter("owner = reps/ana", None), Code::InvalidArgument, ErrorReason::InvalidRequest),
        (by_filter("owner = reps/ana", to_owner("reps/nobody")), Code::FailedPrecondition, ErrorReason::RepInactive),
        (by_filter("owner = reps/ana", to_pool("none")), Code::NotFound, ErrorReason::ResourceNotFound),
        (by_filter("team = teams/none", route_again()), Code::NotFound, ErrorReason::ResourceNotFound),
        (by_filter("territory = territories/none", route_again()), Code::NotFound, ErrorReason::ResourceNotFound),
        (by_name(vec![lead(5)]), Code::NotFound, ErrorReason::ResourceNotFound),
    ] {
        let status = start(&world.clients, request).await.unwrap_err();
        assert_eq!((status.code(), api::reason_of(&status)), (code, Some(reason)), "{status:?}");
    }
    let list = ListOperationsRequest::default();
    let listed = world.clients.operations.clone().list_operations(list).await.unwrap().into_inner();
    assert!(listed.operations.is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_listed_and_forgotten_by_their_own_tenant() {
    let world = world_of(&[("ana", 1, ""), ("ben", 1, "")], 4).await;
    let mut client = world.clients.operations.clone();
    let done = run(&world.clients, by_filter("owner = reps/ana", to_owner("reps/ben"))).await;
    let slow = BulkReassignRequest { max_per_hour: 1, ..by_filter("owner = reps/ben", to_owner("reps/ana")) };
    let slow = start(&world.clients, slow).await.unwrap();
    let mut list = async |filter: &str| {
        let request = ListOperationsRequest { filter: filter.to_owned(), ..Default::default() };
        let found = client.list_operations(request).await.unwrap().into_inner().operations;
        found.into_iter().map(|operation| operation.name).collect::<Vec<_>>()
    };
    assert_eq!(list("").await, [done.name.as_str(), slow.name.as_str()]);
    assert_eq!(list("done = true").await, [done.name.as_str()]);
    assert_eq!(list("done=false").await, [slow.name.as_str()]);

    let stranger = world.tenant("other").await;
    let request = GetOperationRequest { name: done.name.clone() };
    let status = stranger.operations.clone().get_operation(request.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let delete = |name: &str| DeleteOperationRequest { name: name.to_owned() };
    let mut client = world.clients.operations.clone();
    let status = client.delete_operation(delete(&slow.name)).await.unwrap_err();
    assert_eq!((status.code(), api::reason_of(&status)), (Code::FailedPrecondition, Some(ErrorReason::OperationRuns)));
    client.delete_operation(delete(&done.name)).await.unwrap();
    assert_eq!(client.get_operation(request).await.unwrap_err().code(), Code::NotFound);
    world.end().await;
}
