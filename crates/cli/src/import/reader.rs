//! Opening an input and reading its rows, in memory that does not grow with it.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use domain::yaml::{Problem, did_you_mean};
use flate2::read::MultiGzDecoder;

use super::{
    csv::CsvRows,
    jsonl::JsonRows,
    mapping::{Columns, Format, Layout, Mapping},
    record::{BadRow, Record, RowProblem},
    window::Window,
};

/// Why an input can't be read at all, or not further.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The file can't be read.
    #[error("can't read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what it is said to be.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The mapping does not fit the header.
    #[error("the mapping does not fit the columns of {path}:{}", listed(problems))]
    Columns {
        /// The file.
        path: PathBuf,
        /// What does not fit, with its place in the mapping.
        problems: Vec<Problem>,
    },
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |all, problem| format!("{all}\n  {problem}"))
}

/// A place in an input between two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    /// Bytes before it, as they are when decompressed.
    pub offset: u64,
    /// The number of the line that comes next, from 1.
    pub line: u64,
}

/// What comes next in an input.
#[derive(Debug)]
pub enum Next<'r> {
    /// A row.
    Row(&'r Record),
    /// A row that can't be read.
    Rejected(RowProblem),
}

/// The rows of an input.
pub struct Rows {
    path: PathBuf,
    format: FormatRows,
    record: Record,
    header: Vec<String>,
    unmapped: Vec<String>,
    size: u64,
    bytes_read: Arc<AtomicU64>,
}

type Input = Box<dyn Read + Send>;

enum FormatRows {
    Csv(CsvRows<Input>),
    Json(JsonRows<Input>),
}

impl Rows {
    /// Opens the file at `path`; what is compressed with gzip is decompressed. CSV must have a header with every column
    /// that `mapping` reads.
    pub fn open(path: &Path, mapping: &Mapping) -> Result<Self, InputError> {
        Self::open_as(path, mapping.layout())
    }

    /// [`Rows::open`] for what has no [`Mapping`].
    pub(crate) fn open_as(path: &Path, layout: Layout<'_>) -> Result<Self, InputError> {
        let io_error = |source| InputError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io_error)?;
        let size = file.metadata().map_err(io_error)?.len();
        let read = Arc::new(AtomicU64::new(0));
        let input = decompressed(Counted { input: file, read: Arc::clone(&read) }).map_err(io_error)?;
        let Some(format) = layout.format.or_else(|| Format::of_path(path)) else {
            let reason = "expected a name that ends in .csv, .jsonl or .ndjson (and .gz), or a `format` in the mapping";
            return Err(InputError::Unreadable { path: path.to_owned(), reason: reason.to_owned() });
        };
        Self::new(path, input, format, layout, size, read)
    }

    /// Reads what is at hand, which is not compressed.
    ///
    /// Errors: those of [`Rows::open`]; messages call the input `-`.
    pub fn from_reader(
        input: impl Read + Send + 'static,
        format: Format,
        mapping: &Mapping,
    ) -> Result<Self, InputError> {
        Self::new(Path::new("-"), Box::new(input), format, mapping.layout(), 0, Arc::default())
    }

    fn new(
        path: &Path,
        input: Input,
        format: Format,
        layout: Layout<'_>,
        size: u64,
        bytes_read: Arc<AtomicU64>,
    ) -> Result<Self, InputError> {
        let unreadable = |reason: String| InputError::Unreadable { path: path.to_owned(), reason };
        let mut window = Window::new(input, 0, 1);
        skip_mark(&mut window)
            .map_err(|source| InputError::Io { path: path.to_owned(), source })?
            .map_err(unreadable)?;
        let mut rows = Self {
            path: path.to_owned(),
            format: match format {
                Format::Csv => FormatRows::Csv(CsvRows::new(window, layout.delimiter)),
                Format::JsonLines => FormatRows::Json(JsonRows::new(window, layout.columns.clone())),
            },
            record: Record::new((0..layout.columns.len()).map(Some).collect(), layout.columns.len()),
            // Of JSON Lines the fields of a record are the columns of the mapping.
            header: layout.columns.iter().map(|column| column.name.clone()).collect(),
            unmapped: Vec::new(),
            size,
            bytes_read,
        };
        if format == Format::Csv {
            rows.read_header(layout.columns)?;
        }
        Ok(rows)
    }

    fn read_header(&mut self, columns: &Columns) -> Result<(), InputError> {
        let unreadable = |path: &Path, reason: String| InputError::Unreadable { path: path.to_owned(), reason };
        match self.advance()? {
            Some(Ok(())) => {}
            Some(Err(bad)) => {
                let problem = bad.named(&[]);
                return Err(unreadable(&self.path, format!("the header can't be read: {}", problem.reason)));
            }
            None => {
                return Err(unreadable(
                    &self.path,
                    "is empty: expected a header with the names of the columns".to_owned(),
                ));
            }
        }
        self.header = self.record.fields().map(|name| name.trim().to_owned()).collect();
        let positions = bind(columns, &self.header)
            .map_err(|problems| InputError::Columns { path: self.path.clone(), problems })?;
        self.unmapped = self.header.iter().filter(|name| columns.find(name).is_none()).cloned().collect();
        self.record = Record::new(positions, 0);
        Ok(())
    }

    /// What comes next; `None` at the end.
    pub fn read(&mut self) -> Result<Option<Next<'_>>, InputError> {
        let Some(read) = self.advance()? else { return Ok(None) };
        if let Err(bad) = read {
            return Ok(Some(Next::Rejected(bad.named(&self.header))));
        }
        if matches!(self.format, FormatRows::Csv(_)) && self.record.len() != self.header.len() {
            let reason = format!("the row has {} fields, and the header {}", self.record.len(), self.header.len());
            return Ok(Some(Next::Rejected(RowProblem::row(self.record.line, reason))));
        }
        Ok(Some(Next::Row(&self.record)))
    }

    fn advance(&mut self) -> Result<Option<Result<(), BadRow>>, InputError> {
        let next = match &mut self.format {
            FormatRows::Csv(rows) => rows.next(&mut self.record),
            FormatRows::Json(rows) => rows.next(&mut self.record),
        };
        next.map_err(|source| InputError::Io { path: self.path.clone(), source })
    }

    /// The place behind the last row that was read.
    pub fn position(&self) -> Position {
        let (offset, line) = match &self.format {
            FormatRows::Csv(rows) => (rows.window().offset(), rows.window().line()),
            FormatRows::Json(rows) => (rows.window().offset(), rows.window().line()),
        };
        Position { offset, line }
    }

    /// Goes on to `position`, which an earlier reader of the same input told.
    pub fn skip_to(&mut self, position: Position) -> Result<(), InputError> {
        let skipped = match &mut self.format {
            FormatRows::Csv(rows) => rows.window_mut().skip_to(position.offset, position.line),
            FormatRows::Json(rows) => rows.window_mut().skip_to(position.offset, position.line),
        };
        skipped.map_err(|source| InputError::Io { path: self.path.clone(), source })
    }

    /// Columns of the input that the mapping neither reads nor ignores. For JSON Lines those of the rows read so far.
    pub fn unmapped(&self) -> Vec<String> {
        match &self.format {
            FormatRows::Csv(_) => self.unmapped.clone(),
            FormatRows::Json(rows) => rows.unknown().iter().cloned().collect(),
        }
    }

    /// Size of the file, bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes of the file that were read so far, counted while reading.
    pub fn read_counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes_read)
    }
}

/// Where each column of the mapping stands. Errors: columns that are read and not there, or there twice.
fn bind(columns: &Columns, header: &[String]) -> Result<Vec<Option<usize>>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut positions = Vec::new();
    for column in columns.iter() {
        let mut found = header.iter().enumerate().filter(|(_, name)| **name == column.name).map(|(index, _)| index);
        let position = found.next();
        let message = match (position, found.next()) {
            (None, _) if !column.ignored => {
                let hint = did_you_mean(&column.name, header.iter().map(String::as_str));
                Some(format!("the input has no column `{}`{hint}", column.name))
            }
            (Some(_), Some(_)) if !column.ignored => Some(format!("the input has the column `{}` twice", column.name)),
            _ => None,
        };
        positions.push(position);
        problems.extend(message.map(|message| Problem {
            line: column.place.line,
            column: column.place.column,
            field: column.path.clone(),
            message,
        }));
    }
    problems.sort();
    if problems.is_empty() { Ok(positions) } else { Err(problems) }
}

/// Skips the byte order mark of UTF-8; that of UTF-16 is an error.
fn skip_mark(window: &mut Window<Input>) -> io::Result<Result<(), String>> {
    while window.data().len() < 3 && window.more()? {}
    if window.data().starts_with(&[0xff, 0xfe]) || window.data().starts_with(&[0xfe, 0xff]) {
        return Ok(Err("is UTF-16: save it as UTF-8".to_owned()));
    }
    if window.data().starts_with(&[0xef, 0xbb, 0xbf]) {
        window.advance(3, 0);
    }
    Ok(Ok(()))
}

/// `input`, decompressed if it begins as gzip does.
fn decompressed(input: impl Read + Send + 'static) -> io::Result<Input> {
    let mut start = Vec::new();
    let mut input = input;
    input.by_ref().take(2).read_to_end(&mut start)?;
    let compressed = start == [0x1f, 0x8b];
    let whole = io::Cursor::new(start).chain(input);
    Ok(if compressed { Box::new(MultiGzDecoder::new(BufReader::new(whole))) } else { Box::new(whole) })
}

/// Counts the bytes that go through.
struct Counted<R> {
    input: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}
