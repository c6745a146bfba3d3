//! `cargo xtask models`: learned models of the example sets, and how good they are.

use std::{path::PathBuf, process::Command, time::Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::shell::{cargo, repository, run as shell, target};

/// Each set's folder, and the file in it that has the leads.
const SETS: [(&str, &str); 4] = [
    ("x_education_leads", "leads.csv"),
    ("ibm_sales_win_loss", "sales_win_loss.csv.gz"),
    ("olist_marketing_funnel", "olist_marketing_qualified_leads_dataset.csv"),
    ("servicenow_incidents", "incident_event_log.csv.gz"),
];

/// Trains with the program as it is shipped. Measures are those of cross-validation, on leads not learnt from.
pub(crate) fn run(data: Option<PathBuf>) -> Result<()> {
    let found = || repository().ancestors().map(|dir| dir.join("shared/data")).find(|dir| dir.is_dir());
    let data = data.or_else(found).context("../shared/data is absent: say where the sets are")?;
    shell(&mut cargo(&["build", "--release", "--package", "leadrouter"]))?;
    let program = target().join("release/leadrouter");
    let out = target().join("models");
    std::fs::create_dir_all(&out)?;
    let mut lines = Vec::new();
    for (set, file) in SETS {
        let model = out.join(set).with_extension("json");
        let start = Instant::now();
        let mut train = Command::new(&program);
        train.args(["model", "train", "--data"]).arg(data.join(set).join(file));
        train.arg("--mapping").arg(repository().join("examples/models").join(set).with_extension("yaml"));
        if !train.arg("--out").arg(&model).stdout(std::process::Stdio::null()).status()?.success() {
            bail!("no model could be learned from {set}");
        }
        lines.push(line(set, &serde_json::from_str(&std::fs::read_to_string(&model)?)?, start.elapsed().as_secs_f64()));
    }
    println!("| set | leads | form | AUC | log loss | base | Brier | calibration error | best tenth | trained in |");
    println!("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for line in lines {
        println!("{line}");
    }
    Ok(())
}

fn line(set: &str, model: &Value, seconds: f64) -> String {
    let metrics = &model["metrics"];
    let number = |name: &str| metrics[name].as_f64().map_or_else(|| "-".to_owned(), |number| format!("{number:.4}"));
    let columns = ["auc", "log_loss", "base_log_loss", "brier", "calibration_error", "top_decile_lift"].map(number);
    let form = model["form"].as_str().unwrap_or_default();
    format!("| {set} | {} | {form} | {} | {seconds:.1} s |", metrics["rows"], columns.join(" | "))
}
