//! The conditions of all rules, and the rules that can never be reached.

use std::collections::HashMap;

use crate::{
    expr::{Attributes, ConditionId, Program, ProgramBuilder, Schema},
    yaml::{Field, Place},
};

/// Collects the conditions of rules in their order.
pub(super) struct Conditions {
    builder: ProgramBuilder,
    ids: Vec<ConditionId>,
    /// Place of the first rule with a condition, by the condition.
    seen: HashMap<String, Place>,
    /// Place of the first rule that matches every lead.
    matches_all: Option<Place>,
}

impl Conditions {
    pub(super) fn new(attributes: &Attributes) -> Self {
        let builder = ProgramBuilder::new(Schema::for_policy(attributes));
        Self { builder, ids: Vec::new(), seen: HashMap::new(), matches_all: None }
    }

    /// Adds the condition of the next rule, and notes what is wrong with it or with its being there.
    pub(super) fn add(&mut self, rule: Field<'_>, when: Option<Field<'_>>) {
        if let Some(Place { line, .. }) = self.matches_all {
            rule.note(format!("is never reached: the rule on line {line} matches every lead"));
        }
        let this = rule.place();
        let Some(when) = when else {
            self.matches_all.get_or_insert(this);
            return;
        };
        let Some(text) = when.text() else { return };
        self.ids.extend(self.builder.add_field(when));
        let canonical = canonical(text);
        if canonical == "true" {
            self.matches_all.get_or_insert(this);
        }
        let first = *self.seen.entry(canonical).or_insert(this);
        if first != this {
            when.note(format!("never decides: the rule on line {} has the same condition", first.line));
        }
    }

    /// The program, and its conditions in the order of rules.
    pub(super) fn finish(self) -> (Program, Vec<ConditionId>) {
        (self.builder.build(), self.ids)
    }
}

/// The condition without needless white space.
fn canonical(text: &str) -> String {
    let mut canonical = String::with_capacity(text.len());
    let mut quote = None;
    for c in text.trim().chars() {
        match quote {
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
        let blank = quote.is_none() && c.is_whitespace();
        if !blank {
            canonical.push(c);
        } else if !canonical.ends_with(' ') {
            canonical.push(' ');
        }
    }
    canonical
}
