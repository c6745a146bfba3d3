//! Errors from the wire as text for people.

use std::fmt::{self, Write as _};

use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// A call that failed. Displayed, it is what [`told`] says.
#[derive(Debug)]
pub struct CallError(pub Box<Status>);

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&told(&self.0))
    }
}

impl std::error::Error for CallError {}

impl From<Status> for CallError {
    fn from(status: Status) -> Self {
        Self(Box::new(status))
    }
}

/// The message of an answer.
pub(crate) fn answer<T>(result: Result<Response<T>, Status>) -> Result<T, CallError> {
    Ok(result?.into_inner())
}

/// What went wrong: the message with its reason (of an error that is not ours: its code), then each violation or obstacle
/// on a line of its own if there are several, and when to try again if that is known.
pub fn told(status: &Status) -> String {
    let details = status.get_error_details();
    let fields = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
    let obstacles = details.precondition_failure().map(|failure| failure.violations.as_slice()).unwrap_or_default();
    let all: Vec<String> = fields
        .iter()
        .map(|violation| format!("{}: {}", violation.field, violation.description))
        .chain(obstacles.iter().map(|obstacle| format!("{}: {}", obstacle.subject, obstacle.description)))
        .collect();

    let message = message(status);
    let (heading, left_out) = if all.len() > 1 { heading(&message, &all) } else { (message.as_str(), 0) };
    let mut text = match details.error_info() {
        Some(info) => format!("{heading} ({})", info.reason),
        None => format!("{heading} ({:?})", status.code()),
    };
    if let Some(trace) = details.error_info().and_then(|info| info.metadata.get("trace_id")) {
        let _ = write!(text, ", trace id {trace}");
    }
    for line in all.iter().filter(|_| all.len() > 1) {
        let _ = write!(text, "\n  {line}");
    }
    if left_out > 0 {
        let _ = write!(text, "\n  and {left_out} more");
    }
    if let Some(delay) = details.retry_info().and_then(|retry| retry.retry_delay) {
        let _ = write!(text, "\n  try again in {:.1} s", delay.as_secs_f64());
    }
    text
}

/// The message without the first of the lines that follow it, and how many did not fit into the error.
fn heading<'m>(message: &'m str, all: &[String]) -> (&'m str, usize) {
    let Some((before, behind)) = message.split_once(all[0].as_str()) else { return (message, 0) };
    let more = behind.strip_prefix(" (and ").and_then(|rest| rest.strip_suffix(" more)")?.parse::<usize>().ok());
    let heading = before.trim_end().trim_end_matches(':');
    let heading = if heading.is_empty() { "several things are wrong" } else { heading };
    (heading, more.map_or(0, |more| (more + 1).saturating_sub(all.len())))
}

/// Never nothing: proxies answer without a message.
fn message(status: &Status) -> String {
    match (status.message(), status.code()) {
        ("", Code::Unimplemented) => "the server does not know this call: it is older than this client".to_owned(),
        ("", _) => "the call failed".to_owned(),
        (message, Code::Unimplemented) => format!("the server does not know this call: {message}"),
        (message, _) => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use api::{Error, Path, Precondition, Violations};
    use domain::yaml::Problem;

    use super::*;

    fn problem(line: u32, field: &str, message: &str) -> Problem {
        Problem { line, column: 5, field: field.to_owned(), message: message.to_owned() }
    }

    #[test]
    fn every_violation_has_a_line() {
        let mut violations = Violations::default();
        let lead = api::Path::Request.field("lead");
        violations.add(&lead.field("employees"), "expected 0 to 100000000, found -1".to_owned());
        violations.add(&lead.field("country"), "expected an ISO 3166-1 code such as `US`, found `USA`".to_owned());
        insta::assert_snapshot!(told(&Error::from(violations).into()));
    }

    #[test]
    fn one_violation_is_told_once() {
        let mut violations = Violations::default();
        violations.add(&Path::Request.field("filter"), "`onwer` can't be filtered by; did you mean `owner`?");
        let error = Error::from(violations);
        insta::assert_snapshot!(told(&error.into()));
    }

    #[test]
    fn obstacles_are_told() {
        let problems = vec![problem(3, "rules[0].to", "no pool `west`"), problem(9, "default.to", "no rep `ann`")];
        let error = Error::from(Precondition::PolicyDoesNotFit { revision: 7, problems });
        insta::assert_snapshot!(told(&error.into()));
    }

    #[test]
    fn what_did_not_fit_into_the_error_is_counted() {
        let problems = (1..=500).map(|line| problem(line, "teams[0]", "expected a list")).collect();
        let told = told(&Error::InvalidDocument { field: "source", problems }.into());
        let lines = told.lines().count() - 2;
        assert!(told.ends_with(&format!("\n  and {} more", 500 - lines)), "{told}");
    }

    #[test]
    fn it_says_when_to_try_again() {
        let error = Error::ResourceExhausted { retry_after: Duration::from_millis(1_500) };
        insta::assert_snapshot!(told(&error.into()));
    }

    #[test]
    fn what_others_answer_is_told_as_well() {
        assert_eq!(told(&Status::unavailable("upstream is gone")), "upstream is gone (Unavailable)");
        assert_eq!(told(&Status::new(Code::Unknown, "")), "the call failed (Unknown)");
        let older = "the server does not know this call: it is older than this client (Unimplemented)";
        assert_eq!(told(&Status::unimplemented("")), older);
    }
}
