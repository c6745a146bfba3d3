//! The part of an input that is being looked at: a buffer that never grows beyond the largest row.

use std::io::{self, Read};

/// Largest row.
pub const MAX_ROW_BYTES: usize = 1024 * 1024;
/// What is asked of the input at a time.
const CHUNK: usize = 64 * 1024;

/// A buffer over an input that knows its place.
pub(super) struct Window<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    finished: bool,
    /// Bytes of the input before the window.
    offset: u64,
    /// Number of the line at its start, from 1.
    line: u64,
}

impl<R: Read> Window<R> {
    /// A window at the start of `input`, which is at `offset` and `line` of the whole.
    pub(super) fn new(input: R, offset: u64, line: u64) -> Self {
        Self { input, buffer: vec![0; CHUNK], start: 0, end: 0, finished: false, offset, line }
    }

    /// What can be seen.
    pub(super) fn data(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// True if nothing comes after what can be seen.
    pub(super) fn finished(&self) -> bool {
        self.finished
    }

    /// Number of the line at the start of the window.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Bytes of the input before the window.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Shows more. False if there is no more, or no room for more: [`MAX_ROW_BYTES`] can be seen already.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        if self.finished || self.end - self.start >= MAX_ROW_BYTES {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            let larger = (self.buffer.len() * 2).min(MAX_ROW_BYTES);
            self.buffer.resize(larger, 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.finished = true;
                    return Ok(false);
                }
                Ok(n) => {
                    self.end += n;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Moves on by `bytes`, which hold the ends of `lines` lines.
    pub(super) fn advance(&mut self, bytes: usize, lines: u64) {
        let bytes = bytes.min(self.end - self.start);
        self.start += bytes;
        self.offset += bytes as u64;
        self.line += lines;
    }

    /// Moves on to the byte `offset` of the input, where line `line` begins. At the end of the input if it is shorter.
    pub(super) fn skip_to(&mut self, offset: u64, line: u64) -> io::Result<()> {
        while self.offset < offset {
            if self.data().is_empty() && !self.more()? {
                break;
            }
            let rest = usize::try_from(offset - self.offset).unwrap_or(usize::MAX);
            self.advance(rest.min(self.data().len()), 0);
        }
        self.line = line;
        Ok(())
    }

    /// Moves on behind the end of the current line, however long that is.
    pub(super) fn skip_line(&mut self) -> io::Result<()> {
        loop {
            if let Some((length, terminator)) = find_line_end(self.data(), self.finished) {
                self.advance(length + terminator, 1);
                return Ok(());
            }
            // A carriage return at the end may be the first half of a line's end.
            let seen = self.data().len();
            let keep = usize::from(self.data().ends_with(b"\r"));
            self.advance(seen - keep, 0);
            if !self.more()? && self.finished {
                let rest = self.data().len();
                self.advance(rest, u64::from(rest > 0));
                return Ok(());
            }
        }
    }
}

/// The length of the first line and of its end (`\n`, `\r\n` or `\r`); `None` if it is not to be seen.
pub(super) fn find_line_end(data: &[u8], finished: bool) -> Option<(usize, usize)> {
    let at = data.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?;
    match (data[at], data.get(at + 1)) {
        (b'\r', Some(b'\n')) => Some((at, 2)),
        (b'\r', None) if !finished => None,
        _ => Some((at, 1)),
    }
}
