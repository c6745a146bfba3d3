//! Many leads at once: what is asked, and what came of it.

use domain::{
    ids::{LeadId, PoolId},
    ownership::Owner,
};
use uuid::Uuid;

use super::{
    command::{self, LeadAction},
    fields::{self, MAX_TEXT},
};
use crate::{Path, Violations, filter::LeadFilter, v1};

/// Most leads that may be named.
pub const MAX_LEADS: usize = 10_000;
/// Most leads an hour that may be asked for: far more than there can be.
const MAX_PER_HOUR: i32 = 100_000_000;

/// A bulk reassignment that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkReassign {
    /// Which leads.
    pub which: Which,
    /// What is to be done to each.
    pub target: Target,
    /// Most leads that change hands in an hour.
    pub max_per_hour: Option<u32>,
    /// What to keep in the history of each.
    pub note: Option<String>,
    /// The caller's id of the call.
    pub request_id: Option<Uuid>,
    /// Decide, but write nothing.
    pub preview: bool,
}

/// Which leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Those that a filter finds.
    Filter(Box<LeadFilter>),
    /// These, in the order of the request.
    Leads(Vec<LeadId>),
}

/// To whom leads go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// This rep or queue.
    Owner(Owner),
    /// The free members of this pool.
    Pool(PoolId),
    /// Whoever the active policy finds.
    RouteAgain,
}

impl Target {
    /// What is to be done to each lead.
    pub fn action(&self) -> LeadAction {
        match self {
            Self::Owner(to) => LeadAction::Reassign { to: to.clone(), ignore_caps: false },
            Self::Pool(pool) => LeadAction::ReassignToPool { pool: pool.clone() },
            Self::RouteAgain => LeadAction::Reroute,
        }
    }

    fn read(wire: v1::bulk_reassign_request::Target, violations: &mut Violations) -> Option<Self> {
        use v1::bulk_reassign_request::Target as Wire;
        match wire {
            Wire::Owner(name) => command::new_owner(&name, &Path::Request.field("owner"), violations).map(Self::Owner),
            Wire::Pool(name) => fields::name(&name, &Path::Request.field("pool"), violations).map(Self::Pool),
            Wire::RouteAgain(v1::RouteAgain {}) => Some(Self::RouteAgain),
        }
    }
}

impl TryFrom<v1::bulk_reassign_request::Target> for Target {
    type Error = Violations;

    fn try_from(wire: v1::bulk_reassign_request::Target) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let target = Self::read(wire, &mut violations);
        violations.check_some(target)
    }
}

impl TryFrom<v1::BulkReassignRequest> for BulkReassign {
    type Error = Violations;

    fn try_from(wire: v1::BulkReassignRequest) -> Result<Self, Violations> {
        const ROOT: Path<'static> = Path::Request;
        let mut violations = Violations::default();
        let v = &mut violations;
        let which = which(&wire.filter, &wire.leads, v);
        if wire.target.is_none() {
            v.add(&ROOT.field("target"), "is absent: expected one of `owner`, `pool` and `route_again`");
        }
        let target = wire.target.and_then(|target| Target::read(target, v));
        if !(0..=MAX_PER_HOUR).contains(&wire.max_per_hour) {
            v.add(&ROOT.field("max_per_hour"), format!("is {}: expected 0 to {MAX_PER_HOUR}", wire.max_per_hour));
        }
        let max_per_hour = u32::try_from(wire.max_per_hour).ok().filter(|most| *most > 0);
        let note = fields::text(wire.note, MAX_TEXT, &ROOT.field("note"), v);
        let request_id = fields::request_id(&wire.request_id, &ROOT.field("request_id"), v);
        let preview = wire.validate_only;
        let read = which.zip(target);
        let bulk = read.map(|(which, target)| Self { which, target, max_per_hour, note, request_id, preview });
        violations.check_some(bulk)
    }
}

fn which(filter: &str, leads: &[String], violations: &mut Violations) -> Option<Which> {
    let (by_filter, by_name) = (Path::Request.field("filter"), Path::Request.field("leads"));
    match (filter.trim().is_empty(), leads.is_empty()) {
        (true, true) => {
            violations.add(&by_filter, "is blank, and so is `leads`: expected one of them");
            None
        }
        (false, false) => {
            violations.add(&by_filter, "is set, and so is `leads`: expected one of them");
            None
        }
        (false, true) => LeadFilter::read(filter, violations).map(|filter| Which::Filter(Box::new(filter))),
        (true, false) if !fields::fits(leads.len(), MAX_LEADS, &by_name, violations) => None,
        (true, false) => {
            let names = leads.iter().enumerate();
            let read = names.map(|(index, name)| fields::name(name, &by_name.item(index), violations));
            // All of them, so that every wrong one is noted.
            let ids: Vec<Option<LeadId>> = read.collect();
            ids.into_iter().collect::<Option<Vec<_>>>().map(Which::Leads)
        }
    }
}
