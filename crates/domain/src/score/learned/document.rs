//! The document of a learned model: JSON, of which scoring reads a part.

use serde::{Deserialize, de::IgnoredAny};

use super::{Attribute, LearnedModel, Pair, Scale, Scorer, Term};
use crate::{score::MAX_BYTES, yaml::Problem};

/// The format that is written and read.
pub const FORMAT: u32 = 1;

/// Most attributes of a model, and most pairs.
const MAX_PARTS: usize = 1_000;

/// What scoring reads.
#[derive(Deserialize)]
struct Document {
    data: Data,
    form: String,
    metrics: Metrics,
    intercept: f64,
    terms: Vec<Term>,
    #[serde(default)]
    pairs: Vec<Pair>,
    scale: Scale,
}

#[derive(Deserialize)]
struct Data {
    rows: usize,
    won: usize,
}

#[derive(Deserialize)]
struct Metrics {
    auc: Option<f64>,
    log_loss: f64,
    base_log_loss: f64,
}

/// What tells a learned model from other documents.
#[derive(Deserialize)]
struct Head {
    format: Option<u32>,
    terms: Option<IgnoredAny>,
}

/// True for JSON that has a format or terms.
pub(super) fn is_meant(text: &str) -> bool {
    serde_json::from_str::<Head>(text).is_ok_and(|head| head.format.is_some() || head.terms.is_some())
}

pub(super) fn read(text: &str) -> Result<LearnedModel, Vec<Problem>> {
    let whole = |message: String| vec![problem("", message)];
    if text.len() > MAX_BYTES {
        return Err(whole(format!("has {} bytes; at most {MAX_BYTES} are allowed", text.len())));
    }
    let malformed = |error: serde_json::Error| {
        let place = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).max(1);
        let (line, column) = (place(error.line()), place(error.column()));
        vec![Problem { line, column, field: String::new(), message: format!("is no learned model: {error}") }]
    };
    let head: Head = serde_json::from_str(text).map_err(malformed)?;
    if head.format != Some(FORMAT) {
        let found = head.format.map_or_else(|| "none".to_owned(), |format| format.to_string());
        return Err(vec![problem("format", format!("is {found}, expected {FORMAT}: train the model again"))]);
    }
    let document: Document = serde_json::from_str(text).map_err(malformed)?;
    let Document { data, form, metrics, intercept, terms, pairs, scale } = document;
    if terms.len() > MAX_PARTS || pairs.len() > MAX_PARTS {
        return Err(whole(format!("has more than {MAX_PARTS} attributes or pairs")));
    }
    let scorer = Scorer::new(intercept, &terms, &pairs, &scale).map_err(|error| whole(error.to_string()))?;
    let (mut attributes, mut problems) = (Vec::new(), Vec::new());
    for (index, term) in terms.iter().enumerate() {
        match Attribute::find(&term.attribute, scorer.is_number(index)) {
            Ok(attribute) => attributes.push(attribute),
            Err(message) => problems.push(problem(&format!("terms[{index}].attribute"), message)),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let auc = metrics.auc.map_or_else(String::new, |auc| format!("AUC {auc:.3}, "));
    let description = format!(
        "{}, learned from {} leads of which {} were won; {auc}log loss {:.3} against {:.3} without a model",
        form.replace('_', " "),
        data.rows,
        data.won,
        metrics.log_loss,
        metrics.base_log_loss
    );
    Ok(LearnedModel::new(scorer, attributes, description))
}

/// JSON keeps no places.
fn problem(field: &str, message: String) -> Problem {
    Problem { line: 1, column: 1, field: field.to_owned(), message }
}
