//! Where messages may not go.

use api::v1::{CreateSubscriptionRequest, Subscription};
use leadrouter_tests::{
    World, clients_of, company,
    receiver::{Mood, Receiver},
    subscribe::{subscribe, until},
};
use server::{App, Roles};
use tonic::Code;

/// The address is looked at where the connection is made: also one that was allowed when it was given.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_addresses_inside() {
    let receiver = Receiver::start(Mood::Take).await;
    for host in ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"] {
        let open = World::configured(|config| config.webhooks.send = false).await;
        open.install(&company::directory(&[("ana", 1, "")]), company::POLICY).await;
        subscribe(&open.clients, "crm", &receiver.url.replace("127.0.0.1", host)).await;
        open.route(company::lead(1)).await.unwrap();

        let mut config = leadrouter_tests::config(&open.database.url());
        config.webhooks.allow_private_networks = false;
        let strict = App::start(config, Roles::ALL, open.clock.clone()).await.unwrap();
        let stands = until(&clients_of(&strict, "default"), "crm", |now| !now.last_problem.is_empty()).await;
        assert!(
            ["its address may not be sent to", "there was no answer"].contains(&stands.last_problem.as_str()),
            "{host}: {stands:?}"
        );
        assert_eq!((stands.pending_count, receiver.connections()), (1, 0), "{host}");
        strict.stop().await;
        open.end().await;
    }
    // The same without the guard, so that it is the guard that kept it away.
    let open = World::configured(|_| {}).await;
    open.install(&company::directory(&[("ana", 1, "")]), company::POLICY).await;
    subscribe(&open.clients, "crm", &receiver.url.replace("127.0.0.1", "localhost")).await;
    open.route(company::lead(1)).await.unwrap();
    receiver.until(|heard| heard.len() == 1).await;
    open.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urls_that_lead_inside_or_without_tls_are_refused_unless_allowed() {
    let world = World::configured(|config| config.webhooks = server::config::WebhooksConfig::default()).await;
    for url in
        ["http://hooks.example/", "https://127.0.0.1/", "https://[fd00:ec2::254]/", "https://localhost/", "nowhere"]
    {
        let request = CreateSubscriptionRequest {
            subscription: Some(Subscription { url: url.to_owned(), ..Subscription::default() }),
            subscription_id: "crm".to_owned(),
            ..CreateSubscriptionRequest::default()
        };
        let refused = world.clients.subscriptions.clone().create_subscription(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{url}");
        assert!(refused.message().starts_with("subscription.url: "), "{}", refused.message());
    }
    world.end().await;
}
