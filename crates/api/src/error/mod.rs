//! Why a call fails: typed, with its data. Text and codes are made at the edge, from one table.

mod batch;
mod client;
mod precondition;
mod refusal;
mod report;
mod status;

#[cfg(test)]
mod tests;

use std::time::Duration;

use domain::{ownership::Owner, yaml::Problem};
use uuid::Uuid;

use crate::Violations;

pub use client::reason_of;
pub use precondition::Precondition;

/// Why a call fails, or one entry of a batch.
///
/// A caller learns what is in here and nothing else. What broke inside is logged where it broke.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// Fields of the request are wrong.
    InvalidArgument(Violations),
    /// A document in the request is wrong.
    InvalidDocument {
        /// The field of the request that holds it.
        field: &'static str,
        /// Everything that is wrong with it.
        problems: Vec<Problem>,
    },
    /// There is no such resource.
    NotFound {
        /// Its name.
        resource: String,
    },
    /// There is such a resource already.
    AlreadyExists {
        /// Its name.
        resource: String,
    },
    /// The request id was used for another request.
    RequestIdReused {
        /// The id.
        request_id: Uuid,
    },
    /// The caller saw an older state of the resource.
    Aborted {
        /// Its name.
        resource: String,
        /// Its etag now.
        etag: String,
        /// Who has it now, if it is a lead.
        owner: Option<Owner>,
    },
    /// The state of things does not allow it.
    FailedPrecondition(Precondition),
    /// The caller may not act for the tenant, or there is none of that name.
    PermissionDenied {
        /// The name that was given.
        tenant: String,
    },
    /// More is asked than can be done now.
    ResourceExhausted {
        /// When to come back.
        retry_after: Duration,
    },
    /// What followed the caller's resume token is not kept.
    ResumeTokenLost,
    /// The store can't be reached.
    StoreUnavailable,
    /// The service, or one that it needs, is not ready.
    ServiceUnavailable,
    /// The caller's deadline has passed.
    DeadlineExceeded,
    /// A fault of ours.
    Internal,
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        Self::InvalidArgument(violations)
    }
}

impl From<Precondition> for Error {
    fn from(precondition: Precondition) -> Self {
        Self::FailedPrecondition(precondition)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&report::Report::of(self).message)
    }
}

impl std::error::Error for Error {}
