//! From what was fitted to a model: calibrated, centred, rounded, and without what tells nothing apart.

use domain::score::learned::{Axis, Pair, Shape, Term};

use crate::{
    additive::{self, Additive},
    bins::Binning,
    calibrate::Platt,
    logistic::{self, Logistic},
    table::Table,
};

/// Log-odds are kept to this many parts of one.
const PARTS: f64 = 10_000.0;

/// Intercept, terms and pairs of a model.
pub(crate) type Sum = (f64, Vec<Term>, Vec<Pair>);

/// A logistic regression as a model of the columns of `table`.
pub(crate) fn logistic(fit: Logistic, platt: Platt, table: &Table) -> Sum {
    let mut intercept = platt.apply(fit.intercept);
    let terms = fit.terms.into_iter().zip(table.columns()).map(|(term, column)| {
        let shape = match term {
            logistic::Term::Line { low, high, centre, slope, blank } => Shape::Line {
                low,
                high,
                centre,
                // Not rounded to so many decimals: how large it is depends on the attribute's unit.
                slope: slope * platt.slope,
                blank: rounded(blank * platt.slope),
            },
            logistic::Term::Levels { binning, mut values } => {
                let bins = binning.apply(&column.cells);
                for value in &mut values {
                    *value *= platt.slope;
                }
                intercept += centre(&mut values, bins.iter().map(|bin| usize::from(*bin)));
                levels(binning, &values)
            }
        };
        Term { attribute: column.attribute.name.clone(), side: column.attribute.side, shape }
    });
    let terms = terms.collect();
    (rounded(intercept), terms, Vec::new())
}

/// An additive model as a model of the columns of `table`.
pub(crate) fn additive(fit: Additive, platt: Platt, table: &Table) -> Sum {
    let mut intercept = platt.apply(fit.intercept);
    let bins: Vec<Vec<u16>> =
        fit.shapes.iter().zip(table.columns()).map(|(shape, column)| shape.binning.apply(&column.cells)).collect();
    let mut pairs = Vec::new();
    let mut needed: Vec<Vec<f64>> = vec![Vec::new(); fit.shapes.len()];
    for mut pair in fit.pairs {
        pair.values.iter_mut().for_each(|value| *value *= platt.slope);
        let [first, second] = pair.of.map(|index| &bins[index]);
        let cells: Vec<usize> = first.iter().zip(second).map(|(a, b)| pair.cell(*a, *b)).collect();
        intercept += centre(&mut pair.values, cells.into_iter());
        pairs.push(written(&pair, &fit.shapes, &mut needed));
    }
    let mut terms = Vec::new();
    for (index, (shape, column)) in fit.shapes.into_iter().zip(table.columns()).enumerate() {
        let mut values: Vec<f64> = shape.values.iter().map(|value| value * platt.slope).collect();
        intercept += centre(&mut values, bins[index].iter().map(|bin| usize::from(*bin)));
        let shape = match shape.binning {
            Binning::Cuts(cuts) => steps(&cuts, &values, &needed[index]),
            binning @ Binning::Levels(_) => levels(binning, &values),
        };
        terms.push(Term { attribute: column.attribute.name.clone(), side: column.attribute.side, shape });
    }
    (rounded(intercept), terms, pairs)
}

/// Makes the mean over all rows 0, and returns what it was. Bins without rows become 0: nothing is known of them.
fn centre(values: &mut [f64], bins: impl Iterator<Item = usize>) -> f64 {
    let mut rows = vec![0_usize; values.len()];
    bins.for_each(|bin| rows[bin] += 1);
    let total = crate::evaluate::count(rows.iter().sum::<usize>().max(1));
    let mean = values.iter().zip(&rows).map(|(value, rows)| value * crate::evaluate::count(*rows)).sum::<f64>() / total;
    for (value, rows) in values.iter_mut().zip(&rows) {
        *value = if *rows == 0 { 0.0 } else { *value - mean };
    }
    mean
}

fn levels(binning: Binning, values: &[f64]) -> Shape {
    let Binning::Levels(levels) = binning else { unreachable!("levels are binned as levels") };
    let last = values.len() - 1;
    Shape::Levels {
        levels,
        values: values[1..last].iter().copied().map(rounded).collect(),
        rest: rounded(values[last]),
        blank: rounded(values[0]),
    }
}

/// Steps, in which neighbours that add the same are one, unless one of `needed` lies between.
fn steps(cuts: &[f64], values: &[f64], needed: &[f64]) -> Shape {
    let known: Vec<f64> = values[1..].iter().copied().map(rounded).collect();
    let mut kept = (Vec::new(), vec![known[0]]);
    for (cut, value) in cuts.iter().zip(&known[1..]) {
        let same = kept.1.last().is_some_and(|last: &f64| last.to_bits() == value.to_bits());
        if !same || needed.contains(cut) {
            kept.0.push(*cut);
            kept.1.push(*value);
        }
    }
    Shape::Steps { cuts: kept.0, values: kept.1, blank: rounded(values[0]) }
}

/// A pair in whole hundredths; `needed` gets the cuts of its sides.
fn written(pair: &additive::Pair, shapes: &[additive::Shape], needed: &mut [Vec<f64>]) -> Pair {
    let axes = [0, 1].map(|side| {
        let (index, places) = (pair.of[side], &pair.places[side]);
        match &shapes[index].binning {
            Binning::Cuts(cuts) => {
                let of_side = cuts.iter().zip(places[1..].windows(2)).filter(|(_, ends)| ends[0] < ends[1]);
                let cuts: Vec<f64> = of_side.map(|(cut, _)| *cut).collect();
                needed[index].extend(&cuts);
                Axis::Cuts { cuts, blank: places[1] > 0 }
            }
            Binning::Levels(_) => Axis::Levels { most: places.iter().max().copied().map_or(0, usize::from) },
        }
    });
    #[expect(clippy::cast_possible_truncation, reason = "log-odds are small")]
    let hundredths = pair.values.iter().map(|value| (value * 100.0).round() as i32).collect();
    Pair { of: pair.of, axes, hundredths }
}

/// To whole ten-thousandths, and no minus before a nought.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * PARTS).round() / PARTS + 0.0
}
