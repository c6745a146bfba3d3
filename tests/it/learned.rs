//! A model that was learned from a file, and scores on the server.

use std::{fmt::Write as _, process::Command};

use api::v1::{
    ActivateScoringModelRequest, AttributeValue, CreateScoringModelRequest, ExplainScoreRequest, GetDecisionRequest,
    LeadProfile, ScoreLeadRequest, ScoringModel, attribute_value::Kind,
};
use leadrouter_tests::{World, binary, company};
use tonic::Code;
use tonic_types::StatusExt as _;

const MAPPING: &str = "
name: visits
label: { column: Outcome, won: [won], lost: [lost] }
attributes:
  lead.country: { column: Country }
  visits: { column: Visits, kind: number, side: intent }
";

/// Leads of which those from France are won, and those who came often.
fn history() -> String {
    let mut text = "Country,Visits,Outcome\n".to_owned();
    for lead in 0..800 {
        let (country, visits) = (["FR", "DE"][lead % 2], lead * 7 % 20);
        let chance = 10 + visits * 3 + if country == "FR" { 25 } else { 0 };
        let outcome = if lead * 37 % 100 < chance { "won" } else { "lost" };
        writeln!(text, "{country},{visits},{outcome}").unwrap();
    }
    text
}

/// Trains one with the program, as people do.
fn train() -> String {
    let place = tempfile::tempdir().unwrap();
    let file = |name: &str| place.path().join(name);
    std::fs::write(file("leads.csv"), history()).unwrap();
    std::fs::write(file("mapping.yaml"), MAPPING).unwrap();
    let mut command = Command::new(binary());
    command.args(["model", "train", "--data"]).arg(file("leads.csv")).arg("--mapping").arg(file("mapping.yaml"));
    let output = command.arg("--out").arg(file("model.json")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_to_string(file("model.json")).unwrap()
}

fn lead(number: usize, country: &str, visits: f64) -> LeadProfile {
    let visits = AttributeValue { kind: Some(Kind::Number(visits)) };
    LeadProfile {
        country: Some(country.to_owned()),
        attributes: [("visits".to_owned(), visits)].into(),
        ..company::lead(number)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_was_learned_scores_and_says_what_added_what() {
    let world = World::of(&company::directory(&[("anna", 1, "")]), company::POLICY).await;
    let mut scoring = world.clients.scoring.clone();
    let create = |source: String| CreateScoringModelRequest {
        scoring_model: Some(ScoringModel { source, ..ScoringModel::default() }),
        ..CreateScoringModelRequest::default()
    };
    let source = train();

    // What no lead can have is refused by name, all at once.
    let unknown = source.replace("lead.country", "lead.contry").replace("\"visits\"", "\"Visits\"");
    let refused = scoring.create_scoring_model(create(unknown)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let violations = refused.get_details_bad_request().unwrap().field_violations;
    assert_eq!(violations.len(), 2, "{violations:?}");

    let created = scoring.create_scoring_model(create(source)).await.unwrap().into_inner().scoring_model.unwrap();
    assert_eq!(created.display_name, "learned");
    assert!(created.description.contains("learned from 800 leads"), "{}", created.description);
    let activate = ActivateScoringModelRequest { name: created.name.clone(), ..ActivateScoringModelRequest::default() };
    scoring.activate_scoring_model(activate).await.unwrap();

    // The better the lead, the greater the chance.
    let mut chances = Vec::new();
    for (country, visits) in [("DE", 1.0), ("DE", 18.0), ("FR", 18.0)] {
        let request = ScoreLeadRequest { lead: Some(lead(0, country, visits)), ..ScoreLeadRequest::default() };
        let score = scoring.score_lead(request).await.unwrap().into_inner().score.unwrap();
        assert_eq!(score.scoring_model, created.name);
        let sum: i32 = score.contributions.iter().map(|part| part.points).sum();
        assert_eq!(sum, score.fit_points + score.intent_points);
        chances.push(score.chance.unwrap());
    }
    assert!(chances.is_sorted() && chances[0] < 0.3 && chances[2] > 0.7, "{chances:?}");

    // A lead that is routed by it can be explained for good, also after another model has come.
    let routed = world.route(lead(1, "FR", 18.0)).await.unwrap();
    let request = GetDecisionRequest { name: routed.decision };
    let decision = world.clients.assignment.clone().get_decision(request).await.unwrap().into_inner().decision.unwrap();
    let score = decision.score.unwrap();
    assert_eq!(score.chance.unwrap().to_bits(), chances[2].to_bits());
    let named: Vec<&str> = score.contributions.iter().map(|part| part.criterion.as_str()).collect();
    assert!(named.contains(&"lead.country") && named.contains(&"visits"), "{named:?}");
    let first = ActivateScoringModelRequest { name: "scoringModels/1".to_owned(), ..Default::default() };
    scoring.activate_scoring_model(first).await.unwrap();
    let request = ExplainScoreRequest { name: routed.lead.unwrap().name, ..ExplainScoreRequest::default() };
    let explained = scoring.explain_score(request).await.unwrap().into_inner().score.unwrap();
    assert_eq!(explained, score);
    world.end().await;
}
