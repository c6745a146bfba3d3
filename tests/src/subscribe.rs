//! Subscribing, and seeing how that stands.

use api::v1::{
    CreateSubscriptionRequest, DeadLetter, GetSubscriptionRequest, ListDeadLettersRequest, Subscription,
    UpdateSubscriptionRequest,
};
use cli::Clients;
use prost_types::FieldMask;

/// Subscribes a receiver to everything: its secret.
pub async fn subscribe(clients: &Clients, id: &str, url: &str) -> String {
    let subscription = Subscription { url: url.to_owned(), ..Subscription::default() };
    create(clients, id, subscription).await
}

/// Creates a subscription: its secret.
pub async fn create(clients: &Clients, id: &str, subscription: Subscription) -> String {
    let request = CreateSubscriptionRequest {
        subscription: Some(subscription),
        subscription_id: id.to_owned(),
        ..CreateSubscriptionRequest::default()
    };
    clients.subscriptions.clone().create_subscription(request).await.unwrap().into_inner().secret
}

/// How a subscription stands.
pub async fn subscription(clients: &Clients, id: &str) -> Subscription {
    let request = GetSubscriptionRequest { name: format!("subscriptions/{id}") };
    clients.subscriptions.clone().get_subscription(request).await.unwrap().into_inner().subscription.unwrap()
}

/// Comes back when it stands as wanted.
pub async fn until(clients: &Clients, id: &str, wanted: impl Fn(&Subscription) -> bool) -> Subscription {
    let look = async {
        loop {
            let now = subscription(clients, id).await;
            if wanted(&now) {
                return now;
            }
        }
    };
    let Ok(found) = tokio::time::timeout(crate::PATIENCE, look).await else {
        panic!("it never came about: {:?}", subscription(clients, id).await)
    };
    found
}

/// Pauses it, or has it go on.
pub async fn pause(clients: &Clients, id: &str, paused: bool) -> Subscription {
    let name = format!("subscriptions/{id}");
    let request = UpdateSubscriptionRequest {
        subscription: Some(Subscription { name, paused, ..Subscription::default() }),
        update_mask: Some(FieldMask { paths: vec!["paused".to_owned()] }),
        ..UpdateSubscriptionRequest::default()
    };
    clients.subscriptions.clone().update_subscription(request).await.unwrap().into_inner().subscription.unwrap()
}

/// Its dead letters.
pub async fn dead_letters(clients: &Clients, id: &str) -> Vec<DeadLetter> {
    let request = ListDeadLettersRequest { parent: format!("subscriptions/{id}"), ..ListDeadLettersRequest::default() };
    clients.subscriptions.clone().list_dead_letters(request).await.unwrap().into_inner().dead_letters
}
