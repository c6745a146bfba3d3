//! What was measured, as a table and as JSON.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Serialize;

/// One line of the result. `ratio` above 1 is better than the reference.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    name: String,
    /// Of `ours` and `reference`.
    unit: &'static str,
    /// A rate or a time is the median of the rounds.
    ours: f64,
    /// What it is compared with, the median of the rounds; or what it may be at most.
    reference: f64,
    /// The median of the rounds' ratios.
    ratio: f64,
    /// The ratio that is wanted.
    bar: f64,
    /// Milliseconds of a call.
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
}

impl Row {
    /// Something that may be so much at most.
    pub(crate) fn limit(name: &str, unit: &'static str, ours: f64, most: f64) -> Self {
        let name = name.to_owned();
        Self { name, unit, ours, reference: most, ratio: most / ours, bar: 1.0, p50_ms: None, p99_ms: None }
    }

    /// Rates of several rounds, ours and the reference's.
    pub(crate) fn rates(name: &str, unit: &'static str, bar: f64, rounds: &[(f64, f64)]) -> Self {
        Self {
            name: name.to_owned(),
            unit,
            ours: median(rounds.iter().map(|(ours, _)| *ours)),
            reference: median(rounds.iter().map(|(_, theirs)| *theirs)),
            ratio: median(rounds.iter().map(|(ours, theirs)| ours / theirs)),
            bar,
            p50_ms: None,
            p99_ms: None,
        }
    }

    /// Times of several rounds, ours and the reference's.
    pub(crate) fn times(name: &str, unit: &'static str, bar: f64, rounds: &[(f64, f64)]) -> Self {
        let ratio = median(rounds.iter().map(|(ours, theirs)| theirs / ours));
        Self { ratio, ..Self::rates(name, unit, bar, rounds) }
    }

    /// Median and 99th percentile of a call, round by round.
    pub(crate) fn with_times(self, rounds: &[(f64, f64)]) -> Self {
        let p50_ms = Some(median(rounds.iter().map(|(p50, _)| *p50)));
        Self { p50_ms, p99_ms: Some(median(rounds.iter().map(|(_, p99)| *p99))), ..self }
    }
}

/// All rows so far.
pub(crate) struct Table {
    rows: Vec<Row>,
    json: Option<PathBuf>,
}

impl Table {
    /// Writes each row to that file as soon as it is there: whatever happens later, it is kept.
    pub(crate) const fn new(json: Option<PathBuf>) -> Self {
        Self { rows: Vec::new(), json }
    }

    pub(crate) fn add(&mut self, row: Row) -> Result<()> {
        self.rows.push(row);
        if let Some(path) = &self.json {
            std::fs::write(path, serde_json::to_string_pretty(&self.rows)? + "\n")
                .with_context(|| format!("can't write {}", path.display()))?;
        }
        Ok(())
    }

    pub(crate) fn print(&self) {
        println!(
            "\n{:<22} {:>8} {:>10} {:>10} {:>7} {:>6} {:>9} {:>9}",
            "", "", "ours", "reference", "ratio", "bar", "p50 ms", "p99 ms"
        );
        for Row { name, unit, ours, reference, ratio, bar, p50_ms, p99_ms } in &self.rows {
            let milliseconds = |time: &Option<f64>| time.map_or_else(String::new, |time| format!("{time:.2}"));
            let (p50, p99) = (milliseconds(p50_ms), milliseconds(p99_ms));
            println!("{name:<22} {unit:>8} {ours:>10.1} {reference:>10.1} {ratio:>7.2} {bar:>6.2} {p50:>9} {p99:>9}");
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
