//! How things are written for people: tables, times, amounts, the names of states.

use std::io::{self, Write as _};

use comfy_table::{
    ColumnConstraint::{ContentWidth, LowerBoundary},
    ContentArrangement, Table,
    Width::Fixed,
};
use jiff::{Timestamp, tz::TimeZone};

/// Tables are no wider, unless what must not be broken needs more.
const WIDTH: u16 = 120;
/// The last column has at least this width.
const LAST: u16 = 40;

/// A table with these headers and nothing drawn around it. Only its last column is broken into lines: names and times
/// are copied from the others.
pub(crate) fn table<const N: usize>(headers: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(headers).add_rows(rows);
    for (index, column) in (1..).zip(table.column_iter_mut()) {
        let whole = if index < N { ContentWidth } else { LowerBoundary(Fixed(LAST)) };
        column.set_padding((0, 2)).set_constraint(whole);
    }
    table.trim_fmt()
}

/// Every line of `text`, two characters to the right.
pub(crate) fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}

/// The value of an enum as people write it: `LEAD_STATE_CLOSED` without its prefix is `closed`.
pub(crate) fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase().replace('_', " ")
}

/// A time on the wire.
pub(crate) fn instant(time: &prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::new(time.seconds, time.nanos).ok()
}

/// `Mon 2026-11-23 09:15 CET`, or nothing.
pub(crate) fn time(at: Option<&prost_types::Timestamp>, zone: &TimeZone) -> String {
    at.and_then(instant).map(|at| api::convert::sla::local(at, zone)).unwrap_or_default()
}

/// `1 row`, `2 rows`.
pub(crate) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// Prints. That nobody reads any more (`| head`) is no error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let written = write!(out, "{text}{end}").and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
