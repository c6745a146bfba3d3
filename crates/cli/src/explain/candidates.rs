//! The destinations that were tried, with every rep that was considered there.

use std::fmt::Write as _;

use api::v1::{Candidate, DestinationResult, DestinationTrial};

use crate::text::{indented, table, word};

pub(super) fn told(trials: &[DestinationTrial], owner: &str) -> String {
    let mut text = "Destinations, in order\n".to_owned();
    for (number, trial) in (1..).zip(trials) {
        let result = match trial.result() {
            DestinationResult::Taken => "took the lead",
            DestinationResult::NobodyFree => "nobody was free",
            DestinationResult::NoSuchRep => "means nobody for this lead",
            DestinationResult::Gone => "is gone from the directory",
            DestinationResult::Unspecified => "",
        };
        let detail = if trial.detail.is_empty() { String::new() } else { format!(": {}", trial.detail) };
        let _ = writeln!(text, "  {number}. {} - {result}{detail}", trial.destination);
        if !trial.candidates.is_empty() {
            let _ = write!(text, "{}", indented(&indented(&reps(&trial.candidates))));
        }
    }
    if !trials.iter().any(|trial| trial.result() == DestinationResult::Taken) {
        let _ = writeln!(text, "  None took it: {owner} has it.");
    }
    text.push('\n');
    text
}

/// Owed is what each was owed before the pick.
fn reps(candidates: &[Candidate]) -> String {
    table(["Rep", "Outcome", "Owed", "Weight", "Open", "Today", "Because"], candidates.iter().map(row))
}

fn row(candidate: &Candidate) -> [String; 7] {
    let Candidate { rep, weight, open_leads, leads_today, credit, detail, picked, .. } = candidate;
    let removed_by = word(candidate.removed_by().as_str_name(), "CANDIDATE_FILTER_");
    let outcome = match (picked, removed_by.as_str()) {
        (true, _) => "picked".to_owned(),
        (false, "unspecified") => "free".to_owned(),
        (false, filter) => format!("removed: {filter}"),
    };
    let owed = format!("{credit:+.2}");
    [rep.clone(), outcome, owed, weight.to_string(), open_leads.to_string(), leads_today.to_string(), detail.clone()]
}
