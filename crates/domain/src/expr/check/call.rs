//! Functions, arithmetic, `?:`, `exists` and `all`.

use std::ops::Range;

use cel::{
    IdedExpr,
    common::ast::{ComprehensionExpr, Expr, LiteralValue, operators},
};

use super::{Checker, Scalar, Typed};
use crate::expr::{
    node::{Affix, Complex, Node, Operation, Value},
    schema::{Form, GROUPS},
};
use crate::yaml::nearest;

/// Functions and macros, with how they are written.
const FUNCTIONS: [(&str, &str); 7] = [
    ("startsWith", "text.startsWith(\"part\")"),
    ("endsWith", "text.endsWith(\"part\")"),
    ("contains", "text.contains(\"part\")"),
    ("size", "size(text or list)"),
    ("has", "has(lead.country)"),
    ("exists", "list.exists(item, condition)"),
    ("all", "list.all(item, condition)"),
];

impl Checker<'_> {
    pub(super) fn function(
        &mut self,
        name: &str,
        target: Option<&IdedExpr>,
        args: &[IdedExpr],
        span: Range<usize>,
    ) -> Option<Typed> {
        match (name, target, args) {
            ("startsWith", Some(text), [part]) => self.affix(Affix::Starts, text, part),
            ("endsWith", Some(text), [part]) => self.affix(Affix::Ends, text, part),
            ("contains", Some(text), [part]) => self.affix(Affix::Contains, text, part),
            ("size", Some(of), []) | ("size", None, [of]) => self.size(of),
            _ => {
                let message = if let Some((_, usage)) = FUNCTIONS.iter().find(|(known, _)| *known == name) {
                    format!("`{name}` is not used like this; write {usage}")
                } else {
                    let names = FUNCTIONS.iter().map(|(known, _)| *known);
                    match nearest(name, names.clone()) {
                        Some(known) => format!("there is no function `{name}`; did you mean {known}?"),
                        None => {
                            format!("there is no function `{name}`; there are {}", names.collect::<Vec<_>>().join(", "))
                        }
                    }
                };
                self.error(span, message)
            }
        }
    }

    fn affix(&mut self, affix: Affix, text: &IdedExpr, part: &IdedExpr) -> Option<Typed> {
        if affix == Affix::Contains
            && let Expr::Ident(_) | Expr::Select(_) = &text.expr
            && let Some(Typed::List(_)) = self.typed(text)
        {
            let (list, part) = (self.spans.text(text), self.spans.text(part));
            return self.error(self.spans.of(text), format!("`{list}` is a list; write {part} in {list}"));
        }
        let (text, part) = (self.text(text), self.text(part));
        Some(Typed::Flag(Node::Complex(Box::new(Complex::Affix { affix, text: text?, part: part? }))))
    }

    fn text(&mut self, expr: &IdedExpr) -> Option<Value> {
        match self.scalar(expr)? {
            (value, Scalar::Text(_)) => Some(value),
            (_, other) => {
                let message = format!("`{}` is {}, where text is expected", self.spans.text(expr), other.describe());
                self.error(self.spans.of(expr), message)
            }
        }
    }

    /// A number, whole or not.
    pub(super) fn number(&mut self, expr: &IdedExpr) -> Option<(Value, Scalar)> {
        match self.scalar(expr)? {
            (value, scalar) if scalar.is_number() => Some((value, scalar)),
            (_, other) => {
                let message =
                    format!("`{}` is {}, where a number is expected", self.spans.text(expr), other.describe());
                self.error(self.spans.of(expr), message)
            }
        }
    }

    fn size(&mut self, of: &IdedExpr) -> Option<Typed> {
        let value = match self.typed(of)? {
            Typed::List(slot) => Value::Count(slot),
            Typed::Scalar(value, Scalar::Text(_)) => Value::Length(Box::new(value)),
            other => {
                let message = format!(
                    "`{}` is {}, and size() takes a text or a list field",
                    self.spans.text(of),
                    other.describe()
                );
                return self.error(self.spans.of(of), message);
            }
        };
        Some(Typed::Scalar(value, Scalar::Int(None)))
    }

    pub(super) fn arithmetic(&mut self, operation: Operation, left: &IdedExpr, right: &IdedExpr) -> Option<Typed> {
        let (left, right) = (self.number(left), self.number(right));
        let ((left, l), (right, r)) = (left?, right?);
        let scalar = if l == Scalar::Number || r == Scalar::Number { Scalar::Number } else { Scalar::Int(None) };
        let value = Value::Arithmetic { operation, left: Box::new(left), right: Box::new(right) };
        Some(Typed::Scalar(value, scalar))
    }

    pub(super) fn choice(
        &mut self,
        condition: &IdedExpr,
        then: &IdedExpr,
        otherwise: &IdedExpr,
        span: Range<usize>,
    ) -> Option<Typed> {
        let (condition, then, otherwise) = (self.flag(condition), self.typed(then), self.typed(otherwise));
        let (condition, then, otherwise) = (condition?, then?, otherwise?);
        let message =
            format!("the two outcomes of ?: are {} and {}; they must be alike", then.describe(), otherwise.describe());
        match (then, otherwise) {
            (Typed::Flag(then), Typed::Flag(otherwise)) => {
                Some(Typed::Flag(Node::Complex(Box::new(Complex::Choice { condition, then, otherwise }))))
            }
            (Typed::Scalar(then, l), Typed::Scalar(otherwise, r)) => {
                let scalar = match (l, r) {
                    (Scalar::Int(_), Scalar::Int(_)) => Scalar::Int(None),
                    (l, r) if l.is_number() && r.is_number() => Scalar::Number,
                    (Scalar::Text(_), Scalar::Text(_)) => Scalar::Text(Form::Any),
                    (Scalar::Date, Scalar::Date) => Scalar::Date,
                    _ => return self.error(span, message),
                };
                let (condition, then, otherwise) = (Box::new(condition), Box::new(then), Box::new(otherwise));
                Some(Typed::Scalar(Value::Choice { condition, then, otherwise }, scalar))
            }
            _ => self.error(span, message),
        }
    }

    /// `exists` or `all`, which the parser has already written out as a loop.
    pub(super) fn each(&mut self, each: &ComprehensionExpr, span: Range<usize>) -> Option<Typed> {
        let all = match &each.accu_init.expr {
            Expr::Literal(LiteralValue::Boolean(all)) => *all.inner(),
            _ => return self.error(span, "of the loops only exists() and all() are part of the language"),
        };
        let Expr::Call(step) = &each.loop_step.expr else { return self.error(span, "this loop can't be read") };
        let connective = if all { operators::LOGICAL_AND } else { operators::LOGICAL_OR };
        let ([_, body], true) = (step.args.as_slice(), step.func_name == connective) else {
            return self.error(span, "this loop can't be read");
        };
        if self.item.is_some() {
            return self.error(span, "exists() and all() can't stand inside one another");
        }
        if GROUPS.contains(&each.iter_var.as_str()) {
            return self.error(span, format!("`{}` is taken; name the element otherwise", each.iter_var));
        }
        let list = self.typed(&each.iter_range);
        self.item = Some(each.iter_var.clone());
        let body = self.flag(body);
        self.item = None;
        let slot = match list? {
            Typed::List(slot) => slot,
            other => {
                let text = self.spans.text(&each.iter_range);
                let message = format!(
                    "`{text}` is {}; exists() and all() go over lead.technologies or lead.signals",
                    other.describe()
                );
                return self.error(self.spans.of(&each.iter_range), message);
            }
        };
        Some(Typed::Flag(Node::Complex(Box::new(Complex::Each { all, slot, body: body? }))))
    }
}
