//! The scoring service on the wire. Handlers translate.

use std::sync::Arc;

use api::{Error, v1};
use domain::ids::TenantId;
use kit::{auth::Caller, clock::Clock};
use store::{Store, Tenants};
use tonic::{Request, Response, Status};

use crate::{error::store_error, models::Models};

/// Serves `leadrouter.v1.ScoringService`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ScoringApi(Arc<Inner>);

/// What handlers need.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) models: Models,
    tenants: Arc<Tenants>,
}

/// Who asks: the tenant's key, and the caller as it named itself.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub(crate) tenant: TenantId,
    pub(crate) caller: Caller,
}

impl ScoringApi {
    /// A service on that store. Tenants need a points model to score by: see [`crate::ensure_default_model`].
    pub fn new(store: Store, tenants: Arc<Tenants>, clock: Clock) -> Self {
        Self(Arc::new(Inner { models: Models::new(store.clone()), store, clock, tenants }))
    }
}

impl Inner {
    /// Finds out who asks, and takes the message.
    async fn open<T>(&self, request: Request<T>) -> Result<(Asker, T), Error> {
        let caller = request.extensions().get::<Caller>().cloned().ok_or(Error::Internal)?;
        let tenant = self.tenants.id(&caller.tenant).await.map_err(store_error)?;
        let tenant = tenant.ok_or_else(|| Error::PermissionDenied { tenant: caller.tenant.to_string() })?;
        Ok((Asker { tenant, caller }, request.into_inner()))
    }
}

/// One handler: who asks, the message, the answer.
macro_rules! handlers {
    ($($rpc:ident($request:ident) -> $response:ident;)*) => {
        #[tonic::async_trait]
        impl v1::scoring_service_server::ScoringService for ScoringApi {
            $(async fn $rpc(&self, request: Request<v1::$request>) -> Result<Response<v1::$response>, Status> {
                let (asker, request) = self.0.open(request).await?;
                Ok(Response::new(self.0.$rpc(&asker, request).await?))
            })*
        }
    };
}

handlers! {
    score_lead(ScoreLeadRequest) -> ScoreLeadResponse;
    batch_score_leads(BatchScoreLeadsRequest) -> BatchScoreLeadsResponse;
    explain_score(ExplainScoreRequest) -> ExplainScoreResponse;
    create_scoring_model(CreateScoringModelRequest) -> CreateScoringModelResponse;
    validate_scoring_model(ValidateScoringModelRequest) -> ValidateScoringModelResponse;
    get_scoring_model(GetScoringModelRequest) -> GetScoringModelResponse;
    list_scoring_models(ListScoringModelsRequest) -> ListScoringModelsResponse;
    activate_scoring_model(ActivateScoringModelRequest) -> ActivateScoringModelResponse;
}
