//! The escalation service on the wire: it answers for deadlines. What is done about them is in `scheduler.rs`.

mod coverage;
mod due_leads;
mod escalations;
mod lead_sla;
mod report;
mod timers;

use std::sync::Arc;

use api::{Error, Path, Precondition, Violations, convert::fields, names::Resource, v1};
use domain::ids::TenantId;
use kit::{auth::Caller, clock::Clock};
use snapshots::{SnapshotError, Snapshots};
use store::{Store, StoreError, Tenants};
use tonic::{Request, Response, Status};

/// Serves `leadrouter.v1.EscalationService`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct EscalationApi(Arc<Inner>);

/// What handlers need.
#[derive(Debug)]
struct Inner {
    store: Store,
    snapshots: Snapshots,
    tenants: Arc<Tenants>,
    clock: Clock,
}

impl EscalationApi {
    /// A service on that store.
    pub fn new(store: Store, tenants: Arc<Tenants>, clock: Clock) -> Self {
        Self(Arc::new(Inner { snapshots: Snapshots::new(store.clone()), store, tenants, clock }))
    }
}

impl Inner {
    /// Finds out who asks, and takes the message.
    async fn open<T>(&self, request: Request<T>) -> Result<(TenantId, T), Error> {
        let caller = request.extensions().get::<Caller>().cloned().ok_or(Error::Internal)?;
        let tenant = self.tenants.id(&caller.tenant).await.map_err(store_error)?;
        let tenant = tenant.ok_or_else(|| Error::PermissionDenied { tenant: caller.tenant.to_string() })?;
        Ok((tenant, request.into_inner()))
    }
}

/// One handler: who asks, the message, the answer.
macro_rules! handlers {
    ($($rpc:ident($request:ident) -> $response:ident;)*) => {
        #[tonic::async_trait]
        impl v1::escalation_service_server::EscalationService for EscalationApi {
            $(async fn $rpc(&self, request: Request<v1::$request>) -> Result<Response<v1::$response>, Status> {
                let (tenant, request) = self.0.open(request).await?;
                Ok(Response::new(self.0.$rpc(tenant, request).await?))
            })*
        }
    };
}

handlers! {
    get_lead_sla(GetLeadSlaRequest) -> GetLeadSlaResponse;
    list_timers(ListTimersRequest) -> ListTimersResponse;
    list_escalations(ListEscalationsRequest) -> ListEscalationsResponse;
    list_due_leads(ListDueLeadsRequest) -> ListDueLeadsResponse;
    get_sla_report(GetSlaReportRequest) -> GetSlaReportResponse;
    get_sla_coverage(GetSlaCoverageRequest) -> GetSlaCoverageResponse;
}

/// A resource name, where nothing else in the request can be wrong.
fn name<T: Resource>(field: &str, name: &str) -> Result<T, Violations> {
    let mut violations = Violations::default();
    let read = fields::name(name, &Path::Request.field(field), &mut violations);
    violations.check_some(read)
}

/// The store did not do what it was asked; what it said is logged, not told.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn store_error(error: StoreError) -> Error {
    tracing::error!(%error, "the store failed");
    if error.is_unavailable() { Error::StoreUnavailable } else { Error::Internal }
}

/// The same for what is compiled from it.
fn snapshot_error(error: SnapshotError) -> Error {
    match error {
        SnapshotError::Store(error) => store_error(error),
        SnapshotError::NoPolicy => Precondition::NoActivePolicy.into(),
        error @ (SnapshotError::Unknown { .. } | SnapshotError::Unusable { .. }) => {
            tracing::error!(%error, "what is stored can't be used");
            Error::Internal
        }
    }
}
