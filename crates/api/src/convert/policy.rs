//! Revisions of the policy.

use domain::policy::Outline;
use jiff::Timestamp;

use super::time;
use crate::{
    names::{PolicyName, Resource as _},
    v1,
};

/// A stored revision of the policy, or one that is only checked.
#[derive(Debug, Clone, Copy)]
pub struct Revision<'a> {
    /// Its number; `None`: it is not stored.
    pub number: Option<i64>,
    /// The document.
    pub source: &'a str,
    /// What the document calls itself.
    pub outline: &'a Outline,
    /// Whether it routes new leads.
    pub active: bool,
    /// When it was stored.
    pub created_at: Option<Timestamp>,
    /// Who stored it.
    pub created_by: &'a str,
    /// When it was last made the one that routes.
    pub activated_at: Option<Timestamp>,
}

/// A revision of the policy with its source.
pub fn to_wire(revision: &Revision<'_>) -> v1::Policy {
    v1::Policy {
        name: revision.number.map(|number| PolicyName(Some(number)).to_name()).unwrap_or_default(),
        source: revision.source.to_owned(),
        display_name: revision.outline.name.clone(),
        description: revision.outline.description.clone().unwrap_or_default(),
        active: revision.active,
        create_time: revision.created_at.map(time::to_wire),
        creator: revision.created_by.to_owned(),
        activate_time: revision.activated_at.map(time::to_wire),
        rule_count: i32::try_from(revision.outline.rules).unwrap_or(i32::MAX),
    }
}
