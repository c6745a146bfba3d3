//! Places in a document, also inside of a text that YAML quotes, escapes or folds.

use std::{iter, str::Chars};

use saphyr_parser::{Marker, ScalarStyle};

/// A place in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

impl Place {
    pub(super) const START: Self = Self { line: 1, column: 1 };

    pub(super) fn of(marker: Marker) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { line: clamp(marker.line()).max(1), column: clamp(marker.col()).saturating_add(1) }
    }

    fn after(self, c: char) -> Self {
        match c {
            '\n' => Self { line: self.line + 1, column: 1 },
            _ => Self { column: self.column + 1, ..self },
        }
    }
}

/// The place in `source` of the byte `offset` of a scalar that starts at `start` and reads as `text`.
///
/// YAML folds and indents white space as it likes, but every other character of the text stands in the source, in
/// order, once its escapes are undone. So the place is found by counting those.
pub(super) fn inside(source: &str, start: Place, style: ScalarStyle, text: &str, offset: usize) -> Place {
    let is_ink = |c: &char| !c.is_whitespace();
    let offset = text.floor_char_boundary(offset);
    let before = text[..offset].chars().filter(is_ink).count();
    let mut ink = written(source, start, style).filter(|(_, c)| is_ink(c)).map(|(place, _)| place);
    if text[offset..].chars().any(|c| is_ink(&c)) {
        return ink.nth(before).unwrap_or(start);
    }
    // Behind the last character; what follows in the source is no longer the scalar.
    let last = before.checked_sub(1).and_then(|last| ink.nth(last));
    last.map_or(start, |last| Place { column: last.column + 1, ..last })
}

/// The characters of the scalar at `start` with escapes undone, and of whatever follows it.
fn written(source: &str, start: Place, style: ScalarStyle) -> impl Iterator<Item = (Place, char)> {
    let mut cursor = Cursor::at(source, start);
    match style {
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => drop(cursor.next()),
        // The marker of `|` and `>` is where their text starts, not at the sign.
        ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => {}
    }
    iter::from_fn(move || {
        let (place, c) = cursor.next()?;
        Some((
            place,
            match (style, c) {
                (ScalarStyle::SingleQuoted, '\'') => cursor.next()?.1,
                (ScalarStyle::DoubleQuoted, '\\') => cursor.escape()?,
                _ => c,
            },
        ))
    })
}

struct Cursor<'t> {
    place: Place,
    rest: Chars<'t>,
}

impl<'t> Cursor<'t> {
    fn at(source: &'t str, place: Place) -> Self {
        let lines_before = (place.line as usize).checked_sub(2);
        let line = lines_before.and_then(|n| source.match_indices('\n').nth(n)).map_or(0, |(end, _)| end + 1);
        let mut cursor = Self { place: Place { column: 1, ..place }, rest: source[line..].chars() };
        while cursor.place < place && cursor.next().is_some() {}
        cursor
    }

    /// What the escape stands for; its backslash is read already.
    fn escape(&mut self) -> Option<char> {
        let digits = match self.next()?.1 {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            'n' | 't' | 'r' | 'v' | 'f' | 'N' | '_' | 'L' | 'P' => return Some(' '),
            c => return Some(c),
        };
        let code = self.by_ref().take(digits).try_fold(0, |code, (_, c)| Some(code * 16 + c.to_digit(16)?));
        code.and_then(char::from_u32)
    }
}

impl Iterator for Cursor<'_> {
    type Item = (Place, char);

    fn next(&mut self) -> Option<Self::Item> {
        let c = self.rest.next()?;
        let place = self.place;
        self.place = place.after(c);
        Some((place, c))
    }
}
