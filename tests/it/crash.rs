//! What was accepted is never lost: processes are killed, callers hang up, requests are sent again.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    process::{Command, Stdio},
};

use api::v1::{ListTeamsRequest, RouteLeadRequest, RouteLeadResponse};
use cli::Clients;
use futures::future::join_all;
use leadrouter_tests::{World, binary, company, leads, process::Process};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use store::testing::Database;
use tokio::task::JoinSet;
use uuid::Uuid;

fn request(number: usize) -> RouteLeadRequest {
    RouteLeadRequest {
        lead: Some(company::lead(number)),
        request_id: Uuid::from_u128(number as u128 + 1).to_string(),
        validate_only: false,
    }
}

async fn send(clients: &Clients, number: usize) -> Result<RouteLeadResponse, tonic::Status> {
    clients.assignment.clone().route_lead(request(number)).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_crowd_it_loses_nothing_and_does_nothing_twice() {
    const LEADS: usize = 400;
    let database = Database::create().await;
    let process = Process::start(&database.url(), &[]).await;
    let clients = process.clients();
    leadrouter_tests::install(&clients, &company::directory(&[("ana", 1, ""), ("ben", 2, "")]), company::POLICY).await;

    // The process is killed when a quarter is answered, with the others under way.
    let (answered, mut count) = tokio::sync::watch::channel(0_usize);
    let mut calls: JoinSet<_> = (0..LEADS)
        .map(|number| {
            let (clients, answered) = (clients.clone(), answered.clone());
            async move {
                let answer = send(&clients, number).await;
                answered.send_modify(|count| *count += 1);
                (number, answer)
            }
        })
        .collect();
    count.wait_for(|count| *count >= LEADS / 4).await.unwrap();
    process.kill();
    let mut before = Vec::new();
    while let Some(call) = calls.join_next().await {
        let (number, answer) = call.unwrap();
        if let Ok(answer) = answer {
            before.push((number, answer));
        }
    }
    assert!(before.len() >= LEADS / 4);

    let process = Process::start(&database.url(), &[]).await;
    let clients = process.clients();
    // Whoever had an answer gets the same one again; the others get theirs now.
    let after = join_all((0..LEADS).map(|number| send(&clients, number))).await;
    let after: Vec<RouteLeadResponse> = after.into_iter().map(Result::unwrap).collect();
    for (number, answer) in before {
        assert_eq!(after[number], answer);
    }
    let names: BTreeSet<String> = after.into_iter().map(|answer| answer.lead.unwrap().name).collect();
    assert_eq!(names.len(), LEADS);
    assert_eq!(leads(&clients, "").await.len(), LEADS);
    assert!(process.terminate().await.success());

    let world = World::on(database, kit::clock::Clock::system()).await;
    world.end().await;
}

/// Comes back when the server has dealt with all that was sent to it before on the same connection.
async fn round_trip(clients: &Clients) {
    clients.directory.clone().list_teams(ListTeamsRequest::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_who_hang_up_leave_nothing_half_done() {
    /// What a lead's transaction needs, in this order: whoever locks it stops the transaction there.
    const NEEDED: [&str; 4] = ["request", "identity", "rotation", "lead"];
    const CROWD: usize = 20;
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let mut other = PgConnection::connect(&world.database.url()).await.unwrap();
    let first_of = |round: usize| round * (CROWD + 2);
    for (round, table) in NEEDED.into_iter().enumerate() {
        let lock = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut other).await.unwrap();
        // One is in the middle of its transaction, and a crowd waits behind it.
        let mut calls = JoinSet::new();
        let mut call = |number| {
            let clients = world.clients.clone();
            calls.spawn(async move { send(&clients, number).await });
        };
        call(first_of(round));
        world.database.until_waiting(1).await;
        (1..=CROWD).for_each(|place| call(first_of(round) + place));
        round_trip(&world.clients).await;
        calls.shutdown().await;
        // Behind the news that they have hung up.
        for _ in 0..CROWD {
            round_trip(&world.clients).await;
        }
        sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
        // Stands in the queue behind all of them.
        send(&world.clients, first_of(round) + CROWD + 1).await.unwrap();
    }
    // What had begun was carried out, though nobody listened.
    let found = world.leads("").await;
    let found: BTreeSet<&str> = found.iter().filter_map(|lead| lead.profile.as_ref()?.email.as_deref()).collect();
    for round in 0..NEEDED.len() {
        let email = company::lead(first_of(round)).email.unwrap();
        assert!(found.contains(email.as_str()), "{email} is not among {found:?}");
    }
    // The services have places and connections left for everybody, and no request is done twice.
    let all = first_of(NEEDED.len());
    let answers = join_all((0..all).map(|number| send(&world.clients, number))).await;
    let names: BTreeSet<String> = answers.into_iter().map(|answer| answer.unwrap().lead.unwrap().name).collect();
    assert_eq!((names.len(), world.leads("").await.len()), (all, all));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_killed_goes_on_when_it_is_started_again() {
    const ROWS: usize = 3_000;
    let world = World::of(&company::directory(&[("ana", 1, ""), ("ben", 1, "")]), company::POLICY).await;
    let files = tempfile::tempdir().unwrap();
    let (input, mapping) = (files.path().join("leads.csv"), files.path().join("mapping.yaml"));
    // By nothing that they say could two of them be found to be one: only the names of their requests tell them apart.
    let rows: Vec<String> = (0..ROWS).map(|row| format!("Company {row}\n")).collect();
    std::fs::write(&input, format!("company\n{}", rows.concat())).unwrap();
    std::fs::write(&mapping, "name: killed\nfields: { company_name: company }\n").unwrap();
    let address = |address: Option<SocketAddr>| format!("http://{}", address.unwrap());
    let mut import = Command::new(binary());
    import.arg("import").arg("--quiet").args(["--batch", "10", "--mapping"]).arg(&mapping).arg(&input);
    import.env("LEADROUTER_SERVER", address(world.app.assignment)).stdin(Stdio::null()).stdout(Stdio::null());

    // Some batches are done when somebody keeps the others from being written.
    let mut first = import.spawn().unwrap();
    while world.leads("").await.is_empty() {
        assert!(first.try_wait().unwrap().is_none(), "it has ended before it began");
    }
    let mut other = PgConnection::connect(&world.database.url()).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE lead IN EXCLUSIVE MODE").execute(&mut other).await.unwrap();
    assert!(world.leads("").await.len() < ROWS, "it has ended too soon");
    world.database.until_waiting(1).await;
    first.kill().unwrap();
    assert!(!first.wait().unwrap().success());
    // What is under way is written though nobody hears of it, and is sent again by the second run.
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    assert!((1..ROWS).contains(&world.leads("").await.len()));

    assert!(import.status().unwrap().success());
    let leads = world.leads("").await;
    let companies: BTreeSet<&str> =
        leads.iter().filter_map(|lead| lead.profile.as_ref()?.company_name.as_deref()).collect();
    assert_eq!((leads.len(), companies.len()), (ROWS, ROWS));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orderly_end_answers_what_it_has_taken_in() {
    const LEADS: usize = 400;
    let world = World::of(&company::directory(&[("ana", 1, "")]), company::POLICY).await;
    let (answered, mut count) = tokio::sync::watch::channel(0_usize);
    let mut calls: JoinSet<_> = (0..LEADS)
        .map(|number| {
            let (clients, answered) = (world.clients.clone(), answered.clone());
            async move {
                let answer = send(&clients, number).await;
                answered.send_modify(|count| *count += 1);
                answer
            }
        })
        .collect();
    // In the middle of the crowd: some are answered, others are under way.
    count.wait_for(|count| *count > 0).await.unwrap();
    let World { app, clock, database, .. } = world;
    assert_eq!(app.stop().await, kit::lifecycle::Drained::Clean);
    let mut told = 0;
    while let Some(call) = calls.join_next().await {
        // Those who came too late were refused, and may try elsewhere.
        if call.unwrap().is_ok() {
            told += 1;
        }
    }
    assert!(told > 0);
    let world = World::on(database, clock).await;
    assert_eq!(world.leads("").await.len(), told);
    world.end().await;
}
