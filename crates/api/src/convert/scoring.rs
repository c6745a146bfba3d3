//! Leads to score, and points models.

use domain::{
    ids::{AccountId, RepId},
    lead::Profile,
    score::ScoringModel,
};
use jiff::Timestamp;

use super::{fields, profile, score::View, time};
use crate::{
    Path, Violations,
    names::{Resource as _, ScoringModelName},
    v1,
};

/// A lead to score.
#[derive(Debug, Clone, PartialEq)]
pub struct ToScore {
    /// What is known of it.
    pub profile: Profile,
    /// Revision of the points model; `None`: the active one.
    pub model: Option<i64>,
    /// Its account; `None`: to be looked up.
    pub account: Option<AccountId>,
    /// The rep who already has a lead of this person or company.
    pub existing_owner: Option<RepId>,
    /// When it arrived; `None`: at `score_at`.
    pub created_at: Option<Timestamp>,
    /// As of when signals fade; `None`: now.
    pub score_at: Option<Timestamp>,
    /// How much is told of each contribution.
    pub view: View,
}

/// Reads one request.
///
/// Errors: every violation.
pub fn read(wire: v1::ScoreLeadRequest) -> Result<ToScore, Violations> {
    read_at(wire, &Path::Request)
}

/// Reads a batch: each entry for itself, in order.
///
/// Errors: a batch that is empty or too large.
pub fn read_batch(wire: v1::BatchScoreLeadsRequest) -> Result<Vec<Result<ToScore, Violations>>, Violations> {
    let requests = Path::Request.field("requests");
    let mut violations = Violations::default();
    fields::batch_fits(wire.requests.len(), &requests, &mut violations);
    violations.check(())?;
    let entries = wire.requests.into_iter().enumerate();
    Ok(entries.map(|(index, entry)| read_at(entry, &requests.item(index))).collect())
}

fn read_at(wire: v1::ScoreLeadRequest, path: &Path<'_>) -> Result<ToScore, Violations> {
    let mut violations = Violations::default();
    let v = &mut violations;
    let to_score = ToScore {
        profile: profile::required(wire.lead, &path.field("lead"), v),
        model: model(&wire.scoring_model, &path.field("scoring_model"), v),
        account: fields::optional_name(&wire.account, &path.field("account"), v),
        existing_owner: fields::optional_name(&wire.existing_owner, &path.field("existing_owner"), v),
        created_at: time::optional(wire.create_time, &path.field("create_time"), v),
        score_at: time::optional(wire.score_time, &path.field("score_time"), v),
        view: match fields::known(wire.view, &path.field("view"), v) {
            Some(v1::ScoreView::Basic) => View::Basic,
            Some(v1::ScoreView::Full | v1::ScoreView::Unspecified) | None => View::Full,
        },
    };
    violations.check(to_score)
}

/// The revision of a points model that may be left open; `None`: blank or `scoringModels/active`.
pub fn model(name: &str, path: &Path<'_>, violations: &mut Violations) -> Option<i64> {
    fields::optional_name::<ScoringModelName>(name, path, violations).and_then(|name| name.0)
}

/// A stored revision of a points model.
#[derive(Debug, Clone, Copy)]
pub struct Revision<'a> {
    /// Its number; `None`: it is not stored.
    pub number: Option<i64>,
    /// The document.
    pub source: &'a str,
    /// The same, read; `None`: it can't be read any more.
    pub model: Option<&'a ScoringModel>,
    /// Whether it scores new leads.
    pub active: bool,
    /// When it was stored.
    pub created_at: Option<Timestamp>,
    /// Who stored it.
    pub created_by: &'a str,
    /// When it was last made the one that scores.
    pub activated_at: Option<Timestamp>,
}

/// A revision of a points model with its source.
pub fn model_to_wire(revision: &Revision<'_>) -> v1::ScoringModel {
    let model = revision.model;
    v1::ScoringModel {
        name: revision.number.map(|number| ScoringModelName(Some(number)).to_name()).unwrap_or_default(),
        source: revision.source.to_owned(),
        display_name: model.map(|model| model.name().to_owned()).unwrap_or_default(),
        description: model.and_then(ScoringModel::description).unwrap_or_default().to_owned(),
        active: revision.active,
        create_time: revision.created_at.map(time::to_wire),
        creator: revision.created_by.to_owned(),
        activate_time: revision.activated_at.map(time::to_wire),
    }
}
