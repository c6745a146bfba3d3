//! A learned model as it is kept: a document of a few kilobytes that says all that it does, and how good it is.

use domain::score::learned::{Pair, Scale, Scorer, ScorerError, Term};
use serde::{Deserialize, Serialize};

use crate::{evaluate::Evaluation, guard::Suspect};

pub use domain::score::learned::FORMAT;

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
    /// Makes it ready. Errors: its parts don't fit together.
    pub fn scorer(&self) -> Result<Scorer, ScorerError> {
        Scorer::new(self.intercept, &self.terms, &self.pairs, &self.scale)
    }

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
        model.scorer()?;
        Ok(model)
    }
}
