//! How much two attributes say the same.

use crate::{bins::Binning, evaluate::count, table::Column};

/// Bins in which attributes are compared.
const BINS: usize = 14;

/// Coarse bins of an attribute.
pub(super) fn coarse(column: &Column) -> Vec<u16> {
    Binning::learn(&column.cells, BINS, 1).apply(&column.cells)
}

/// Mutual information of two attributes among leads of one outcome, as a share of the lesser of their entropies: 0 for
/// independent ones, 1 if one tells the other. What chance alone would give is taken off (Miller 1955).
///
/// Within an outcome, because two attributes that both tell the outcome are alike for that reason alone.
pub(super) fn link(a: &[u16], b: &[u16], won: &[bool]) -> f64 {
    let shares = [false, true].map(|outcome| {
        let rows: Vec<usize> = (0..won.len()).filter(|row| won[*row] == outcome).collect();
        shared(a, b, &rows) * count(rows.len()) / count(won.len().max(1))
    });
    shares[0] + shares[1]
}

fn shared(a: &[u16], b: &[u16], rows: &[usize]) -> f64 {
    let size = |bins: &[u16]| bins.iter().max().map_or(1, |most| usize::from(*most) + 1);
    let (across, down) = (size(a), size(b));
    let mut table = vec![0_usize; across * down];
    for row in rows {
        table[usize::from(a[*row]) * down + usize::from(b[*row])] += 1;
    }
    let of_a: Vec<usize> = table.chunks(down).map(|row| row.iter().sum()).collect();
    let of_b: Vec<usize> = (0..down).map(|d| (0..across).map(|a| table[a * down + d]).sum()).collect();
    let (entropy_a, cells_a) = entropy(&of_a);
    let (entropy_b, cells_b) = entropy(&of_b);
    let (joint, cells) = entropy(&table);
    let least = entropy_a.min(entropy_b);
    // What nearly always has the same value can't be said to follow anything.
    if least < 0.1 {
        return 0.0;
    }
    let by_chance = (count(cells) + 1.0 - count(cells_a) - count(cells_b)) / (2.0 * count(rows.len().max(1)));
    ((entropy_a + entropy_b - joint - by_chance) / least).max(0.0)
}

/// Entropy in nats, and how many cells are not empty.
fn entropy(cells: &[usize]) -> (f64, usize) {
    let total = count(cells.iter().sum::<usize>().max(1));
    let filled = cells.iter().filter(|cell| **cell > 0);
    let entropy = filled.clone().map(|cell| count(*cell) / total).map(|share| -share * share.ln()).sum();
    (entropy, filled.count())
}
