//! Directory, policy and points model: documents that people write, and services keep.
//!
//! What is wrong with a document is told line by line, `FILE:LINE:COLUMN: FIELD: MESSAGE`, all of it at once.

mod directory;
mod revisions;

use std::{fmt, fs, path::Path};

use anyhow::{Context as _, bail};
use api::v1::{ErrorReason, Policy, Problem, ScoringModel};
use tonic::Status;

use crate::{CallError, Clients};

pub use directory::import_directory;
pub(crate) use directory::{problems_of_directory, send_directory, summary};
pub(crate) use revisions::{Models, Policies, Revision, Revisions, create};

/// A text that somebody wrote, and what messages call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    name: String,
    source: String,
}

impl Document {
    /// A document that is at hand; `name` is what messages call it.
    pub fn new(name: impl Into<String>, source: impl Into<String>) -> Self {
        Self { name: name.into(), source: source.into() }
    }

    /// Reads a file. Errors: it can't be read, or is no text.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let source = fs::read_to_string(path).with_context(|| format!("can't read {name}"))?;
        Ok(Self { name, source })
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    pub fn source(&self) -> &str {
        &self.source
    }
}

/// A document that is not taken, and everything that is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// What messages call the document.
    pub document: String,
    /// At least one, in the order of the document.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { document, problems } = self;
        write!(f, "{document} can't be used: {}", crate::text::count(problems.len(), "problem"))?;
        for Problem { line, column, field, message } in problems {
            let field = if field.is_empty() { String::new() } else { format!("{field}: ") };
            write!(f, "\n{document}:{line}:{column}: {field}{message}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

/// Creates a revision of the policy and makes it the one that routes.
///
/// Errors: [`Refused`] with every problem; [`CallError`].
pub async fn install_policy(clients: &Clients, document: &Document) -> anyhow::Result<Policy> {
    let policies = Policies(clients.policy.clone());
    let created = create(&policies, document).await?;
    policies.activate_one(&created.name).await
}

/// Creates a revision of the points model and makes it the one that scores.
///
/// Errors: [`Refused`] with every problem; [`CallError`].
pub async fn install_model(clients: &Clients, document: &Document) -> anyhow::Result<ScoringModel> {
    let models = Models(clients.scoring.clone());
    let created = create(&models, document).await?;
    models.activate_one(&created.name).await
}

/// Stops with everything that is wrong, if anything is.
pub(crate) fn accepted(document: &Document, problems: Vec<Problem>) -> anyhow::Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    bail!(Refused { document: document.name.clone(), problems })
}

/// Why a document was not taken: an error holds only so many problems, so all of them are asked for.
async fn refusal<A>(document: &Document, status: Status, validate: impl FnOnce(String) -> A) -> anyhow::Error
where
    A: Future<Output = anyhow::Result<Vec<Problem>>>,
{
    if api::reason_of(&status) == Some(ErrorReason::InvalidDocument) {
        let refused = match validate(document.source.clone()).await {
            Ok(problems) => accepted(document, problems),
            Err(error) => Err(error),
        };
        if let Err(error) = refused {
            return error;
        }
    }
    CallError::from(status).into()
}

/// An id for a request that may be sent again.
pub(crate) fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn each_problem_is_told_with_its_place() {
        let problem = |line, column, field: &str, message: &str| Problem {
            line,
            column,
            field: field.to_owned(),
            message: message.to_owned(),
        };
        let refused = Refused {
            document: "policy.yaml".to_owned(),
            problems: vec![
                problem(3, 9, "rules[0].when", "`lead.employes` is unknown; did you mean `lead.employees`?"),
                problem(40, 1, "", "expected a key, found `-`"),
            ],
        };
        insta::assert_snapshot!(refused);
    }

    fn problems(count: i32) -> Vec<Problem> {
        let problem = |line| Problem { line, column: 1, message: "expected a list".to_owned(), ..Problem::default() };
        (1..=count).map(problem).collect()
    }

    fn document() -> Document {
        Document::new("directory.yaml", "teams: 1")
    }

    #[tokio::test]
    async fn all_problems_are_told_not_only_those_that_fit_into_an_error() {
        let found =
            domain::yaml::Problem { line: 1, column: 1, field: "teams".to_owned(), message: "is wrong".to_owned() };
        let status = api::Error::InvalidDocument { field: "source", problems: vec![found] }.into();
        let error = refusal(&document(), status, |_| async { Ok(problems(900)) }).await;
        let refused: Refused = error.downcast().unwrap();
        assert_eq!((refused.document.as_str(), refused.problems.len()), ("directory.yaml", 900));
    }

    #[tokio::test]
    async fn what_is_not_the_documents_fault_is_told_as_it_is() {
        let validate = |_| async { anyhow::bail!("not to be asked") };
        let error = refusal(&document(), api::Error::StoreUnavailable.into(), validate).await;
        assert!(error.to_string().starts_with("the store can't be reached"), "{error}");
        // It was put in order between the two calls.
        let status = api::Error::InvalidDocument { field: "source", problems: Vec::new() }.into();
        let error = refusal(&document(), status, |_| async { Ok(Vec::new()) }).await;
        assert!(error.is::<CallError>(), "{error}");
    }
}
