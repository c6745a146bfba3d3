//! The mappings of `examples/models`, on their sets.

use std::{
    collections::BTreeMap,
    io::Write as _,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use learn::{History, Options, guard};

use super::{
    super::load::{Loaded, load, read_mapping},
    parsed, repository,
};

/// A file of a data set that is no part of the repository. `None`, told loudly, where it is absent.
fn shared(path: &str) -> Option<PathBuf> {
    let found = repository().ancestors().map(|dir| dir.join("shared/data").join(path)).find(|path| path.exists());
    if found.is_none() {
        // Not `eprintln!`: the harness shows that for failed tests only.
        let _ = writeln!(std::io::stderr(), "NOT RUN: ../shared/data/{path} is absent");
    }
    found
}

fn loaded(set: &str, file: &str) -> Option<Loaded> {
    let mapping = read_mapping(&repository().join("examples/models").join(set).with_extension("yaml")).unwrap();
    let data = shared(&format!("{set}/{file}"))?;
    Some(load(&data, &mapping, &BTreeMap::new(), &|_| None, &mut |_| {}).unwrap())
}

fn wins(history: &History) -> usize {
    history.won.iter().filter(|won| **won).count()
}

/// The attributes that the guard names when the mapping keeps nothing back.
fn suspected(data: &Path, mapping: &str) -> Vec<String> {
    let loaded = load(data, &parsed(mapping), &BTreeMap::new(), &|_| None, &mut |_| {}).unwrap();
    let suspects = guard::suspects(&loaded.history.table, &loaded.history.won, None, 1);
    suspects.into_iter().map(|suspect| suspect.attribute).collect()
}

#[test]
fn the_mappings_fit_their_sets() {
    for (set, file, rows, won) in [
        ("x_education_leads", "leads.csv", 6_468, 2_493),
        ("ibm_sales_win_loss", "sales_win_loss.csv.gz", 54_614, 12_338),
        ("olist_marketing_funnel", "olist_marketing_qualified_leads_dataset.csv", 5_600, 589),
        ("servicenow_incidents", "incident_event_log.csv.gz", 17_442, 6_380),
    ] {
        let Some(loaded) = loaded(set, file) else { return };
        assert_eq!((loaded.history.won.len(), wins(&loaded.history)), (rows, won), "{set}");
        assert!(loaded.notes.is_empty(), "{set}: {:?}", loaded.notes);
    }
}

#[test]
fn models_of_two_sets_are_as_good_as_they_were() {
    for (set, file, auc, log_loss) in [
        ("x_education_leads", "leads.csv", 0.872, 0.428),
        ("olist_marketing_funnel", "olist_marketing_qualified_leads_dataset.csv", 0.700, 0.314),
    ] {
        let Some(loaded) = loaded(set, file) else { return };
        let keep =
            ["What is your current occupation", "What matters most to you in choosing a course"].map(str::to_owned);
        let options = Options { threads: 2, keep: keep.to_vec(), ..Options::default() };
        let model = learn::train(&loaded.history, &options, &|_| ControlFlow::Continue(())).unwrap().model;
        let metrics = &model.metrics;
        assert!(metrics.auc.unwrap() >= auc && metrics.log_loss <= log_loss, "{set}: {metrics:?}");
        assert!(metrics.calibration_error <= 0.02, "{set}: {metrics:?}");
    }
}

#[test]
fn the_guard_names_what_the_school_knows_only_afterwards() {
    let Some(data) = shared("x_education_leads/leads.csv") else { return };
    let named = suspected(&data, "name: all\nblank: [Select]\nlabel: { column: Converted, won: [1] }\nrest: true\n");
    for leak in [
        "Tags",
        "Lead Quality",
        "Lead Profile",
        "Asymmetrique Activity Index",
        "Asymmetrique Profile Index",
        "Asymmetrique Activity Score",
        "Asymmetrique Profile Score",
        "Last Activity",
        "Last Notable Activity",
    ] {
        assert!(named.iter().any(|name| name == leak), "{leak}: {named:?}");
    }
    assert!(named.len() <= 11, "and at most the two that its mapping keeps: {named:?}");
}

#[test]
fn the_guard_names_the_durations_of_stages() {
    let Some(data) = shared("ibm_sales_win_loss/sales_win_loss.csv.gz") else { return };
    let named = suspected(
        &data,
        "name: all\nlabel: { column: Opportunity Result, won: [Won] }\nrest: true\nignore:\n  - { column: Opportunity Number, reason: id }\n",
    );
    assert_eq!(
        named,
        [
            "Elapsed Days In Sales Stage",
            "Sales Stage Change Count",
            "Total Days Identified Through Closing",
            "Total Days Identified Through Qualified",
            "Ratio Days Identified To Total Days",
            "Ratio Days Validated To Total Days",
            "Ratio Days Qualified To Total Days",
        ]
    );
}
