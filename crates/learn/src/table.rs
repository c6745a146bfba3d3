//! Leads as typed columns.

use domain::score::learned::{self, Batch, Scorer, Value};

use crate::attribute::Attribute;

/// The code of a blank in [`Cells::Levels`].
pub const BLANK: u32 = u32::MAX;

/// The values of one attribute, one for each lead.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Numbers; a blank is NaN.
    Numbers(Vec<f64>),
    /// Categories: codes into a list of names without repetition; a blank is [`BLANK`].
    Levels {
        /// The levels' names.
        names: Vec<String>,
        /// For each lead the place of its level in `names`, or [`BLANK`].
        codes: Vec<u32>,
    },
}

impl Cells {
    /// How many leads.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Levels { codes, .. } => codes.len(),
        }
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True if the attribute of that lead is blank (also for a lead that is not there).
    pub fn is_blank(&self, row: usize) -> bool {
        match self {
            Self::Numbers(numbers) => numbers.get(row).is_none_or(|number| number.is_nan()),
            Self::Levels { codes, .. } => codes.get(row).is_none_or(|code| *code == BLANK),
        }
    }

    /// The value of one lead; of one that is not there a blank.
    pub fn value(&self, row: usize) -> Value<'_> {
        match self {
            Self::Numbers(numbers) => numbers.get(row).map_or(Value::Blank, |number| Value::Number(*number)),
            Self::Levels { names, codes } => {
                let name = codes.get(row).and_then(|code| names.get(*code as usize));
                name.map_or(Value::Blank, |name| Value::Level(name))
            }
        }
    }

    fn as_column(&self) -> learned::Column<'_> {
        match self {
            Self::Numbers(numbers) => learned::Column::Numbers(numbers),
            Self::Levels { names, codes } => learned::Column::Levels { names, codes },
        }
    }

    /// The same for some of the leads.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        match self {
            Self::Numbers(numbers) => Self::Numbers(rows.iter().map(|row| numbers[*row]).collect()),
            Self::Levels { names, codes } => {
                Self::Levels { names: names.clone(), codes: rows.iter().map(|row| codes[*row]).collect() }
            }
        }
    }
}

/// An attribute and its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// What is known of the attribute.
    pub attribute: Attribute,
    /// Its values.
    pub cells: Cells,
}

/// Columns of equal length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
}

impl Table {
    /// A table of `columns`.
    ///
    /// # Panics
    ///
    /// If they differ in length.
    pub fn new(columns: Vec<Column>) -> Self {
        let rows = columns.first().map_or(0, |column| column.cells.len());
        assert!(columns.iter().all(|column| column.cells.len() == rows), "the columns of a table differ in length");
        Self { columns, rows }
    }

    /// How many leads.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of that name.
    pub fn find(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.attribute.name == name)
    }

    /// Some of the leads.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        let columns = self
            .columns
            .iter()
            .map(|column| Column { attribute: column.attribute.clone(), cells: column.cells.take(rows) })
            .collect();
        Self { columns, rows: rows.len() }
    }

    /// Only the columns for which `keep` is true.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&Column) -> bool) -> Self {
        Self { columns: self.columns.iter().filter(|column| keep(column)).cloned().collect(), rows: self.rows }
    }
}

/// Scores all leads of a table, whose columns are found by name; a column that is missing, or of another type, is blank.
pub fn score(scorer: &Scorer, table: &Table) -> Batch {
    scorer.batch(table.rows(), |name| table.find(name).map(|column| column.cells.as_column()))
}
