//! How the additive model is boosted.

/// Numbers of the training; [`Settings::default`] was tried by hand on the example sets (`docs/models.md`).
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Share of a Newton step that is taken.
    pub learning_rate: f64,
    /// Most rounds; each goes once over all terms.
    pub max_rounds: usize,
    /// Rounds without gain on the rows set aside after which it stops.
    pub patience: usize,
    /// Share of the rows of each bag set aside to tell when to stop.
    pub stop_share: f64,
    /// Bags whose shapes are averaged.
    pub bags: usize,
    /// Most cuts of a number.
    pub most_cuts: usize,
    /// Most levels of a category.
    pub most_levels: usize,
    /// Rows below which a level is folded into the rest.
    pub least_rows: usize,
    /// Rows that a leaf must have.
    pub leaf_rows: f64,
    /// Penalty (L2) on the steps of leaves.
    pub leaf_penalty: f64,
    /// Penalty (L2) on the values of levels: the inverse of how far their log-odds vary, as variance.
    pub level_penalty: f64,
    /// Penalty (L2) on the steps of cells.
    pub cell_penalty: f64,
    /// Bins along each side of a pair.
    pub pair_bins: usize,
    /// Most pairs.
    pub most_pairs: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            learning_rate: 0.1,
            max_rounds: 2_000,
            patience: 30,
            stop_share: 0.15,
            bags: 8,
            most_cuts: 1_000,
            most_levels: 1_000,
            least_rows: 5,
            leaf_rows: 3.0,
            leaf_penalty: 1.0,
            level_penalty: 4.0,
            cell_penalty: 5.0,
            pair_bins: 32,
            most_pairs: 24,
        }
    }
}

/// Rows from which shapes are plain enough to hurry.
const MANY_ROWS: usize = 20_000;

impl Settings {
    /// The same for so many rows: with many, larger steps find the same shapes sooner.
    pub(crate) fn for_rows(&self, rows: usize) -> Self {
        let faster = if rows > MANY_ROWS { 2.0 } else { 1.0 };
        Self { learning_rate: self.learning_rate * faster, ..self.clone() }
    }

    /// The same with fewer bags: enough to compare and to calibrate, and with many rows fewer are.
    pub(crate) fn for_cross_validation(&self, rows: usize) -> Self {
        Self { bags: self.bags.min(if rows > MANY_ROWS { 2 } else { 4 }), ..self.clone() }
    }
}
