//! `leadrouter.v1.PolicyService`: the revisions of the routing policy.
//!
//! Way of an `ActivatePolicy`: here (who asks) -> `manage.rs` (checks it against the directory) -> `standing.rs` (nothing has
//! changed meanwhile) -> `store`.

mod manage;
mod read;

use std::sync::Arc;

use api::v1;
use kit::clock::Clock;
use store::{Store, Tenants};
use tonic::{Request, Response, Status};

use crate::grpc::open;

/// Serves `leadrouter.v1.PolicyService`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PolicyApi(Arc<Inner>);

/// What handlers need.
#[derive(Debug)]
struct Inner {
    store: Store,
    tenants: Arc<Tenants>,
    clock: Clock,
}

impl PolicyApi {
    /// A service on that store.
    pub fn new(store: Store, tenants: Arc<Tenants>, clock: Clock) -> Self {
        Self(Arc::new(Inner { store, tenants, clock }))
    }
}

/// One handler: who asks, the message, the answer.
macro_rules! handlers {
    ($($rpc:ident($request:ident) -> $response:ident;)*) => {
        #[tonic::async_trait]
        impl v1::policy_service_server::PolicyService for PolicyApi {
            $(async fn $rpc(&self, request: Request<v1::$request>) -> Result<Response<v1::$response>, Status> {
                let (asker, request) = open(&self.0.tenants, request).await?;
                Ok(Response::new(self.0.$rpc(&asker, request).await?))
            })*
        }
    };
}

handlers! {
    create_policy(CreatePolicyRequest) -> CreatePolicyResponse;
    validate_policy(ValidatePolicyRequest) -> ValidatePolicyResponse;
    activate_policy(ActivatePolicyRequest) -> ActivatePolicyResponse;
    get_policy(GetPolicyRequest) -> GetPolicyResponse;
    list_policies(ListPoliciesRequest) -> ListPoliciesResponse;
}
