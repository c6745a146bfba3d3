//! Names of fields.

use cel::{IdedExpr, common::ast::Expr};

use super::{Checker, Scalar, Typed};
use crate::{
    expr::{
        node::{Node, Value},
        schema::{Form, GROUPS, Kind},
    },
    yaml::nearest,
};

impl<'c> Checker<'c> {
    /// A field, `has(field)`, or the variable of `exists`.
    pub(super) fn name(&mut self, expr: &IdedExpr) -> Option<Typed> {
        if let Expr::Select(select) = &expr.expr
            && select.test
        {
            return self.presence(expr, &select.operand, &select.field);
        }
        let span = self.spans.of(expr);
        let Some(name) = full_name(expr) else {
            return self.error(span, "only fields such as lead.country have names; this is a part of something else");
        };
        if self.item.as_ref() == Some(&name) {
            return Some(Typed::Scalar(Value::Item, Scalar::Text(Form::Any)));
        }
        let schema = self.schema;
        let Some(field) = schema.field(&name) else { return self.unknown(expr, &name) };
        let kind = field.kind;
        let slot = self.pool.slot(&name, field);
        Some(match kind {
            Kind::Flag => Typed::Flag(Node::Flag { slot, wanted: true }),
            Kind::List => Typed::List(slot),
            other => Typed::Scalar(Value::Field(slot), other.into()),
        })
    }

    fn presence(&mut self, expr: &IdedExpr, operand: &IdedExpr, member: &str) -> Option<Typed> {
        let Some(group) = full_name(operand) else {
            let span = self.spans.of(expr);
            return self.error(span, "has() takes the name of a field, such as has(lead.country)");
        };
        let name = format!("{group}.{member}");
        let schema = self.schema;
        let Some(field) = schema.field(&name) else { return self.unknown(expr, &name) };
        if field.always {
            let message = match field.kind {
                Kind::List => format!("`{name}` is always known, if empty; write size({name}) > 0"),
                _ => format!("`{name}` is always known: has() would always be true"),
            };
            let span = self.spans.of(expr);
            return self.error(span, message);
        }
        Some(Typed::Flag(Node::Has { slot: self.pool.slot(&name, field), negated: false }))
    }

    fn unknown(&mut self, expr: &IdedExpr, name: &str) -> Option<Typed> {
        let span = self.spans.of(expr);
        let inside: Vec<&str> = self.schema.names().filter(|known| in_group(known, name)).collect();
        let message = if let Some(first) = inside.first() {
            format!("`{name}` is a group of fields; name one of them, such as {first}")
        } else if !self.schema.has_score() && (name == "score" || in_group(name, "score")) {
            format!("`{name}`: a points model can't read the score, which is what it makes")
        } else if let Some(known) = self.likely(name) {
            format!("there is no `{name}`; did you mean {known}?")
        } else if in_group(name, "lead.attributes") {
            let declared: Vec<&str> =
                self.schema.names().filter_map(|known| known.strip_prefix("lead.attributes.")).collect();
            let declared =
                if declared.is_empty() { "none is".to_owned() } else { format!("these are: {}", declared.join(", ")) };
            format!("`{name}` is not declared under `attributes` ({declared})")
        } else {
            let group = GROUPS.into_iter().find(|group| in_group(name, group));
            let known: Vec<&str> =
                self.schema.names().filter(|known| group.is_none_or(|group| in_group(known, group))).collect();
            match group {
                Some(group) => format!("there is no `{name}`; `{group}` has {}", known.join(", ")),
                None => format!(
                    "there is no `{name}`; names start with lead, account, score or time (a text needs quotation marks)"
                ),
            }
        };
        self.error(span, message)
    }

    /// The field that is meant by a misspelt name, by one of another group, or by one without its group.
    fn likely(&self, name: &str) -> Option<&'c str> {
        let (group, last) = name.rsplit_once('.').unwrap_or(("", name));
        let split = |known: &'c str| known.rsplit_once('.').map(|(group, last)| (group, last, known));
        let all: Vec<_> = GROUPS
            .into_iter()
            .flat_map(|group| self.schema.names().filter(move |known| in_group(known, group)).filter_map(split))
            .collect();
        let find = |wanted: &str, inside: Option<&str>| {
            let mut fields = all.iter().filter(|(group, ..)| inside.is_none_or(|inside| *group == inside));
            fields.find(|(_, last, _)| *last == wanted).map(|(.., known)| *known)
        };
        let spelt = |inside: Option<&str>| {
            let fields = all.iter().filter(|(group, ..)| inside.is_none_or(|inside| *group == inside));
            nearest(last, fields.map(|(_, last, _)| *last)).and_then(|meant| find(meant, inside))
        };
        let is_group = all.iter().any(|(known, ..)| *known == group);
        let near = || if is_group { spelt(Some(group)) } else { nearest(name, self.schema.names()) };
        near().or_else(|| find(last, None)).or_else(|| if group.is_empty() { spelt(None) } else { None })
    }
}

/// `a.b.c` of nested selections.
fn full_name(expr: &IdedExpr) -> Option<String> {
    match &expr.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => Some(format!("{}.{}", full_name(&select.operand)?, select.field)),
        _ => None,
    }
}

/// True when `name` lies below `group`.
fn in_group(name: &str, group: &str) -> bool {
    name.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'))
}
