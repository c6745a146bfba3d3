//! What came of an import.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What came of the rows of an import; the five ends of a row add up to `rows`. A dry run counts `rows` and `rejected`
/// only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSummary {
    /// Rows of the input, the header not among them.
    pub rows: u64,
    /// Leads that a rep owns now.
    pub routed: u64,
    /// Leads that a queue owns now.
    pub queued: u64,
    /// Leads that the policy took for no customers.
    pub disqualified: u64,
    /// Leads that were known already, and keep their owner.
    pub duplicates: u64,
    /// Rows that became no lead; the report says why.
    pub rejected: u64,
}

impl ImportSummary {
    /// True if every row came to exactly one end.
    pub fn adds_up(&self) -> bool {
        self.rows == self.routed + self.queued + self.disqualified + self.duplicates + self.rejected
    }
}

impl std::ops::AddAssign for ImportSummary {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.routed += other.routed;
        self.queued += other.queued;
        self.disqualified += other.disqualified;
        self.duplicates += other.duplicates;
        self.rejected += other.rejected;
    }
}

impl fmt::Display for ImportSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, routed, queued, disqualified, duplicates, rejected } = self;
        write!(
            f,
            "{rows} rows: {routed} to reps, {queued} to queues, {disqualified} disqualified, {duplicates} known already, \
             {rejected} rejected"
        )
    }
}
