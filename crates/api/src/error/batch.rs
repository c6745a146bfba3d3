//! Errors of one entry of a batch.

use super::{
    Error,
    report::{Report, code},
    status::what_fits,
};
use crate::v1;

/// A batch has up to 1,000 entries, and its answer should stay below 4 MiB.
const MAX_ENTRY_BYTES: usize = 2_048;

impl From<Error> for v1::Error {
    fn from(error: Error) -> Self {
        let report = Report::of(&error);
        let shown = &report.fields;
        let violations = if shown.is_empty() { &[] } else { what_fits(shown, MAX_ENTRY_BYTES) };
        Self {
            code: code(report.reason).into(),
            message: report.message,
            reason: report.reason.into(),
            field_violations: violations
                .iter()
                .map(|violation| v1::FieldViolation {
                    field: violation.field.clone(),
                    description: violation.description.clone(),
                })
                .collect(),
            metadata: report.metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            retry_delay: report.retry_after.and_then(|delay| delay.try_into().ok()),
        }
    }
}
