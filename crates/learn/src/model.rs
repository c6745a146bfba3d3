//! A learned model as it is kept: a document of a few kilobytes that says all that it does, and how good it is.

use serde::{Deserialize, Serialize};

use crate::{attribute::Side, evaluate::Evaluation, guard::Suspect, score::ScorerError};

/// The format that this code writes and reads.
pub const FORMAT: u32 = 1;

/// A learned model. Numbers are finite; log-odds are natural logarithms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// [`FORMAT`].
    pub format: u32,
    /// Version of the code that trained it.
    pub code: String,
    /// What it was trained from.
    pub data: Data,
    /// Which kind of model it is.
    pub form: Form,
    /// How it did on leads it was not trained from.
    pub metrics: Evaluation,
    /// How the forms compared, on the same leads.
    pub candidates: Vec<Candidate>,
    /// Attributes that were not used, and why.
    pub left_out: Vec<LeftOut>,
    /// Log-odds of an average lead.
    pub intercept: f64,
    /// What each attribute adds.
    pub terms: Vec<Term>,
    /// What pairs of attributes add.
    pub pairs: Vec<Pair>,
    /// From log-odds to scores and grades.
    pub scale: Scale,
}

/// What a model was trained from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    /// Leads.
    pub rows: usize,
    /// Leads that were won.
    pub won: usize,
    /// Leads that were learnt from: a sample of those if there were very many.
    pub learnt: usize,
    /// SHA-256 of all attributes and outcomes, in hexadecimal.
    pub sha256: String,
    /// The seed of the training.
    pub seed: u64,
}

/// Kinds of models, the simplest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Logistic regression.
    Logistic,
    /// A shape for each attribute.
    Additive,
    /// A shape for each attribute, and tables for some pairs.
    AdditivePairs,
    /// A forest of gradient-boosted trees. It is compared and never used.
    Forest,
}

impl Form {
    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logistic => "logistic regression",
            Self::Additive => "additive",
            Self::AdditivePairs => "additive with pairs",
            Self::Forest => "boosted forest",
        }
    }
}

/// How one form did in cross-validation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Which.
    pub form: Form,
    /// Mean log loss.
    pub log_loss: f64,
    /// By how much that is above the best of the forms that can be used; below 0 for a forest that is better.
    pub excess: f64,
    /// Standard error of `excess`.
    pub standard_error: f64,
    /// Area under the ROC curve.
    pub auc: Option<f64>,
}

/// An attribute that was not used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its name.
    pub attribute: String,
    /// Why.
    pub because: Because,
}

/// Why an attribute was not used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// All leads have the same value, or none.
    Constant,
    /// Nearly every lead has a value of its own.
    Identifier,
    /// It looks known only afterwards.
    Leak(crate::guard::Reason),
}

impl From<Suspect> for LeftOut {
    fn from(suspect: Suspect) -> Self {
        Self { attribute: suspect.attribute, because: Because::Leak(suspect.reason) }
    }
}

/// What an attribute adds to the log-odds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// The attribute.
    pub attribute: String,
    /// Which level of the grade it counts in.
    #[serde(default)]
    pub side: Side,
    /// What it adds.
    #[serde(flatten)]
    pub shape: Shape,
}

/// How a value becomes log-odds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Shape {
    /// `slope` x (number cut to `low` ... `high`, less `centre`).
    Line {
        /// Least number told apart.
        low: f64,
        /// Greatest number told apart.
        high: f64,
        /// Where it adds nothing.
        centre: f64,
        /// Log-odds for one more.
        slope: f64,
        /// Of a blank.
        blank: f64,
    },
    /// Steps: `values[i]` up to and including `cuts[i]`, the last value above all cuts.
    Steps {
        /// Ascending.
        cuts: Vec<f64>,
        /// One more than cuts.
        values: Vec<f64>,
        /// Of a blank.
        blank: f64,
    },
    /// `values[i]` for `levels[i]`.
    Levels {
        /// The levels.
        levels: Vec<String>,
        /// As many.
        values: Vec<f64>,
        /// Of a level that is not listed.
        rest: f64,
        /// Of a blank.
        blank: f64,
    },
}

/// What a pair of attributes adds beyond what each adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The numbers of both in [`Model::terms`].
    pub of: [usize; 2],
    /// How the values of each fall on the places of its side.
    pub axes: [Axis; 2],
    /// Hundredths of log-odds of the cells, by the first attribute's place, then the second's.
    #[serde(with = "sparse")]
    pub hundredths: Vec<i32>,
}

/// Places along one side of a pair's table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Of a number: by cuts, which are among those of its steps.
    Cuts {
        /// Ascending.
        cuts: Vec<f64>,
        /// A blank has a place of its own, before the others; otherwise it shares the first.
        blank: bool,
    },
    /// Of a category: a blank, then the first `most` - 1 levels, then all others.
    Levels {
        /// The last place.
        most: usize,
    },
}

/// From log-odds to a score and a grade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// Log-odds below which 0, 5, 10 ... 100 of 100 leads of the training lie.
    pub log_odds: Vec<f64>,
    /// Least sum of contributions for A and for B.
    pub fit: [f64; 2],
    /// Least sum of contributions for 1 and for 2.
    pub intent: [f64; 2],
}

/// Why a document is no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It is not JSON, or not a model's.
    #[error("is no model: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It was written by other code.
    #[error("has format {found}, and this program reads format {FORMAT}")]
    Format {
        /// Its format.
        found: u32,
    },
    /// Its parts don't fit together.
    #[error("is no model: {0}")]
    Broken(#[from] ScorerError),
}

impl Model {
    /// As a JSON document. Reading it gives the same model, bit for bit.
    pub fn to_json(&self) -> String {
        // Maps have text keys and numbers are finite, so there is nothing to go wrong.
        let mut json = serde_json::to_string(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// Reads what [`Self::to_json`] wrote. Errors: it is something else, or of another format, or its parts don't fit.
    pub fn from_json(json: &str) -> Result<Self, ModelError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let Head { format: found } = serde_json::from_str(json)?;
        if found != FORMAT {
            return Err(ModelError::Format { found });
        }
        let model: Self = serde_json::from_str(json)?;
        crate::score::Scorer::new(&model)?;
        Ok(model)
    }
}

/// Most cells of a pair of categories hold no lead: a nought is followed by how many noughts there are.
mod sparse {
    use serde::{Deserialize, Deserializer, Serialize as _, Serializer, de::Error as _};

    /// More cells than any pair has.
    const MOST: usize = 1 << 16;

    pub(super) fn serialize<S: Serializer>(cells: &[i32], serializer: S) -> Result<S::Ok, S::Error> {
        let mut packed: Vec<i32> = Vec::new();
        for run in cells.chunk_by(|a, b| *a == 0 && *b == 0) {
            packed.push(run[0]);
            if run[0] == 0 {
                packed.push(i32::try_from(run.len()).unwrap_or(i32::MAX));
            }
        }
        packed.serialize(serializer)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Vec<i32>, D::Error> {
        let mut cells = Vec::new();
        let mut packed = Vec::<i32>::deserialize(deserializer)?.into_iter();
        while let Some(value) = packed.next() {
            let count = if value == 0 { packed.next().and_then(|count| usize::try_from(count).ok()) } else { Some(1) };
            match count {
                Some(count @ 1..=MOST) if cells.len() + count <= MOST => cells.resize(cells.len() + count, value),
                _ => return Err(D::Error::custom("the cells of a pair are not well packed")),
            }
        }
        Ok(cells)
    }
}
