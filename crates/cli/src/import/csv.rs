//! CSV, row by row (RFC 4180), without trust in the input: a row that is wrong costs that row only, and no row more
//! than [`MAX_ROW_BYTES`] of memory.
//!
//! The `csv` crate reads a quote that is never closed to the end of the file. Here such a row is rejected and reading
//! goes on in the line below the one on which it began.

use std::io::{self, Read};

use super::{
    record::{BadRow, Record},
    window::{MAX_ROW_BYTES, Window, find_line_end},
};

/// Reads records from a window.
pub(super) struct CsvRows<R> {
    window: Window<R>,
    delimiter: u8,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// What stands at the start of the window.
enum Scan {
    /// A record of so many bytes, its end included, on so many lines.
    Record { length: usize, lines: u64 },
    /// The window shows too little to tell.
    Unfinished { quoted: bool },
    /// Something stands between a closing quote and the delimiter.
    AfterQuote,
}

impl<R: Read> CsvRows<R> {
    pub(super) fn new(window: Window<R>, delimiter: u8) -> Self {
        Self { window, delimiter, bytes: Vec::new(), ends: Vec::new() }
    }

    pub(super) fn window(&self) -> &Window<R> {
        &self.window
    }

    pub(super) fn window_mut(&mut self) -> &mut Window<R> {
        &mut self.window
    }

    /// Reads the next row that is not empty into `record`; `None` at the end.
    pub(super) fn next(&mut self, record: &mut Record) -> io::Result<Option<Result<(), BadRow>>> {
        self.skip_empty_lines()?;
        if self.window.data().is_empty() {
            return Ok(None);
        }
        let line = self.window.line();
        loop {
            match scan(self.window.data(), self.window.finished(), self.delimiter, &mut self.bytes, &mut self.ends) {
                Scan::Record { length, lines } => {
                    self.window.advance(length, lines);
                    record.line = line;
                    let filled = record.fill(&mut self.bytes, &self.ends);
                    return Ok(Some(filled.map_err(|field| BadRow::field(line, field, "is not UTF-8"))));
                }
                Scan::Unfinished { quoted } => {
                    if self.window.more()? || (self.window.finished() && !quoted) {
                        continue;
                    }
                    let bad = match (quoted, self.window.finished()) {
                        (true, true) => BadRow::field(line, self.ends.len(), "a quote is opened and never closed"),
                        (true, false) => {
                            let reason = format!("a quote is opened and not closed within {MAX_ROW_BYTES} bytes");
                            BadRow::field(line, self.ends.len(), reason)
                        }
                        (false, _) => BadRow::row(line, format!("the row is longer than {MAX_ROW_BYTES} bytes")),
                    };
                    self.window.skip_line()?;
                    return Ok(Some(Err(bad)));
                }
                Scan::AfterQuote => {
                    self.window.skip_line()?;
                    let reason = "something else than a delimiter comes after the closing quote";
                    return Ok(Some(Err(BadRow::field(line, self.ends.len(), reason))));
                }
            }
        }
    }

    fn skip_empty_lines(&mut self) -> io::Result<()> {
        loop {
            match find_line_end(self.window.data(), self.window.finished()) {
                Some((0, terminator)) => self.window.advance(terminator, 1),
                Some(_) => return Ok(()),
                None => {
                    let unsure = self.window.data().is_empty() || self.window.data() == b"\r";
                    if !unsure || (!self.window.more()? && self.window.data().is_empty()) {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// Takes the record at the start of `data` apart.
fn scan(data: &[u8], finished: bool, delimiter: u8, bytes: &mut Vec<u8>, ends: &mut Vec<usize>) -> Scan {
    bytes.clear();
    ends.clear();
    let mut at = 0;
    let mut lines = 0;
    loop {
        let quoted = data.get(at) == Some(&b'"');
        let stop = if quoted {
            quoted_field(data, at, finished, bytes, &mut lines)
        } else {
            plain_field(data, at, delimiter, bytes)
        };
        let Some(stop) = stop else {
            // Without a quote the end of the input ends the record as well.
            if finished && !quoted {
                bytes.extend_from_slice(&data[at..]);
                ends.push(bytes.len());
                return Scan::Record { length: data.len(), lines: lines + 1 };
            }
            return Scan::Unfinished { quoted };
        };
        match data.get(stop) {
            Some(byte) if *byte == delimiter => {
                ends.push(bytes.len());
                at = stop + 1;
            }
            None | Some(b'\n' | b'\r') => {
                let terminator = match (data.get(stop), data.get(stop + 1)) {
                    (None, _) => 0,
                    (Some(b'\r'), Some(b'\n')) => 2,
                    (Some(b'\r'), None) if !finished => return Scan::Unfinished { quoted: false },
                    _ => 1,
                };
                ends.push(bytes.len());
                return Scan::Record { length: stop + terminator, lines: lines + 1 };
            }
            Some(_) => return Scan::AfterQuote,
        }
    }
}

/// Reads up to the delimiter or the end of the line; `None` if neither is to be seen (then nothing is added to
/// `bytes`).
fn plain_field(data: &[u8], from: usize, delimiter: u8, bytes: &mut Vec<u8>) -> Option<usize> {
    let rest = &data[from..];
    let length = rest.iter().position(|byte| *byte == delimiter || matches!(byte, b'\n' | b'\r'))?;
    bytes.extend_from_slice(&rest[..length]);
    Some(from + length)
}

/// Reads from the quote at `from` up to behind the one that closes it; `None` if that is not to be seen.
fn quoted_field(data: &[u8], from: usize, finished: bool, bytes: &mut Vec<u8>, lines: &mut u64) -> Option<usize> {
    let mut at = from + 1;
    loop {
        let length = data[at..].iter().position(|byte| *byte == b'"')?;
        let part = &data[at..at + length];
        *lines += count_line_ends(part);
        bytes.extend_from_slice(part);
        at += length + 1;
        match data.get(at) {
            Some(b'"') => {
                bytes.push(b'"');
                at += 1;
            }
            None if !finished => return None,
            _ => return Some(at),
        }
    }
}

/// Ends of lines: `\n`, `\r\n` and `\r`. `part` must not end within one; a quote follows, so it doesn't.
fn count_line_ends(part: &[u8]) -> u64 {
    let mut count = 0;
    let mut after_return = false;
    for byte in part {
        count += u64::from(*byte == b'\r' || (*byte == b'\n' && !after_return));
        after_return = *byte == b'\r';
    }
    count
}
