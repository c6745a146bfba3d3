//! What signs messages: two at a time, and seen by nobody.

use std::time::Duration;

use api::v1::{RotateSubscriptionSecretRequest, SubscriptionState};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use leadrouter_tests::{
    World, clients_of, company, install,
    process::Process,
    receiver::{Heard, Mood, Receiver},
    route,
    subscribe::{subscribe, subscription, until},
};
use server::{App, Roles};
use sqlx::{Connection as _, PgConnection};
use store::testing::Database;

use super::world;

async fn rotate(world: &World, overlap: Option<i64>) -> String {
    let request = RotateSubscriptionSecretRequest {
        name: "subscriptions/crm".to_owned(),
        overlap: overlap.map(|seconds| prost_types::Duration { seconds, nanos: 0 }),
        ..RotateSubscriptionSecretRequest::default()
    };
    world.clients.subscriptions.clone().rotate_subscription_secret(request).await.unwrap().into_inner().secret
}

#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_sign_for_a_while_and_then_the_new_one_alone() {
    let world = world().await;
    let receiver = Receiver::start(Mood::Take).await;
    let first = subscribe(&world.clients, "crm", &receiver.url).await;
    let second = rotate(&world, Some(3_600)).await;
    let mut number = 0;
    let mut next = async |clock: Duration| {
        world.clock.advance(clock);
        number += 1;
        let name = world.route(company::lead(number)).await.unwrap().lead.unwrap().name;
        let of_it = |heard: &[Heard]| heard.iter().find(|heard| heard.data("lead") == name).cloned();
        let heard = receiver.pump(&world.clock, Duration::from_millis(250), |heard| of_it(heard).is_some()).await;
        of_it(&heard).unwrap()
    };
    let heard = next(Duration::ZERO).await;
    assert!(heard.is_signed_with(&first) && heard.is_signed_with(&second), "{heard:?}");
    assert_eq!(heard.signature.split(' ').count(), 2);
    let heard = next(Duration::from_mins(61)).await;
    assert!(!heard.is_signed_with(&first) && heard.is_signed_with(&second), "{heard:?}");
    assert_eq!(heard.signature.split(' ').count(), 1);
    assert_eq!(subscription(&world.clients, "crm").await.previous_secret_expire_time, None);

    // One that has become known is replaced at once.
    let third = rotate(&world, Some(0)).await;
    let heard = next(Duration::ZERO).await;
    assert!(!heard.is_signed_with(&second) && heard.is_signed_with(&third), "{heard:?}");
    world.end().await;
}

/// Bytes as Postgres writes them.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Every column of every table, as text.
async fn everything(url: &str) -> String {
    let mut other = PgConnection::connect(url).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut other)
    .await
    .unwrap();
    let mut text = String::new();
    for table in tables {
        let rows = sqlx::AssertSqlSafe(format!("SELECT t::text FROM {table} AS t"));
        let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut other).await.unwrap();
        text.extend(rows);
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_secret_is_nowhere_in_the_store_and_signs_with_its_key_only() {
    let files = tempfile::tempdir().unwrap();
    let (key, newer) = (files.path().join("key"), files.path().join("newer"));
    std::fs::write(&key, STANDARD.encode([7; 32])).unwrap();
    std::fs::write(&newer, STANDARD.encode([8; 32])).unwrap();
    let world = World::configured(|config| {
        config.webhooks.sealing_keys = vec![key.clone()];
        config.webhooks.send = false;
    })
    .await;
    world.install(&company::directory(&[("ana", 1, "")]), company::POLICY).await;
    let receiver = Receiver::start(Mood::Take).await;
    let secret = subscribe(&world.clients, "crm", &receiver.url).await;
    let bytes = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
    let kept = everything(&world.database.url()).await;
    assert!(kept.contains("subscriptions/crm") || kept.contains("crm"), "it is looked for in the right place");
    for hidden in [hex(&bytes), secret.trim_start_matches("whsec_").to_owned(), hex(secret.as_bytes())] {
        assert!(!kept.contains(&hidden), "the secret lies open");
    }

    // Without the key nothing can be signed, so nothing is sent; and it says so.
    world.route(company::lead(1)).await.unwrap();
    let with = async |keys: Vec<std::path::PathBuf>| {
        let mut config = leadrouter_tests::config(&world.database.url());
        config.webhooks.sealing_keys = keys;
        App::start(config, Roles::ALL, world.clock.clone()).await.unwrap()
    };
    let without = with(vec![newer.clone()]).await;
    let stands = until(&clients_of(&without, "default"), "crm", |now| !now.last_problem.is_empty()).await;
    assert_eq!(
        (stands.last_problem.as_str(), stands.state()),
        ("its secret can't be opened", SubscriptionState::Active)
    );
    without.stop().await;
    assert_eq!(receiver.connections(), 0);
    // A new key before the old one: what the old one sealed is still opened.
    let both = with(vec![newer, key]).await;
    let heard = receiver.pump(&world.clock, Duration::from_secs(5), |heard| heard.len() == 1).await;
    assert!(heard[0].is_signed_with(&secret));
    both.stop().await;
    world.end().await;
}

/// The same search finds a secret that is not sealed.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_a_secret_lies_open() {
    let world = world().await;
    let secret = subscribe(&world.clients, "crm", "https://hooks.example/").await;
    let bytes = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
    assert!(everything(&world.database.url()).await.contains(&hex(&bytes)));
    world.end().await;
}

/// What the program tells of itself names neither secret nor URL, nor the lead.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_it_is_in_the_log() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let env = [
        ("LEADROUTER_WEBHOOKS__ALLOW_HTTP", "true"),
        ("LEADROUTER_WEBHOOKS__ALLOW_PRIVATE_NETWORKS", "true"),
        ("LEADROUTER_TELEMETRY__LOG_FILTER", "info,leadrouter=trace"),
    ];
    let database = Database::create().await;
    let process = Process::start_logging(&database.url(), &env, log.reopen().unwrap().into()).await;
    let clients = process.clients();
    install(&clients, &company::directory(&[("ana", 1, "")]), company::POLICY).await;
    let receiver = Receiver::start(Mood::Say(503)).await;
    let secret = subscribe(&clients, "crm", &receiver.url).await;
    let lead = route(&clients, company::lead(1)).await.unwrap().lead.unwrap().name;
    until(&clients, "crm", |now| now.last_problem == "it answered 503").await;
    receiver.turn(Mood::Say(410));
    until(&clients, "crm", |now| now.state() == SubscriptionState::Disabled).await;
    assert!(process.terminate().await.success());

    let told = std::fs::read_to_string(log.path()).unwrap();
    for expected in ["the receiver is away", "the receiver wants nothing any more", "CreateSubscription"] {
        assert!(told.contains(expected), "{expected}");
    }
    let host = receiver.url.trim_start_matches("http://").split('/').next().unwrap();
    for hidden in [secret.trim_start_matches("whsec_"), host, "from=tests", lead.trim_start_matches("leads/")] {
        assert!(!told.contains(hidden), "{hidden}");
    }
}
