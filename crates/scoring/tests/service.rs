//! The service on a real store.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::sync::Arc;

use api::v1::{self, batch_score_result::Result as Entry, scoring_service_server::ScoringService};
use domain::{
    decide::{Counters, Occasion, Question, decide, plan},
    directory::{Account, DirectoryDocument, Entity},
    ids::{LeadId, TenantId},
    lead::{Lead, Profile},
    lifecycle::{Context, open},
    policy::Policy,
    score::{ModelRevision, PointsModel},
    snapshot::{DirectoryIndex, Snapshot},
};
use jiff::{SignedDuration, Timestamp};
use kit::{auth::Caller, clock::Clock};
use leadrouter_scoring::{ScoringApi, ensure_default_model};
use store::{Changes, NewLead, Store, Tenants, testing::Database};
use tonic::{Code, Request, Status};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::constant(1_795_420_800, 0);

/// Gives what an account of a strategic tier and many people are worth.
const MODEL: &str = "
name: accounts
description: Only big ones
fit:
  levels: { A: 30, B: 10 }
  criteria:
    - { name: strategic, when: account.tier == \"strategic\", points: 25 }
    - { name: large, when: lead.employees >= 1000, points: 12.5 }
intent:
  levels: { 1: 10, 2: 5 }
  criteria:
    - { name: webinar, signal: webinar, points: 8, half_life_days: 10 }
";

/// A service with a store of its own.
struct Service {
    api: ScoringApi,
    store: Store,
    tenant: TenantId,
    /// Held until the end of the test.
    _database: Database,
}

impl Service {
    async fn start() -> Self {
        let database = Database::create().await;
        let store = database.store().await;
        let tenant = store.ensure_tenant("acme", NOW).await.unwrap();
        let api = ScoringApi::new(store.clone(), Arc::new(Tenants::new(store.clone())), Clock::manual(NOW));
        Self { api, store, tenant, _database: database }
    }

    async fn create(&self, source: &str, request_id: &str) -> Result<v1::ScoringModel, Status> {
        let request = v1::CreateScoringModelRequest {
            scoring_model: Some(v1::ScoringModel { source: source.to_owned(), ..v1::ScoringModel::default() }),
            request_id: request_id.to_owned(),
            validate_only: false,
        };
        let response = self.api.create_scoring_model(ask(request)).await?;
        Ok(response.into_inner().scoring_model.unwrap())
    }

    async fn activate(&self, name: &str) -> Result<v1::ScoringModel, Status> {
        let request = v1::ActivateScoringModelRequest { name: name.to_owned(), request_id: String::new() };
        let response = self.api.activate_scoring_model(ask(request)).await?;
        Ok(response.into_inner().scoring_model.unwrap())
    }

    async fn score(&self, request: v1::ScoreLeadRequest) -> Result<v1::Score, Status> {
        Ok(self.api.score_lead(ask(request)).await?.into_inner().score.unwrap())
    }
}

fn ask<T>(message: T) -> Request<T> {
    ask_as("acme", message)
}

fn ask_as<T>(tenant: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller { tenant: tenant.into(), actor: "ben".into() });
    request
}

fn lead(employees: i64) -> v1::ScoreLeadRequest {
    let lead = v1::LeadProfile {
        email: Some("ada@eu.acme.example".to_owned()),
        employees: Some(employees),
        signals: vec![v1::Signal {
            kind: "webinar".to_owned(),
            at: Some(api::convert::time::to_wire(NOW - SignedDuration::from_hours(240))),
        }],
        ..v1::LeadProfile::default()
    };
    v1::ScoreLeadRequest { lead: Some(lead), ..v1::ScoreLeadRequest::default() }
}

fn account() -> Account {
    let yaml = "accounts: [{ id: acme, name: Acme, domains: [acme.example], tier: strategic }]";
    let document = DirectoryDocument::parse(yaml).unwrap();
    document.accounts.values().next().unwrap().as_ref().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_kept_and_put_in_force() {
    let service = Service::start().await;
    let early =
        ScoringApi::new(service.store.clone(), Arc::new(Tenants::new(service.store.clone())), Clock::manual(NOW));
    assert_eq!(early.score_lead(ask(lead(5))).await.unwrap_err().code(), Code::FailedPrecondition);

    // The shipped model comes first, once.
    ensure_default_model(&service.store, service.tenant, NOW).await.unwrap();
    ensure_default_model(&service.store, service.tenant, NOW).await.unwrap();
    assert_eq!(service.store.models(service.tenant, None, 9).await.unwrap().len(), 1);

    // The same request again creates no second one; another under its id is refused.
    let id = Uuid::from_u128(7).to_string();
    let created = service.create(MODEL, &id).await.unwrap();
    assert_eq!((created.name.as_str(), created.display_name.as_str()), ("scoringModels/2", "accounts"));
    assert_eq!((created.creator.as_str(), created.active, created.activate_time), ("ben", false, None));
    assert_eq!(service.create(MODEL, &id).await.unwrap(), created);
    let other = service.create(PointsModel::default_source(), &id).await.unwrap_err();
    assert_eq!(other.code(), Code::AlreadyExists);

    // What is wrong with a document is told with its place, and nothing is stored.
    let wrong = MODEL.replace("lead.employees", "lead.emploees");
    let status = service.create(&wrong, "").await.unwrap_err();
    assert!(status.code() == Code::InvalidArgument && status.message().contains("lead.employees"), "{status:?}");
    let request = v1::ValidateScoringModelRequest { source: wrong };
    let problems = service.api.validate_scoring_model(ask(request)).await.unwrap().into_inner().problems;
    assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [8]);

    // The default model scores until the other one is activated, which is at once for who activates.
    assert_eq!(service.score(lead(5_000)).await.unwrap().scoring_model, "scoringModels/1");
    let active = service.activate("scoringModels/2").await.unwrap();
    assert!(active.active && active.activate_time.is_some());
    assert_eq!(service.score(lead(5_000)).await.unwrap().scoring_model, "scoringModels/2");
    let first = v1::ScoreLeadRequest { scoring_model: "scoringModels/1".to_owned(), ..lead(5_000) };
    assert_eq!(service.score(first).await.unwrap().scoring_model, "scoringModels/1");
    assert_eq!(service.activate("scoringModels/9").await.unwrap_err().code(), Code::NotFound);
    let status = service.activate("scoringModels/active").await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().ends_with("expected `scoringModels/{revision}`"), "{status:?}");

    let request = v1::GetScoringModelRequest { name: "scoringModels/active".to_owned() };
    let found = service.api.get_scoring_model(ask(request)).await.unwrap().into_inner().scoring_model.unwrap();
    assert_eq!((found.name.as_str(), found.source.as_str()), ("scoringModels/2", MODEL));
    let page = |page_token: &str| v1::ListScoringModelsRequest { page_size: 1, page_token: page_token.to_owned() };
    let newest = service.api.list_scoring_models(ask(page(""))).await.unwrap().into_inner();
    assert_eq!((newest.scoring_models[0].name.as_str(), newest.scoring_models[0].active), ("scoringModels/2", true));
    let oldest = service.api.list_scoring_models(ask(page(&newest.next_page_token))).await.unwrap().into_inner();
    assert_eq!((oldest.scoring_models[0].name.as_str(), oldest.next_page_token.as_str()), ("scoringModels/1", ""));

    let request = ask_as("nobody", lead(5));
    assert_eq!(service.api.score_lead(request).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_are_scored_by_what_is_known_of_their_company() {
    let service = Service::start().await;
    let entities = [Entity::Account(account())];
    service.store.change_directory(service.tenant, None, &entities, &[], "ben", NOW).await.unwrap();
    service.store.ensure_model(service.tenant, MODEL, "ben", NOW).await.unwrap();

    let score = service.score(lead(5_000)).await.unwrap();
    assert_eq!((score.fit_points, score.intent_points, score.grade.as_str()), (3_750, 400, "A3"));
    let given: Vec<_> = score.contributions.iter().map(|part| (part.criterion.as_str(), part.points)).collect();
    assert_eq!(given, [("strategic", 2_500), ("large", 1_250), ("webinar", 400)]);
    let nobody = v1::ScoreLeadRequest { account: "accounts/nobody".to_owned(), ..lead(5) };
    assert_eq!(service.score(nobody).await.unwrap_err().code(), Code::NotFound);

    // Each entry of a batch stands for itself.
    let requests = vec![lead(5), lead(-1), lead(5_000)];
    let batch = service.api.batch_score_leads(ask(v1::BatchScoreLeadsRequest { requests })).await.unwrap();
    let grades = batch.into_inner().results.into_iter().map(|entry| match entry.result.unwrap() {
        Entry::Response(response) => response.score.unwrap().grade,
        Entry::Error(error) => error.field_violations[0].field.clone(),
    });
    assert_eq!(grades.collect::<Vec<_>>(), ["B3", "requests[1].lead.employees", "A3"]);

    // A stored lead is explained as its decision had it, whatever came since.
    let id = route(&service).await;
    service.store.insert_model(service.tenant, PointsModel::default_source(), "ben", NOW).await.unwrap();
    service.activate("scoringModels/2").await.unwrap();
    let explain = |scoring_model: &str| {
        let (name, scoring_model) = (format!("leads/{id}"), scoring_model.to_owned());
        let request = v1::ExplainScoreRequest { name, scoring_model, score_time: None };
        async { service.api.explain_score(ask(request)).await.unwrap().into_inner() }
    };
    let explained = explain("").await;
    let score = explained.score.unwrap();
    assert_eq!((score.scoring_model.as_str(), score.grade.as_str()), ("scoringModels/1", "B3"));
    assert_eq!(score.contributions[0].criterion, "large");
    assert_eq!(explained.score_time, Some(api::convert::time::to_wire(NOW)));
    assert_eq!(explain("scoringModels/active").await.score.unwrap().scoring_model, "scoringModels/2");
    assert_eq!(explain("scoringModels/1").await.score.unwrap(), score);
}

/// Stores a lead with a decision.
async fn route(service: &Service) -> LeadId {
    let profile = Profile { external_id: Some("x".to_owned()), employees: Some(2_000), ..Profile::default() };
    let lead = Lead { id: LeadId(Uuid::from_u128(9)), created_at: NOW, profile };
    let model = PointsModel::parse(MODEL).unwrap().with_revision(ModelRevision(1));
    let facts = domain::expr::Facts {
        lead: &lead.profile,
        created_at: NOW,
        account: None,
        existing_owner: None,
        score: None,
        local: jiff::tz::TimeZone::UTC.to_datetime(NOW),
        company_domain: None,
    };
    let score = model.score(&facts, NOW);
    let directory = DirectoryIndex::compile(0, DirectoryDocument::default(), NOW).unwrap();
    let yaml = "name: p\ntime_zone: UTC\nrules: []\ndefault: { to: { queue: review }, sla: review }\n";
    let policy = Policy::parse(yaml, &directory.document).unwrap();
    let snapshot = Snapshot::new(Arc::new(directory), Arc::new(policy), 1);
    let question =
        Question { lead: &lead, score: &score, existing_owner: None, excluded: &[], occasion: Occasion::New, now: NOW };
    let plan = plan(&snapshot, &question);
    let verdict = decide(&snapshot, &plan, &question, &mut Counters::default());
    let context = Context { snapshot: &snapshot, now: NOW, actor: "ben", note: None, traceparent: None };
    let case = open(&context, Arc::new(lead.clone()), &question, &verdict);
    let changes = Changes {
        new_leads: vec![NewLead { lead: lead.clone(), ownership: case.ownership, assignment: case.assignment }],
        new_timers: case.timers.into_values().collect(),
        ..Changes::default()
    };
    let mut tx = service.store.begin("test").await.unwrap();
    tx.hold_tenant(service.tenant).await.unwrap();
    tx.write(service.tenant, &changes).await.unwrap();
    tx.commit().await.unwrap();
    lead.id
}
