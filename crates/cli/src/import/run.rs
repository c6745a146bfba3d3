//! The import from its first row to its last.

use std::{fs, path::PathBuf, sync::Arc, sync::atomic::Ordering};

use anyhow::Context as _;
use api::v1::BatchRouteLeadsRequest;
use futures::{StreamExt as _, stream::FuturesOrdered};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::{
    args::ImportArgs,
    batch::{self, Batch},
    checkpoint::{Checkpoint, Identity, default_path},
    mapping::Mapping,
    reader::Rows,
    report::Report,
    send::{self, Answer, Done, Retry},
    summary::ImportSummary,
};

/// What came of an import.
#[derive(Debug)]
pub struct Imported {
    /// Of all rows, also those of earlier runs that this one went on from.
    pub summary: ImportSummary,
    /// Rows that earlier runs had done.
    pub done_before: u64,
    /// Columns of the input that the mapping neither reads nor ignores.
    pub unmapped: Vec<String>,
}

/// Sends the rows of a file as leads, each once, however often the import is stopped and started again.
///
/// `now` is the time; ages of signals count back from it (from the first start, if this run goes on from an earlier
/// one). `submit` sends a batch, see [`over`](super::over). Dropping the future stops the import at any point; the
/// checkpoint tells where to go on.
///
/// Errors: the mapping is wrong or does not fit the input, a file can't be read or written, the service refuses or
/// can't be reached.
pub async fn run<F, A>(args: &ImportArgs, now: Timestamp, submit: F) -> anyhow::Result<Imported>
where
    F: Fn(BatchRouteLeadsRequest) -> A + Clone,
    A: Future<Output = Answer>,
{
    run_with(args, now, submit, Retry::default()).await
}

/// [`run`] with another patience.
pub async fn run_with<F, A>(args: &ImportArgs, now: Timestamp, submit: F, retry: Retry) -> anyhow::Result<Imported>
where
    F: Fn(BatchRouteLeadsRequest) -> A + Clone,
    A: Future<Output = Answer>,
{
    let (mapping, text) = read_mapping(args)?;
    let mut rows = Rows::open(&args.file, &mapping)?;
    let mut ledger = Ledger::open(args, &text, now)?;
    if let Some(position) = ledger.checkpoint.position {
        rows.skip_to(position)?;
    }
    let done_before = ledger.checkpoint.summary.rows;
    let bar = progress_bar(args, rows.size());
    let counter = rows.read_counter();

    let started_at = ledger.checkpoint.started_at;
    let (sender, mut batches) = mpsc::channel::<Batch>(usize::from(args.in_flight));
    let (most, plan) = (args.batch, Arc::clone(&mapping));
    let reading = tokio::task::spawn_blocking(move || batch::read_all(rows, &plan, started_at, most, &sender));

    let mut under_way = FuturesOrdered::new();
    let mut finished = false;
    while !finished || !under_way.is_empty() {
        tokio::select! {
            batch = batches.recv(), if !finished && under_way.len() < usize::from(args.in_flight) => match batch {
                Some(mut batch) => {
                    if args.dry_run {
                        batch.hold_back();
                    }
                    under_way.push_back(send::send(batch, Arc::clone(&mapping), submit.clone(), retry));
                }
                None => finished = true,
            },
            Some(done) = under_way.next() => {
                ledger.enter(&done.with_context(|| ledger.how_to_go_on())?)?;
                bar.set_position(counter.load(Ordering::Relaxed));
                bar.set_message(ledger.checkpoint.summary.rows.to_string());
            }
        }
    }
    let unmapped = reading.await.context("reading the input ended badly")?.with_context(|| ledger.how_to_go_on())?;
    bar.finish_and_clear();
    ledger.close()?;
    Ok(Imported { summary: ledger.checkpoint.summary, done_before, unmapped })
}

fn read_mapping(args: &ImportArgs) -> anyhow::Result<(Arc<Mapping>, String)> {
    let path = args.mapping.display();
    let text = fs::read_to_string(&args.mapping).with_context(|| format!("can't read the mapping {path}"))?;
    let mapping = Mapping::parse(&text).map_err(|problems| {
        let lines = problems.iter().fold(String::new(), |all, problem| format!("{all}\n  {path}:{problem}"));
        anyhow::anyhow!("the mapping can't be used:{lines}")
    })?;
    Ok((Arc::new(mapping), text))
}

fn progress_bar(args: &ImportArgs, bytes: u64) -> ProgressBar {
    let target = if args.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(bytes), target);
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg} rows  {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Keeps checkpoint and report in step: what the one counts, the other tells.
struct Ledger {
    checkpoint: Checkpoint,
    /// `None` when nothing is sent: then there is nothing to go on with.
    path: Option<PathBuf>,
    report: Option<Report>,
}

impl Ledger {
    fn open(args: &ImportArgs, mapping: &str, now: Timestamp) -> anyhow::Result<Self> {
        let of = Identity::of(&args.file, mapping)?;
        let path = (!args.dry_run).then(|| args.checkpoint.clone().unwrap_or_else(|| default_path(&args.file)));
        let earlier = match &path {
            Some(path) if !args.restart => Checkpoint::load(path, &of)?,
            _ => None,
        };
        let checkpoint = earlier.unwrap_or_else(|| Checkpoint::begin(of, now));
        let report = args.report.as_ref().map(|path| Report::open(path, checkpoint.report_bytes)).transpose()?;
        // Before anything is sent: a run that goes on from here must count ages from the same moment.
        if let Some(path) = &path {
            checkpoint.save(path)?;
        }
        Ok(Self { checkpoint, path, report })
    }

    fn enter(&mut self, done: &Done) -> anyhow::Result<()> {
        if let Some(report) = &mut self.report {
            report.write(&done.problems)?;
            self.checkpoint.report_bytes = report.bytes();
        }
        self.checkpoint.summary += done.summary;
        self.checkpoint.position = done.end;
        self.path.as_ref().map_or(Ok(()), |path| self.checkpoint.save(path))
    }

    /// Nothing is left to go on with.
    fn close(&self) -> anyhow::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        fs::remove_file(path).with_context(|| format!("can't remove the checkpoint {}", path.display()))
    }

    fn how_to_go_on(&self) -> String {
        if self.path.is_none() {
            return "stopped".to_owned();
        }
        let rows = self.checkpoint.summary.rows;
        let line = self.checkpoint.position.map_or(1, |position| position.line);
        format!("stopped after {rows} rows, before line {line}; the same command goes on from there")
    }
}
