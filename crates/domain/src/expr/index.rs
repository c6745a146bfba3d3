//! Which conditions a row can match at all.
//!
//! Most conditions of a long policy ask for a certain country, product or grade first. For those the conditions are
//! looked up by what the row has, instead of being asked one after another.

use super::{
    node::Node,
    pool::Pool,
    row::{Cell, Row, Symbol},
};

/// Fewer conditions are asked one after another as fast.
const MIN_CONDITIONS: usize = 32;

/// The conditions of a program by the texts that their first conjuncts ask for.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    slots: Vec<Postings>,
    /// A bit for each condition that asks for something else first.
    others: Vec<u64>,
}

/// For each symbol of a field, the conditions that ask for it.
#[derive(Debug, Clone)]
struct Postings {
    slot: u16,
    by_symbol: Vec<Vec<u32>>,
}

impl Index {
    /// `None` when it would not pay.
    pub(super) fn new<'n>(pool: &Pool, heads: impl ExactSizeIterator<Item = &'n Node>) -> Option<Self> {
        if heads.len() < MIN_CONDITIONS {
            return None;
        }
        let mut index = Self { slots: Vec::new(), others: vec![0; heads.len().div_ceil(64)] };
        for (condition, head) in (0_u32..).zip(heads) {
            match head {
                Node::Text { slot, negated: false, symbol } => index.add(*slot, [*symbol], condition),
                Node::TextIn { slot, negated: false, set } => {
                    index.add(*slot, (0..64).filter(|bit| set >> bit & 1 == 1), condition);
                }
                Node::TextAmong { slot, negated: false, set } => {
                    index.add(*slot, pool.members(*set).iter().copied(), condition);
                }
                _ => set_bit(&mut index.others, condition),
            }
        }
        Some(index)
    }

    fn add(&mut self, slot: u16, symbols: impl IntoIterator<Item = Symbol>, condition: u32) {
        let at = self.slots.iter().position(|postings| postings.slot == slot).unwrap_or_else(|| {
            self.slots.push(Postings { slot, by_symbol: Vec::new() });
            self.slots.len() - 1
        });
        let by_symbol = &mut self.slots[at].by_symbol;
        for symbol in symbols {
            let symbol = symbol as usize;
            if by_symbol.len() <= symbol {
                by_symbol.resize_with(symbol + 1, Vec::new);
            }
            by_symbol[symbol].push(condition);
        }
    }

    /// The first condition, in order, that `row` can match and that `holds`.
    pub(super) fn first(&self, row: &Row<'_>, mut holds: impl FnMut(usize) -> bool) -> Option<usize> {
        let mut candidates = self.others.clone();
        for postings in &self.slots {
            if let Cell::Text(symbol, _) = *row.cell(postings.slot)
                && let Some(conditions) = postings.by_symbol.get(symbol as usize)
            {
                for condition in conditions {
                    set_bit(&mut candidates, *condition);
                }
            }
        }
        candidates.into_iter().enumerate().find_map(|(word, mut bits)| {
            while bits != 0 {
                let condition = word * 64 + bits.trailing_zeros() as usize;
                if holds(condition) {
                    return Some(condition);
                }
                bits &= bits - 1;
            }
            None
        })
    }
}

fn set_bit(bits: &mut [u64], bit: u32) {
    if let Some(word) = bits.get_mut(bit as usize / 64) {
        *word |= 1 << (bit % 64);
    }
}
