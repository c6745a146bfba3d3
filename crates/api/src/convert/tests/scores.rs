use domain::score::{Contribution, FitLevel, IntentLevel, ModelRevision, Part, PointsModel, Score, ScoringModel};

use crate::{
    convert::score::{self, View},
    v1,
};

fn scored() -> Score {
    Score {
        model: ModelRevision(3),
        fit_points: 1_250,
        intent_points: -40,
        fit: FitLevel::B,
        intent: IntentLevel::Low,
        contributions: vec![
            Contribution { part: Part::Criterion(0), points: 2_250, signals: 0 },
            Contribution { part: Part::Group(0), points: -1_000, signals: 0 },
            Contribution { part: Part::Criterion(900), points: -40, signals: 2 },
        ],
    }
}

#[test]
fn a_score_comes_back_as_it_went() {
    let model = ScoringModel::parse(PointsModel::default_source()).unwrap();
    let wire = score::to_wire(&scored(), &model, View::Full);
    assert_eq!((wire.scoring_model.as_str(), wire.grade.as_str()), ("scoringModels/3", "B3"));
    assert!(!wire.contributions[0].criterion.is_empty() && !wire.contributions[0].why.is_empty());
    assert!(wire.contributions[1].criterion.is_empty() && !wire.contributions[1].group.is_empty());
    // A criterion that the model does not have can't be told from a group: only scores of that model come back whole.
    let known = Score { contributions: scored().contributions[..2].to_vec(), ..scored() };
    for view in [View::Basic, View::Full] {
        assert_eq!(score::from_wire(&score::to_wire(&known, &model, view)).as_ref(), Some(&known));
    }
}

#[test]
fn what_only_people_read_is_left_out_of_the_basic_view() {
    let model = ScoringModel::parse(PointsModel::default_source()).unwrap();
    let wire = score::to_wire(&scored(), &model, View::Basic);
    let side = i32::from(v1::ScoreSide::Unspecified);
    assert!(wire.contributions.iter().all(|part| part.why.is_empty() && part.group.is_empty() && part.side == side));
    assert!(!wire.contributions[0].criterion.is_empty());
}

#[test]
fn a_score_of_no_stored_model_names_none() {
    let stand_in = Score { model: ModelRevision(0), contributions: Vec::new(), ..scored() };
    let wire = score::summary(&stand_in);
    assert_eq!(wire.scoring_model, "");
    assert_eq!(score::from_wire(&wire), Some(stand_in));
}

#[test]
fn half_a_score_is_none() {
    assert_eq!(score::from_wire(&v1::Score::default()), None);
    let wrong = v1::Score { scoring_model: "scoringModels/active".to_owned(), ..score::summary(&scored()) };
    assert_eq!(score::from_wire(&wrong), None);
}
