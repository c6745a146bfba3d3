//! Names and types of a parsed condition; lowers it to a [`Node`] on the way.
//!
//! Nothing stops at the first error: a part that is wrong yields `None`, what stands round it is checked all the same,
//! and only what would be told because of that `None` is left out.

mod call;
mod compare;
mod name;

use std::ops::Range;

use cel::{
    IdedExpr,
    common::ast::{CallExpr, Expr, LiteralValue, operators},
};

use super::{
    error::ExprError,
    node::{Node, Operation, Order, Value},
    pool::Pool,
    schema::{Form, Kind, Schema},
    span::Spans,
};

/// Something typed.
#[derive(Debug)]
enum Typed {
    Flag(Node),
    Scalar(Value, Scalar),
    List(u16),
    /// A list literal; the spans are those of the elements.
    Literal(Vec<(Value, Scalar, Range<usize>)>),
}

/// The type of a [`Value`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scalar {
    Int(Option<(i64, i64)>),
    Number,
    Text(Form),
    Date,
}

impl Typed {
    /// For messages.
    fn describe(&self) -> &'static str {
        match self {
            Self::Flag(_) => "true or false",
            Self::Scalar(_, scalar) => scalar.describe(),
            Self::List(_) | Self::Literal(_) => "a list",
        }
    }
}

impl Scalar {
    fn describe(self) -> &'static str {
        match self {
            Self::Int(_) | Self::Number => "a number",
            Self::Text(_) => "text",
            Self::Date => "a date",
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Int(_) | Self::Number)
    }
}

/// Checks one condition.
pub(super) struct Checker<'c> {
    pub(super) schema: &'c Schema,
    pub(super) pool: &'c mut Pool,
    pub(super) spans: Spans<'c>,
    pub(super) errors: Vec<ExprError>,
    /// The variable of the `exists` or `all` that we are in.
    item: Option<String>,
}

impl<'c> Checker<'c> {
    pub(super) fn new(schema: &'c Schema, pool: &'c mut Pool, spans: Spans<'c>) -> Self {
        Self { schema, pool, spans, errors: Vec::new(), item: None }
    }

    /// The conjuncts of a whole condition, each with its place.
    pub(super) fn conjuncts(&mut self, expr: &IdedExpr, found: &mut Vec<(Range<usize>, Node)>) {
        if let Expr::Call(CallExpr { func_name, args, target: None }) = &expr.expr
            && func_name == operators::LOGICAL_AND
        {
            for side in args {
                self.conjuncts(side, found);
            }
        } else if let Some(node) = self.flag(expr) {
            found.push((self.spans.of(expr), node));
        }
    }

    fn error<T>(&mut self, span: Range<usize>, message: impl Into<String>) -> Option<T> {
        self.errors.push(ExprError::new(span, message));
        None
    }

    /// Something that is true or false.
    fn flag(&mut self, expr: &IdedExpr) -> Option<Node> {
        match self.typed(expr)? {
            Typed::Flag(node) => Some(node),
            other => {
                let (span, text) = (self.spans.of(expr), self.spans.text(expr));
                let message = format!(
                    "`{text}` is {}, where a condition is expected; compare it with something",
                    other.describe()
                );
                self.error(span, message)
            }
        }
    }

    /// A number, text or date.
    fn scalar(&mut self, expr: &IdedExpr) -> Option<(Value, Scalar)> {
        match self.typed(expr)? {
            Typed::Scalar(value, scalar) => Some((value, scalar)),
            other => {
                let (span, text) = (self.spans.of(expr), self.spans.text(expr));
                self.error(span, format!("`{text}` is {}, where a number or text is expected", other.describe()))
            }
        }
    }

    fn typed(&mut self, expr: &IdedExpr) -> Option<Typed> {
        let span = self.spans.of(expr);
        match &expr.expr {
            Expr::Literal(literal) => self.literal(literal, span),
            Expr::Ident(_) | Expr::Select(_) => self.name(expr),
            Expr::Call(call) => self.call(expr, call),
            Expr::Comprehension(each) => self.each(each, span),
            Expr::List(list) => {
                let elements: Vec<_> =
                    list.elements.iter().map(|e| self.scalar(e).map(|(v, s)| (v, s, self.spans.of(e)))).collect();
                elements.into_iter().collect::<Option<Vec<_>>>().map(Typed::Literal)
            }
            Expr::Map(_) | Expr::Struct(_) => self.error(span, "maps and messages are not part of the language"),
            Expr::Unspecified => self.error(span, "something is missing here"),
        }
    }

    fn literal(&mut self, literal: &LiteralValue, span: Range<usize>) -> Option<Typed> {
        let typed = match literal {
            LiteralValue::Boolean(value) => Typed::Flag(Node::Const(*value.inner())),
            LiteralValue::Int(value) => Typed::Scalar(Value::Int(*value.inner()), Scalar::Int(None)),
            LiteralValue::Double(value) => Typed::Scalar(Value::Number(*value.inner()), Scalar::Number),
            LiteralValue::String(value) => Typed::Scalar(Value::Text(value.inner().into()), Scalar::Text(Form::Any)),
            LiteralValue::UInt(value) => {
                return self
                    .error(span, format!("write {} without the u: there is one kind of whole number", value.inner()));
            }
            LiteralValue::Null => {
                return self.error(span, "there is no null; !has(lead.country) asks whether a field is blank");
            }
            LiteralValue::Bytes(_) => return self.error(span, "byte texts are not part of the language"),
        };
        Some(typed)
    }

    fn call(&mut self, expr: &IdedExpr, call: &CallExpr) -> Option<Typed> {
        let span = self.spans.of(expr);
        match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            (operators::LOGICAL_AND, None, [left, right]) => {
                let (left, right) = (self.flag(left), self.flag(right));
                Some(Typed::Flag(Node::and(left?, right?)))
            }
            (operators::LOGICAL_OR, None, [left, right]) => {
                let (left, right) = (self.flag(left), self.flag(right));
                Some(Typed::Flag(Node::or(left?, right?)))
            }
            (operators::LOGICAL_NOT, None, [inner]) => Some(Typed::Flag(self.flag(inner)?.negate())),
            (operators::EQUALS, None, [left, right]) => self.equality(Order::EQUAL, left, right, span),
            (operators::NOT_EQUALS, None, [left, right]) => self.equality(Order::NOT_EQUAL, left, right, span),
            (operators::LESS, None, [left, right]) => self.order(Order::LESS, left, right, span),
            (operators::LESS_EQUALS, None, [left, right]) => self.order(Order::LESS_OR_EQUAL, left, right, span),
            (operators::GREATER, None, [left, right]) => self.order(Order::GREATER, left, right, span),
            (operators::GREATER_EQUALS, None, [left, right]) => self.order(Order::GREATER_OR_EQUAL, left, right, span),
            (operators::IN, None, [value, list]) => self.contained(value, list, span),
            (operators::ADD, None, [left, right]) => self.arithmetic(Operation::Add, left, right),
            (operators::SUBSTRACT, None, [left, right]) => self.arithmetic(Operation::Subtract, left, right),
            (operators::MULTIPLY, None, [left, right]) => self.arithmetic(Operation::Multiply, left, right),
            (operators::DIVIDE | operators::MODULO, None, [left, right]) => {
                self.number(left);
                self.number(right);
                self.error(
                    span,
                    "division is not part of the language; multiply the other side (`a / 100 > b` is `a > b * 100`)",
                )
            }
            (operators::NEGATE, None, [inner]) => {
                let (value, scalar) = self.number(inner)?;
                let scalar = if scalar == Scalar::Number { scalar } else { Scalar::Int(None) };
                Some(Typed::Scalar(Value::Negate(Box::new(value)), scalar))
            }
            (operators::CONDITIONAL, None, [condition, then, otherwise]) => {
                self.choice(condition, then, otherwise, span)
            }
            (operators::INDEX, None, _) => {
                self.error(span, "elements can't be picked by [..]; ask with `in`, size(), exists() or all()")
            }
            (name, target, args) => self.function(name, target, args, span),
        }
    }
}

impl From<Kind> for Scalar {
    /// The type of a field that is neither a flag nor a list; those have no scalar type and are told apart before.
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Int(range) => Self::Int(range),
            Kind::Number | Kind::Flag | Kind::List => Self::Number,
            Kind::Text(form) => Self::Text(form),
            Kind::Date => Self::Date,
        }
    }
}
