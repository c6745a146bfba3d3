//! The score, criterion by criterion.

use api::v1::{Contribution, Score, ScoreSide};

use crate::text::{indented, table, word};

pub(super) fn told(score: Option<&Score>) -> String {
    let Some(score) = score else { return "Score: none\n".to_owned() };
    let Score { grade, scoring_model, contributions, .. } = score;
    if scoring_model.is_empty() {
        return format!("Score {grade}: scoring did not answer in time, and this grade stands in\n");
    }
    let fit = word(score.fit().as_str_name(), "FIT_LEVEL_").to_ascii_uppercase();
    let intent = word(score.intent().as_str_name(), "INTENT_LEVEL_");
    let (fit_points, intent_points) = (points(score.fit_points), points(score.intent_points));
    let chance = score.chance.map_or_else(String::new, |chance| format!(", {:.0} in 100 are won", chance * 100.0));
    let heading = format!(
        "Score {grade}: fit {fit_points} points ({fit}), intent {intent_points} ({intent}){chance}, by {scoring_model}\n"
    );
    if contributions.is_empty() {
        return format!("{heading}  No criterion gave points.\n");
    }
    heading + &indented(&table(["Points", "Side", "Criterion", "Because"], contributions.iter().map(row)))
}

fn row(given: &Contribution) -> [String; 4] {
    let criterion = match (given.criterion.as_str(), given.group.as_str()) {
        ("", group) => format!("bounds of {group}"),
        (criterion, "") => criterion.to_owned(),
        (criterion, group) => format!("{criterion} ({group})"),
    };
    let side = match given.side() {
        ScoreSide::Fit => "fit",
        ScoreSide::Intent => "intent",
        ScoreSide::Unspecified => "",
    };
    let sign = if given.points > 0 { "+" } else { "" };
    [format!("{sign}{}", points(given.points)), side.to_owned(), criterion, given.why.clone()]
}

/// Hundredths as points: 1250 is `12.5`.
fn points(hundredths: i32) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, rest) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    match (rest, rest % 10) {
        (0, _) => format!("{sign}{whole}"),
        (_, 0) => format!("{sign}{whole}.{}", rest / 10),
        _ => format!("{sign}{whole}.{rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::points;

    #[test]
    fn points_have_the_decimals_that_they_need() {
        let told: Vec<String> = [0, 5, 50, 1250, 1234, -300, -5, i32::MIN].map(points).into();
        assert_eq!(told, ["0", "0.05", "0.5", "12.5", "12.34", "-3", "-0.05", "-21474836.48"]);
    }
}
