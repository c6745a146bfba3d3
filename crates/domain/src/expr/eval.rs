//! Evaluation of the typed form.

use std::cmp::Ordering;

use super::{
    node::{Affix, Complex, Node, Operation, Value},
    pool::Pool,
    row::{Cell, Item, Row},
    truth::Truth,
};

/// A value at run time.
#[derive(Debug, Clone, Copy)]
enum Scalar<'a> {
    Int(i64),
    Number(f64),
    Text(&'a str),
}

/// Evaluates nodes against one row.
#[derive(Clone, Copy)]
pub(super) struct Evaluator<'e> {
    pub(super) pool: &'e Pool,
    pub(super) row: &'e Row<'e>,
    /// The element that `exists` or `all` looks at.
    item: Option<Item<'e>>,
}

impl<'e> Evaluator<'e> {
    #[inline]
    pub(super) fn new(pool: &'e Pool, row: &'e Row<'e>) -> Self {
        Self { pool, row, item: None }
    }

    /// True when the node is true: [`Self::truth`] with a short cut for the usual tests, for scans over many conditions.
    #[inline]
    pub(super) fn holds(self, node: &Node) -> bool {
        match node {
            Node::Text { slot, negated, symbol } => {
                matches!(*self.row.cell(*slot), Cell::Text(own, _) if (own == *symbol) != *negated)
            }
            Node::TextIn { slot, negated, set } => {
                matches!(*self.row.cell(*slot), Cell::Text(own, _) if in_bits(*set, own) != *negated)
            }
            Node::Int { slot, order, value } => {
                matches!(*self.row.cell(*slot), Cell::Int(own) if order.admits(own.cmp(value)))
            }
            Node::Flag { slot, wanted } => matches!(*self.row.cell(*slot), Cell::Flag(own) if own == *wanted),
            Node::Any(group) => group.nodes.iter().any(|node| self.truth(node).is_true()),
            other => self.truth(other).is_true(),
        }
    }

    pub(super) fn truth(self, node: &Node) -> Truth {
        let (outcome, negated) = match node {
            Node::Text { slot, negated, symbol } => match *self.row.cell(*slot) {
                Cell::Text(own, _) => (own == *symbol, *negated),
                _ => return Truth::Unknown,
            },
            Node::TextIn { slot, negated, set } => match *self.row.cell(*slot) {
                Cell::Text(own, _) => (in_bits(*set, own), *negated),
                _ => return Truth::Unknown,
            },
            Node::TextAmong { slot, negated, set } => match *self.row.cell(*slot) {
                Cell::Text(own, _) => (self.pool.contains(*set, own), *negated),
                _ => return Truth::Unknown,
            },
            Node::Int { slot, order, value } => match *self.row.cell(*slot) {
                Cell::Int(own) => (order.admits(own.cmp(value)), false),
                _ => return Truth::Unknown,
            },
            Node::Number { slot, order, value } => {
                match number(*self.row.cell(*slot)).and_then(|own| own.partial_cmp(value)) {
                    Some(ordering) => (order.admits(ordering), false),
                    None => return Truth::Unknown,
                }
            }
            Node::Flag { slot, wanted } => match *self.row.cell(*slot) {
                Cell::Flag(own) => (own == *wanted, false),
                _ => return Truth::Unknown,
            },
            Node::IntIn { slot, negated, set } => match *self.row.cell(*slot) {
                Cell::Int(own) => (u32::try_from(own).is_ok_and(|bit| in_bits(*set, bit)), *negated),
                _ => return Truth::Unknown,
            },
            Node::Has { slot, negated } => (!matches!(*self.row.cell(*slot), Cell::Blank), *negated),
            Node::Member { slot, negated, symbol } => match self.row.list(*slot) {
                Some(items) => (items.iter().any(|item| item.symbol == *symbol), *negated),
                None => return Truth::Unknown,
            },
            Node::Const(value) => (*value, false),
            Node::Not(inner) => return !self.truth(inner),
            Node::All(group) => return self.all(&group.nodes),
            Node::Any(group) => return self.any(&group.nodes),
            Node::Complex(complex) => return self.complex(complex),
        };
        Truth::from(outcome != negated)
    }

    pub(super) fn all(self, nodes: &[Node]) -> Truth {
        let mut outcome = Truth::True;
        for node in nodes {
            outcome = outcome.and(self.truth(node));
            if outcome == Truth::False {
                break;
            }
        }
        outcome
    }

    fn any(self, nodes: &[Node]) -> Truth {
        let mut outcome = Truth::False;
        for node in nodes {
            outcome = outcome.or(self.truth(node));
            if outcome == Truth::True {
                break;
            }
        }
        outcome
    }

    fn complex(self, complex: &Complex) -> Truth {
        let known = match complex {
            Complex::Choice { condition, then, otherwise } => {
                return match self.truth(condition) {
                    Truth::True => self.truth(then),
                    Truth::False => self.truth(otherwise),
                    Truth::Unknown => Truth::Unknown,
                };
            }
            Complex::Same { left, right } => match (self.truth(left), self.truth(right)) {
                (Truth::Unknown, _) | (_, Truth::Unknown) => None,
                (left, right) => Some(left == right),
            },
            Complex::Compare { order, left, right } => self.both(left, right).map(|ordering| order.admits(ordering)),
            Complex::Affix { affix, text, part } => match (self.value(text), self.value(part)) {
                (Some(Scalar::Text(text)), Some(Scalar::Text(part))) => Some(match affix {
                    Affix::Starts => text.starts_with(part),
                    Affix::Ends => text.ends_with(part),
                    Affix::Contains => text.contains(part),
                }),
                _ => None,
            },
            Complex::OneOf { value, list } => list.iter().try_fold(false, |found, item| {
                self.both(value, item).map(|ordering| found || ordering == Ordering::Equal)
            }),
            Complex::Member { slot, value } => match (self.value(value), self.row.list(*slot)) {
                (Some(Scalar::Text(text)), Some(items)) => Some(items.iter().any(|item| item.text == text)),
                _ => None,
            },
            Complex::Each { all, slot, body } => {
                return self.row.list(*slot).map_or(Truth::Unknown, |items| self.each(*all, items, body));
            }
        };
        known.map_or(Truth::Unknown, Truth::from)
    }

    fn each(self, all: bool, items: &'e [Item<'e>], body: &Node) -> Truth {
        let mut outcomes = items.iter().map(|item| Self { item: Some(*item), ..self }.truth(body));
        if all {
            outcomes.try_fold(Truth::True, |so_far, next| stop_at(Truth::False, so_far.and(next)))
        } else {
            outcomes.try_fold(Truth::False, |so_far, next| stop_at(Truth::True, so_far.or(next)))
        }
        .unwrap_or_else(|decided| decided)
    }

    /// How the left value lies to the right one; `None` when one is unknown.
    fn both(self, left: &Value, right: &Value) -> Option<Ordering> {
        match (self.value(left)?, self.value(right)?) {
            (Scalar::Int(left), Scalar::Int(right)) => Some(left.cmp(&right)),
            (Scalar::Text(left), Scalar::Text(right)) => Some(left.cmp(right)),
            (left, right) => left.double()?.partial_cmp(&right.double()?),
        }
    }

    fn value<'v>(self, value: &'v Value) -> Option<Scalar<'v>>
    where
        'e: 'v,
    {
        match value {
            Value::Int(value) => Some(Scalar::Int(*value)),
            Value::Number(value) => Some(Scalar::Number(*value)),
            Value::Text(text) => Some(Scalar::Text(text)),
            Value::Item => self.item.map(|item| Scalar::Text(item.text)),
            Value::Field(slot) => match *self.row.cell(*slot) {
                Cell::Int(value) => Some(Scalar::Int(value)),
                Cell::Number(value) => Some(Scalar::Number(value)),
                Cell::Text(_, text) => Some(Scalar::Text(text)),
                Cell::Blank | Cell::Flag(_) | Cell::List(..) | Cell::Unbound(_) => None,
            },
            Value::Length(text) => match self.value(text)? {
                Scalar::Text(text) => i64::try_from(text.chars().count()).ok().map(Scalar::Int),
                Scalar::Int(_) | Scalar::Number(_) => None,
            },
            Value::Count(slot) => i64::try_from(self.row.list(*slot)?.len()).ok().map(Scalar::Int),
            Value::Negate(inner) => match self.value(inner)? {
                Scalar::Int(value) => value.checked_neg().map(Scalar::Int),
                Scalar::Number(value) => Some(Scalar::Number(-value)),
                Scalar::Text(_) => None,
            },
            Value::Arithmetic { operation, left, right } => {
                arithmetic(*operation, self.value(left)?, self.value(right)?)
            }
            Value::Choice { condition, then, otherwise } => match self.truth(condition) {
                Truth::True => self.value(then),
                Truth::False => self.value(otherwise),
                Truth::Unknown => None,
            },
        }
    }
}

impl Scalar<'_> {
    #[expect(clippy::cast_precision_loss, reason = "CEL compares a double with an integer as doubles")]
    fn double(self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(value as f64),
            Self::Number(value) => Some(value),
            Self::Text(_) => None,
        }
    }
}

#[inline]
#[expect(clippy::cast_precision_loss, reason = "CEL compares a double with an integer as doubles")]
fn number(cell: Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Int(value) => Some(value as f64),
        Cell::Number(value) => Some(value),
        _ => None,
    }
}

/// True when `bit` is one of the 64 and set.
#[inline]
fn in_bits(set: u64, bit: u32) -> bool {
    set.checked_shr(bit).is_some_and(|set| set & 1 == 1)
}

/// Ends a fold once its outcome is decided.
fn stop_at(decided: Truth, outcome: Truth) -> Result<Truth, Truth> {
    if outcome == decided { Err(outcome) } else { Ok(outcome) }
}

fn arithmetic<'v>(operation: Operation, left: Scalar<'_>, right: Scalar<'_>) -> Option<Scalar<'v>> {
    if let (Scalar::Int(left), Scalar::Int(right)) = (left, right) {
        return match operation {
            Operation::Add => left.checked_add(right),
            Operation::Subtract => left.checked_sub(right),
            Operation::Multiply => left.checked_mul(right),
        }
        .map(Scalar::Int);
    }
    let (left, right) = (left.double()?, right.double()?);
    let result = match operation {
        Operation::Add => left + right,
        Operation::Subtract => left - right,
        Operation::Multiply => left * right,
    };
    result.is_finite().then_some(Scalar::Number(result))
}
