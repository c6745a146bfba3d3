//! `ExplainScore`: why a stored lead has its score.

use std::sync::Arc;

use api::{
    Error, Path, Violations,
    convert::{fields, score, scoring::ToScore, time},
    names::{Resource as _, ScoringModelName},
    v1,
};
use domain::{
    decide::DecisionRecord,
    ids::{LeadId, TenantId},
    lead::Lead,
    score::{ModelRevision, Score, ScoringModel},
};
use jiff::Timestamp;

use crate::{
    error::store_error,
    grpc::{Asker, Inner},
    score::score as score_lead,
};

/// What is asked.
struct Question {
    lead: LeadId,
    /// A revision, or the active one.
    model: Option<ScoringModelName>,
    at: Option<Timestamp>,
}

/// The score that the latest decision on a lead read.
struct Decided {
    score: Score,
    at: Timestamp,
}

impl Inner {
    /// Without a model and a time the score that the latest decision read, as it is on record; else the lead is
    /// scored again, and what is not told is taken from that decision.
    pub(crate) async fn explain_score(
        &self,
        asker: &Asker,
        request: v1::ExplainScoreRequest,
    ) -> Result<v1::ExplainScoreResponse, Error> {
        let question = read(&request)?;
        let now = self.clock.now();
        let found = self.store.profiles(asker.tenant, &[question.lead]).await.map_err(store_error)?;
        let lead = found.into_iter().next().ok_or_else(|| Error::NotFound { resource: question.lead.to_name() })?;
        let decided = self.decided(asker.tenant, question.lead).await?;

        let in_force = self.models.in_force(asker.tenant, now).await?;
        let recorded = decided.as_ref().map(|decided| decided.score.model.0);
        let revision = question.model.map_or(recorded, |name| name.0);
        let model = self.models.model(asker.tenant, revision, &in_force, now).await?;
        let at = question.at.or(decided.as_ref().map(|decided| decided.at)).unwrap_or(now);
        let score = match decided {
            Some(decided) if question.is_open() => decided.score,
            _ => score_lead(&model, &in_force, &as_of(lead, at), at)?,
        };
        Ok(answer(&score, &model, at))
    }

    /// `None` also when the lead could not be scored then.
    async fn decided(&self, tenant: TenantId, lead: LeadId) -> Result<Option<Decided>, Error> {
        let assignment = self.store.latest_decided(tenant, lead).await.map_err(store_error)?;
        let Some(bytes) = assignment.and_then(|assignment| assignment.decision) else { return Ok(None) };
        let unreadable = |error: &dyn std::fmt::Display| {
            tracing::error!(%lead, %error, "a decision record can't be read");
            Error::Internal
        };
        let record = DecisionRecord::decode(&bytes).map_err(|error| unreadable(&error))?;
        let record = record.v1();
        if record.score.model == ModelRevision(0) {
            return Ok(None);
        }
        let at = Timestamp::from_microsecond(record.now_us).map_err(|error| unreadable(&error))?;
        Ok(Some(Decided { score: record.score.clone(), at }))
    }
}

impl Question {
    fn is_open(&self) -> bool {
        self.model.is_none() && self.at.is_none()
    }
}

fn read(request: &v1::ExplainScoreRequest) -> Result<Question, Violations> {
    let mut violations = Violations::default();
    let v = &mut violations;
    let root = Path::Request;
    let lead = fields::name(&request.name, &root.field("name"), v);
    let model = fields::optional_name::<ScoringModelName>(&request.scoring_model, &root.field("scoring_model"), v);
    let at = time::optional(request.score_time, &root.field("score_time"), v);
    violations.check_some(lead.map(|lead| Question { lead, model, at }))
}

fn as_of(lead: Lead, at: Timestamp) -> ToScore {
    ToScore {
        profile: lead.profile,
        model: None,
        account: None,
        existing_owner: None,
        created_at: Some(lead.created_at),
        score_at: Some(at),
        view: score::View::Full,
    }
}

fn answer(score: &Score, model: &Arc<ScoringModel>, at: Timestamp) -> v1::ExplainScoreResponse {
    v1::ExplainScoreResponse {
        score: Some(score::to_wire(score, model, score::View::Full)),
        score_time: Some(time::to_wire(at)),
    }
}
