//! Which pairs matter, found as FAST does: by the gain of a small tree over both, on what the attributes leave unexplained.
//!
//! Lou, Caruana, Gehrke, Hooker: "Accurate intelligible models with pairwise interactions", KDD 2013.

use super::{
    Additive, Pair,
    boost::{Learner, Sums, Term},
    plane::Plane,
    settings::Settings,
};
use crate::{attribute::Monotone, bins::Binning, table::Table};

/// Deviations from what chance gives that a pair must have.
const CHANCE: f64 = 2.0;

pub(super) struct Search<'s> {
    pub(super) table: &'s Table,
    pub(super) won: &'s [bool],
    pub(super) settings: &'s Settings,
    pub(super) plain: &'s Additive,
    /// For each attribute the bins of all rows.
    pub(super) bins: &'s [Vec<u16>],
    /// What the attributes say, for all rows.
    pub(super) odds: &'s [f64],
}

/// The pairs that gain most, the strongest first, with nothing learnt yet. An attribute that is bound to rise or fall is in
/// none: then its shape alone keeps the bound.
pub(super) fn strongest(search: &Search<'_>) -> Vec<Pair> {
    let Search { table, won, settings, plain, bins, odds } = search;
    let slopes: Vec<[f64; 2]> = odds
        .iter()
        .zip(*won)
        .map(|(odds, won)| {
            let chance = crate::evaluate::sigmoid(*odds);
            [chance - f64::from(u8::from(*won)), chance * (1.0 - chance)]
        })
        .collect();
    let places: Vec<Option<Vec<u16>>> = (0..bins.len())
        .map(|index| {
            let free = table.columns()[index].attribute.monotone == Monotone::Free;
            free.then(|| places(&plain.shapes[index].binning, &bins[index], settings.pair_bins))
                .filter(|places| side(places) > 1)
        })
        .collect();
    let mut found: Vec<(f64, Pair)> = Vec::new();
    for first in 0..bins.len() {
        for second in first + 1..bins.len() {
            let (Some(across), Some(down)) = (&places[first], &places[second]) else { continue };
            let number = |index: usize| matches!(plain.shapes[index].binning, Binning::Cuts(_));
            let (first, second, across, down) = if number(first) && !number(second) {
                (second, first, down, across)
            } else {
                (first, second, across, down)
            };
            let pair = Pair {
                of: [first, second],
                places: [across.clone(), down.clone()],
                down: side(down),
                values: Vec::new(),
            };
            let mut sums = vec![Sums::default(); side(across) * side(down)];
            for ((a, b), [gradient, curvature]) in bins[first].iter().zip(&bins[second]).zip(&slopes) {
                let cell = &mut sums[pair.cell(*a, *b)];
                *cell = cell.plus(Sums { gradient: *gradient, curvature: *curvature, rows: 1.0 });
            }
            let (excess, deviation) = excess(&sums, settings.cell_penalty);
            if excess > CHANCE * deviation {
                found.push((excess, pair));
            }
        }
    }
    // A stable sort: of equals the first.
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.truncate(settings.most_pairs);
    found.into_iter().map(|(_, pair)| pair).collect()
}

/// What the cells gain, less what they would gain by chance alone, and how far chance strays from that: there the square of a
/// gradient is as large as the curvature. (The score test of a variance component; Lin, Biometrika 84, 1997.)
fn excess(sums: &[Sums], penalty: f64) -> (f64, f64) {
    let mut excess = 0.0;
    let mut variance = 0.0;
    for sums in sums {
        let weight = 1.0 / (sums.curvature + penalty);
        excess += (sums.gradient * sums.gradient - sums.curvature) * weight;
        variance += 2.0 * (sums.curvature * weight).powi(2);
    }
    (excess, variance.sqrt())
}

/// A pair as a term to boost.
pub(super) fn term(pair: &Pair, plain: &Additive, bins: &[Vec<u16>]) -> Term {
    let across = side(&pair.places[0]);
    let number = |index: usize| matches!(plain.shapes[pair.of[index]].binning, Binning::Cuts(_));
    let learner = match (number(0), number(1)) {
        (true, true) => Learner::Plane(Plane { across, down: pair.down }),
        (false, true) => Learner::Rows(pair.down),
        (false, false) => Learner::Cells,
        (true, false) => unreachable!(),
    };
    let [first, second] = pair.of.map(|index| &bins[index]);
    Term {
        learner,
        count: across * pair.down,
        bins: first.iter().zip(second).map(|(a, b)| u16::try_from(pair.cell(*a, *b)).unwrap_or(u16::MAX)).collect(),
    }
}

/// How many places there are.
fn side(places: &[u16]) -> usize {
    places.iter().max().map_or(0, |most| usize::from(*most) + 1)
}

/// Where the bins of an attribute stand along a side: numbers in their order in at most `most` places of equally many rows,
/// levels as they are, the rarer ones beyond [`MOST_LEVELS`] together.
fn places(binning: &Binning, bins: &[u16], most: usize) -> Vec<u16> {
    let count = binning.count();
    if matches!(binning, Binning::Levels(_)) {
        return (0..count).map(|bin| u16::try_from(bin.min(MOST_LEVELS)).unwrap_or(u16::MAX)).collect();
    }
    let mut rows = vec![0_usize; count];
    for bin in bins {
        rows[usize::from(*bin)] += 1;
    }
    let many = rows.iter().filter(|rows| **rows > 0).count() > most;
    let (mut left, mut filled, mut sides, mut place) = (bins.len(), 0, most, 0);
    let mut places = vec![0; count];
    for bin in 0..count {
        places[bin] = place;
        filled += rows[bin];
        let full = if many { filled * sides >= left && sides > 1 } else { rows[bin] > 0 };
        if full && left > filled {
            left -= filled;
            filled = 0;
            sides -= 1;
            place += 1;
        }
    }
    places
}

const MOST_LEVELS: usize = 200;
