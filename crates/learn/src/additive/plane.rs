//! One boosting step of a pair of attributes, and how much there is to learn from a pair.

use super::{boost::Sums, settings::Settings};

/// A table of `across` x `down` cells; cell (a, d) has number `a * down + d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plane {
    pub(super) across: usize,
    pub(super) down: usize,
}

/// A tree of two levels: a cut across one side, and in each half a cut across the other.
#[derive(Debug, Clone, Copy)]
struct Tree {
    gain: f64,
    /// The first cut is across the first attribute.
    first_across: bool,
    at: usize,
    halves: [Option<usize>; 2],
}

impl Plane {
    /// The steps of the cells by the tree that gains most.
    pub(super) fn step(self, sums: &[Sums], settings: &Settings, update: &mut [f64]) {
        let corner = self.corners(sums);
        let Some(tree) = self.best(&corner, settings) else { return };
        let (length, width) = if tree.first_across { (self.across, self.down) } else { (self.down, self.across) };
        for (half, cut) in tree.halves.into_iter().enumerate() {
            let rows = if half == 0 { (0, tree.at) } else { (tree.at, length) };
            let ends = [Some(0), cut, Some(width)];
            let ends: Vec<usize> = ends.into_iter().flatten().collect();
            for columns in ends.windows(2) {
                let sums = self.area(&corner, tree.first_across, rows, (columns[0], columns[1]));
                let step = sums.step(settings.cell_penalty);
                for row in rows.0..rows.1 {
                    for column in columns[0]..columns[1] {
                        let cell = if tree.first_across { row * self.down + column } else { column * self.down + row };
                        update[cell] = step;
                    }
                }
            }
        }
    }

    /// Sums over all cells before (a, d), for all a and d.
    fn corners(self, sums: &[Sums]) -> Vec<Sums> {
        let width = self.down + 1;
        let mut corner = vec![Sums::default(); (self.across + 1) * width];
        for a in 0..self.across {
            let mut row = Sums::default();
            for d in 0..self.down {
                row = row.plus(sums[a * self.down + d]);
                corner[(a + 1) * width + d + 1] = corner[a * width + d + 1].plus(row);
            }
        }
        corner
    }

    /// Sums of the cells in `rows` x `columns`, where rows run along the side that is cut first.
    fn area(self, corner: &[Sums], first_across: bool, rows: (usize, usize), columns: (usize, usize)) -> Sums {
        let width = self.down + 1;
        let at =
            |row: usize, column: usize| corner[if first_across { row * width + column } else { column * width + row }];
        at(rows.1, columns.1).minus(at(rows.0, columns.1)).minus(at(rows.1, columns.0)).plus(at(rows.0, columns.0))
    }

    fn best(self, corner: &[Sums], settings: &Settings) -> Option<Tree> {
        let mut best: Option<Tree> = None;
        for first_across in [true, false] {
            let (length, width) = if first_across { (self.across, self.down) } else { (self.down, self.across) };
            let whole = self.area(corner, first_across, (0, length), (0, width)).gain(settings.cell_penalty);
            for at in 1..length {
                let upper = self.half(corner, first_across, (0, at), settings);
                let lower = self.half(corner, first_across, (at, length), settings);
                let (Some(upper), Some(lower)) = (upper, lower) else { continue };
                let gain = upper.0 + lower.0 - whole;
                if gain > best.map_or(1e-9, |tree| tree.gain) {
                    best = Some(Tree { gain, first_across, at, halves: [upper.1, lower.1] });
                }
            }
        }
        best
    }

    /// The best cut of a half, if one is better than none; `None` if the half has too few rows.
    fn half(
        self,
        corner: &[Sums],
        first_across: bool,
        rows: (usize, usize),
        settings: &Settings,
    ) -> Option<(f64, Option<usize>)> {
        let width = if first_across { self.down } else { self.across };
        let total = self.area(corner, first_across, rows, (0, width));
        if total.rows < settings.leaf_rows {
            return None;
        }
        let mut best = (total.gain(settings.cell_penalty), None);
        for cut in 1..width {
            let left = self.area(corner, first_across, rows, (0, cut));
            let right = total.minus(left);
            if left.rows < settings.leaf_rows || right.rows < settings.leaf_rows {
                continue;
            }
            let gain = left.gain(settings.cell_penalty) + right.gain(settings.cell_penalty);
            if gain > best.0 {
                best = (gain, Some(cut));
            }
        }
        Some(best)
    }
}
