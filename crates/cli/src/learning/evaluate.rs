//! `model evaluate`.

use std::{fs, hint::black_box, path::PathBuf, time::Instant};

use anyhow::Context as _;
use clap::Args;
use learn::{Evaluation, Kind, Model, Scorer, Table, score};
use serde::Serialize;

use super::{
    load::{load, read_mapping},
    report,
    train::{DataArgs, write},
};

/// Measure a learned model on a file, without a server.
#[derive(Debug, Clone, Args)]
pub struct EvaluateArgs {
    /// The model, as `model train` wrote it.
    #[arg(long, value_name = "MODEL")]
    pub model: PathBuf,

    #[command(flatten)]
    #[expect(missing_docs, reason = "its fields say what they are")]
    pub input: DataArgs,

    /// Also write the measures here, as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// The measures as JSON.
#[derive(Debug, Serialize)]
struct Measures {
    #[serde(flatten)]
    evaluation: Evaluation,
    /// Leads scored in a second on one core, from typed values in a batch, with all contributions.
    rows_per_second: f64,
    /// Microseconds for one lead by itself, with all contributions and its grade.
    microseconds_per_lead: f64,
    /// The most by which contributions and intercept miss the log-odds.
    contributions_error: f64,
}

/// Measures a model. Returns what to tell of it.
///
/// Errors: the model, the mapping or the data can't be used (all that is wrong, with file, line and column), or don't go together.
pub fn evaluate(args: &EvaluateArgs) -> anyhow::Result<String> {
    let path = args.model.display();
    let json = fs::read_to_string(&args.model).with_context(|| format!("can't read the model {path}"))?;
    let model = Model::from_json(&json).map_err(|error| anyhow::anyhow!("{path} {error}"))?;
    let scorer = model.scorer()?;
    let mapping = read_mapping(&args.input.mapping)?;
    let bar = args.input.bar().with_message("reading");
    let kind_of = |name: &str| {
        let place = scorer.attributes().position(|known| known == name)?;
        Some(if scorer.is_number(place) { Kind::Number } else { Kind::Category })
    };
    let loaded = load(&args.input.data, &mapping, &args.input.named(), &kind_of, &mut |share| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share from 0 to 1")]
        bar.set_position((share.clamp(0.0, 1.0) * 1000.0) as u64);
    })?;
    bar.finish_and_clear();
    let (table, won) = (&loaded.history.table, &loaded.history.won);
    let missing: Vec<&str> = scorer.attributes().filter(|name| table.find(name).is_none()).collect();
    if !missing.is_empty() {
        let (mapping, missing) = (args.input.mapping.display(), missing.join("`, `"));
        anyhow::bail!("{path} reads attributes that {mapping} does not have: `{missing}`");
    }
    if won.is_empty() {
        anyhow::bail!("{} has no lead whose end is known", args.input.data.display());
    }
    let batch = score(&scorer, table);
    let sum = |row: usize| batch.contributions.iter().fold(scorer.intercept(), |sum, part| sum + part[row]);
    let measures = Measures {
        evaluation: Evaluation::of(&batch.log_odds, won),
        rows_per_second: rows_per_second(&scorer, table),
        microseconds_per_lead: microseconds_per_lead(&scorer, table),
        contributions_error: (0..won.len()).map(|row| (sum(row) - batch.log_odds[row]).abs()).fold(0.0, f64::max),
    };
    if let Some(path) = &args.json {
        write(path, &(serde_json::to_string_pretty(&measures)? + "\n"))?;
    }
    let notes = report::notes_told(&loaded.notes);
    let told = report::measured(&measures.evaluation);
    let (rate, one) = (measures.rows_per_second / 1e6, measures.microseconds_per_lead);
    Ok(format!("{notes}{told}\n\n{rate:.2} million leads a second in a batch, {one:.2} us for one, on one core"))
}

/// Long enough to measure, short enough to wait for.
const SECONDS: f64 = 0.3;

/// Over and over, in parts that stay in the processor's cache.
fn rows_per_second(scorer: &Scorer, table: &Table) -> f64 {
    const PART: usize = 4_096;
    let rows: Vec<usize> = (0..table.rows()).collect();
    let parts: Vec<Table> = rows.chunks(PART).map(|part| table.take(part)).collect();
    let start = Instant::now();
    let mut done = 0;
    while start.elapsed().as_secs_f64() < SECONDS {
        for part in &parts {
            black_box(score(scorer, black_box(part)));
            done += part.rows();
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate to be shown")]
    let rate = done as f64 / start.elapsed().as_secs_f64();
    rate
}

fn microseconds_per_lead(scorer: &Scorer, table: &Table) -> f64 {
    let columns: Vec<_> = scorer.attributes().filter_map(|name| table.find(name)).collect();
    let leads: Vec<Vec<learn::Value<'_>>> = (0..table.rows().min(2_000))
        .map(|row| columns.iter().map(|column| column.cells.value(row)).collect())
        .collect();
    let start = Instant::now();
    let mut done = 0;
    while start.elapsed().as_secs_f64() < SECONDS {
        for lead in &leads {
            black_box(scorer.score(black_box(lead)));
        }
        done += leads.len();
    }
    #[expect(clippy::cast_precision_loss, reason = "a time to be shown")]
    let micros = start.elapsed().as_secs_f64() * 1e6 / done as f64;
    micros
}
