//! The services of one tenant, on a store of the test's own.

use std::{fmt::Debug, sync::Arc};

use api::v1::{
    self, assignment_service_server::AssignmentService as _, directory_service_server::DirectoryService as _,
    policy_service_server::PolicyService as _,
};
use domain::ids::TenantId;
use jiff::Timestamp;
use kit::{
    auth::Caller,
    client::{ClientConfig, channel},
    clock::Clock,
    lifecycle::Lifecycle,
};
use leadrouter_assignment::{AssignmentApi, AssignmentConfig, DirectoryApi, PolicyApi};
use snapshots::Snapshots;
use store::{Store, Tenants, testing::Database};
use tonic::{Request, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// Sunday, 22 November 2026, noon UTC.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_795_348_800, 0);

/// Two teams of one office, two pools, an account.
pub(crate) const DIRECTORY: &str = "
calendars:
  - { id: office, name: Office, time_zone: UTC, hours: { mon: [\"09:00-17:00\"], sun: [\"00:00-24:00\"] } }
  - { id: night, name: Night, time_zone: UTC, hours: { mon: [\"00:00-04:00\"] } }
teams:
  - { id: north, name: North, calendar: office }
  - { id: south, name: South, calendar: office, manager: cat }
reps:
  - { id: ann, name: Ann, team: north }
  - { id: ben, name: Ben, team: north, backup: ann }
  - { id: cat, name: Cat, team: south }
pools:
  - { id: inbound, name: Inbound, members: [ann, ben] }
  - { id: field, name: Field, members: [cat] }
accounts:
  - { id: initech, name: Initech, domains: [initech.example], owner: cat }
";

/// Sends everything to one pool.
pub(crate) fn policy_to(pool: &str) -> String {
    format!("name: to-{pool}\ntime_zone: UTC\nrules: []\ndefault: {{ to: {{ pool: {pool} }}, sla: review }}\n")
}

/// The services of a tenant.
pub(crate) struct Services {
    pub(crate) directory: DirectoryApi,
    pub(crate) policies: PolicyApi,
    pub(crate) assignment: AssignmentApi,
    pub(crate) store: Store,
    pub(crate) tenant: TenantId,
    // Dropped last: whatever is still connected to it is cut off.
    pub(crate) database: Database,
}

impl Services {
    /// With an empty directory.
    pub(crate) async fn start() -> Self {
        Self::with_connections(8).await
    }

    /// The same on so many connections to the store.
    pub(crate) async fn with_connections(most: u32) -> Self {
        let database = Database::create().await;
        let store = database.store_of(most).await;
        let tenant = store.ensure_tenant("acme", NOW).await.unwrap();
        let (tenants, clock) = (Arc::new(Tenants::new(store.clone())), Clock::manual(NOW));
        let snapshots = Arc::new(Snapshots::new(store.clone()));
        // Nobody listens there, so every lead gets the fallback score.
        let scoring = channel(&ClientConfig::new("http://127.0.0.1:1"), None).unwrap();
        let assignment = AssignmentApi::start(
            store.clone(),
            Arc::clone(&tenants),
            snapshots,
            clock.clone(),
            &scoring,
            AssignmentConfig::default(),
            &Lifecycle::new(),
        )
        .unwrap();
        let directory = DirectoryApi::new(store.clone(), Arc::clone(&tenants), clock.clone());
        let policies = PolicyApi::new(store.clone(), tenants, clock);
        Self { directory, policies, assignment, store, tenant, database }
    }

    /// With [`DIRECTORY`] in it.
    pub(crate) async fn with_directory() -> Self {
        let services = Self::start().await;
        services.import(DIRECTORY).await.unwrap();
        services
    }

    pub(crate) async fn import(&self, source: &str) -> Result<v1::ImportDirectoryResponse, Status> {
        self.import_as(v1::ImportDirectoryRequest { source: source.to_owned(), ..Default::default() }).await
    }

    pub(crate) async fn import_as(
        &self,
        request: v1::ImportDirectoryRequest,
    ) -> Result<v1::ImportDirectoryResponse, Status> {
        Ok(self.directory.import_directory(ask(request)).await?.into_inner())
    }

    /// The directory's version.
    pub(crate) async fn version(&self) -> i64 {
        self.store.versions(self.tenant).await.unwrap().directory
    }

    pub(crate) async fn get_rep(&self, id: &str) -> v1::Rep {
        let request = v1::GetRepRequest { name: format!("reps/{id}") };
        self.directory.get_rep(ask(request)).await.unwrap().into_inner().rep.unwrap()
    }

    pub(crate) async fn deactivate(
        &self,
        request: v1::DeactivateRepRequest,
    ) -> Result<v1::DeactivateRepResponse, Status> {
        Ok(self.directory.deactivate_rep(ask(request)).await?.into_inner())
    }

    pub(crate) async fn create_policy(&self, source: &str, request_id: &str) -> Result<v1::Policy, Status> {
        let request = v1::CreatePolicyRequest {
            policy: Some(v1::Policy { source: source.to_owned(), ..Default::default() }),
            request_id: request_id.to_owned(),
            validate_only: false,
        };
        Ok(self.policies.create_policy(ask(request)).await?.into_inner().policy.unwrap())
    }

    pub(crate) async fn activate_policy(&self, name: &str) -> Result<v1::Policy, Status> {
        let request = v1::ActivatePolicyRequest { name: name.to_owned(), ..Default::default() };
        Ok(self.policies.activate_policy(ask(request)).await?.into_inner().policy.unwrap())
    }

    /// Creates a policy and puts it in force.
    pub(crate) async fn put_in_force(&self, source: &str) -> v1::Policy {
        let policy = self.create_policy(source, "").await.unwrap();
        self.activate_policy(&policy.name).await.unwrap()
    }

    /// Routes a lead of that person.
    pub(crate) async fn route(&self, person: &str) -> v1::Lead {
        let lead = v1::LeadProfile { email: Some(format!("{person}@example.com")), ..Default::default() };
        let request = v1::RouteLeadRequest { lead: Some(lead), ..Default::default() };
        self.assignment.route_lead(ask(request)).await.unwrap().into_inner().lead.unwrap()
    }

    pub(crate) async fn get_lead(&self, name: &str) -> v1::Lead {
        let request = v1::GetLeadRequest { name: name.to_owned() };
        self.assignment.get_lead(ask(request)).await.unwrap().into_inner().lead.unwrap()
    }
}

pub(crate) fn ask<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller { tenant: "acme".into(), actor: "dora".into() });
    request
}

/// Reason and details of a refusal.
pub(crate) fn refusal<T: Debug>(result: Result<T, Status>) -> (String, ErrorDetails) {
    let details = result.unwrap_err().get_error_details();
    (details.error_info().unwrap().reason.clone(), details)
}

/// Why a call was refused.
pub(crate) fn reason<T: Debug>(result: Result<T, Status>) -> String {
    refusal(result).0
}

/// The fields that a refusal finds wrong, with what it says of each.
pub(crate) fn wrong_fields<T: Debug>(result: Result<T, Status>) -> Vec<(String, String)> {
    let (_, details) = refusal(result);
    let found = &details.bad_request().unwrap().field_violations;
    found.iter().map(|violation| (violation.field.clone(), violation.description.clone())).collect()
}

/// What stands in the way, according to a refusal: subject and description.
pub(crate) fn obstacles<T: Debug>(result: Result<T, Status>) -> Vec<(String, String)> {
    let (_, details) = refusal(result);
    let found = &details.precondition_failure().unwrap().violations;
    found.iter().map(|violation| (violation.subject.clone(), violation.description.clone())).collect()
}

/// A request id, as callers make them.
pub(crate) fn request_id(number: u128) -> String {
    uuid::Uuid::from_u128(number).to_string()
}
