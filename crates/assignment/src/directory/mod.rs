//! `leadrouter.v1.DirectoryService`: who can own leads.
//!
//! Way of an `UpdateRep`: here (who asks) -> `update.rs` (the rep as it would be) -> `change.rs` (one transaction, if the rest of
//! the directory, the active policy and the leads allow it) -> `store`.

mod change;
mod create;
mod delete;
mod drain;
mod entry;
mod fit;
mod import;
mod read;
mod rep;
mod update;
mod wake;

use std::sync::Arc;

use api::v1;
use kit::clock::Clock;
use store::{Store, Tenants};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use crate::grpc::open;

/// Whole directories that are read at once: each may take a gigabyte while it is.
const IMPORTS: usize = 1;

/// Serves `leadrouter.v1.DirectoryService`. Cheap to clone.
///
/// `ImportDirectory` and `ValidateDirectory` take documents of up to [`domain::directory::MAX_BYTES`]; the server must let messages
/// of that size through.
#[derive(Debug, Clone)]
pub struct DirectoryApi(Arc<Inner>);

/// What handlers need.
#[derive(Debug)]
struct Inner {
    store: Store,
    tenants: Arc<Tenants>,
    clock: Clock,
    imports: Semaphore,
}

impl DirectoryApi {
    /// A service on that store.
    pub fn new(store: Store, tenants: Arc<Tenants>, clock: Clock) -> Self {
        Self(Arc::new(Inner { store, tenants, clock, imports: Semaphore::new(IMPORTS) }))
    }
}

/// One handler: who asks, the message, the answer.
macro_rules! handlers {
    ($($rpc:ident($request:ident) -> $response:ident;)*) => {
        #[tonic::async_trait]
        impl v1::directory_service_server::DirectoryService for DirectoryApi {
            $(async fn $rpc(&self, request: Request<v1::$request>) -> Result<Response<v1::$response>, Status> {
                let (asker, request) = open(&self.0.tenants, request).await?;
                Ok(Response::new(self.0.$rpc(&asker, request).await?))
            })*
        }
    };
}

handlers! {
    get_directory(GetDirectoryRequest) -> GetDirectoryResponse;
    import_directory(ImportDirectoryRequest) -> ImportDirectoryResponse;
    validate_directory(ValidateDirectoryRequest) -> ValidateDirectoryResponse;

    get_rep(GetRepRequest) -> GetRepResponse;
    list_reps(ListRepsRequest) -> ListRepsResponse;
    create_rep(CreateRepRequest) -> CreateRepResponse;
    update_rep(UpdateRepRequest) -> UpdateRepResponse;
    deactivate_rep(DeactivateRepRequest) -> DeactivateRepResponse;
    activate_rep(ActivateRepRequest) -> ActivateRepResponse;

    get_team(GetTeamRequest) -> GetTeamResponse;
    list_teams(ListTeamsRequest) -> ListTeamsResponse;
    create_team(CreateTeamRequest) -> CreateTeamResponse;
    update_team(UpdateTeamRequest) -> UpdateTeamResponse;
    delete_team(DeleteTeamRequest) -> DeleteTeamResponse;

    get_pool(GetPoolRequest) -> GetPoolResponse;
    list_pools(ListPoolsRequest) -> ListPoolsResponse;
    create_pool(CreatePoolRequest) -> CreatePoolResponse;
    update_pool(UpdatePoolRequest) -> UpdatePoolResponse;
    delete_pool(DeletePoolRequest) -> DeletePoolResponse;

    get_account(GetAccountRequest) -> GetAccountResponse;
    list_accounts(ListAccountsRequest) -> ListAccountsResponse;
    create_account(CreateAccountRequest) -> CreateAccountResponse;
    update_account(UpdateAccountRequest) -> UpdateAccountResponse;
    delete_account(DeleteAccountRequest) -> DeleteAccountResponse;

    get_territory(GetTerritoryRequest) -> GetTerritoryResponse;
    list_territories(ListTerritoriesRequest) -> ListTerritoriesResponse;
    create_territory(CreateTerritoryRequest) -> CreateTerritoryResponse;
    update_territory(UpdateTerritoryRequest) -> UpdateTerritoryResponse;
    delete_territory(DeleteTerritoryRequest) -> DeleteTerritoryResponse;

    get_calendar(GetCalendarRequest) -> GetCalendarResponse;
    list_calendars(ListCalendarsRequest) -> ListCalendarsResponse;
    create_calendar(CreateCalendarRequest) -> CreateCalendarResponse;
    update_calendar(UpdateCalendarRequest) -> UpdateCalendarResponse;
    delete_calendar(DeleteCalendarRequest) -> DeleteCalendarResponse;

    get_absence(GetAbsenceRequest) -> GetAbsenceResponse;
    list_absences(ListAbsencesRequest) -> ListAbsencesResponse;
    create_absence(CreateAbsenceRequest) -> CreateAbsenceResponse;
    update_absence(UpdateAbsenceRequest) -> UpdateAbsenceResponse;
    delete_absence(DeleteAbsenceRequest) -> DeleteAbsenceResponse;
}
