//! A process that is killed after a message was sent, and before anybody noted it.

use leadrouter_tests::{
    company, install,
    process::Process,
    receiver::{Mood, Receiver, taken},
    route,
    subscribe::{subscribe, until},
};
use store::testing::Database;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_when_the_process_was_killed_comes_again_under_the_same_id() {
    let env = [
        ("LEADROUTER_WEBHOOKS__ALLOW_HTTP", "true"),
        ("LEADROUTER_WEBHOOKS__ALLOW_PRIVATE_NETWORKS", "true"),
        ("LEADROUTER_WEBHOOKS__TIMEOUT", "1s"),
    ];
    let database = Database::create().await;
    let process = Process::start(&database.url(), &env).await;
    let clients = process.clients();
    install(&clients, &company::directory(&[("ana", 1, "")]), company::POLICY).await;
    let receiver = Receiver::start(Mood::Hang).await;
    subscribe(&clients, "crm", &receiver.url).await;
    route(&clients, company::lead(1)).await.unwrap();
    // It has it, and nobody knows.
    receiver.until(|heard| heard.len() == 1).await;
    process.kill();

    receiver.turn(Mood::Take);
    let process = Process::start(&database.url(), &env).await;
    let heard = receiver.until(|heard| taken(heard).len() == 1).await;
    assert!(heard.iter().all(|other| other.id == heard[0].id && other.body == heard[0].body), "{heard:?}");
    until(&process.clients(), "crm", |now| now.pending_count == 0).await;
    assert_eq!(receiver.heard().len(), 2);
    assert!(process.terminate().await.success());
}
