//! What attributes that are known only afterwards have in common. Each rule names columns by their numbers.

use std::collections::BTreeSet;

use super::{Reason, link, tells::Tells};
use crate::{
    evaluate::count,
    table::{Cells, Table},
};

type Found = Vec<(usize, Reason)>;

/// No single thing that is known of a new lead ranks so well, or takes away so much of the uncertainty.
const TOO_GOOD_AUC: f64 = 0.85;
const TOO_GOOD_GAIN: f64 = 0.3;

/// How well being filled in may rank by itself.
const FILLED_AUC: f64 = 0.62;

/// Rows that are filled in (or blank) and all ended alike, from which that is no chance.
const PURE_ROWS: f64 = 20.0;
const PURE: f64 = 0.99;

/// An attribute that tells less than this does no harm, whatever it looks like.
const HARMLESS: f64 = 0.03;

/// Links from which one attribute goes with another: where it tells something itself, and in any case.
const LINKED: f64 = 0.25;
const SAME: f64 = 0.6;

/// Link with the order of the leads.
const ORDERED: f64 = 0.15;

pub(super) fn too_good(_: &Table, tells: &[Tells]) -> Found {
    let good = |tells: &Tells| tells.auc >= TOO_GOOD_AUC || tells.gain >= TOO_GOOD_GAIN;
    let reason = |tells: &Tells| Reason::TooGood { auc: tells.auc };
    tells.iter().enumerate().filter(|(_, tells)| good(tells)).map(|(index, tells)| (index, reason(tells))).collect()
}

pub(super) fn filled_by_outcome(table: &Table, tells: &[Tells]) -> Found {
    let pure = |share: f64, rows: f64| rows >= PURE_ROWS && !(1.0 - PURE..=PURE).contains(&share);
    let odd = |tells: &Tells| {
        let rows = count(table.rows());
        // Seldom what all share is a leak: the rest of the leads must not be just as pure.
        let base = tells.won[0] * (1.0 - tells.blank) + tells.won[1] * tells.blank;
        let rare = base < 0.1;
        let by_filled = pure(tells.won[0], rows * (1.0 - tells.blank)) && (!rare || tells.won[0] > 0.5);
        let by_blank = pure(tells.won[1], rows * tells.blank) && (!rare || tells.won[1] > 0.5);
        let ranks =
            (0.02..=0.98).contains(&tells.blank) && !(1.0 - FILLED_AUC..=FILLED_AUC).contains(&tells.filled_auc);
        ranks || by_filled || by_blank
    };
    let reason = |tells: &Tells| Reason::FilledByOutcome { filled: tells.won[0], blank: tells.won[1] };
    tells.iter().enumerate().filter(|(_, tells)| odd(tells)).map(|(index, tells)| (index, reason(tells))).collect()
}

/// Two categories with the same levels (at least five, and half of the shorter list) and not the same values.
pub(super) fn changing_state(table: &Table, tells: &[Tells]) -> Found {
    let levels: Vec<Option<BTreeSet<&str>>> = table
        .columns()
        .iter()
        .map(|column| match &column.cells {
            Cells::Levels { names, .. } => Some(names.iter().map(String::as_str).collect()),
            Cells::Numbers(_) => None,
        })
        .collect();
    let mut found = Vec::new();
    for first in 0..levels.len() {
        for second in first + 1..levels.len() {
            let (Some(a), Some(b)) = (&levels[first], &levels[second]) else { continue };
            let shared = a.intersection(b).count();
            let telling = tells[first].gain.min(tells[second].gain) >= HARMLESS;
            if telling && shared >= 5 && 2 * shared >= a.len().min(b.len()) {
                let name = |index: usize| table.columns()[index].attribute.name.clone();
                found.push((first, Reason::ChangingState { with: name(second) }));
                found.push((second, Reason::ChangingState { with: name(first) }));
            }
        }
    }
    found
}

/// Three to five numbers from 0 to 1 that add up to 1 (or to 0, where nothing is known yet) in nine rows of ten.
pub(super) fn share_of_whole(table: &Table, tells: &[Tells]) -> Found {
    let shares: Vec<(usize, &[f64])> = numbers(table)
        .filter(|(index, numbers)| {
            let inside = |number: &f64| number.is_nan() || (0.0..=1.0).contains(number);
            tells[*index].gain > 0.0 && numbers.iter().all(inside) && distinct(numbers, 10)
        })
        .take(12)
        .collect();
    let mut found = Vec::new();
    for chosen in 1_u32..1 << shares.len() {
        if !(3..=5).contains(&chosen.count_ones()) {
            continue;
        }
        let parts: Vec<&(usize, &[f64])> =
            shares.iter().enumerate().filter(|(place, _)| chosen >> place & 1 == 1).map(|(_, part)| part).collect();
        let whole = |row: usize| {
            let sum: f64 = parts.iter().map(|(_, numbers)| numbers[row]).sum();
            (sum - 1.0).abs() < 0.011 || sum == 0.0
        };
        let rows = (0..table.rows()).filter(|row| whole(*row)).count();
        let ones = (0..table.rows()).filter(|row| parts.iter().any(|(_, numbers)| numbers[*row] > 0.0)).count();
        let telling = parts.iter().any(|(index, _)| tells[*index].gain >= HARMLESS);
        if telling && 10 * rows >= 9 * table.rows() && 2 * ones > table.rows() {
            for (index, _) in &parts {
                let with = parts.iter().filter(|(other, _)| other != index);
                let with = with.map(|(other, _)| table.columns()[*other].attribute.name.clone()).collect();
                found.push((*index, Reason::ShareOfWhole { with }));
            }
        }
    }
    found
}

/// Two numbers of which one is never above the other, and equal to it in a fifth of the rows or more.
pub(super) fn running_total(table: &Table, tells: &[Tells]) -> Found {
    let telling: Vec<(usize, &[f64])> =
        numbers(table).filter(|(index, numbers)| tells[*index].gain >= HARMLESS && distinct(numbers, 20)).collect();
    let mut found = Vec::new();
    for (place, (first, a)) in telling.iter().enumerate() {
        for (second, b) in &telling[place + 1..] {
            let rows: Vec<(f64, f64)> =
                a.iter().zip(*b).filter(|(a, b)| !a.is_nan() && !b.is_nan()).map(|(a, b)| (*a, *b)).collect();
            let share = |keep: &dyn Fn(f64, f64) -> bool| {
                count(rows.iter().filter(|(a, b)| keep(*a, *b)).count()) / count(rows.len().max(1))
            };
            let (equal, below, above) =
                (share(&|a, b| a.total_cmp(&b).is_eq() && a != 0.0), share(&|a, b| a <= b), share(&|a, b| a >= b));
            if (0.2..0.999).contains(&equal) && below.max(above) >= 0.995 {
                let name = |index: usize| table.columns()[index].attribute.name.clone();
                found.push((*first, Reason::RunningTotal { with: name(*second) }));
                found.push((*second, Reason::RunningTotal { with: name(*first) }));
            }
        }
    }
    found
}

/// A number, or whether anything is filled in, that moves with the order of the leads and is not just what they are sorted by.
pub(super) fn moves_with_order(table: &Table, tells: &[Tells], won: &[bool], order: Option<&[i64]>) -> Found {
    let mut rows: Vec<usize> = (0..table.rows()).collect();
    if let Some(at) = order {
        rows.sort_by_key(|row| at[*row]);
    }
    let mut place = vec![0_u16; rows.len()];
    rows.iter().enumerate().for_each(|(rank, row)| place[*row] = u16::try_from(rank * 12 / rows.len()).unwrap_or(0));
    let moves = |index: usize| {
        let column = &table.columns()[index];
        if tells[index].gain < HARMLESS || column.attribute.of_arrival {
            return false;
        }
        let filled: Vec<u16> = (0..table.rows()).map(|row| u16::from(!column.cells.is_blank(row))).collect();
        if tells[index].blank > 0.02 && link::link(&filled, &place, won) >= 2.0 * ORDERED {
            return true;
        }
        let Cells::Numbers(numbers) = &column.cells else { return false };
        let up = rows.windows(2).filter(|pair| numbers[pair[0]] <= numbers[pair[1]]).count();
        let down = rows.windows(2).filter(|pair| numbers[pair[0]] >= numbers[pair[1]]).count();
        let sorted = up.max(down) * 50 >= rows.len() * 49;
        !sorted && distinct(numbers, 20) && link::link(&link::coarse(column), &place, won) >= ORDERED
    };
    (0..tells.len()).filter(|index| moves(*index)).map(|index| (index, Reason::MovesWithOrder)).collect()
}

/// What says much the same as one of `seeds`, and what says the same as one of those.
pub(super) fn goes_with(table: &Table, tells: &[Tells], won: &[bool], seeds: &[usize]) -> Found {
    if seeds.is_empty() {
        return Vec::new();
    }
    let coarse: Vec<Vec<u16>> = table.columns().iter().map(link::coarse).collect();
    let mut found = Found::new();
    let mut named: BTreeSet<usize> = seeds.iter().copied().collect();
    let mut seeds = seeds.to_vec();
    let mut least = LINKED;
    while !seeds.is_empty() {
        let mut next = Vec::new();
        for index in (0..tells.len()).filter(|index| !named.contains(index)) {
            let linked = seeds.iter().map(|seed| (link::link(&coarse[index], &coarse[*seed], won), *seed));
            let Some((most, seed)) = linked.max_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
            if most >= SAME || (most >= least && tells[index].gain >= HARMLESS) {
                found.push((index, Reason::GoesWith { with: table.columns()[seed].attribute.name.clone() }));
                next.push(index);
            }
        }
        named.extend(&next);
        seeds = next;
        // A loose link must not lead on to others.
        least = SAME;
    }
    found
}

fn numbers(table: &Table) -> impl Iterator<Item = (usize, &[f64])> {
    table.columns().iter().enumerate().filter_map(|(index, column)| match &column.cells {
        Cells::Numbers(numbers) => Some((index, numbers.as_slice())),
        Cells::Levels { .. } => None,
    })
}

/// True if there are more than `least` different numbers.
fn distinct(numbers: &[f64], least: usize) -> bool {
    let mut seen = BTreeSet::new();
    numbers.iter().any(|number| {
        seen.insert(number.to_bits());
        seen.len() > least
    })
}
