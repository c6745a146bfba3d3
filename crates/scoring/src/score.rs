//! `ScoreLead` and `BatchScoreLeads`. Nothing is stored.

use std::sync::Arc;

use api::{
    Error,
    convert::{
        score,
        scoring::{self, ToScore},
    },
    names::Resource as _,
    v1::{self, batch_score_result::Result as Entry},
};
use domain::{expr::Facts, identity::company_domain, score::Score, score::ScoringModel};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    grpc::{Asker, Inner},
    models::InForce,
};

impl Inner {
    pub(crate) async fn score_lead(
        &self,
        asker: &Asker,
        request: v1::ScoreLeadRequest,
    ) -> Result<v1::ScoreLeadResponse, Error> {
        let entry = scoring::read(request)?;
        let now = self.clock.now();
        let in_force = self.models.in_force(asker.tenant, now).await?;
        self.score_entry(asker, &entry, &in_force, now).await
    }

    pub(crate) async fn batch_score_leads(
        &self,
        asker: &Asker,
        request: v1::BatchScoreLeadsRequest,
    ) -> Result<v1::BatchScoreLeadsResponse, Error> {
        let entries = scoring::read_batch(request)?;
        let now = self.clock.now();
        let in_force = self.models.in_force(asker.tenant, now).await?;
        let mut results = Vec::with_capacity(entries.len());
        for entry in entries {
            let scored = match entry {
                Ok(entry) => self.score_entry(asker, &entry, &in_force, now).await,
                Err(violations) => Err(violations.into()),
            };
            let result = scored.map_or_else(|error| Entry::Error(error.into()), Entry::Response);
            results.push(v1::BatchScoreResult { result: Some(result) });
        }
        Ok(v1::BatchScoreLeadsResponse { results })
    }

    async fn score_entry(
        &self,
        asker: &Asker,
        entry: &ToScore,
        in_force: &InForce,
        now: Timestamp,
    ) -> Result<v1::ScoreLeadResponse, Error> {
        let model = self.models.model(asker.tenant, entry.model, in_force, now).await?;
        let scored = score(&model, in_force, entry, now)?;
        Ok(v1::ScoreLeadResponse { score: Some(score::to_wire(&scored, &model, entry.view)) })
    }
}

/// Scores one lead.
///
/// Errors: the account that it names does not exist.
pub(crate) fn score(model: &ScoringModel, in_force: &InForce, lead: &ToScore, now: Timestamp) -> Result<Score, Error> {
    let directory = &in_force.directory;
    let domain = company_domain(&lead.profile);
    let account = match &lead.account {
        Some(id) => {
            let named = directory.document.accounts.get(id);
            Some(named.ok_or_else(|| Error::NotFound { resource: id.to_name() })?)
        }
        None => directory.account_of(&lead.profile, domain.as_deref()),
    };
    let at = lead.score_at.unwrap_or(now);
    let facts = Facts {
        lead: &lead.profile,
        created_at: lead.created_at.unwrap_or(at),
        account: account.map(Arc::as_ref),
        existing_owner: lead.existing_owner.as_ref(),
        score: None,
        // A points model names no zone.
        local: TimeZone::UTC.to_datetime(at),
        company_domain: domain.as_deref(),
    };
    Ok(model.score(&facts, at))
}
