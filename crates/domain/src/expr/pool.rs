//! What the conditions of one program share: numbered fields and texts.

use std::collections::HashMap;

use super::{
    facts::Facts,
    row::{Cell, Item, List, NO_SYMBOL, Row, Symbol},
    schema::{Field, Kind},
};

/// What conditions of one program share.
#[derive(Debug, Clone, Default)]
pub(super) struct Pool {
    slots: HashMap<Box<str>, u16>,
    fields: Vec<Slot>,
    /// Each ascending.
    sets: Vec<Box<[Symbol]>>,
}

/// A field that conditions read.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) name: Box<str>,
    pub(super) field: Field,
    /// The texts that it is compared with.
    symbols: HashMap<Box<str>, Symbol>,
}

impl Slot {
    fn find(&self, text: &str) -> Symbol {
        self.symbols.get(text).copied().unwrap_or(NO_SYMBOL)
    }
}

impl Pool {
    /// The symbol of a text that the field in `slot` is compared with.
    pub(super) fn symbol(&mut self, slot: u16, text: &str) -> Symbol {
        let Some(slot) = self.fields.get_mut(usize::from(slot)) else { return NO_SYMBOL };
        let next = Symbol::try_from(slot.symbols.len()).unwrap_or(NO_SYMBOL);
        *slot.symbols.entry(text.into()).or_insert(next)
    }

    /// The slot of a field.
    pub(super) fn slot(&mut self, name: &str, field: &Field) -> u16 {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        // Attributes are declared in documents of limited size; a slot past the last would read as blank.
        let slot = u16::try_from(self.fields.len()).unwrap_or(u16::MAX);
        self.slots.insert(name.into(), slot);
        self.fields.push(Slot { name: name.into(), field: field.clone(), symbols: HashMap::new() });
        slot
    }

    /// The index of a set of symbols.
    pub(super) fn set(&mut self, mut symbols: Vec<Symbol>) -> u32 {
        symbols.sort_unstable();
        symbols.dedup();
        self.sets.push(symbols.into());
        u32::try_from(self.sets.len() - 1).unwrap_or(u32::MAX)
    }

    #[inline]
    pub(super) fn contains(&self, set: u32, symbol: Symbol) -> bool {
        self.members(set).binary_search(&symbol).is_ok()
    }

    /// The symbols of a set.
    pub(super) fn members(&self, set: u32) -> &[Symbol] {
        self.sets.get(set as usize).map_or(&[], |set| set)
    }

    /// The field of a slot.
    pub(super) fn field(&self, slot: u16) -> Option<&Slot> {
        self.fields.get(usize::from(slot))
    }

    /// Lays out the facts, field by field.
    pub(super) fn bind<'a>(&self, facts: &Facts<'a>) -> Row<'a> {
        let mut row = Row { cells: Vec::with_capacity(self.fields.len()), items: Vec::new() };
        for slot in &self.fields {
            let cell = match slot.field.read(facts) {
                Cell::Text(_, text) if !slot.symbols.is_empty() => Cell::Text(slot.find(text), text),
                Cell::Unbound(list) => bind_list(slot, list, &mut row.items),
                other => other,
            };
            row.cells.push(cell);
        }
        row
    }

    /// True when the slot holds doubles.
    pub(super) fn is_number(&self, slot: u16) -> bool {
        self.field(slot).is_some_and(|slot| slot.field.kind == Kind::Number)
    }
}

/// Puts the elements of a list into a row.
fn bind_list<'a>(slot: &Slot, list: List<'a>, items: &mut Vec<Item<'a>>) -> Cell<'a> {
    let start = items.len();
    let item = |text: &'a str| Item { symbol: slot.find(text), text };
    match list {
        List::Texts(texts) => items.extend(texts.iter().map(|text| item(text))),
        List::Signals(signals) => items.extend(signals.iter().map(|signal| item(&signal.kind))),
    }
    match (u32::try_from(start), u32::try_from(items.len())) {
        (Ok(start), Ok(end)) => Cell::List(start, end),
        _ => Cell::Blank,
    }
}
