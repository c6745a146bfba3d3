//! The assignment service on the wire. Handlers translate; nothing is decided here.

mod change;
mod decision;
mod fire;
pub(crate) mod read;
mod route;
mod stream;

use std::sync::Arc;

use api::{Error, v1};
use domain::ids::TenantId;
use futures::{StreamExt as _, stream::BoxStream};
use kit::{auth::Caller, clock::Clock};
use sha2::{Digest as _, Sha256};
use snapshots::Snapshots;
use store::{Store, Tenants};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::{command::RequestKey, committer::Committer, error::store_error, scores::Scores};

/// Serves `leadrouter.v1.AssignmentService`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AssignmentApi(pub(crate) Arc<Inner>);

/// What handlers need.
#[derive(Debug)]
pub(crate) struct Inner {
    pub store: Store,
    pub tenants: Arc<Tenants>,
    pub clock: Clock,
    pub committer: Committer,
    pub scores: Scores,
    pub snapshots: Arc<Snapshots>,
    /// No new work may begin.
    pub stopping: CancellationToken,
}

/// Who asks: the tenant's key and the caller as it named itself.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub tenant: TenantId,
    pub caller: Caller,
}

impl Inner {
    /// Finds out who asks, and takes the message.
    async fn open<T>(&self, request: Request<T>) -> Result<(Asker, T), Error> {
        open(&self.tenants, request).await
    }
}

/// Finds out who asks, and takes the message.
pub(crate) async fn open<T>(tenants: &Tenants, request: Request<T>) -> Result<(Asker, T), Error> {
    let caller = request.extensions().get::<Caller>().cloned().ok_or(Error::Internal)?;
    let tenant = tenants.id(&caller.tenant).await.map_err(store_error)?;
    let tenant = tenant.ok_or_else(|| Error::PermissionDenied { tenant: caller.tenant.to_string() })?;
    Ok((Asker { tenant, caller }, request.into_inner()))
}

/// One handler: who asks, the message, the answer.
macro_rules! handlers {
    ($($rpc:ident($request:ident) -> $response:ident;)*) => {
        #[tonic::async_trait]
        impl v1::assignment_service_server::AssignmentService for AssignmentApi {
            $(async fn $rpc(&self, request: Request<v1::$request>) -> Result<Response<v1::$response>, Status> {
                let (asker, request) = self.0.open(request).await?;
                Ok(Response::new(self.0.$rpc(&asker, request).await?))
            })*

            type RouteLeadsStream = BoxStream<'static, Result<v1::RouteLeadsResponse, Status>>;

            async fn route_leads(
                &self,
                request: Request<Streaming<v1::RouteLeadsRequest>>,
            ) -> Result<Response<Self::RouteLeadsStream>, Status> {
                let (asker, requests) = self.0.open(request).await?;
                let stopping = self.0.stopping.clone();
                Ok(Response::new(stream::results(Arc::clone(&self.0), asker, requests, stopping).boxed()))
            }
        }
    };
}

handlers! {
    route_lead(RouteLeadRequest) -> RouteLeadResponse;
    batch_route_leads(BatchRouteLeadsRequest) -> BatchRouteLeadsResponse;
    get_lead(GetLeadRequest) -> GetLeadResponse;
    list_leads(ListLeadsRequest) -> ListLeadsResponse;
    list_assignments(ListAssignmentsRequest) -> ListAssignmentsResponse;
    get_decision(GetDecisionRequest) -> GetDecisionResponse;
    accept_lead(AcceptLeadRequest) -> AcceptLeadResponse;
    decline_lead(DeclineLeadRequest) -> DeclineLeadResponse;
    record_first_response(RecordFirstResponseRequest) -> RecordFirstResponseResponse;
    reassign_lead(ReassignLeadRequest) -> ReassignLeadResponse;
    claim_lead(ClaimLeadRequest) -> ClaimLeadResponse;
    return_lead(ReturnLeadRequest) -> ReturnLeadResponse;
    close_lead(CloseLeadRequest) -> CloseLeadResponse;
    batch_fire_timers(BatchFireTimersRequest) -> BatchFireTimersResponse;
}

/// The name under which the response to a request is kept.
pub(crate) fn request_key(id: Uuid, method: &str, request: &[u8]) -> RequestKey {
    let digest = Sha256::new().chain_update(method).chain_update([0]).chain_update(request).finalize();
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&digest[..16]);
    RequestKey { id, fingerprint: Uuid::from_bytes(fingerprint) }
}
