//! Which rule applies to a lead.

use super::Policy;
use crate::expr::{Facts, Finding, Truth};

/// What a policy says to a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Matched {
    /// Index of the first rule that matches; `None`: none does, and the default applies.
    pub rule: Option<u32>,
}

/// One rule that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried<'p> {
    /// Index of the rule.
    pub rule: u32,
    /// Whether its condition holds.
    pub truth: Truth,
    /// The part of the condition that kept the rule from matching: the first one that is false, else the first that is
    /// unknown. `None` when it matches.
    pub failed: Option<Finding<'p>>,
}

impl Policy {
    /// Finds the rule that applies.
    pub fn evaluate(&self, facts: &Facts<'_>) -> Matched {
        let row = self.program.bind(facts);
        let first = self.program.first_true(&self.conditions, &row);
        // Behind the conditions stands at most one rule, and that matches every lead.
        let rule = first.unwrap_or(self.conditions.len());
        Matched { rule: u32::try_from(rule).ok().filter(|_| rule < self.rules.len()) }
    }

    /// The rules in the order in which they were tried, up to the one that matches, for those who ask why.
    pub fn trace(&self, facts: &Facts<'_>) -> Vec<Tried<'_>> {
        let row = self.program.bind(facts);
        let mut tried = Vec::new();
        for rule in 0..u32::try_from(self.rules.len()).unwrap_or(u32::MAX) {
            let condition = self.conditions.get(rule as usize);
            let truth = condition.map_or(Truth::True, |id| self.program.eval(*id, &row));
            let findings = condition.map(|id| self.program.explain(*id, &row)).unwrap_or_default();
            let failed = findings.into_iter().filter(|finding| !finding.truth.is_true());
            tried.push(Tried { rule, truth, failed: failed.min_by_key(|finding| finding.truth) });
            if truth.is_true() {
                break;
            }
        }
        tried
    }
}
