//! `==`, `<` and `in`.

use std::ops::Range;

use cel::IdedExpr;
use jiff::civil::Date;

use super::{Checker, Scalar, Typed};
use crate::{
    expr::{
        node::{Complex, Node, Order, Value},
        schema::{Form, day_number},
    },
    yaml::nearest,
};

/// A typed side of a comparison and where it stands.
struct Side {
    value: Value,
    scalar: Scalar,
    span: Range<usize>,
}

impl Checker<'_> {
    /// `==` or `!=`.
    pub(super) fn equality(
        &mut self,
        order: Order,
        left: &IdedExpr,
        right: &IdedExpr,
        span: Range<usize>,
    ) -> Option<Typed> {
        let (l, r) = (self.typed(left), self.typed(right));
        match (l?, r?) {
            (Typed::Flag(l), Typed::Flag(r)) => {
                let same = match (l, r) {
                    (Node::Const(value), node) | (node, Node::Const(value)) => {
                        if value {
                            node
                        } else {
                            node.negate()
                        }
                    }
                    (left, right) => Node::Complex(Box::new(Complex::Same { left, right })),
                };
                Some(Typed::Flag(if order == Order::EQUAL { same } else { same.negate() }))
            }
            (Typed::Scalar(value, scalar), Typed::Scalar(other, other_scalar)) => {
                let left = Side { value, scalar, span: self.spans.of(left) };
                let right = Side { value: other, scalar: other_scalar, span: self.spans.of(right) };
                self.compare(order, left, right, span)
            }
            (Typed::List(_) | Typed::Literal(_), _) | (_, Typed::List(_) | Typed::Literal(_)) => {
                self.error(span, "lists can't be compared; ask with `in`, size(), exists() or all()")
            }
            (l, r) => self.mismatch((self.spans.of(left), l.describe()), (self.spans.of(right), r.describe()), span),
        }
    }

    /// `<`, `<=`, `>` or `>=`.
    pub(super) fn order(
        &mut self,
        order: Order,
        left: &IdedExpr,
        right: &IdedExpr,
        span: Range<usize>,
    ) -> Option<Typed> {
        let (l, r) = (self.scalar(left), self.scalar(right));
        let (l, r) = (l?, r?);
        for (_, scalar) in [&l, &r] {
            if let Scalar::Text(Form::OneOf(words)) = scalar {
                return self.error(
                    span,
                    format!("these words have no order; write `in [..]` with some of {}", words.join(", ")),
                );
            }
        }
        let left = Side { value: l.0, scalar: l.1, span: self.spans.of(left) };
        let right = Side { value: r.0, scalar: r.1, span: self.spans.of(right) };
        self.compare(order, left, right, span)
    }

    /// `in`.
    pub(super) fn contained(&mut self, value: &IdedExpr, list: &IdedExpr, span: Range<usize>) -> Option<Typed> {
        let (v, l) = (self.scalar(value), self.typed(list));
        let (v, scalar) = v?;
        match l? {
            Typed::List(slot) => {
                if !matches!(scalar, Scalar::Text(_)) {
                    let message = format!(
                        "`{}` holds texts, and `{}` is {}",
                        self.spans.text(list),
                        self.spans.text(value),
                        scalar.describe()
                    );
                    return self.error(span, message);
                }
                Some(Typed::Flag(match v {
                    Value::Text(text) => Node::Member { slot, negated: false, symbol: self.pool.symbol(slot, &text) },
                    value => Node::Complex(Box::new(Complex::Member { slot, value })),
                }))
            }
            Typed::Literal(elements) if elements.is_empty() => self.error(span, "nothing is in an empty list"),
            Typed::Literal(elements) => {
                let value_span = self.spans.of(value);
                let list: Vec<_> = elements
                    .into_iter()
                    .map(|(element, other, at)| {
                        let left = Side { value: v.clone(), scalar, span: value_span.clone() };
                        let right = Side { value: element, scalar: other, span: at.clone() };
                        self.unify(true, left, right, at).map(|(_, right)| right)
                    })
                    .collect();
                let list = list.into_iter().collect::<Option<Vec<_>>>()?;
                Some(Typed::Flag(self.one_of(v, list)))
            }
            other => {
                let message = format!(
                    "`{}` is {}, where a list is expected: `in [\"a\", \"b\"]`",
                    self.spans.text(list),
                    other.describe()
                );
                self.error(self.spans.of(list), message)
            }
        }
    }

    /// Lowers `value in [list]`, where the types are known to fit.
    fn one_of(&mut self, value: Value, list: Vec<Value>) -> Node {
        if let Value::Field(slot) = value {
            let texts: Option<Vec<_>> =
                list.iter().map(|item| if let Value::Text(text) = item { Some(text) } else { None }).collect();
            if let Some(texts) = texts {
                let symbols: Vec<_> = texts.into_iter().map(|text| self.pool.symbol(slot, text)).collect();
                let bits = symbols.iter().try_fold(0, |set, symbol| Some(set | 1_u64.checked_shl(*symbol)?));
                return match bits {
                    Some(set) => Node::TextIn { slot, negated: false, set },
                    None => Node::TextAmong { slot, negated: false, set: self.pool.set(symbols) },
                };
            }
            let bits: Option<Vec<u64>> = list
                .iter()
                .map(|item| match item {
                    Value::Int(bit @ 0..=63) => Some(1 << bit),
                    _ => None,
                })
                .collect();
            if let Some(bits) = bits.filter(|_| !self.pool.is_number(slot)) {
                return Node::IntIn { slot, negated: false, set: bits.into_iter().fold(0, |set, bit| set | bit) };
            }
        }
        Node::Complex(Box::new(Complex::OneOf { value, list: list.into() }))
    }

    fn compare(&mut self, order: Order, left: Side, right: Side, span: Range<usize>) -> Option<Typed> {
        let (left, right) = self.unify(order.is_equality(), left, right, span)?;
        let (order, left, right) = match (&left, &right) {
            (Value::Int(_) | Value::Number(_) | Value::Text(_), Value::Field(_)) => (order.flipped(), right, left),
            _ => (order, left, right),
        };
        let equality = order.is_equality();
        Some(Typed::Flag(match (left, right) {
            (Value::Field(slot), Value::Text(text)) if equality => {
                Node::Text { slot, negated: order == Order::NOT_EQUAL, symbol: self.pool.symbol(slot, &text) }
            }
            (Value::Field(slot), Value::Int(value)) if !self.pool.is_number(slot) => Node::Int { slot, order, value },
            #[expect(clippy::cast_precision_loss, reason = "CEL compares a double with an integer as doubles")]
            (Value::Field(slot), Value::Int(value)) => Node::Number { slot, order, value: value as f64 },
            (Value::Field(slot), Value::Number(value)) => Node::Number { slot, order, value },
            (left, right) => Node::Complex(Box::new(Complex::Compare { order, left, right })),
        }))
    }

    /// Makes both sides one type, and holds literals to what the other side can be.
    fn unify(&mut self, equality: bool, left: Side, right: Side, span: Range<usize>) -> Option<(Value, Value)> {
        match (left.scalar, right.scalar) {
            (l, r) if l.is_number() && r.is_number() => {
                let in_range = !equality || (self.in_range(&left, &right) & self.in_range(&right, &left));
                in_range.then_some((left.value, right.value))
            }
            (Scalar::Text(l), Scalar::Text(r)) => {
                let fits = self.fits(l, &right) & self.fits(r, &left);
                fits.then_some((left.value, right.value))
            }
            (Scalar::Date, Scalar::Date) => Some((left.value, right.value)),
            (Scalar::Date, Scalar::Text(_)) => Some((left.value, self.date(&right)?)),
            (Scalar::Text(_), Scalar::Date) => Some((self.date(&left)?, right.value)),
            (l, r) => self.mismatch((left.span, l.describe()), (right.span, r.describe()), span),
        }
    }

    fn mismatch<T>(
        &mut self,
        left: (Range<usize>, &str),
        right: (Range<usize>, &str),
        span: Range<usize>,
    ) -> Option<T> {
        let (l, r) = (self.spans.slice(left.0), self.spans.slice(right.0));
        self.error(span, format!("`{l}` is {}, and `{r}` is {}: they can't be compared", left.1, right.1))
    }

    /// False, and told, when `literal` can't be a value of a field of that form.
    fn fits(&mut self, form: Form, literal: &Side) -> bool {
        let Value::Text(text) = &literal.value else { return true };
        let two = |wanted: fn(&u8) -> bool| text.len() == 2 && text.as_bytes().iter().all(wanted);
        let message = match form {
            Form::Any => return true,
            Form::OneOf(words) if words.contains(&text.as_ref()) => return true,
            Form::OneOf(words) => {
                let meant = likely(text, words).map_or(String::new(), |word| format!("; did you mean \"{word}\"?"));
                format!("\"{text}\" can never be: it is one of {}{meant}", words.join(", "))
            }
            Form::Country if two(u8::is_ascii_uppercase) => return true,
            Form::Country => {
                format!("\"{text}\" can never be: a country is two upper-case letters (ISO 3166-1), such as \"FR\"")
            }
            Form::Language if two(u8::is_ascii_lowercase) => return true,
            Form::Language => {
                format!("\"{text}\" can never be: a language is two lower-case letters (ISO 639-1), such as \"fr\"")
            }
        };
        self.error::<()>(literal.span.clone(), message);
        false
    }

    /// False, and told, when `literal` is outside the range of `of`.
    fn in_range(&mut self, of: &Side, literal: &Side) -> bool {
        let Scalar::Int(Some((low, high))) = of.scalar else { return true };
        let outside = match literal.value {
            Value::Int(value) => !(low..=high).contains(&value),
            Value::Number(value) => value.fract() != 0.0,
            _ => false,
        };
        if outside {
            self.error::<()>(
                literal.span.clone(),
                format!("this can never be: it is a whole number from {low} to {high}"),
            );
        }
        !outside
    }

    /// A literal day as its number.
    fn date(&mut self, side: &Side) -> Option<Value> {
        let Value::Text(text) = &side.value else {
            return self.error(
                side.span.clone(),
                "a date can be compared with a day in quotation marks (\"2026-11-22\") only",
            );
        };
        let day = text.parse::<Date>().ok().filter(|day| day.to_string() == **text);
        match day {
            Some(day) => Some(Value::Int(day_number(day))),
            None => self.error(side.span.clone(), format!("\"{text}\" is not a day: write it as \"2026-11-22\"")),
        }
    }
}

/// The word that is meant by a misspelt or shortened one.
fn likely(text: &str, words: &'static [&'static str]) -> Option<&'static str> {
    let by_start = words.iter().find(|word| text.len() >= 3 && (word.starts_with(text) || text.starts_with(**word)));
    let same = words.iter().find(|word| word.eq_ignore_ascii_case(text));
    let near = || nearest(text, words.iter().copied()).filter(|word| word.len() > 2);
    same.or(by_start).copied().or_else(near)
}
