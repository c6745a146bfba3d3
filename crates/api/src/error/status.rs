//! Errors as a gRPC status with the standard rich details.

use tonic::Status;
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt as _};

use super::{
    Error,
    report::{Report, code},
};
use crate::{ERROR_DOMAIN, v1::ErrorReason, violations::Violation};

/// Details travel in a header block, and clients refuse large ones (8 KiB in several languages); base64 adds a third.
const MAX_DETAIL_BYTES: usize = 4_096;

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let report = Report::of(&error);
        let mut details = ErrorDetails::with_error_info(
            reason_text(report.reason),
            ERROR_DOMAIN,
            report
                .metadata
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<std::collections::HashMap<_, _>>(),
        );
        if !report.fields.is_empty() {
            let fields = what_fits(&report.fields, MAX_DETAIL_BYTES);
            details.set_bad_request(
                fields.iter().map(|v| FieldViolation::new(&v.field, &v.description)).collect::<Vec<_>>(),
            );
        }
        if !report.preconditions.is_empty() {
            let obstacles = what_fits(&report.preconditions, MAX_DETAIL_BYTES);
            let kind = reason_text(report.reason);
            details.set_precondition_failure(
                obstacles
                    .iter()
                    .map(|v| PreconditionViolation::new(kind, &v.field, &v.description))
                    .collect::<Vec<_>>(),
            );
        }
        if let Some(name) = &report.resource {
            details.set_resource_info(type_of(name), name, "", "");
        }
        if report.retry_after.is_some() {
            details.set_retry_info(report.retry_after);
        }
        Self::with_error_details(code(report.reason), report.message, details)
    }
}

/// The text of a reason in `ErrorInfo`: the name in the contract without its prefix.
pub(super) fn reason_text(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("ERROR_REASON_").unwrap_or(name)
}

/// As many of the violations, from the first, as fit into so many bytes; at least one. The message says how many there are.
pub(super) fn what_fits(violations: &[Violation], bytes: usize) -> &[Violation] {
    /// Tags and lengths around the two texts.
    const FRAME: usize = 12;
    let mut sum = 0;
    let count = violations
        .iter()
        .take_while(|violation| {
            sum += violation.field.len() + violation.description.len() + FRAME;
            sum <= bytes
        })
        .count();
    &violations[..count.max(1).min(violations.len())]
}

/// The type of the resource of that name, as `ResourceInfo` wants it.
fn type_of(name: &str) -> &'static str {
    let collection = match name.rsplit_once('/') {
        Some((parent, _)) => parent.rsplit('/').next().unwrap_or(parent),
        None => name,
    };
    match collection {
        "leads" => "leadrouter.v1.Lead",
        "assignments" => "leadrouter.v1.Assignment",
        "decisions" => "leadrouter.v1.Decision",
        "timers" => "leadrouter.v1.Timer",
        "escalations" => "leadrouter.v1.Escalation",
        "reps" => "leadrouter.v1.Rep",
        "teams" => "leadrouter.v1.Team",
        "pools" => "leadrouter.v1.Pool",
        "accounts" => "leadrouter.v1.Account",
        "territories" => "leadrouter.v1.Territory",
        "calendars" => "leadrouter.v1.Calendar",
        "absences" => "leadrouter.v1.Absence",
        "policies" => "leadrouter.v1.Policy",
        "scoringModels" => "leadrouter.v1.ScoringModel",
        "directory" => "leadrouter.v1.Directory",
        "operations" => "google.longrunning.Operation",
        _ => "leadrouter.v1",
    }
}
