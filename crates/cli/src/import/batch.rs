//! Reading ahead: rows become requests on a thread of their own.

use std::sync::Arc;

use api::v1::{LeadProfile, RouteLeadRequest};
use jiff::Timestamp;
use prost::Message as _;
use tokio::sync::mpsc;

use super::{
    mapping::Mapping,
    reader::{InputError, Next, Position, Rows},
    record::RowProblem,
    row::{Converter, Row},
};

/// A batch is sent when it has grown to this, however few rows that are: far below the 4 MiB that a service takes in
/// one message.
const FULL_BYTES: usize = 512 * 1024;

/// Rows that go together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Line and request of each row that can be sent.
    pub requests: Vec<(u64, RouteLeadRequest)>,
    /// What is wrong with those that can't.
    pub problems: Vec<RowProblem>,
    /// How many can't.
    pub rejected: u64,
    /// How many could be, and are not to be.
    pub unsent: u64,
    /// Behind the last of them.
    pub end: Option<Position>,
    bytes: usize,
}

impl Batch {
    /// Rows in it.
    pub(super) fn rows(&self) -> u64 {
        self.requests.len() as u64 + self.rejected + self.unsent
    }

    /// Takes out what could be sent.
    pub(super) fn hold_back(&mut self) {
        self.unsent += self.requests.len() as u64;
        self.requests.clear();
    }

    fn is_full(&self, most: u16) -> bool {
        self.rows() >= u64::from(most) || self.bytes >= FULL_BYTES
    }

    fn add(&mut self, row: Row) {
        let request = RouteLeadRequest {
            lead: Some(LeadProfile::from(row.profile)),
            request_id: row.request_id.to_string(),
            validate_only: false,
        };
        self.bytes += request.encoded_len();
        self.requests.push((row.line, request));
    }
}

/// Reads all rows and gives them away in batches of at most `most`, as fast as they are taken. Ends early, without an
/// error, when nobody takes them any more. Returns the columns that the mapping doesn't know.
pub(super) fn read_all(
    mut rows: Rows,
    mapping: &Arc<Mapping>,
    now: Timestamp,
    most: u16,
    batches: &mpsc::Sender<Batch>,
) -> Result<Vec<String>, InputError> {
    let converter = Converter::new(mapping, now);
    let mut batch = Batch::default();
    while let Some(next) = rows.read()? {
        match next {
            Next::Rejected(problem) => {
                batch.rejected += 1;
                batch.problems.push(problem);
            }
            Next::Row(record) => match converter.convert(record) {
                Ok(row) => batch.add(row),
                Err(problems) => {
                    batch.rejected += 1;
                    batch.problems.extend(problems);
                }
            },
        }
        if batch.is_full(most) {
            batch.end = Some(rows.position());
            if batches.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(rows.unmapped());
            }
        }
    }
    if batch.rows() > 0 {
        batch.end = Some(rows.position());
        // An error means that nobody takes it, and then there is nothing left to do.
        let _ = batches.blocking_send(batch);
    }
    Ok(rows.unmapped())
}
