//! The parts of a learned model, as its document has them. Numbers are finite; log-odds are natural logarithms.

use serde::{Deserialize, Serialize};

use crate::score::Side;

/// What an attribute adds to the log-odds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// The attribute.
    pub attribute: String,
    /// Which level of the grade it counts in.
    #[serde(default)]
    pub side: Side,
    /// What it adds.
    #[serde(flatten)]
    pub shape: Shape,
}

/// How a value becomes log-odds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Shape {
    /// `slope` x (number cut to `low` ... `high`, less `centre`).
    Line {
        /// Least number told apart.
        low: f64,
        /// Greatest number told apart.
        high: f64,
        /// Where it adds nothing.
        centre: f64,
        /// Log-odds for one more.
        slope: f64,
        /// Of a blank.
        blank: f64,
    },
    /// Steps: `values[i]` up to and including `cuts[i]`, the last value above all cuts.
    Steps {
        /// Ascending.
        cuts: Vec<f64>,
        /// One more than cuts.
        values: Vec<f64>,
        /// Of a blank.
        blank: f64,
    },
    /// `values[i]` for `levels[i]`.
    Levels {
        /// The levels.
        levels: Vec<String>,
        /// As many.
        values: Vec<f64>,
        /// Of a level that is not listed.
        rest: f64,
        /// Of a blank.
        blank: f64,
    },
}

/// What a pair of attributes adds beyond what each adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The numbers of both among the terms.
    pub of: [usize; 2],
    /// How the values of each fall on the places of its side.
    pub axes: [Axis; 2],
    /// Hundredths of log-odds of the cells, by the first attribute's place, then the second's.
    #[serde(with = "sparse")]
    pub hundredths: Vec<i32>,
}

/// Places along one side of a pair's table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Of a number: by cuts, which are among those of its steps.
    Cuts {
        /// Ascending.
        cuts: Vec<f64>,
        /// A blank has a place of its own, before the others; otherwise it shares the first.
        blank: bool,
    },
    /// Of a category: a blank, then the first `most` - 1 levels, then all others.
    Levels {
        /// The last place.
        most: usize,
    },
}

/// From log-odds to a score and a grade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// Log-odds below which 0, 5, 10 ... 100 of 100 leads of the training lie.
    pub log_odds: Vec<f64>,
    /// Least sum of contributions for A and for B.
    pub fit: [f64; 2],
    /// Least sum of contributions for 1 and for 2.
    pub intent: [f64; 2],
}

/// Most cells of a pair of categories hold no lead: a nought is followed by how many noughts there are.
mod sparse {
    use serde::{Deserialize, Deserializer, Serialize as _, Serializer, de::Error as _};

    /// More cells than any pair has.
    const MOST: usize = 1 << 16;

    pub(super) fn serialize<S: Serializer>(cells: &[i32], serializer: S) -> Result<S::Ok, S::Error> {
        let mut packed: Vec<i32> = Vec::new();
        for run in cells.chunk_by(|a, b| *a == 0 && *b == 0) {
            packed.push(run[0]);
            if run[0] == 0 {
                packed.push(i32::try_from(run.len()).unwrap_or(i32::MAX));
            }
        }
        packed.serialize(serializer)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Vec<i32>, D::Error> {
        let mut cells = Vec::new();
        let mut packed = Vec::<i32>::deserialize(deserializer)?.into_iter();
        while let Some(value) = packed.next() {
            let count = if value == 0 { packed.next().and_then(|count| usize::try_from(count).ok()) } else { Some(1) };
            match count {
                Some(count @ 1..=MOST) if cells.len() + count <= MOST => cells.resize(cells.len() + count, value),
                _ => return Err(D::Error::custom("the cells of a pair are not well packed")),
            }
        }
        Ok(cells)
    }
}
