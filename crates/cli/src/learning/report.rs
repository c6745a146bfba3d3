//! Models and measures for people.

use std::fmt::Write as _;

use learn::{
    Evaluation, Model,
    guard::Suspect,
    model::{Because, Candidate},
};

use crate::text::table;

/// What a training came to.
pub(super) fn trained(model: &Model, suspects: &[Suspect], notes: &[String]) -> String {
    let mut text = notes_told(notes);
    if !model.left_out.is_empty() {
        let rows = model.left_out.iter().map(|left| {
            let why = match &left.because {
                Because::Constant => "the same for all leads".to_owned(),
                Because::Identifier => "an id: each lead has its own".to_owned(),
                Because::Leak(reason) => format!("looks known only afterwards: {reason}"),
            };
            [left.attribute.clone(), why]
        });
        let _ = writeln!(text, "{}\n", table(["Left out", "Why"], rows));
    }
    let kept: Vec<&Suspect> =
        suspects.iter().filter(|suspect| model.terms.iter().any(|term| term.attribute == suspect.attribute)).collect();
    if !kept.is_empty() {
        let rows = kept.iter().map(|suspect| [suspect.attribute.clone(), suspect.reason.to_string()]);
        let _ = writeln!(text, "{}\n", table(["Used, though it looks known only afterwards", "Why"], rows));
    }
    let _ = writeln!(
        text,
        "{}\n",
        table(["Form", "AUC", "Log loss", "Above the best"], model.candidates.iter().map(|c| candidate(model, c)))
    );
    let data = &model.data;
    let sampled =
        if data.learnt < data.rows { format!(", learnt from a sample of {}", data.learnt) } else { String::new() };
    let _ = writeln!(text, "{} leads, {} won{sampled}; measured on leads not learnt from:\n", data.rows, data.won);
    text + &measured(&model.metrics)
}

fn candidate(model: &Model, candidate: &Candidate) -> [String; 4] {
    let used = if candidate.form == model.form { " (used)" } else { "" };
    [
        format!("{}{used}", candidate.form.name()),
        optional(candidate.auc),
        number(candidate.log_loss),
        format!("{:+.4} +- {:.4}", candidate.excess, candidate.standard_error),
    ]
}

/// The measures, against the base rate, and the calibration table.
pub(super) fn measured(evaluation: &Evaluation) -> String {
    let Evaluation { base_rate, .. } = *evaluation;
    let rows = [
        ("leads", evaluation.rows.to_string(), String::new()),
        ("AUC", optional(evaluation.auc), "0.5000".to_owned()),
        ("log loss", number(evaluation.log_loss), number(evaluation.base_log_loss)),
        ("Brier", number(evaluation.brier), number(base_rate * (1.0 - base_rate))),
        ("calibration error", number(evaluation.calibration_error), String::new()),
        ("lift of the best tenth", optional(evaluation.top_decile_lift), "1.0000".to_owned()),
        ("share won", number(base_rate), String::new()),
    ];
    let rows = rows.map(|(name, value, base)| [name.to_owned(), value, base]);
    let groups = evaluation.calibration.iter().enumerate().map(|(index, group)| {
        [(index + 1).to_string(), group.rows.to_string(), number(group.predicted), number(group.won)]
    });
    let measures = table(["Measure", "Model", "Base rate"], rows);
    format!("{measures}\n\n{}", table(["Group", "Leads", "Mean chance", "Share won"], groups))
}

/// Each note on a line of its own.
pub(super) fn notes_told(notes: &[String]) -> String {
    notes.iter().fold(String::new(), |all, note| format!("{all}note: {note}\n"))
}

fn number(x: f64) -> String {
    format!("{x:.4}")
}

fn optional(x: Option<f64>) -> String {
    x.map_or_else(|| "-".to_owned(), number)
}
