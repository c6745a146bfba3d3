//! Policies and points models are kept alike: as revisions, one of them active.

use api::v1::{
    ActivatePolicyRequest, ActivateScoringModelRequest, CreatePolicyRequest, CreateScoringModelRequest,
    GetPolicyRequest, GetScoringModelRequest, ListPoliciesRequest, ListScoringModelsRequest, Policy, Problem,
    ScoringModel, ValidatePolicyRequest, ValidateScoringModelRequest, policy_service_client::PolicyServiceClient,
    scoring_service_client::ScoringServiceClient,
};
use tonic::Status;

use super::{Document, refusal, request_id};
use crate::{clients::Link, pages, told::answer};

/// What policies and points models have in common.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) description: String,
    pub(crate) source: String,
    pub(crate) active: bool,
    pub(crate) creator: String,
    pub(crate) create_time: Option<prost_types::Timestamp>,
    pub(crate) activate_time: Option<prost_types::Timestamp>,
}

/// One of the two kinds of documents that have revisions.
pub(crate) trait Revisions {
    /// First part of the names: `policies`.
    const COLLECTION: &'static str;

    async fn validate(&self, source: String) -> anyhow::Result<Vec<Problem>>;
    async fn create(&self, source: String) -> Result<Revision, Status>;
    async fn activate(&self, name: &str) -> anyhow::Result<Revision>;
    async fn get(&self, name: &str) -> anyhow::Result<Revision>;
    /// All of them, newest first, without their sources.
    async fn list(&self) -> anyhow::Result<Vec<Revision>>;
}

/// Creates a revision. Errors: [`Refused`](super::Refused) with every problem; [`CallError`](crate::CallError).
pub(crate) async fn create<R: Revisions>(revisions: &R, document: &Document) -> anyhow::Result<Revision> {
    match revisions.create(document.source.clone()).await {
        Ok(revision) => Ok(revision),
        Err(status) => Err(refusal(document, status, |source| revisions.validate(source)).await),
    }
}

/// Revisions of the policy.
#[derive(Debug, Clone)]
pub(crate) struct Policies(pub(crate) PolicyServiceClient<Link>);

/// Revisions of the points model.
#[derive(Debug, Clone)]
pub(crate) struct Models(pub(crate) ScoringServiceClient<Link>);

macro_rules! from_message {
    ($message:ident) => {
        impl From<$message> for Revision {
            fn from(message: $message) -> Self {
                let $message {
                    name,
                    display_name,
                    description,
                    source,
                    active,
                    creator,
                    create_time,
                    activate_time,
                    ..
                } = message;
                Self { name, display_name, description, source, active, creator, create_time, activate_time }
            }
        }
    };
}

from_message!(Policy);
from_message!(ScoringModel);

impl Policies {
    pub(crate) async fn activate_one(&self, name: &str) -> anyhow::Result<Policy> {
        let request = ActivatePolicyRequest {
            name: name.to_owned(),
            request_id: request_id(),
            ..ActivatePolicyRequest::default()
        };
        Ok(answer(self.0.clone().activate_policy(request).await)?.policy.unwrap_or_default())
    }
}

impl Models {
    pub(crate) async fn activate_one(&self, name: &str) -> anyhow::Result<ScoringModel> {
        let request = ActivateScoringModelRequest { name: name.to_owned(), request_id: request_id() };
        Ok(answer(self.0.clone().activate_scoring_model(request).await)?.scoring_model.unwrap_or_default())
    }
}

impl Revisions for Policies {
    const COLLECTION: &'static str = "policies";

    async fn validate(&self, source: String) -> anyhow::Result<Vec<Problem>> {
        Ok(answer(self.0.clone().validate_policy(ValidatePolicyRequest { source }).await)?.problems)
    }

    async fn create(&self, source: String) -> Result<Revision, Status> {
        let policy = Some(Policy { source, ..Policy::default() });
        let request = CreatePolicyRequest { policy, request_id: request_id(), validate_only: false };
        let created = self.0.clone().create_policy(request).await?.into_inner();
        Ok(created.policy.unwrap_or_default().into())
    }

    async fn activate(&self, name: &str) -> anyhow::Result<Revision> {
        Ok(self.activate_one(name).await?.into())
    }

    async fn get(&self, name: &str) -> anyhow::Result<Revision> {
        let request = GetPolicyRequest { name: name.to_owned() };
        Ok(answer(self.0.clone().get_policy(request).await)?.policy.unwrap_or_default().into())
    }

    async fn list(&self) -> anyhow::Result<Vec<Revision>> {
        let page = |page_size, page_token| {
            let mut client = self.0.clone();
            async move {
                let page = answer(client.list_policies(ListPoliciesRequest { page_size, page_token }).await)?;
                Ok((page.policies.into_iter().map(Revision::from).collect(), page.next_page_token))
            }
        };
        Ok(pages::all(page).await?)
    }
}

impl Revisions for Models {
    const COLLECTION: &'static str = "scoringModels";

    async fn validate(&self, source: String) -> anyhow::Result<Vec<Problem>> {
        Ok(answer(self.0.clone().validate_scoring_model(ValidateScoringModelRequest { source }).await)?.problems)
    }

    async fn create(&self, source: String) -> Result<Revision, Status> {
        let scoring_model = Some(ScoringModel { source, ..ScoringModel::default() });
        let request = CreateScoringModelRequest { scoring_model, request_id: request_id(), validate_only: false };
        let created = self.0.clone().create_scoring_model(request).await?.into_inner();
        Ok(created.scoring_model.unwrap_or_default().into())
    }

    async fn activate(&self, name: &str) -> anyhow::Result<Revision> {
        Ok(self.activate_one(name).await?.into())
    }

    async fn get(&self, name: &str) -> anyhow::Result<Revision> {
        let request = GetScoringModelRequest { name: name.to_owned() };
        Ok(answer(self.0.clone().get_scoring_model(request).await)?.scoring_model.unwrap_or_default().into())
    }

    async fn list(&self) -> anyhow::Result<Vec<Revision>> {
        let page = |page_size, page_token| {
            let mut client = self.0.clone();
            async move {
                let page =
                    answer(client.list_scoring_models(ListScoringModelsRequest { page_size, page_token }).await)?;
                Ok((page.scoring_models.into_iter().map(Revision::from).collect(), page.next_page_token))
            }
        };
        Ok(pages::all(page).await?)
    }
}
