//! Creating, validating and activating revisions of the policy.

use std::sync::Arc;

use api::{
    Error, Path, Precondition, Violations,
    convert::{
        fields,
        policy::{Revision, to_wire},
    },
    names::{PolicyName, PolicyRevisionName, Resource as _},
    v1,
};
use domain::{
    policy::{Outline, Policy},
    yaml::Problem,
};
use prost::Message as _;
use store::PolicyRevision;
use uuid::Uuid;

use super::Inner;
use crate::{
    command::RequestKey,
    error::{overloaded, store_error},
    grpc::{Asker, request_key},
    kept,
    redate::{self, Redate},
    standing::{Failed, MAX_RACES, Standing, compute, rejected},
};

/// A revision that is to be put in force.
struct Activation {
    revision: i64,
    key: Option<RequestKey>,
    validate_only: bool,
    /// Date the running clocks anew by it.
    redate: bool,
}

impl Inner {
    pub(super) async fn create_policy(
        &self,
        asker: &Asker,
        request: v1::CreatePolicyRequest,
    ) -> Result<v1::CreatePolicyResponse, Error> {
        let mut violations = Violations::default();
        let id = request_id(&request.request_id, &mut violations);
        if request.policy.is_none() {
            violations.add(&Path::Request.field("policy"), "is absent: a policy is required");
        }
        violations.check(())?;
        let key = id.map(|id| request_key(id, "create_policy", &request.encode_to_vec()));
        // What is only checked is not kept: it would be the answer to the real thing.
        let (validate_only, key) = (request.validate_only, key.filter(|_| !request.validate_only));
        let source: Arc<str> = request.policy.unwrap_or_default().source.into();
        for _ in 0..MAX_RACES {
            match self.create(asker, &source, key, validate_only).await {
                Err(Failed::Raced) => {}
                Err(Failed::Refused(error)) => return Err(error),
                Ok(answer) => return Ok(answer),
            }
        }
        Err(overloaded())
    }

    async fn create(
        &self,
        asker: &Asker,
        source: &Arc<str>,
        key: Option<RequestKey>,
        validate_only: bool,
    ) -> Result<v1::CreatePolicyResponse, Failed> {
        let standing = Standing::read(&self.store, asker.tenant).await?;
        if let Some(kept) = kept::look(&self.store, asker.tenant, key).await? {
            return Ok(kept);
        }
        let (standing, checked) = check(standing, Arc::clone(source)).await?;
        checked.map_err(|problems| Error::InvalidDocument { field: "policy.source", problems })?;
        let (now, actor) = (self.clock.now(), &asker.caller.actor);
        let answer = |number: Option<i64>| v1::CreatePolicyResponse {
            policy: Some(to_wire(&Revision {
                number,
                source,
                outline: &Outline::read(source).unwrap_or_default(),
                active: false,
                created_at: number.map(|_| now),
                created_by: actor,
                activated_at: None,
            })),
        };
        if validate_only {
            return Ok(answer(None));
        }
        let mut tx = self.store.begin("create_policy").await.map_err(rejected)?;
        standing.hold(&mut tx, asker.tenant).await?;
        if let (_, Some(kept)) = kept::find(&mut tx, asker.tenant, key).await? {
            return Ok(kept);
        }
        let directory = standing.versions.directory;
        let number = tx.insert_policy(asker.tenant, source, directory, actor, now).await.map_err(rejected)?;
        let answer = answer(Some(number));
        kept::keep(&mut tx, asker.tenant, key, &answer).await?;
        tx.commit().await.map_err(rejected)?;
        Ok(answer)
    }

    pub(super) async fn validate_policy(
        &self,
        asker: &Asker,
        request: v1::ValidatePolicyRequest,
    ) -> Result<v1::ValidatePolicyResponse, Error> {
        let (_, entities) = self.store.directory(asker.tenant).await.map_err(store_error)?;
        let directory = domain::directory::DirectoryDocument::from_entities(entities);
        let checked = compute(move || Policy::parse(&request.source, &directory)).await?;
        let problems = checked.err().unwrap_or_default();
        Ok(v1::ValidatePolicyResponse { problems: problems.into_iter().map(Into::into).collect() })
    }

    pub(super) async fn activate_policy(
        &self,
        asker: &Asker,
        request: v1::ActivatePolicyRequest,
    ) -> Result<v1::ActivatePolicyResponse, Error> {
        let mut violations = Violations::default();
        let id = request_id(&request.request_id, &mut violations);
        let path = Path::Request.field("name");
        let revision = fields::name(&request.name, &path, &mut violations);
        let redate = redate::is_wanted(request.running_clocks, &mut violations);
        let PolicyRevisionName(revision) = violations.check_some(revision)?;
        let key = id.map(|id| request_key(id, "activate_policy", &request.encode_to_vec()));
        let validate_only = request.validate_only;
        let activation = Activation { revision, key: key.filter(|_| !validate_only), validate_only, redate };
        for _ in 0..MAX_RACES {
            match self.activate(asker, &activation).await {
                Err(Failed::Raced) => {}
                Err(Failed::Refused(error)) => return Err(error),
                Ok(answer) => return Ok(answer),
            }
        }
        Err(overloaded())
    }

    async fn activate(&self, asker: &Asker, wanted: &Activation) -> Result<v1::ActivatePolicyResponse, Failed> {
        let Activation { revision, key, validate_only, redate } = *wanted;
        let standing = Standing::read(&self.store, asker.tenant).await?;
        if let Some(kept) = kept::look(&self.store, asker.tenant, key).await? {
            return Ok(kept);
        }
        let row = self.store.policy(asker.tenant, revision).await.map_err(rejected)?;
        let row = row.ok_or_else(|| Error::NotFound { resource: PolicyName(Some(revision)).to_name() })?;
        let (standing, checked) = check(standing, row.source.as_str().into()).await?;
        checked.map_err(|problems| Error::from(Precondition::PolicyDoesNotFit { revision, problems }))?;
        let active = standing.versions.policy == Some(revision);
        let redate = if redate {
            let directory = (standing.versions.directory, standing.directory.clone());
            Some(Redate::by_policy(&self.store, asker, directory, revision, self.clock.now()).await?)
        } else {
            None
        };
        if validate_only && redate.is_none() {
            return Ok(v1::ActivatePolicyResponse { policy: Some(stored(&row, active)), redated_clocks: None });
        }

        let mut tx = self.store.begin("activate_policy").await.map_err(rejected)?;
        standing.hold(&mut tx, asker.tenant).await?;
        let (lookup, kept) = kept::find(&mut tx, asker.tenant, key).await?;
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let now = self.clock.manual_now().unwrap_or(lookup.now);
        tx.activate_policy(asker.tenant, revision, now).await.map_err(rejected)?;
        let redated_clocks = match redate {
            Some(redate) => Some(redate.run(&mut tx, asker, now).await?.to_wire()),
            None => None,
        };
        if validate_only {
            tx.rollback().await.map_err(rejected)?;
            return Ok(v1::ActivatePolicyResponse { policy: Some(stored(&row, active)), redated_clocks });
        }
        let row = PolicyRevision { activated_at: Some(now), ..row };
        let answer = v1::ActivatePolicyResponse { policy: Some(stored(&row, true)), redated_clocks };
        kept::keep(&mut tx, asker.tenant, key, &answer).await?;
        tx.commit().await.map_err(rejected)?;
        Ok(answer)
    }
}

/// Checks a policy against the directory that stands.
async fn check(standing: Standing, source: Arc<str>) -> Result<(Standing, Result<(), Vec<Problem>>), Error> {
    compute(move || {
        let checked = Policy::parse(&source, &standing.directory).map(drop);
        (standing, checked)
    })
    .await
}

/// A stored revision with its source.
pub(super) fn stored(row: &PolicyRevision, active: bool) -> v1::Policy {
    to_wire(&Revision {
        number: Some(row.revision),
        source: &row.source,
        outline: &Outline::read(&row.source).unwrap_or_default(),
        active,
        created_at: Some(row.created_at),
        created_by: &row.created_by,
        activated_at: row.activated_at,
    })
}

fn request_id(text: &str, violations: &mut Violations) -> Option<Uuid> {
    fields::request_id(text, &Path::Request.field("request_id"), violations)
}
