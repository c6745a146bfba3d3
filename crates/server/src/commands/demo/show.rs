//! The figures of a demo for people.

use std::{collections::BTreeMap, fmt::Write as _};

use comfy_table::{CellAlignment, Table, presets};

use super::{
    figures::Figures,
    read_back::{ReadBack, Share},
};

/// Everything that a demo prints about its leads.
pub(super) fn text(figures: &Figures, back: &ReadBack) -> String {
    let mut text = String::new();
    for part in [summary(figures), destinations(figures), teams(figures, back), pools(back)] {
        // Writing to a string can't fail.
        let _ = writeln!(text, "\n{part}");
    }
    text
}

fn summary(figures: &Figures) -> String {
    let Figures { leads_in, routed, rejected, duplicates, leads, without_owner, with_two_owners, violations, .. } =
        figures;
    let mut table = table(&[]);
    for (name, value) in [
        ("leads in", leads_in.to_string()),
        ("routed", format!("{routed}, of which {duplicates} were known already: {leads} leads in the store")),
        ("rejected", rejected.to_string()),
        ("without an owner", without_owner.to_string()),
        ("with two owners", with_two_owners.to_string()),
        ("broken laws of the store", violations.to_string()),
        ("automated", format!("{:.1} %", 100.0 * figures.automated_share)),
        ("to owners of named accounts", figures.named_accounts.to_string()),
        ("speed", format!("{:.0} decisions a second", figures.per_second)),
        ("time of a call", format!("p50 {:.1} ms, p99 {:.1} ms", figures.p50_ms, figures.p99_ms)),
        ("largest distance from the exact share", format!("{:.2} leads", figures.largest_deviation)),
    ] {
        table.add_row([name.to_owned(), value]);
    }
    table.trim_fmt()
}

fn destinations(figures: &Figures) -> String {
    let mut table = table(&["destination", "leads"]);
    for (destination, leads) in &figures.by_destination {
        table.add_row([destination.clone(), leads.to_string()]);
    }
    right(table, &[1])
}

fn teams(figures: &Figures, back: &ReadBack) -> String {
    let mut table = table(&["team or queue", "leads"]);
    for (team, leads) in &figures.by_team {
        table.add_row([back.teams.get(team).unwrap_or(team).clone(), leads.to_string()]);
    }
    right(table, &[1])
}

/// Reps of each pool. Where the pool goes by weights, with what each should have got.
fn pools(back: &ReadBack) -> String {
    let mut sums: BTreeMap<(&str, &str), Share> = BTreeMap::new();
    for ((pool, rep, _), share) in &back.shares {
        let sum = sums.entry((pool, rep)).or_default();
        *sum = Share { weight: share.weight, leads: sum.leads + share.leads, target: sum.target + share.target };
    }
    let mut table = table(&["pool", "owner", "weight", "leads", "exact share", "distance"]);
    for ((pool, rep), Share { weight, leads, target }) in sums {
        let name = back.reps.get(rep).map_or(rep, |rep| &rep.display_name);
        let by_weights = back.pools.get(pool).is_some_and(|pool| pool.by_weights);
        #[expect(clippy::cast_precision_loss, reason = "a count, shown")]
        let distance = leads as f64 - target;
        let (share, distance) = if by_weights {
            (format!("{target:.2}"), format!("{distance:+.2}"))
        } else {
            ("by load".to_owned(), String::new())
        };
        table.add_row([pool.to_owned(), name.to_owned(), weight.to_string(), leads.to_string(), share, distance]);
    }
    right(table, &[2, 3, 4, 5])
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if !header.is_empty() {
        table.set_header(header);
    }
    table
}

fn right(mut table: Table, columns: &[usize]) -> String {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}
