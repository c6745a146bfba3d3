#![allow(clippy::unwrap_used, clippy::format_push_string, clippy::format_collect, reason = "tests")]

mod default_model;
mod documents;
mod laws;

use jiff::{SignedDuration, Timestamp, civil};

use super::*;
use crate::{
    directory::Account,
    expr::Facts,
    lead::{Profile, Signal},
};

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn days_ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

fn signal(kind: &str, days: i64) -> Signal {
    Signal { kind: kind.to_owned(), at: days_ago(days) }
}

fn facts<'a>(lead: &'a Profile, account: Option<&'a Account>) -> Facts<'a> {
    Facts {
        lead,
        created_at: now(),
        account,
        existing_owner: None,
        score: None,
        local: civil::date(2026, 11, 22).at(12, 0, 0, 0),
        company_domain: None,
    }
}

/// What each part gave, by name: `webinar 30`.
fn named(model: &PointsModel, score: &Score) -> Vec<String> {
    score
        .contributions
        .iter()
        .map(|contribution| {
            let info = model.describe(contribution.part).unwrap();
            let name = info.criterion.map_or_else(|| format!("({})", info.group.unwrap()), str::to_owned);
            format!("{name} {}", f64::from(contribution.points) / 100.0)
        })
        .collect()
}
