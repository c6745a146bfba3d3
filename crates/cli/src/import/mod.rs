//! `import`: leads from CSV and JSON Lines, by a mapping file.
//!
//! [`Rows`] reads an input, [`Converter`] makes leads of its rows, [`run`] sends them and keeps count.

mod args;
mod batch;
mod checkpoint;
mod csv;
mod jsonl;
pub mod mapping;
mod reader;
mod record;
mod report;
mod row;
mod run;
mod send;
mod summary;
mod window;

#[cfg(test)]
mod tests;

pub use args::ImportArgs;
pub use reader::{InputError, Next, Position, Rows};
pub use record::{Record, RowProblem};
pub(crate) use row::read_time;
pub use row::{Converter, Row, request_id};
pub use run::{Imported, run, run_with};
pub use send::{Answer, Retry, over};
pub use summary::ImportSummary;
pub use window::MAX_ROW_BYTES;
