//! `model train`.

use std::{
    collections::BTreeMap,
    fs,
    num::NonZeroUsize,
    ops::ControlFlow,
    path::{Path, PathBuf},
    thread,
    time::Instant,
};

use anyhow::Context as _;
use clap::Args;
use domain::score::learned::LearnedModel;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use learn::Options;

use super::{
    load::{load, read_mapping},
    report,
};

/// Where leads are, and how they are read.
#[derive(Debug, Clone, Args)]
pub struct DataArgs {
    /// Leads whose end is known: CSV or JSON Lines, also compressed with gzip.
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,

    /// Says what the columns mean (docs/models.md).
    #[arg(long, value_name = "FILE")]
    pub mapping: PathBuf,

    /// A file that the mapping joins, if it does not stand beside the data: `deals=closed.csv`.
    #[arg(long = "join", value_name = "NAME=FILE", value_parser = named)]
    pub joins: Vec<(String, PathBuf)>,

    /// Show no progress.
    #[arg(long)]
    pub quiet: bool,
}

impl DataArgs {
    /// Joined files by name.
    pub(super) fn named(&self) -> BTreeMap<String, PathBuf> {
        self.joins.iter().cloned().collect()
    }

    pub(super) fn bar(&self) -> ProgressBar {
        let target = if self.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(1_000), target);
        let style = ProgressStyle::with_template("{msg:10} {bar:40} {percent:>3} %  {elapsed}");
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    }
}

/// Learn a model from a file, without a server.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example:\n  leadrouter model train --data leads.csv --mapping examples/models/x_education_leads.yaml --out model.json"
)]
pub struct TrainArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "its fields say what they are")]
    pub input: DataArgs,

    /// Where the model goes.
    #[arg(long, value_name = "MODEL")]
    pub out: PathBuf,

    /// The same seed gives the same model.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Threads to use; the model does not depend on it. Otherwise as many as there are cores.
    #[arg(long)]
    pub threads: Option<NonZeroUsize>,
}

fn named(text: &str) -> Result<(String, PathBuf), String> {
    let parts = text.split_once('=').filter(|(name, file)| !name.is_empty() && !file.is_empty());
    parts.map(|(name, file)| (name.to_owned(), PathBuf::from(file))).ok_or_else(|| "expected NAME=FILE".to_owned())
}

/// Learns a model and writes it. Returns what to tell of it.
///
/// Errors: the mapping or the data can't be used (all that is wrong, with file, line and column), there is too little to learn from, or
/// the model can't be written.
pub fn train(args: &TrainArgs) -> anyhow::Result<String> {
    let start = Instant::now();
    let mapping = read_mapping(&args.input.mapping)?;
    let bar = args.input.bar().with_message("reading");
    let loaded = load(&args.input.data, &mapping, &args.input.named(), &|_| None, &mut |share| {
        bar.set_position(thousandths(share));
    })?;
    let threads = args.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let options = Options {
        seed: args.seed,
        threads,
        guarding: mapping.guarding,
        keep: mapping.keep.clone(),
        forward: mapping.forward,
        ..Options::default()
    };
    bar.set_message("learning");
    bar.set_position(0);
    bar.tick();
    let trained = learn::train(&loaded.history, &options, &|share| {
        bar.set_position(thousandths(share));
        ControlFlow::Continue(())
    });
    let trained = trained.with_context(|| format!("can't learn from {}", args.input.data.display()))?;
    bar.finish_and_clear();
    let json = trained.model.to_json();
    write(&args.out, &json)?;
    let told = report::trained(&trained.model, &trained.suspects, &loaded.notes);
    let (out, took) = (args.out.display(), start.elapsed().as_secs_f64());
    Ok(format!("{told}\n\n{out}: {} bytes, in {took:.1} s{}", json.len(), unservable(&json)))
}

/// What keeps a server from scoring by the model; nothing where it can. For trying and measuring any names will do.
fn unservable(json: &str) -> String {
    let problems = LearnedModel::parse(json).err().unwrap_or_default();
    let told: Vec<String> =
        problems.iter().map(|problem| format!("\n  {}: {}", problem.field, problem.message)).collect();
    if told.is_empty() {
        return String::new();
    }
    format!("\n\nA server can't score by it yet:{}", told.concat())
}

/// Writes a file, or says which could not be written.
pub(super) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("can't write {}", path.display()))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share from 0 to 1")]
fn thousandths(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * 1000.0) as u64
}
