//! Scoring that is away, slow or talks nonsense: each lead gets its owner nevertheless, by the fallback score, and says so.

use std::time::Duration;

use api::v1::{self, BatchScoreLeadsRequest, BatchScoreLeadsResponse, GetDecisionRequest, RouteLeadRequest};
use kit::{client::ClientConfig, clock::Clock};
use leadrouter_tests::{NOW, company, config, install};
use server::{App, Roles};
use store::testing::Database;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};
use v1::{
    batch_score_result::Result as One,
    scoring_service_server::{ScoringService, ScoringServiceServer},
};

/// What a scoring service does wrong.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// It never answers.
    Silent,
    /// It fails.
    Fails,
    /// It has no answer for anybody.
    Nobody,
    /// It has an error for each lead.
    Errors,
    /// It has an answer without a score.
    Nothing,
    /// It has a score without levels.
    Levels,
    /// Its score is by what is no model.
    Model,
    /// Its score is of what no model has.
    Part,
}

#[derive(Debug)]
struct Stub(Fault);

/// A service that knows one method only.
macro_rules! stub {
    ($($rpc:ident($request:ident) -> $response:ident;)*) => {
        #[tonic::async_trait]
        impl ScoringService for Stub {
            async fn batch_score_leads(
                &self,
                request: Request<BatchScoreLeadsRequest>,
            ) -> Result<Response<BatchScoreLeadsResponse>, Status> {
                self.answer(request.into_inner().requests.len()).await.map(Response::new)
            }

            $(async fn $rpc(&self, _: Request<v1::$request>) -> Result<Response<v1::$response>, Status> {
                Err(Status::unimplemented("a stub"))
            })*
        }
    };
}

stub! {
    score_lead(ScoreLeadRequest) -> ScoreLeadResponse;
    explain_score(ExplainScoreRequest) -> ExplainScoreResponse;
    create_scoring_model(CreateScoringModelRequest) -> CreateScoringModelResponse;
    validate_scoring_model(ValidateScoringModelRequest) -> ValidateScoringModelResponse;
    activate_scoring_model(ActivateScoringModelRequest) -> ActivateScoringModelResponse;
    get_scoring_model(GetScoringModelRequest) -> GetScoringModelResponse;
    list_scoring_models(ListScoringModelsRequest) -> ListScoringModelsResponse;
}

impl Stub {
    async fn answer(&self, leads: usize) -> Result<BatchScoreLeadsResponse, Status> {
        let score = v1::Score { fit: 1, intent: 1, grade: "A1".to_owned(), ..v1::Score::default() };
        let score = match self.0 {
            Fault::Silent => std::future::pending().await,
            Fault::Fails => return Err(Status::internal("it broke")),
            Fault::Nobody => return Ok(BatchScoreLeadsResponse::default()),
            Fault::Errors | Fault::Nothing => None,
            Fault::Levels => Some(v1::Score { fit: 99, ..score }),
            Fault::Model => Some(v1::Score { scoring_model: "scoringModels/best".to_owned(), ..score }),
            Fault::Part => {
                let contributions =
                    vec![v1::Contribution { index: -1, points: i32::MIN, ..v1::Contribution::default() }];
                Some(v1::Score { contributions, ..score })
            }
        };
        let one = match self.0 {
            Fault::Errors => One::Error(v1::Error::default()),
            _ => One::Response(v1::ScoreLeadResponse { score }),
        };
        let results = vec![v1::BatchScoreResult { result: Some(one) }; leads];
        Ok(BatchScoreLeadsResponse { results })
    }
}

/// Routes a lead by an assignment service that asks there for scores, and comes back with its decision.
async fn decision(scoring: String, score_timeout: Duration) -> v1::Decision {
    let database = Database::create().await;
    let mut config = config(&database.url());
    config.assignment.scoring = Some(ClientConfig::new(scoring));
    config.assignment.score_timeout = score_timeout;
    let roles = Roles { scoring: false, assignment: true, escalation: false };
    let app = App::start(config, roles, Clock::manual(NOW)).await.unwrap();
    // Nobody is called there.
    let elsewhere = "http://127.0.0.1:1";
    let here = format!("http://{}", app.assignment.unwrap());
    let clients = cli::Connection::new(here, elsewhere, elsewhere, "default").clients().unwrap();
    install(&clients, &company::directory(&[("ana", 1, "")]), company::POLICY).await;
    let mut client = clients.assignment.clone();
    let request = RouteLeadRequest { lead: Some(company::lead(1)), ..RouteLeadRequest::default() };
    let routed = client.route_lead(request).await.unwrap().into_inner();
    assert_eq!(routed.lead.unwrap().owner, "reps/ana");
    let request = GetDecisionRequest { name: routed.decision };
    let decision = client.get_decision(request).await.unwrap().into_inner().decision.unwrap();
    app.stop().await;
    decision
}

fn is_by_fallback(decision: &v1::Decision) {
    let score = decision.score.as_ref().unwrap();
    assert_eq!((score.scoring_model.as_str(), score.grade.as_str()), ("", "B2"), "{score:?}");
    assert_eq!((score.fit_points, score.intent_points, score.contributions.len()), (0, 0, 0), "{score:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn scoring_that_is_away_keeps_nobody_waiting() {
    is_by_fallback(&decision("http://127.0.0.1:1".to_owned(), Duration::from_mins(1)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn scoring_that_does_wrong_is_not_believed() {
    use Fault::{Errors, Fails, Levels, Model, Nobody, Nothing, Part, Silent};
    for fault in [Silent, Fails, Nobody, Errors, Nothing, Levels, Model, Part] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stub = tonic::transport::Server::builder().add_service(ScoringServiceServer::new(Stub(fault)));
        let tasks = tokio_util::task::TaskTracker::new();
        let serving = tasks.spawn(stub.serve_with_incoming(TcpListenerStream::new(listener)));
        println!("{fault:?}");
        // Only one that never answers is waited for in vain.
        let patience = if matches!(fault, Silent) { Duration::from_millis(50) } else { Duration::from_mins(1) };
        is_by_fallback(&decision(format!("http://{address}"), patience).await);
        serving.abort();
    }
}
