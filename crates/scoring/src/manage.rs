//! Creating, validating, reading and activating points models.

use api::{
    Error, Path, Precondition, Violations,
    convert::{
        fields,
        scoring::{Revision, model_to_wire},
    },
    names::{Resource as _, ScoringModelName, ScoringModelRevisionName},
    page::Listing,
    v1,
};
use domain::{ids::TenantId, score::ScoringModel};
use store::ScoringModelRevision;

use crate::{
    error::store_error,
    grpc::{Asker, Inner},
    kept::{self, RequestKey},
};

/// Revisions that are read at once for a list: each may be a megabyte of text.
const CHUNK: u32 = 16;

impl Inner {
    pub(crate) async fn create_scoring_model(
        &self,
        asker: &Asker,
        request: v1::CreateScoringModelRequest,
    ) -> Result<v1::CreateScoringModelResponse, Error> {
        let mut violations = Violations::default();
        let request_id = fields::request_id(&request.request_id, &Path::Request.field("request_id"), &mut violations);
        if request.scoring_model.is_none() {
            violations.add(&Path::Request.field("scoring_model"), "is absent: a points model is required");
        }
        violations.check(())?;
        let key = RequestKey::new(request_id, "create_scoring_model", &request);
        let source = request.scoring_model.unwrap_or_default().source;
        let model = ScoringModel::parse(&source)
            .map_err(|problems| Error::InvalidDocument { field: "scoring_model.source", problems })?;
        let now = self.clock.now();
        let mut created = ScoringModelRevision {
            revision: 0,
            source,
            created_at: now,
            created_by: asker.caller.actor.to_string(),
            activated_at: None,
        };
        let answer = |created: &ScoringModelRevision, number| v1::CreateScoringModelResponse {
            scoring_model: Some(to_wire(created, number, Some(&model), false)),
        };
        if request.validate_only {
            return Ok(answer(&created, None));
        }
        let mut tx = self.store.begin("create_scoring_model").await.map_err(store_error)?;
        tx.hold_tenant(asker.tenant).await.map_err(store_error)?;
        if let Some(kept) = kept::find(&mut tx, asker.tenant, key).await? {
            return Ok(kept);
        }
        let inserted = tx.insert_model(asker.tenant, &created.source, &created.created_by, now).await;
        created.revision = inserted.map_err(store_error)?;
        let answer = answer(&created, Some(created.revision));
        kept::keep(&mut tx, asker.tenant, key, &answer).await?;
        tx.commit().await.map_err(store_error)?;
        Ok(answer)
    }

    #[expect(clippy::unused_async, reason = "a handler like the others")]
    pub(crate) async fn validate_scoring_model(
        &self,
        _asker: &Asker,
        request: v1::ValidateScoringModelRequest,
    ) -> Result<v1::ValidateScoringModelResponse, Error> {
        let problems = ScoringModel::parse(&request.source).err().unwrap_or_default();
        Ok(v1::ValidateScoringModelResponse { problems: problems.into_iter().map(Into::into).collect() })
    }

    pub(crate) async fn get_scoring_model(
        &self,
        asker: &Asker,
        request: v1::GetScoringModelRequest,
    ) -> Result<v1::GetScoringModelResponse, Error> {
        let name = name(&request.name)?;
        let active = self.store.versions(asker.tenant).await.map_err(store_error)?.model;
        let revision = name.0.or(active).ok_or(Precondition::NoActiveScoringModel)?;
        let row = self.revision(asker.tenant, revision).await?;
        let model = ScoringModel::parse(&row.source).ok();
        let wire = to_wire(&row, Some(revision), model.as_ref(), active == Some(revision));
        Ok(v1::GetScoringModelResponse { scoring_model: Some(wire) })
    }

    pub(crate) async fn list_scoring_models(
        &self,
        asker: &Asker,
        request: v1::ListScoringModelsRequest,
    ) -> Result<v1::ListScoringModelsResponse, Error> {
        let listing = Listing::new("ListScoringModels", &[]);
        let mut violations = Violations::default();
        let page = listing.page::<i64>(request.page_size, &request.page_token, &mut violations);
        let page = violations.check(page)?;
        let active = self.store.versions(asker.tenant).await.map_err(store_error)?.model;
        let (mut scoring_models, mut before, mut left) = (Vec::new(), page.after, page.size);
        let mut next_page_token = String::new();
        while left > 0 {
            let wanted = left.min(CHUNK);
            let rows = self.store.models(asker.tenant, before, i64::from(wanted)).await.map_err(store_error)?;
            let is_last = u32::try_from(rows.len()).is_ok_and(|found| found < wanted);
            for row in &rows {
                let model = ScoringModel::parse(&row.source).ok();
                let wire = to_wire(row, Some(row.revision), model.as_ref(), active == Some(row.revision));
                scoring_models.push(v1::ScoringModel { source: String::new(), ..wire });
                before = Some(row.revision);
            }
            left -= wanted;
            // Revisions count from 1 and are never removed, so there is nothing behind the first.
            match before {
                Some(last) if left == 0 && !is_last && last > 1 => next_page_token = listing.token(&last)?,
                _ if is_last => break,
                _ => {}
            }
        }
        Ok(v1::ListScoringModelsResponse { scoring_models, next_page_token })
    }

    pub(crate) async fn activate_scoring_model(
        &self,
        asker: &Asker,
        request: v1::ActivateScoringModelRequest,
    ) -> Result<v1::ActivateScoringModelResponse, Error> {
        let mut violations = Violations::default();
        let request_id = fields::request_id(&request.request_id, &Path::Request.field("request_id"), &mut violations);
        let path = Path::Request.field("name");
        let revision = fields::name(&request.name, &path, &mut violations);
        let ScoringModelRevisionName(revision) = violations.check_some(revision)?;
        let key = RequestKey::new(request_id, "activate_scoring_model", &request);
        let now = self.clock.now();
        let mut row = self.revision(asker.tenant, revision).await?;
        row.activated_at = Some(now);
        let model = ScoringModel::parse(&row.source).ok();
        let answer = v1::ActivateScoringModelResponse {
            scoring_model: Some(to_wire(&row, Some(revision), model.as_ref(), true)),
        };

        let mut tx = self.store.begin("activate_scoring_model").await.map_err(store_error)?;
        tx.hold_tenant(asker.tenant).await.map_err(store_error)?;
        if let Some(kept) = kept::find(&mut tx, asker.tenant, key).await? {
            return Ok(kept);
        }
        tx.activate_model(asker.tenant, revision, now).await.map_err(store_error)?;
        kept::keep(&mut tx, asker.tenant, key, &answer).await?;
        tx.commit().await.map_err(store_error)?;
        self.models.forget(asker.tenant);
        Ok(answer)
    }

    async fn revision(&self, tenant: TenantId, revision: i64) -> Result<ScoringModelRevision, Error> {
        let found = self.store.model(tenant, revision).await.map_err(store_error)?;
        found.ok_or_else(|| Error::NotFound { resource: ScoringModelName(Some(revision)).to_name() })
    }
}

fn name(name: &str) -> Result<ScoringModelName, Violations> {
    let mut violations = Violations::default();
    let read = fields::name(name, &Path::Request.field("name"), &mut violations);
    violations.check_some(read)
}

fn to_wire(
    row: &ScoringModelRevision,
    number: Option<i64>,
    model: Option<&ScoringModel>,
    active: bool,
) -> v1::ScoringModel {
    model_to_wire(&Revision {
        number,
        source: &row.source,
        model,
        active,
        created_at: number.map(|_| row.created_at),
        created_by: &row.created_by,
        activated_at: row.activated_at,
    })
}
