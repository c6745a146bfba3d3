//! Typed columns from raw text.

use std::collections::HashMap;

use crate::{
    attribute::Attribute,
    table::{BLANK, Cells, Column},
};

/// What the cells of a column are read as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// Numbers if at least 95 of 100 cells that are not blank are numbers, else categories.
    #[default]
    Auto,
    /// Numbers.
    Number,
    /// Categories.
    Category,
}

/// Share of cells that must be numbers for a column to be one of numbers.
const NUMBERS: f64 = 0.95;

/// Most cells that [`Strays`] names.
const NAMED: usize = 5;

/// Cells of a column of numbers that are none. They count as blank.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strays {
    /// How many.
    pub count: usize,
    /// The first few: row from 0, and what it holds.
    pub first: Vec<(usize, String)>,
}

/// Takes the cells of a column one by one.
#[derive(Debug, Clone)]
pub struct ColumnBuilder {
    attribute: Attribute,
    kind: Kind,
    names: Vec<String>,
    places: HashMap<String, u32>,
    codes: Vec<u32>,
}

impl ColumnBuilder {
    /// A column without cells.
    pub fn new(attribute: Attribute, kind: Kind) -> Self {
        Self { attribute, kind, names: Vec::new(), places: HashMap::new(), codes: Vec::new() }
    }

    /// Adds the cell of the next row; `None` is blank.
    pub fn push(&mut self, cell: Option<&str>) {
        let Some(text) = cell else { return self.codes.push(BLANK) };
        if let Some(place) = self.places.get(text) {
            return self.codes.push(*place);
        }
        let place = u32::try_from(self.names.len()).unwrap_or(BLANK);
        self.names.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        self.codes.push(place);
    }

    /// The column, and what does not fit its type.
    pub fn finish(self) -> (Column, Strays) {
        let Self { attribute, kind, names, codes, .. } = self;
        let numbers: Vec<Option<f64>> = names.iter().map(|name| number(name)).collect();
        if kind == Kind::Category || (kind == Kind::Auto && !mostly(&numbers, &codes)) {
            return (Column { attribute, cells: Cells::Levels { names, codes } }, Strays::default());
        }
        let mut strays = Strays::default();
        let mut cell = |(row, code): (usize, &u32)| {
            let Some(name) = names.get(*code as usize) else { return f64::NAN };
            numbers[*code as usize].unwrap_or_else(|| {
                strays.count += 1;
                if strays.first.len() < NAMED {
                    strays.first.push((row, name.clone()));
                }
                f64::NAN
            })
        };
        let cells = Cells::Numbers(codes.iter().enumerate().map(&mut cell).collect());
        (Column { attribute, cells }, strays)
    }
}

fn mostly(numbers: &[Option<f64>], codes: &[u32]) -> bool {
    let (mut all, mut fit) = (0_u64, 0_u64);
    for number in codes.iter().filter_map(|code| numbers.get(*code as usize)) {
        all += 1;
        fit += u64::from(number.is_some());
    }
    #[expect(clippy::cast_precision_loss, reason = "rows are far below 2^53")]
    let share = fit as f64 / all.max(1) as f64;
    all > 0 && share >= NUMBERS
}

/// A finite number with a point before its decimals and nothing between its thousands.
fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    text.parse::<f64>().ok().filter(|number| plain && number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, cells: &[&str]) -> (Cells, Strays) {
        let mut builder = ColumnBuilder::new(Attribute::new("x"), kind);
        for cell in cells {
            builder.push((!cell.is_empty()).then_some(cell));
        }
        let (column, strays) = builder.finish();
        (column.cells, strays)
    }

    #[test]
    fn numbers_are_seen_and_a_few_strays_are_blank() {
        let mut cells = vec!["1.5"; 99];
        cells.push("n/a");
        let (Cells::Numbers(numbers), strays) = read(Kind::Auto, &cells) else { panic!("a column of numbers") };
        assert!(numbers[99].is_nan() && numbers[0].to_bits() == 1.5_f64.to_bits());
        assert_eq!(strays, Strays { count: 1, first: vec![(99, "n/a".to_owned())] });
    }

    #[test]
    fn what_is_half_text_is_a_category() {
        assert!(matches!(read(Kind::Auto, &["1", "two", "", "3"]).0, Cells::Levels { .. }));
        assert!(matches!(read(Kind::Auto, &["", ""]).0, Cells::Levels { .. }));
        assert!(matches!(read(Kind::Category, &["1", "2"]).0, Cells::Levels { .. }));
    }

    #[test]
    fn no_number_is_not_finite() {
        let (cells, strays) = read(Kind::Number, &["inf", "NaN", "1e999", "1,5", "-2e3"]);
        let Cells::Numbers(numbers) = cells else { panic!("a column of numbers") };
        assert_eq!(strays.count, 4);
        assert!(numbers[..4].iter().all(|number| number.is_nan()) && numbers[4] < -1999.0);
    }
}
