//! Attributes that can't tell anything.

use crate::{
    model::{Because, LeftOut},
    table::{BLANK, Cells, Column, Table},
};

/// Rows below which a column of different values may be chance.
const LEAST_ROWS: usize = 50;

/// Share of filled cells that differ from all before them, from which a column names its rows.
const NAMES_ROWS: f64 = 0.95;

/// The columns that tell nothing, and why.
pub(crate) fn useless(table: &Table) -> Vec<LeftOut> {
    let because = |column: &Column| {
        if constant(&column.cells) {
            Some(Because::Constant)
        } else if identifier(&column.cells) {
            Some(Because::Identifier)
        } else {
            None
        }
    };
    let left_out =
        |column: &Column| Some(LeftOut { attribute: column.attribute.name.clone(), because: because(column)? });
    table.columns().iter().filter_map(left_out).collect()
}

fn constant(cells: &Cells) -> bool {
    match cells {
        // A number that is there or not tells something.
        Cells::Numbers(numbers) => {
            let differ = |a: f64, b: f64| a.total_cmp(&b).is_ne() && !(a.is_nan() && b.is_nan());
            !numbers.windows(2).any(|pair| differ(pair[0], pair[1]))
        }
        Cells::Levels { codes, .. } => codes.windows(2).all(|pair| pair[0] == pair[1]),
    }
}

/// A level of its own for nearly every row; or a whole number, each but once, that counts the rows.
fn identifier(cells: &Cells) -> bool {
    let filled = (0..cells.len()).filter(|row| !cells.is_blank(*row)).count();
    if filled < LEAST_ROWS {
        return false;
    }
    match cells {
        Cells::Levels { codes, .. } => {
            let mut seen: Vec<u32> = codes.iter().copied().filter(|code| *code != BLANK).collect();
            seen.sort_unstable();
            seen.dedup();
            names_rows(seen.len(), filled)
        }
        Cells::Numbers(numbers) => {
            let mut seen: Vec<f64> = numbers.iter().copied().filter(|number| !number.is_nan()).collect();
            let steps = seen.windows(2).filter(|pair| pair[0] < pair[1]).count();
            let one_way = names_rows(steps.max(seen.len() - 1 - steps), seen.len());
            let whole = seen.iter().all(|number| number.fract() == 0.0);
            seen.sort_by(f64::total_cmp);
            seen.dedup();
            let spread = seen.last().unwrap_or(&0.0) - seen.first().unwrap_or(&0.0);
            whole && names_rows(seen.len(), filled) && (one_way || spread <= 20.0 * crate::evaluate::count(filled))
        }
    }
}

fn names_rows(distinct: usize, filled: usize) -> bool {
    crate::evaluate::count(distinct) >= NAMES_ROWS * crate::evaluate::count(filled)
}
