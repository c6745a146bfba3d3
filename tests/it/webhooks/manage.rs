//! Subscriptions as resources: created, seen, changed, deleted, and what is wrong with such requests.

use api::v1::{
    CreateSubscriptionRequest, DeleteSubscriptionRequest, ErrorReason, GetSubscriptionRequest, ListDeadLettersRequest,
    ListSubscriptionsRequest, OwnershipChangeKind, RedeliverDeadLettersRequest, RotateSubscriptionSecretRequest,
    Subscription, SubscriptionState, UpdateSubscriptionRequest,
};
use leadrouter_tests::{
    World,
    subscribe::{create, pause, subscribe, subscription},
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const URL: &str = "https://hooks.example/leads";

fn new(id: &str) -> CreateSubscriptionRequest {
    CreateSubscriptionRequest {
        subscription: Some(Subscription { url: URL.to_owned(), ..Subscription::default() }),
        subscription_id: id.to_owned(),
        request_id: uuid::Uuid::from_u128(5).to_string(),
    }
}

fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    details.bad_request().unwrap().field_violations.iter().map(|violation| violation.field.clone()).collect()
}

/// Nothing leaves for a real host.
async fn world() -> World {
    World::configured(|config| config.webhooks.send = false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_told_once() {
    let world = world().await;
    let mut client = world.clients.subscriptions.clone();
    let first = client.create_subscription(new("crm")).await.unwrap().into_inner();
    assert!(first.secret.starts_with("whsec_") && first.secret.len() == 6 + 44, "{}", first.secret.len());
    let again = client.create_subscription(new("crm")).await.unwrap().into_inner();
    assert_eq!((again.subscription.as_ref(), again.secret.as_str()), (first.subscription.as_ref(), ""));
    let taken = client.create_subscription(new("other")).await.unwrap_err();
    assert_eq!(api::reason_of(&taken), Some(ErrorReason::RequestIdReused));
    let known = CreateSubscriptionRequest { request_id: String::new(), ..new("crm") };
    assert_eq!(client.create_subscription(known).await.unwrap_err().code(), Code::AlreadyExists);

    let found = subscription(&world.clients, "crm").await;
    assert_eq!(Some(&found), first.subscription.as_ref());
    assert_eq!((found.state(), found.url.as_str(), found.etag.as_str()), (SubscriptionState::Active, URL, "1"));

    let rotate = RotateSubscriptionSecretRequest {
        name: "subscriptions/crm".to_owned(),
        etag: "1".to_owned(),
        request_id: uuid::Uuid::from_u128(6).to_string(),
        overlap: None,
    };
    let rotated = client.rotate_subscription_secret(rotate.clone()).await.unwrap().into_inner();
    assert!(rotated.secret.starts_with("whsec_") && rotated.secret != first.secret);
    let until = rotated.subscription.as_ref().unwrap().previous_secret_expire_time.unwrap();
    assert_eq!(until.seconds, world.clock.now().as_second() + 86_400);
    let again = client.rotate_subscription_secret(rotate).await.unwrap().into_inner();
    assert_eq!((again.subscription, again.secret.as_str()), (rotated.subscription, ""));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_name_the_version_that_they_are_made_upon() {
    let world = world().await;
    let mut client = world.clients.subscriptions.clone();
    subscribe(&world.clients, "crm", URL).await;
    let name = "subscriptions/crm".to_owned();
    let change = |etag: &str, url: &str| UpdateSubscriptionRequest {
        subscription: Some(Subscription {
            name: name.clone(),
            url: url.to_owned(),
            kinds: vec![OwnershipChangeKind::Closed.into()],
            etag: etag.to_owned(),
            ..Subscription::default()
        }),
        ..UpdateSubscriptionRequest::default()
    };
    let changed = client.update_subscription(change("1", "https://hooks.example/other")).await.unwrap().into_inner();
    let changed = changed.subscription.unwrap();
    assert_eq!(
        (changed.url.as_str(), changed.kinds.len(), changed.etag.as_str()),
        ("https://hooks.example/other", 1, "2")
    );
    let stale = client.update_subscription(change("1", URL)).await.unwrap_err();
    assert_eq!(api::reason_of(&stale), Some(ErrorReason::StaleEtag));
    assert_eq!(subscription(&world.clients, "crm").await, changed);
    assert_eq!(pause(&world.clients, "crm", true).await.state(), SubscriptionState::Paused);
    let paused = subscription(&world.clients, "crm").await;
    assert_eq!((paused.paused, paused.url.as_str(), paused.kinds.len()), (true, "https://hooks.example/other", 1));

    let delete = DeleteSubscriptionRequest { name: name.clone(), etag: "1".to_owned(), ..Default::default() };
    let stale = client.delete_subscription(delete.clone()).await.unwrap_err();
    assert_eq!(api::reason_of(&stale), Some(ErrorReason::StaleEtag));
    client.delete_subscription(DeleteSubscriptionRequest { etag: String::new(), ..delete.clone() }).await.unwrap();
    let gone = client.delete_subscription(DeleteSubscriptionRequest { etag: String::new(), ..delete }).await;
    assert_eq!(gone.unwrap_err().code(), Code::NotFound);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_is_told_at_once_and_nothing_is_changed() {
    let world = world().await;
    let mut client = world.clients.subscriptions.clone();
    let wrong = CreateSubscriptionRequest {
        subscription: Some(Subscription { url: "nowhere".to_owned(), kinds: vec![0, 77], ..Subscription::default() }),
        subscription_id: "Not An Id".to_owned(),
        request_id: "x".to_owned(),
    };
    let refused = client.create_subscription(wrong).await.unwrap_err();
    let expected =
        ["subscription_id", "subscription.url", "subscription.kinds[0]", "subscription.kinds[1]", "request_id"];
    assert_eq!(fields(&refused), expected);
    let wrong = RotateSubscriptionSecretRequest {
        name: "crm".to_owned(),
        request_id: "x".to_owned(),
        overlap: Some(prost_types::Duration { seconds: -1, nanos: 0 }),
        ..RotateSubscriptionSecretRequest::default()
    };
    let refused = client.rotate_subscription_secret(wrong).await.unwrap_err();
    assert_eq!(fields(&refused), ["name", "request_id", "overlap"]);
    let parent = "subscriptions/none".to_owned();
    let names = vec!["subscriptions/other/deadLetters/1-1".to_owned()];
    let wrong = RedeliverDeadLettersRequest { parent: parent.clone(), names, ..Default::default() };
    assert_eq!(fields(&client.redeliver_dead_letters(wrong).await.unwrap_err()), ["names[0]"]);
    let list = ListDeadLettersRequest { parent: parent.clone(), ..Default::default() };
    assert_eq!(client.list_dead_letters(list).await.unwrap_err().code(), Code::NotFound);
    let again = RedeliverDeadLettersRequest { parent: parent.clone(), ..Default::default() };
    assert_eq!(client.redeliver_dead_letters(again).await.unwrap_err().code(), Code::NotFound);
    let get = GetSubscriptionRequest { name: parent };
    assert_eq!(client.get_subscription(get).await.unwrap_err().code(), Code::NotFound);
    let listed = client.list_subscriptions(ListSubscriptionsRequest::default()).await.unwrap().into_inner();
    assert!(listed.subscriptions.is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_so_many_and_no_more_and_each_tenant_sees_its_own() {
    let world = world().await;
    let other = world.tenant("other").await;
    subscribe(&other, "theirs", URL).await;
    let paused = Subscription { url: URL.to_owned(), paused: true, ..Subscription::default() };
    for number in 0..100 {
        create(&world.clients, &format!("s{number:03}"), paused.clone()).await;
    }
    let refused = world.clients.subscriptions.clone().create_subscription(new("more")).await.unwrap_err();
    assert_eq!(api::reason_of(&refused), Some(ErrorReason::TooManySubscriptions));
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListSubscriptionsRequest { page_size: 33, page_token };
        let page = world.clients.subscriptions.clone().list_subscriptions(request).await.unwrap().into_inner();
        names.extend(page.subscriptions.into_iter().map(|subscription| subscription.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let expected: Vec<_> = (0..100).map(|number| format!("subscriptions/s{number:03}")).collect();
    assert_eq!(names, expected);
    let get = GetSubscriptionRequest { name: "subscriptions/theirs".to_owned() };
    let unseen = world.clients.subscriptions.clone().get_subscription(get).await.unwrap_err();
    assert_eq!(unseen.code(), Code::NotFound);
    world.end().await;
}
