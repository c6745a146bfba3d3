//! Processes that are killed, several of them, several operations at once.

use std::collections::BTreeMap;

use api::v1::{BatchRouteLeadsRequest, BulkReassignRequest, RouteLeadRequest};
use cli::Clients;
use futures::future::join_all;
use kit::clock::Clock;
use leadrouter_tests::{
    World,
    bulk::{by_filter, counts, ended, run, start, to_owner, until_done},
    company, install, leads,
    process::Process,
    route,
};
use sqlx::{Connection as _, PgConnection};
use store::testing::Database;

const LEADS: usize = 600;
const ALL: i32 = 600;

/// Three reps, the first of whom has all the leads, by the machine's clock.
async fn crowded() -> World {
    let world = World::on(Database::create().await, Clock::system()).await;
    fill(&world.clients).await;
    world
}

async fn fill(clients: &Clients) {
    install(clients, &directory(), company::POLICY).await;
    let requests =
        (0..LEADS).map(|number| RouteLeadRequest { lead: Some(company::lead(number)), ..Default::default() });
    let batch = BatchRouteLeadsRequest { requests: requests.collect() };
    clients.assignment.clone().batch_route_leads(batch).await.unwrap();
}

fn directory() -> String {
    company::directory(&[("ana", 1, ""), ("ben", 1, "accepting: false"), ("cem", 1, "accepting: false")])
}

/// How many leads have had so many owners.
async fn lengths(world: &World) -> BTreeMap<i32, usize> {
    let mut lengths = BTreeMap::new();
    for lead in world.leads("").await {
        *lengths.entry(lead.epoch).or_default() += 1;
    }
    lengths
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_doing_a_part_and_recording_it_nothing_is_done_twice() {
    let database = Database::create().await;
    let process = Process::start(&database.url(), &[]).await;
    let clients = process.clients();
    fill(&clients).await;
    // Some hundred a second, and somebody keeps the next part from being recorded.
    let request = by_filter("owner = reps/ana", to_owner("reps/ben"));
    let request = BulkReassignRequest { max_per_hour: 360_000, ..request };
    let name = start(&clients, request).await.unwrap().name;
    let mut other = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE operation_lead IN SHARE MODE").execute(&mut other).await.unwrap();
    database.until_waiting(1).await;
    process.kill();
    // What waits in the server would still be done, though nobody hears of it: that is what a lost machine would not do.
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    sqlx::raw_sql(end).execute(&mut other).await.unwrap();
    sqlx::raw_sql("ROLLBACK; UPDATE operation SET lease_until = now()").execute(&mut other).await.unwrap();
    let recorded: i32 = sqlx::query_scalar("SELECT moved FROM operation").fetch_one(&mut other).await.unwrap();
    let moved: i64 =
        sqlx::query_scalar("SELECT count(*) FROM ownership WHERE epoch = 2").fetch_one(&mut other).await.unwrap();
    assert!(moved > recorded.into(), "{moved} were done, {recorded} of them recorded");
    assert!(moved < ALL.into(), "it ended too soon");

    let process = Process::start(&database.url(), &[]).await;
    let clients = process.clients();
    let operation = ended(&clients, &name).await;
    assert_eq!(counts(&operation).moved_count, ALL, "each is told as moved, also those done before");
    assert!(leads(&clients, "").await.iter().all(|lead| (lead.owner.as_str(), lead.epoch) == ("reps/ben", 2)));
    assert!(process.terminate().await.success());
    World::on(database, Clock::system()).await.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_do_an_operation_once() {
    let world = crowded().await;
    let (other, clients) = world.replica().await;
    let operation = run(&clients, by_filter("owner = reps/ana", to_owner("reps/ben"))).await;
    assert_eq!(counts(&operation).moved_count, ALL);
    assert_eq!(lengths(&world).await, [(2, LEADS)].into());
    other.stop().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_operations_on_the_same_leads_each_lead_follows_one() {
    let world = crowded().await;
    let (other, clients) = world.replica().await;
    let (to_ben, to_cem) = tokio::join!(
        start(&world.clients, by_filter("owner = reps/ana", to_owner("reps/ben"))),
        start(&clients, by_filter("owner = reps/ana", to_owner("reps/cem"))),
    );
    let (to_ben, to_cem) = (ended(&clients, &to_ben.unwrap().name).await, ended(&clients, &to_cem.unwrap().name).await);
    let (ben, cem) = (counts(&to_ben), counts(&to_cem));
    assert_eq!(ben.moved_count + cem.moved_count, ALL);
    assert_eq!((ben.refused_count, cem.refused_count, ben.untouched_count, cem.untouched_count), (0, 0, 0, 0));
    assert_eq!(lengths(&world).await, [(2, LEADS)].into());
    let of_ben = world.leads("owner = reps/ben").await.len();
    assert_eq!(of_ben, usize::try_from(ben.moved_count).unwrap());
    other.stop().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_leads_are_routed_while_many_move() {
    let world = crowded().await;
    let name = start(&world.clients, by_filter("owner = reps/ana", to_owner("reps/ben"))).await.unwrap().name;
    let routed = join_all((LEADS..LEADS + 64).map(|number| route(&world.clients, company::lead(number)))).await;
    assert!(routed.into_iter().all(|answer| answer.is_ok()));
    until_done(&world.clients, &name, ALL).await;
    assert_eq!(world.leads("owner = reps/ana").await.len(), 64);
    ended(&world.clients, &name).await;
    world.end().await;
}
