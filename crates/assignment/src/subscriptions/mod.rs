//! `leadrouter.v1.SubscriptionService`: who is told by webhook what happens to leads. Who sends is another crate, `delivery`.
//!
//! Way of a `CreateSubscription`: here (who asks) -> `manage.rs` (one transaction that holds the tenant) -> `store`.

mod letters;
mod manage;
mod read;
mod wire;

use std::sync::Arc;

use api::{convert::subscription::UrlRules, v1};
use kit::{clock::Clock, seal::Seal};
use store::{Store, Tenants};
use tonic::{Request, Response, Status};

use crate::grpc::open;

/// Serves `leadrouter.v1.SubscriptionService`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SubscriptionApi(Arc<Inner>);

/// What handlers need.
#[derive(Debug)]
struct Inner {
    store: Store,
    tenants: Arc<Tenants>,
    clock: Clock,
    seal: Arc<Seal>,
    rules: UrlRules,
}

impl SubscriptionApi {
    /// A service on that store. Secrets are kept sealed by `seal`; `rules` say where messages may be sent.
    pub fn new(store: Store, tenants: Arc<Tenants>, clock: Clock, seal: Arc<Seal>, rules: UrlRules) -> Self {
        Self(Arc::new(Inner { store, tenants, clock, seal, rules }))
    }
}

/// One handler: who asks, the message, the answer.
macro_rules! handlers {
    ($($rpc:ident($request:ident) -> $response:ident;)*) => {
        #[tonic::async_trait]
        impl v1::subscription_service_server::SubscriptionService for SubscriptionApi {
            $(async fn $rpc(&self, request: Request<v1::$request>) -> Result<Response<v1::$response>, Status> {
                let (asker, request) = open(&self.0.tenants, request).await?;
                Ok(Response::new(self.0.$rpc(&asker, request).await?))
            })*
        }
    };
}

handlers! {
    create_subscription(CreateSubscriptionRequest) -> CreateSubscriptionResponse;
    get_subscription(GetSubscriptionRequest) -> GetSubscriptionResponse;
    list_subscriptions(ListSubscriptionsRequest) -> ListSubscriptionsResponse;
    update_subscription(UpdateSubscriptionRequest) -> UpdateSubscriptionResponse;
    rotate_subscription_secret(RotateSubscriptionSecretRequest) -> RotateSubscriptionSecretResponse;
    delete_subscription(DeleteSubscriptionRequest) -> DeleteSubscriptionResponse;
    list_dead_letters(ListDeadLettersRequest) -> ListDeadLettersResponse;
    redeliver_dead_letters(RedeliverDeadLettersRequest) -> RedeliverDeadLettersResponse;
}
