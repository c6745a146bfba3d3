//! `GetDecision`: why this lead went where it went, made again from what was stored.

use std::sync::Arc;

use api::{
    Error, Precondition,
    convert::decision::{Replayed, to_wire},
    names::DecisionName,
    v1,
};
use domain::{
    decide::{DecisionRecord, Question, plan, replay, trace},
    ids::{Epoch, LeadId, TenantId},
    ownership::Assignment,
    score::{ModelRevision, ScoringModel},
};
use jiff::Timestamp;

use super::{Asker, Inner, read::required};
use crate::error::{snapshot_error, store_error};

impl Inner {
    pub(super) async fn get_decision(
        &self,
        asker: &Asker,
        request: v1::GetDecisionRequest,
    ) -> Result<v1::GetDecisionResponse, Error> {
        let DecisionName(id, epoch) = required("name", &request.name)?;
        let missing = || Error::NotFound { resource: request.name.clone() };
        let assignment = self.decided(asker.tenant, id, epoch).await?.ok_or_else(missing)?;
        let bytes = assignment.decision.as_deref().ok_or_else(missing)?;
        let (lead, _) = self.store.lead(asker.tenant, id).await.map_err(store_error)?.ok_or_else(missing)?;
        if lead.profile.erased_at.is_some() {
            return Err(Precondition::LeadErased { lead: id }.into());
        }

        let record = DecisionRecord::decode(bytes).map_err(|error| broken(&request.name, &error))?;
        let stored = record.v1();
        let snapshot =
            self.snapshots.at(asker.tenant, stored.directory_version, stored.policy_revision, self.clock.now()).await;
        let snapshot = snapshot.map_err(|error| snapshot_error(&error))?;
        let verdict = replay(&record, &lead, &snapshot).map_err(|error| broken(&request.name, &error))?;
        let now = Timestamp::from_microsecond(stored.now_us).map_err(|error| broken(&request.name, &error))?;
        let question = Question {
            lead: &lead,
            score: &stored.score,
            existing_owner: stored.existing_owner.as_ref(),
            excluded: &stored.excluded,
            occasion: stored.occasion,
            now,
        };
        let plan = plan(&snapshot, &question);
        let model = self.model(asker.tenant, stored.score.model).await?;
        let epoch = assignment.epoch;
        let replayed = Replayed {
            lead: id,
            epoch,
            record: stored,
            snapshot: &snapshot,
            plan: &plan,
            verdict: &verdict,
            model: model.as_deref(),
        };
        let decision = trace(&snapshot, &plan, &question, |tried| to_wire(&replayed, tried, now));
        Ok(v1::GetDecisionResponse { decision: Some(decision) })
    }

    /// The assignment of that epoch, or the latest one that a decision began.
    async fn decided(&self, tenant: TenantId, lead: LeadId, epoch: Option<Epoch>) -> Result<Option<Assignment>, Error> {
        if let Some(epoch) = epoch {
            return self.store.assignment(tenant, lead, epoch).await.map_err(store_error);
        }
        self.store.latest_decided(tenant, lead).await.map_err(store_error)
    }

    async fn model(&self, tenant: TenantId, revision: ModelRevision) -> Result<Option<Arc<ScoringModel>>, Error> {
        if revision.0 == 0 {
            return Ok(None);
        }
        let model = self.snapshots.model(tenant, revision.0, self.clock.now()).await;
        model.map(Some).map_err(|error| snapshot_error(&error))
    }
}

/// A stored decision that can't be made again is a bug, and says so.
fn broken(name: &str, error: &dyn std::fmt::Display) -> Error {
    tracing::error!(decision = name, %error, "a stored decision can't be replayed");
    Error::Internal
}
