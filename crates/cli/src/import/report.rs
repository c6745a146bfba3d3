//! The report: rejected rows as CSV.

use std::{
    fs::{File, OpenOptions},
    io::{Seek, SeekFrom},
    path::Path,
};

use anyhow::Context as _;

use super::record::RowProblem;

/// A report that is being written.
pub(super) struct Report {
    writer: csv::Writer<File>,
    bytes: u64,
}

impl Report {
    /// Opens the report at `path` and goes on behind its first `bytes`; 0 begins a new one.
    pub(super) fn open(path: &Path, bytes: u64) -> anyhow::Result<Self> {
        let context = || format!("can't write the report {}", path.display());
        let mut options = OpenOptions::new();
        let mut file = options.create(true).write(true).truncate(false).open(path).with_context(context)?;
        // What stands behind was told of rows that are sent again.
        file.set_len(bytes).with_context(context)?;
        file.seek(SeekFrom::Start(bytes)).with_context(context)?;
        let mut report = Self { writer: csv::Writer::from_writer(file), bytes };
        if bytes == 0 {
            report.writer.write_record(["line", "column", "reason"]).with_context(context)?;
            report.flush()?;
        }
        Ok(report)
    }

    /// Adds problems.
    pub(super) fn write(&mut self, problems: &[RowProblem]) -> anyhow::Result<()> {
        for problem in problems {
            let column = problem.column.as_deref().unwrap_or("");
            self.writer.write_record([problem.line.to_string().as_str(), column, &problem.reason])?;
        }
        self.flush()
    }

    /// Bytes written so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        self.writer.flush().context("can't write the report")?;
        self.bytes = self.writer.get_ref().stream_position().context("can't write the report")?;
        Ok(())
    }
}
