//! From files to a history, by a mapping.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

use anyhow::Context as _;
use learn::{Attribute, ColumnBuilder, History, Kind, Strays, Table};

use super::{
    join::Joined,
    label::Label,
    mapping::{Derived, ModelMapping, Rule},
    moment,
};
use crate::import::{
    Next, Record, RowProblem, Rows,
    mapping::{ColumnIndex, Layout, Reading, read_number},
};

/// Problems that are told one by one; of the others only how many they are.
const TOLD: usize = 20;

/// What is wrong with files, row by row.
#[derive(Debug, Default)]
pub(super) struct Problems {
    first: Vec<String>,
    count: usize,
}

impl Problems {
    pub(super) fn note(&mut self, path: &Path, problem: &RowProblem) {
        self.count += 1;
        if self.first.len() < TOLD {
            self.first.push(format!("{}: {problem}", path.display()));
        }
    }

    /// Errors: all of them, if there are any.
    fn none(self) -> anyhow::Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        let lines = self.first.iter().fold(String::new(), |all, line| format!("{all}\n  {line}"));
        let more = self.count - self.first.len();
        let rest = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        anyhow::bail!("the data can't be used:{lines}{rest}")
    }
}

/// Leads and what to tell of them.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) history: History,
    /// What was read otherwise than it might have been meant.
    pub(super) notes: Vec<String>,
}

/// Reads a mapping file. Errors: it can't be read, or all that is wrong with it.
pub(super) fn read_mapping(path: &Path) -> anyhow::Result<ModelMapping> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("can't read the mapping {shown}"))?;
    ModelMapping::parse(&text).map_err(|problems| {
        let lines = problems.iter().fold(String::new(), |all, problem| format!("{all}\n  {shown}:{problem}"));
        anyhow::anyhow!("the mapping can't be used:{lines}")
    })
}

/// Reads the rows of a file; `row` is given each, `progress` the share of the file that was read.
pub(super) fn read_rows(
    path: &Path,
    layout: Layout<'_>,
    problems: &mut Problems,
    progress: &mut dyn FnMut(f64),
    row: &mut dyn FnMut(&Record, &mut Problems),
) -> anyhow::Result<()> {
    let mut rows = Rows::open_as(path, layout)?;
    let (size, read) = (rows.size().max(1), rows.read_counter());
    let mut count = 0_u64;
    while let Some(next) = rows.read()? {
        match next {
            Next::Row(record) => row(record, problems),
            Next::Rejected(problem) => problems.note(path, &problem),
        }
        count += 1;
        if count.is_multiple_of(1_000) {
            #[expect(clippy::cast_precision_loss, reason = "a share to be shown")]
            progress(read.load(Ordering::Relaxed) as f64 / size as f64);
        }
    }
    Ok(())
}

/// Loads the leads of `data`. `named`: joined files that don't stand beside it. `kind_of`: the type of an attribute, if a model
/// says it. Errors: everything that is wrong, with file, line and column.
pub(super) fn load(
    data: &Path,
    mapping: &ModelMapping,
    named: &BTreeMap<String, PathBuf>,
    kind_of: &dyn Fn(&str) -> Option<Kind>,
    progress: &mut dyn FnMut(f64),
) -> anyhow::Result<Loaded> {
    let mut mapping = mapping.clone();
    if let Some(unknown) = named.keys().find(|alias| !mapping.joins.iter().any(|join| join.alias == **alias)) {
        anyhow::bail!("the mapping joins nothing as `{unknown}`");
    }
    let mut notes = Vec::new();
    let unmapped = unmapped(data, &mapping)?;
    if mapping.rest {
        for name in &unmapped {
            let column = mapping.columns.found(name);
            let (attribute, reading) = (Attribute::new(name), Reading::plain(&mapping.blank));
            let derived = Derived::Value;
            mapping.attributes.push(Rule {
                attribute,
                kind: Kind::Auto,
                from: None,
                column,
                reading,
                scale: None,
                derived,
            });
        }
    } else if !unmapped.is_empty() {
        notes.push(format!("{}: columns that the mapping does not name: {}", data.display(), unmapped.join(", ")));
    }
    let mut problems = Problems::default();
    let mut joined = Vec::new();
    for join in &mapping.joins {
        joined.push(join.load(data, named.get(&join.alias), &mut problems)?);
    }
    let mut collector = Collector::new(data, &mapping, joined, kind_of);
    let layout = Layout { format: mapping.format, delimiter: mapping.delimiter, columns: &mapping.columns };
    read_rows(data, layout, &mut problems, progress, &mut |record, problems| collector.row(record, problems))?;
    let loaded = collector.finish(&mut problems, notes);
    problems.none()?;
    Ok(loaded)
}

/// Columns of the data that the mapping neither reads nor ignores. JSON Lines must be read for that from first to last.
fn unmapped(data: &Path, mapping: &ModelMapping) -> anyhow::Result<Vec<String>> {
    let layout = Layout { format: mapping.format, delimiter: mapping.delimiter, columns: &mapping.columns };
    let mut rows = Rows::open_as(data, layout)?;
    if mapping.rest && rows.unmapped().is_empty() {
        while rows.read()?.is_some() {}
    }
    Ok(rows.unmapped())
}

/// The end of a lead, with the line that told it.
type End = Result<Option<bool>, RowProblem>;

struct Collector<'c> {
    data: &'c Path,
    mapping: &'c ModelMapping,
    joined: Vec<Joined>,
    builders: Vec<ColumnBuilder>,
    /// For each attribute the cells of which nothing could be made.
    unread: Vec<Strays>,
    lines: Vec<u64>,
    ends: Vec<End>,
    at: Vec<Option<i64>>,
    leads: HashMap<String, usize>,
}

impl<'c> Collector<'c> {
    fn new(
        data: &'c Path,
        mapping: &'c ModelMapping,
        joined: Vec<Joined>,
        kind_of: &dyn Fn(&str) -> Option<Kind>,
    ) -> Self {
        let builder = |rule: &Rule| {
            let kind = kind_of(&rule.attribute.name).unwrap_or(rule.kind);
            ColumnBuilder::new(rule.attribute.clone(), kind)
        };
        Self {
            data,
            mapping,
            joined,
            builders: mapping.attributes.iter().map(builder).collect(),
            unread: vec![Strays::default(); mapping.attributes.len()],
            lines: Vec::new(),
            ends: Vec::new(),
            at: Vec::new(),
            leads: HashMap::new(),
        }
    }

    fn row(&mut self, record: &Record, problems: &mut Problems) {
        if let Some(fold) = self.mapping.fold {
            let key = record.cell(fold).trim();
            if key.is_empty() {
                let reason = "is blank, and tells which lead the row belongs to";
                let column = Some(self.mapping.columns.name(fold).to_owned());
                problems.note(self.data, &RowProblem { line: record.line, column, reason: reason.to_owned() });
                return;
            }
            // What a lead is stands in its first row, and how it ended in its last.
            if let Some(lead) = self.leads.get(key).copied() {
                self.ends[lead] = self.end(record);
                return;
            }
            self.leads.insert(key.to_owned(), self.ends.len());
        }
        self.ends.push(self.end(record));
        self.lines.push(record.line);
        let time = |moment: &moment::Moment| moment.time(record.cell(moment.column)).ok().map(moment::seconds);
        self.at.push(self.mapping.arrived.as_ref().and_then(time));
        for (index, rule) in self.mapping.attributes.iter().enumerate() {
            let cell = cell(&self.joined, self.mapping, record, rule.from, rule.column).unwrap_or_default();
            match value(rule, cell) {
                Ok(text) => self.builders[index].push(text.as_deref()),
                Err(text) => {
                    self.builders[index].push(None);
                    let unread = &mut self.unread[index];
                    unread.count += 1;
                    if unread.first.is_empty() {
                        unread.first.push((self.lines.len() - 1, text));
                    }
                }
            }
        }
    }

    fn end(&self, record: &Record) -> End {
        match &self.mapping.label {
            Label::Found(join) => Ok(Some(found(&self.joined, self.mapping, record, *join).is_some())),
            Label::Column(by) => {
                let cell = cell(&self.joined, self.mapping, record, by.from, by.column).unwrap_or_default();
                let columns = by.from.map_or(&self.mapping.columns, |join| &self.mapping.joins[join].columns);
                let problem =
                    |reason| RowProblem { line: record.line, column: Some(columns.name(by.column).to_owned()), reason };
                by.won(cell).map_err(problem)
            }
        }
    }

    fn finish(self, problems: &mut Problems, mut notes: Vec<String>) -> Loaded {
        for problem in self.ends.iter().filter_map(|end| end.as_ref().err()) {
            problems.note(self.data, problem);
        }
        let ends: Vec<Option<bool>> = self.ends.into_iter().map(|end| end.unwrap_or(None)).collect();
        let mut columns = Vec::new();
        for (builder, mut strays) in self.builders.into_iter().zip(self.unread) {
            let (column, more) = builder.finish();
            strays.count += more.count;
            strays.first.extend(more.first);
            if let Some((row, text)) = strays.first.first() {
                let (line, name) = (self.lines[*row], &column.attribute.name);
                notes.push(format!(
                    "{}: {} cells of `{name}` count as blank, for they can't be read as it is, such as `{text}` on line {line}",
                    self.data.display(),
                    strays.count,
                ));
            }
            columns.push(column);
        }
        let table = Table::new(columns);
        let rows: Vec<usize> = (0..ends.len()).filter(|row| ends[*row].is_some()).collect();
        if rows.len() < ends.len() {
            notes.push(format!("{} leads have no end yet and are left out", ends.len() - rows.len()));
        }
        let timed = self.mapping.arrived.is_some() && self.at.iter().all(Option::is_some);
        if self.mapping.arrived.is_some() && !timed {
            let untold = self.at.iter().filter(|at| at.is_none()).count();
            notes.push(format!(
                "when they came can't be read of {untold} leads, so the order of the rows stands for it"
            ));
        }
        let history = History {
            table: table.take(&rows),
            won: rows.iter().filter_map(|row| ends[*row]).collect(),
            at: timed.then(|| rows.iter().filter_map(|row| self.at[*row]).collect()),
        };
        Loaded { history, notes }
    }
}

/// The row of a joined file that belongs to a row of the data.
fn found<'j>(joined: &'j [Joined], mapping: &ModelMapping, record: &Record, join: usize) -> Option<&'j Vec<String>> {
    joined[join].get(record.cell(mapping.joins[join].left).trim())
}

/// A cell of the data, or of the row that is joined; `None` if there is no such row.
fn cell<'r>(
    joined: &'r [Joined],
    mapping: &ModelMapping,
    record: &'r Record,
    from: Option<usize>,
    column: ColumnIndex,
) -> Option<&'r str> {
    match from {
        None => Some(record.cell(column)),
        Some(join) => found(joined, mapping, record, join)?.get(column.0).map(String::as_str),
    }
}

/// What an attribute is by a cell, as text; `None` when blank. Errors: the cell, if nothing can be made of it.
fn value(rule: &Rule, cell: &str) -> Result<Option<String>, String> {
    let Some(text) = rule.reading.value(cell) else { return Ok(None) };
    match &rule.derived {
        Derived::Value => match rule.scale {
            Some(scale) => match read_number(&text) {
                Ok(number) => Ok(Some((number * scale).to_string())),
                Err(_) => Err(text.into_owned()),
            },
            None => Ok(Some(text.into_owned())),
        },
        Derived::Length => Ok(Some(text.chars().count().to_string())),
        Derived::Words => Ok(Some(text.split_whitespace().count().to_string())),
        Derived::Part(part, moment) => {
            moment.time(&text).map(|time| Some(part.of(time).to_string())).map_err(|_| text.into_owned())
        }
    }
}
