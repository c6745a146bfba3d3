//! One boosting step of one attribute.

use super::{boost::Sums, settings::Settings};
use crate::attribute::Monotone;

/// Bins without order: each level has a step of its own, held back by how little is known of it.
///
/// The penalty is on the value that the level ends up with, so that boosting to the end gives ridge regression: the
/// estimate of a random effect (Henderson 1975), which leaves a level with few rows near the mean.
pub(super) fn levels(sums: &[Sums], shape: &[f64], settings: &Settings, update: &mut [f64]) {
    ridge(sums, shape, settings.level_penalty, update);
}

/// The same for the cells of two categories.
pub(super) fn cells(sums: &[Sums], shape: &[f64], settings: &Settings, update: &mut [f64]) {
    ridge(sums, shape, settings.cell_penalty, update);
}

fn ridge(sums: &[Sums], shape: &[f64], penalty: f64, update: &mut [f64]) {
    for ((sums, value), update) in sums.iter().zip(shape).zip(update) {
        *update = -(sums.gradient + penalty * value) / (sums.curvature + penalty);
    }
}

/// Bins in order: a tree of up to three leaves, and blanks by themselves.
pub(super) fn ordered(sums: &[Sums], monotone: Monotone, settings: &Settings, update: &mut [f64]) {
    let Some((blank, known)) = sums.split_first() else { return };
    let Some((of_blank, of_known)) = update.split_first_mut() else { return };
    *of_blank = blank.step(settings.leaf_penalty);
    let total = known.iter().fold(Sums::default(), |all, bin| all.plus(*bin));
    let mut leaves = vec![(0, known.len(), total)];
    for _ in 0..2 {
        let best = leaves
            .iter()
            .enumerate()
            .filter_map(|(leaf, (from, to, total))| {
                best_cut(&known[*from..*to], *total, settings).map(|(gain, at, left)| (gain, leaf, from + at, left))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let Some((_, leaf, at, left)) = best else { break };
        let (from, to, total) = leaves[leaf];
        leaves.splice(leaf..=leaf, [(from, at, left), (at, to, total.minus(left))]);
    }
    pool(&mut leaves, monotone, settings);
    for (from, to, total) in leaves {
        of_known[from..to].fill(total.step(settings.leaf_penalty));
    }
}

/// Bins of a number for one level of a category: one cut at most.
pub(super) fn row(sums: &[Sums], settings: &Settings, update: &mut [f64]) {
    let total = sums.iter().fold(Sums::default(), |all, bin| all.plus(*bin));
    let settings = &Settings { leaf_penalty: settings.cell_penalty, ..settings.clone() };
    match best_cut(sums, total, settings) {
        Some((_, at, left)) => {
            update[..at].fill(left.step(settings.leaf_penalty));
            update[at..].fill(total.minus(left).step(settings.leaf_penalty));
        }
        None => update.fill(total.step(settings.leaf_penalty)),
    }
}

/// The cut that gains most: its gain, the bins before it, and their sums.
fn best_cut(bins: &[Sums], total: Sums, settings: &Settings) -> Option<(f64, usize, Sums)> {
    let whole = total.gain(settings.leaf_penalty);
    let mut left = Sums::default();
    let mut best: Option<(f64, usize, Sums)> = None;
    for (index, bin) in bins.iter().enumerate() {
        left = left.plus(*bin);
        let right = total.minus(left);
        if left.rows < settings.leaf_rows {
            continue;
        }
        if right.rows < settings.leaf_rows {
            break;
        }
        let gain = left.gain(settings.leaf_penalty) + right.gain(settings.leaf_penalty) - whole;
        if gain > best.map_or(1e-9, |(most, ..)| most) {
            best = Some((gain, index + 1, left));
        }
    }
    best
}

/// Joins neighbours whose steps go against the bound (pool adjacent violators; Barlow et al. 1972).
fn pool(leaves: &mut Vec<(usize, usize, Sums)>, monotone: Monotone, settings: &Settings) {
    let against = |left: Sums, right: Sums| {
        let (left, right) = (left.step(settings.leaf_penalty), right.step(settings.leaf_penalty));
        match monotone {
            Monotone::Free => false,
            Monotone::Rising => left > right,
            Monotone::Falling => left < right,
        }
    };
    while let Some(at) = leaves.windows(2).position(|pair| against(pair[0].2, pair[1].2)) {
        let (_, to, right) = leaves.remove(at + 1);
        leaves[at].1 = to;
        leaves[at].2 = leaves[at].2.plus(right);
    }
}
