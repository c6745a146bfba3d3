//! The typed form that conditions are lowered to.

use std::cmp::Ordering;

use super::row::Symbol;

/// Something that is true, false or unknown.
///
/// Kept to 16 bytes: the tests of one field against constants, which is what nearly all conditions consist of, stand in a row
/// in memory; everything else is behind a box.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Const(bool),
    /// The field is not blank.
    Has {
        slot: u16,
        negated: bool,
    },
    Flag {
        slot: u16,
        wanted: bool,
    },
    /// The text is (not) this one.
    Text {
        slot: u16,
        negated: bool,
        symbol: Symbol,
    },
    /// The text's symbol, below 64, is (not) in the set of bits.
    TextIn {
        slot: u16,
        negated: bool,
        set: u64,
    },
    /// The text's symbol is (not) in the set of that index.
    TextAmong {
        slot: u16,
        negated: bool,
        set: u32,
    },
    /// The whole number, 0 to 63, is (not) in the set of bits.
    IntIn {
        slot: u16,
        negated: bool,
        set: u64,
    },
    Int {
        slot: u16,
        order: Order,
        value: i64,
    },
    /// The number, whole or not, against a double.
    Number {
        slot: u16,
        order: Order,
        value: f64,
    },
    /// The list field has (not) this element.
    Member {
        slot: u16,
        negated: bool,
        symbol: Symbol,
    },
    Not(Box<Node>),
    All(Box<Group>),
    Any(Box<Group>),
    Complex(Box<Complex>),
}

/// Two or more conditions that are joined.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) nodes: Box<[Node]>,
}

/// The less usual conditions.
#[derive(Debug, Clone)]
pub(super) enum Complex {
    /// `condition ? then : otherwise`.
    Choice {
        condition: Node,
        then: Node,
        otherwise: Node,
    },
    /// Two conditions have the same outcome.
    Same {
        left: Node,
        right: Node,
    },
    Compare {
        order: Order,
        left: Value,
        right: Value,
    },
    Affix {
        affix: Affix,
        text: Value,
        part: Value,
    },
    /// The value is one of these.
    OneOf {
        value: Value,
        list: Box<[Value]>,
    },
    /// The list field has this element.
    Member {
        slot: u16,
        value: Value,
    },
    /// `exists` (or `all`, when `all`) over a list field.
    Each {
        all: bool,
        slot: u16,
        body: Node,
    },
}

/// A number or text.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Int(i64),
    Number(f64),
    Text(Box<str>),
    Field(u16),
    /// The element that `exists` or `all` looks at.
    Item,
    /// Characters of a text.
    Length(Box<Value>),
    /// Elements of a list field.
    Count(u16),
    Negate(Box<Value>),
    Arithmetic {
        operation: Operation,
        left: Box<Value>,
        right: Box<Value>,
    },
    Choice {
        condition: Box<Node>,
        then: Box<Value>,
        otherwise: Box<Value>,
    },
}

/// Which orderings of left and right a comparison admits: bit 0 less, bit 1 equal, bit 2 greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order(u8);

impl Order {
    pub(super) const LESS: Self = Self(0b001);
    pub(super) const EQUAL: Self = Self(0b010);
    pub(super) const GREATER: Self = Self(0b100);
    pub(super) const LESS_OR_EQUAL: Self = Self(0b011);
    pub(super) const GREATER_OR_EQUAL: Self = Self(0b110);
    pub(super) const NOT_EQUAL: Self = Self(0b101);

    #[inline]
    pub(super) fn admits(self, ordering: Ordering) -> bool {
        let bit = match ordering {
            Ordering::Less => 0b001,
            Ordering::Equal => 0b010,
            Ordering::Greater => 0b100,
        };
        self.0 & bit != 0
    }

    /// The comparison that holds when this one does not.
    pub(super) const fn negated(self) -> Self {
        Self(!self.0 & 0b111)
    }

    /// The comparison with its sides exchanged.
    pub(super) const fn flipped(self) -> Self {
        Self((self.0 & 0b010) | ((self.0 & 0b001) << 2) | (self.0 >> 2))
    }

    /// True for `==` and `!=`.
    pub(super) fn is_equality(self) -> bool {
        self == Self::EQUAL || self == Self::NOT_EQUAL
    }
}

/// What a function asks of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Affix {
    Starts,
    Ends,
    Contains,
}

/// What is done with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
}

impl Node {
    /// The opposite condition, without a further node where that is possible.
    pub(super) fn negate(self) -> Self {
        match self {
            Self::Const(value) => Self::Const(!value),
            Self::Has { slot, negated } => Self::Has { slot, negated: !negated },
            Self::Flag { slot, wanted } => Self::Flag { slot, wanted: !wanted },
            Self::Text { slot, negated, symbol } => Self::Text { slot, negated: !negated, symbol },
            Self::TextIn { slot, negated, set } => Self::TextIn { slot, negated: !negated, set },
            Self::TextAmong { slot, negated, set } => Self::TextAmong { slot, negated: !negated, set },
            Self::IntIn { slot, negated, set } => Self::IntIn { slot, negated: !negated, set },
            Self::Int { slot, order, value } => Self::Int { slot, order: order.negated(), value },
            Self::Number { slot, order, value } => Self::Number { slot, order: order.negated(), value },
            Self::Member { slot, negated, symbol } => Self::Member { slot, negated: !negated, symbol },
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Both hold. Nested ones become one group.
    pub(super) fn and(left: Self, right: Self) -> Self {
        let mut nodes = Vec::new();
        for side in [left, right] {
            match side {
                Self::All(group) => nodes.extend(group.nodes),
                other => nodes.push(other),
            }
        }
        Self::All(Box::new(Group { nodes: nodes.into() }))
    }

    /// One of them holds. Nested ones become one group.
    pub(super) fn or(left: Self, right: Self) -> Self {
        let mut nodes = Vec::new();
        for side in [left, right] {
            match side {
                Self::Any(group) => nodes.extend(group.nodes),
                other => nodes.push(other),
            }
        }
        Self::Any(Box::new(Group { nodes: nodes.into() }))
    }

    /// How late a conjunct is tried: what is cheap and mostly false first.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Const(_) | Self::Text { negated: false, .. } => 0,
            Self::TextIn { negated: false, .. } | Self::TextAmong { negated: false, .. } => 1,
            Self::Flag { .. } | Self::IntIn { .. } => 2,
            Self::Int { .. } | Self::Number { .. } => 3,
            Self::Has { .. } | Self::Text { .. } | Self::TextIn { .. } | Self::TextAmong { .. } => 4,
            Self::Member { .. } => 5,
            Self::Not(_) | Self::All(_) | Self::Any(_) => 6,
            Self::Complex(_) => 7,
        }
    }

    /// Calls `seen` with every slot that is read, in order of reading.
    pub(super) fn slots(&self, seen: &mut impl FnMut(u16)) {
        match self {
            Self::Const(_) => {}
            Self::Has { slot, .. }
            | Self::Flag { slot, .. }
            | Self::Text { slot, .. }
            | Self::TextIn { slot, .. }
            | Self::TextAmong { slot, .. }
            | Self::IntIn { slot, .. }
            | Self::Int { slot, .. }
            | Self::Number { slot, .. }
            | Self::Member { slot, .. } => seen(*slot),
            Self::Not(inner) => inner.slots(seen),
            Self::All(group) | Self::Any(group) => group.nodes.iter().for_each(|node| node.slots(seen)),
            Self::Complex(complex) => complex.slots(seen),
        }
    }
}

impl Complex {
    fn slots(&self, seen: &mut impl FnMut(u16)) {
        match self {
            Self::Choice { condition, then, otherwise } => {
                for node in [condition, then, otherwise] {
                    node.slots(seen);
                }
            }
            Self::Same { left, right } => {
                left.slots(seen);
                right.slots(seen);
            }
            Self::Compare { left, right, .. } | Self::Affix { text: left, part: right, .. } => {
                left.slots(seen);
                right.slots(seen);
            }
            Self::OneOf { value, list } => {
                value.slots(seen);
                list.iter().for_each(|item| item.slots(seen));
            }
            Self::Member { slot, value } => {
                value.slots(seen);
                seen(*slot);
            }
            Self::Each { slot, body, .. } => {
                seen(*slot);
                body.slots(seen);
            }
        }
    }
}

impl Value {
    fn slots(&self, seen: &mut impl FnMut(u16)) {
        match self {
            Self::Int(_) | Self::Number(_) | Self::Text(_) | Self::Item => {}
            Self::Field(slot) | Self::Count(slot) => seen(*slot),
            Self::Length(inner) | Self::Negate(inner) => inner.slots(seen),
            Self::Arithmetic { left, right, .. } => {
                left.slots(seen);
                right.slots(seen);
            }
            Self::Choice { condition, then, otherwise } => {
                condition.slots(seen);
                then.slots(seen);
                otherwise.slots(seen);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Node, Order};

    #[test]
    fn nodes_stay_small() {
        assert_eq!(size_of::<Node>(), 16);
    }

    #[test]
    fn orders_turn_round() {
        assert_eq!(Order::LESS.flipped(), Order::GREATER);
        assert_eq!(Order::GREATER_OR_EQUAL.flipped(), Order::LESS_OR_EQUAL);
        assert_eq!(Order::NOT_EQUAL.flipped(), Order::NOT_EQUAL);
        assert_eq!(Order::LESS.negated(), Order::GREATER_OR_EQUAL);
        assert_eq!(Order::EQUAL.negated(), Order::NOT_EQUAL);
    }
}
