//! The policy: ordered rules that say where a lead goes, how fast its owner must answer, and what happens otherwise.
//!
//! A policy is a YAML document that people write and read. [`Policy::parse`] checks all of it against the directory
//! and finds every mistake at once; what comes out can decide without ever failing.
//!
//! ```yaml
//! name: acme-routing
//! time_zone: America/New_York
//! rules:                                   # the first one that matches decides
//!   - name: named-accounts
//!     when: account.named                  # CEL, see `expr`; a rule without `when` matches every lead
//!     to: account_owner
//!     otherwise: [{ pool: enterprise }]    # when nobody there is free
//!     sla: high-intent
//!   - name: large-deals
//!     when: lead.deal_value >= 20000 && score.grade in ["A1", "A2", "B1"]
//!     to: { pool: enterprise }
//!     require: { skill_of: lead.product, language: true, seniority: senior }
//!     sla: demo-request
//! default: { to: { queue: review }, sla: review }
//! ```

mod destination;
mod evaluate;
mod outline;
mod read;
mod route;
mod sla;
mod step;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use jiff::tz::TimeZone;

use crate::{
    expr::{ConditionId, Program},
    ids::CalendarId,
};

pub use destination::Destination;
pub use evaluate::{Matched, Tried};
pub use outline::Outline;
pub use read::{MAX_BYTES, MAX_RULES};
pub use route::{LeadField, Requirements, Route};
pub use sla::{SlaPolicy, Waiting};
pub use step::{Condition, Recipient, Step, StepAction};

/// A checked policy. Immutable; another text is another policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The zone in which conditions read `time`.
    pub time_zone: TimeZone,
    /// Whose hours are business time for queues, which work by no rep's calendar.
    pub calendar: Option<CalendarId>,
    /// In order: the first that matches decides.
    pub rules: Vec<Rule>,
    /// For the leads that no rule matches.
    pub default: Route,
    /// What becomes of a lead for whom nobody is free.
    pub waiting: Waiting,
    /// By name: those of the document, and those that are built in.
    pub slas: BTreeMap<String, Arc<SlaPolicy>>,
    program: Program,
    /// The conditions of the rules, in order; a last rule without one is left off.
    conditions: Vec<ConditionId>,
}

/// One line of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name, unique in the policy.
    pub name: String,
    /// The text of the condition; `None`: it matches every lead. Only the last rule may lack it.
    pub when: Option<String>,
    /// Where it sends.
    pub route: Route,
    /// Line of the document in which it starts, from 1.
    pub line: u32,
}

impl Policy {
    /// The rule of that index; `None` for the default, which is no rule.
    pub fn rule(&self, index: Option<u32>) -> Option<&Rule> {
        self.rules.get(usize::try_from(index?).ok()?)
    }

    /// Where the rule of that index sends; where the default does for `None`.
    pub fn route(&self, index: Option<u32>) -> &Route {
        self.rule(index).map_or(&self.default, |rule| &rule.route)
    }
}
