//! Binning: every value becomes the number of a bin, and a blank is a bin of its own.
//!
//! Bin 0 holds blanks. Numbers fall in 1 to n+1 by n cuts, which are quantiles of the training rows. Levels have 1 to n, the
//! most frequent first, and n+1 holds the rest: those too rare to learn from, and those never seen.

use std::collections::HashMap;

use domain::score::learned::bin_of;

use crate::table::{BLANK, Cells};

/// How an attribute is binned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Binning {
    /// A number up to and including `cuts[i]` falls in bin `i + 1` at most. Ascending, finite.
    Cuts(Vec<f64>),
    /// Level `names[i]` has bin `i + 1`.
    Levels(Vec<String>),
}

impl Binning {
    /// Bins for the rows of `cells`: at most `most` cuts (or levels), each level in at least `least` rows.
    pub(crate) fn learn(cells: &Cells, most: usize, least: usize) -> Self {
        match cells {
            Cells::Numbers(numbers) => Self::Cuts(quantile_cuts(numbers, most)),
            Cells::Levels { names, codes } => {
                let mut counts = vec![0_usize; names.len()];
                for code in codes.iter().filter(|code| **code != BLANK) {
                    counts[*code as usize] += 1;
                }
                let mut kept: Vec<usize> = (0..names.len()).filter(|level| counts[*level] >= least.max(1)).collect();
                // By count, then by name: the order of the rows must not matter.
                kept.sort_by(|a, b| counts[*b].cmp(&counts[*a]).then_with(|| names[*a].cmp(&names[*b])));
                kept.truncate(most);
                Self::Levels(kept.into_iter().map(|level| names[level].clone()).collect())
            }
        }
    }

    /// How many bins there are, that of blanks and that of the rest included.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Cuts(cuts) => cuts.len() + 2,
            Self::Levels(names) => names.len() + 2,
        }
    }

    /// The bins of a column; of another type than this was learnt from, all are blank.
    pub(crate) fn apply(&self, cells: &Cells) -> Vec<u16> {
        match (self, cells) {
            (Self::Cuts(cuts), Cells::Numbers(numbers)) => numbers.iter().map(|number| bin_of(cuts, *number)).collect(),
            (Self::Levels(known), Cells::Levels { names, codes }) => {
                let places: HashMap<&str, usize> =
                    known.iter().enumerate().map(|(place, name)| (name.as_str(), place + 1)).collect();
                let rest = known.len() + 1;
                let bins: Vec<u16> =
                    names.iter().map(|name| narrow(places.get(name.as_str()).copied().unwrap_or(rest))).collect();
                codes.iter().map(|code| bins.get(*code as usize).copied().unwrap_or(0)).collect()
            }
            _ => vec![0; cells.len()],
        }
    }
}

/// Bins are far fewer than 2^16.
fn narrow(bin: usize) -> u16 {
    u16::try_from(bin).unwrap_or(u16::MAX)
}

/// At most `most` cuts between different numbers, so that the bins hold about equally many of them.
fn quantile_cuts(numbers: &[f64], most: usize) -> Vec<f64> {
    let mut sorted: Vec<f64> = numbers.iter().copied().filter(|number| !number.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let mut runs: Vec<(f64, usize)> = Vec::new();
    for number in &sorted {
        match runs.last_mut() {
            // They ascend, so what is not above is equal; minus zero is zero.
            Some((value, count)) if *value >= *number => *count += 1,
            _ => runs.push((*number, 1)),
        }
    }
    if runs.len() <= 1 {
        return Vec::new();
    }
    let between = |index: usize| middle(runs[index].0, runs[index + 1].0);
    if runs.len() <= most + 1 {
        return (0..runs.len() - 1).map(between).collect();
    }
    let mut cuts = Vec::with_capacity(most);
    let (mut left, mut filled, mut bins) = (sorted.len(), 0, most + 1);
    for (index, (_, count)) in runs[..runs.len() - 1].iter().enumerate() {
        filled += count;
        // What is left is shared anew after each bin: a value that fills several bins costs the others nothing.
        if filled * bins >= left && bins > 1 {
            cuts.push(between(index));
            left -= filled;
            filled = 0;
            bins -= 1;
        }
    }
    cuts
}

/// A number `m` with `a <= m < b`, as short as it can be said.
fn middle(a: f64, b: f64) -> f64 {
    for digits in 1..=15_usize {
        let text = format!("{:.*e}", digits - 1, a / 2.0 + b / 2.0);
        if let Some(short) = text.parse::<f64>().ok().filter(|short| a <= *short && *short < b) {
            return short;
        }
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_get_a_bin_each() {
        let cells = Cells::Numbers(vec![3.0, 1.0, f64::NAN, 1.0, 2.0]);
        assert_eq!(Binning::learn(&cells, 10, 1).apply(&cells), [3, 1, 0, 1, 2]);
    }

    #[test]
    fn cuts_are_short_and_lie_between() {
        assert_eq!(middle(1.0, 2.0).to_string(), "1.5");
        assert_eq!(middle(1.2, 1.4).to_string(), "1.3");
        assert!((1.1..1.2).contains(&middle(1.1, 1.2)));
        let next = f64::from_bits(1.1_f64.to_bits() + 1);
        assert!(middle(1.1, next) < next && middle(-f64::MAX, f64::MAX).is_finite());
    }

    #[test]
    fn many_values_share_bins_evenly() {
        let numbers: Vec<f64> = (0..1_000).map(f64::from).collect();
        let Binning::Cuts(cuts) = Binning::learn(&Cells::Numbers(numbers), 9, 1) else { panic!() };
        assert_eq!(cuts.len(), 9);
        assert!(cuts.is_sorted());
    }

    #[test]
    fn a_heavy_value_leaves_bins_for_the_rest() {
        let mut numbers = vec![0.0; 5_000];
        numbers.extend((1..=1_000).map(f64::from));
        let Binning::Cuts(cuts) = Binning::learn(&Cells::Numbers(numbers), 10, 1) else { panic!() };
        assert_eq!(cuts.len(), 10);
    }

    #[test]
    fn rare_and_unseen_levels_share_a_bin() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let cells = Cells::Levels { names: names(&["a", "b", "c"]), codes: vec![1, 1, 0, 0, 2, BLANK] };
        let binning = Binning::learn(&cells, 10, 2);
        assert_eq!(binning, Binning::Levels(names(&["a", "b"])));
        assert_eq!(binning.apply(&cells), [2, 2, 1, 1, 3, 0]);
        let other = Cells::Levels { names: names(&["z", "b"]), codes: vec![0, 1] };
        assert_eq!(binning.apply(&other), [3, 2]);
        assert_eq!(binning.apply(&Cells::Numbers(vec![1.0])), [0], "another type is as good as blank");
    }
}
