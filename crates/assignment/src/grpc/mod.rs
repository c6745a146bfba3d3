//! The assignment service on the wire. Handlers translate; nothing is decided here.

mod change;
mod decision;
mod erase;
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

use crate::{
    bulk::{OperationsApi, Signals},
    command::RequestKey,
    committer::Committer,
    error::store_error,
    scores::Scores,
    watch::{self, Bell},
};

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
    pub operations: Signals,
    /// Rings with each commit.
    pub bell: Arc<Bell>,
}

/// Who asks: the tenant's key and the caller as it named itself.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub tenant: TenantId,
    pub caller: Caller,
}

impl AssignmentApi {
    /// Serves `google.longrunning.Operations`: those that this service starts.
    pub fn operations(&self) -> OperationsApi {
        OperationsApi(Arc::clone(&self.0))
    }

    /// Changes with each commit that this service makes.
    pub fn commits(&self) -> tokio::sync::watch::Receiver<u64> {
        self.0.bell.listen_to_all()
    }
}

impl Inner {
    /// Finds out who asks, and takes the message.
    pub(crate) async fn open<T>(&self, request: Request<T>) -> Result<(Asker, T), Error> {
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
    ($($rpc:ident($request:ident) -> $response:path;)*) => {
        #[tonic::async_trait]
        impl v1::assignment_service_server::AssignmentService for AssignmentApi {
            $(async fn $rpc(&self, request: Request<v1::$request>) -> Result<Response<$response>, Status> {
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

            type WatchOwnershipStream = BoxStream<'static, Result<v1::WatchOwnershipResponse, Status>>;

            async fn watch_ownership(
                &self,
                request: Request<v1::WatchOwnershipRequest>,
            ) -> Result<Response<Self::WatchOwnershipStream>, Status> {
                let (asker, request) = self.0.open(request).await?;
                Ok(Response::new(watch::changes(Arc::clone(&self.0), asker, &request).await?.boxed()))
            }
        }
    };
}

handlers! {
    route_lead(RouteLeadRequest) -> v1::RouteLeadResponse;
    batch_route_leads(BatchRouteLeadsRequest) -> v1::BatchRouteLeadsResponse;
    get_lead(GetLeadRequest) -> v1::GetLeadResponse;
    list_leads(ListLeadsRequest) -> v1::ListLeadsResponse;
    list_assignments(ListAssignmentsRequest) -> v1::ListAssignmentsResponse;
    get_decision(GetDecisionRequest) -> v1::GetDecisionResponse;
    accept_lead(AcceptLeadRequest) -> v1::AcceptLeadResponse;
    decline_lead(DeclineLeadRequest) -> v1::DeclineLeadResponse;
    record_first_response(RecordFirstResponseRequest) -> v1::RecordFirstResponseResponse;
    reassign_lead(ReassignLeadRequest) -> v1::ReassignLeadResponse;
    claim_lead(ClaimLeadRequest) -> v1::ClaimLeadResponse;
    return_lead(ReturnLeadRequest) -> v1::ReturnLeadResponse;
    close_lead(CloseLeadRequest) -> v1::CloseLeadResponse;
    pause_sla(PauseSlaRequest) -> v1::PauseSlaResponse;
    resume_sla(ResumeSlaRequest) -> v1::ResumeSlaResponse;
    acknowledge_escalation(AcknowledgeEscalationRequest) -> v1::AcknowledgeEscalationResponse;
    escalate_lead(EscalateLeadRequest) -> v1::EscalateLeadResponse;
    erase_lead(EraseLeadRequest) -> v1::EraseLeadResponse;
    bulk_reassign(BulkReassignRequest) -> api::longrunning::Operation;
    list_bulk_reassign_results(ListBulkReassignResultsRequest) -> v1::ListBulkReassignResultsResponse;
    batch_fire_timers(BatchFireTimersRequest) -> v1::BatchFireTimersResponse;
}

/// The name under which the response to a request is kept.
pub(crate) fn request_key(id: Uuid, method: &str, request: &[u8]) -> RequestKey {
    let digest = Sha256::new().chain_update(method).chain_update([0]).chain_update(request).finalize();
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&digest[..16]);
    RequestKey { id, fingerprint: Uuid::from_bytes(fingerprint) }
}
