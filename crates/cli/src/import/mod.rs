//! `import`: leads from CSV and JSON Lines, by a mapping file.

mod csv;
mod jsonl;
pub mod mapping;
mod reader;
mod record;
mod row;
mod window;

#[cfg(test)]
mod tests;

pub use reader::{InputError, Next, Position, Rows};
pub use record::{Record, RowProblem};
pub use row::{Converter, Row, request_id};
pub use window::MAX_ROW_BYTES;
