//! Leads that come in.

use domain::lead::Profile;
use uuid::Uuid;

use super::{fields, profile};
use crate::{Path, Violations, v1};

/// A lead to route.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// What is known of it.
    pub profile: Profile,
    /// The caller's id of the call.
    pub request_id: Option<Uuid>,
    /// Decide, but write nothing.
    pub preview: bool,
}

/// Reads one request.
///
/// Errors: every violation.
pub fn read(wire: v1::RouteLeadRequest) -> Result<Route, Violations> {
    read_at(wire, &Path::Request)
}

/// Reads one request of a stream, in which it stands as `request`.
///
/// Errors: every violation.
pub fn read_streamed(wire: v1::RouteLeadRequest) -> Result<Route, Violations> {
    read_at(wire, &Path::Request.field("request"))
}

fn read_at(wire: v1::RouteLeadRequest, path: &Path<'_>) -> Result<Route, Violations> {
    let mut violations = Violations::default();
    let route = Route {
        profile: profile::required(wire.lead, &path.field("lead"), &mut violations),
        request_id: fields::request_id(&wire.request_id, &path.field("request_id"), &mut violations),
        preview: wire.validate_only,
    };
    violations.check(route)
}

/// Reads a batch: each entry for itself, in order.
///
/// Errors: what makes the whole batch unreadable: its size, or some entries being previews and others not.
pub fn read_batch(wire: v1::BatchRouteLeadsRequest) -> Result<Vec<Result<Route, Violations>>, Violations> {
    let requests = Path::Request.field("requests");
    let mut violations = Violations::default();
    fields::batch_fits(wire.requests.len(), &requests, &mut violations);
    let preview = wire.requests.first().is_some_and(|entry| entry.validate_only);
    if let Some(index) = wire.requests.iter().position(|entry| entry.validate_only != preview) {
        let expected = format!("is {}, but {preview} in the first entry: expected the same in all", !preview);
        violations.add(&requests.item(index).field("validate_only"), expected);
    }
    violations.check(())?;
    let entries = wire.requests.into_iter().enumerate();
    Ok(entries.map(|(index, entry)| read_at(entry, &requests.item(index))).collect())
}
