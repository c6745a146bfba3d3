//! The facts of one lead, laid out for the conditions of one program.

use super::schema::Kind;
use crate::lead::Signal;

/// Number of a text that the program's conditions compare a field with; each field counts its own from 0.
pub(super) type Symbol = u32;

/// The symbol of every text that a field is not compared with.
pub(super) const NO_SYMBOL: Symbol = Symbol::MAX;

/// The values of the fields that a program reads, by slot. Made by [`super::Program::bind`] and of use with that
/// program only.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    pub(super) cells: Vec<Cell<'a>>,
    /// The elements of all lists, one list after another.
    pub(super) items: Vec<Item<'a>>,
}

/// One element of a list field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) symbol: Symbol,
    pub(super) text: &'a str,
}

/// One value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'a> {
    /// Not known.
    Blank,
    Flag(bool),
    /// A whole number, or a date as [`super::schema::day_number`].
    Int(i64),
    /// Finite.
    Number(f64),
    /// Never empty.
    Text(Symbol, &'a str),
    /// A range of [`Row::items`].
    List(u32, u32),
    /// A list that is not in a row yet.
    Unbound(List<'a>),
}

/// A list field where it lies in the facts.
#[derive(Debug, Clone, Copy)]
pub(super) enum List<'a> {
    Texts(&'a [String]),
    /// The kinds of these.
    Signals(&'a [Signal]),
}

impl<'a> Cell<'a> {
    /// A text; an empty one is blank.
    pub(super) fn text(text: &'a str) -> Self {
        if text.is_empty() { Self::Blank } else { Self::Text(NO_SYMBOL, text) }
    }

    pub(super) fn maybe_text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Blank, Self::text)
    }

    pub(super) fn maybe_int(value: Option<i64>) -> Self {
        value.map_or(Self::Blank, Self::Int)
    }
}

impl<'a> Row<'a> {
    /// The value in a slot; a row of another program may have fewer, which reads as blank.
    #[inline]
    pub(super) fn cell(&self, slot: u16) -> &Cell<'a> {
        self.cells.get(usize::from(slot)).unwrap_or(&Cell::Blank)
    }

    /// The elements of the list in a slot; `None` when it is blank.
    pub(super) fn list(&self, slot: u16) -> Option<&[Item<'a>]> {
        match *self.cell(slot) {
            Cell::List(start, end) => self.items.get(start as usize..end as usize),
            _ => None,
        }
    }

    /// The value in a slot as text, `None` when it is blank.
    pub(super) fn show(&self, slot: u16, kind: Kind) -> Option<String> {
        match *self.cell(slot) {
            Cell::Blank | Cell::Unbound(_) => None,
            Cell::Flag(value) => Some(value.to_string()),
            Cell::Int(day) if kind == Kind::Date => {
                Some(format!("{:04}-{:02}-{:02}", day / 10_000, day / 100 % 100, day % 100))
            }
            Cell::Int(value) => Some(value.to_string()),
            Cell::Number(value) => Some(value.to_string()),
            Cell::Text(_, text) => Some(text.to_owned()),
            Cell::List(..) => {
                let texts: Vec<&str> = self.list(slot)?.iter().map(|item| item.text).collect();
                Some(texts.join(", "))
            }
        }
    }
}
