//! Dates that are not like the others of their weekday: holidays by rules, openings, hours that change.

use domain::{
    calendar::{HolidayRule, Substitute, YearDay},
    directory::{LaterHours, Opening},
};
use jiff::civil::Date;

use super::{date, hours};
use crate::{
    Path, Violations,
    convert::fields::{fits, known, noted, required_text},
    v1,
};

/// Most changes of the hours.
const MAX_LATER_HOURS: usize = 100;
/// Most rules.
const MAX_RULES: usize = 200;
/// Most dates with hours of their own.
const MAX_OPENINGS: usize = 1_000;

pub(super) fn later_hours(wire: &[v1::LaterHours], path: &Path<'_>, violations: &mut Violations) -> Vec<LaterHours> {
    if !fits(wire.len(), MAX_LATER_HOURS, path, violations) {
        return Vec::new();
    }
    let mut later: Vec<LaterHours> = Vec::with_capacity(wire.len());
    for (index, wire) in wire.iter().enumerate() {
        let path = path.item(index);
        let from = date(&wire.from_date, &path.field("from_date"), violations);
        let week = hours::week(&wire.hours, &path.field("hours"), violations);
        // In the place of what can't be read: the nearest date that is in order.
        let next = || later.last().and_then(|last| last.from.tomorrow().ok()).unwrap_or(Date::MIN);
        let from = from.unwrap_or_else(next);
        later.push(LaterHours { from, week });
    }
    later
}

pub(super) fn later_hours_to_wire(later: &LaterHours) -> v1::LaterHours {
    v1::LaterHours { from_date: later.from.to_string(), hours: hours::week_to_wire(&later.week) }
}

pub(super) fn holiday_rules(
    wire: &[v1::HolidayRule],
    path: &Path<'_>,
    violations: &mut Violations,
) -> Vec<HolidayRule> {
    if !fits(wire.len(), MAX_RULES, path, violations) {
        return Vec::new();
    }
    wire.iter().enumerate().map(|(index, wire)| rule(wire, &path.item(index), violations)).collect()
}

fn rule(wire: &v1::HolidayRule, path: &Path<'_>, violations: &mut Violations) -> HolidayRule {
    let name = required_text(wire.display_name.clone(), &path.field("display_name"), violations);
    let on = noted(wire.on.parse(), &path.field("on"), violations);
    let substitute = known::<v1::HolidaySubstitute>(wire.substitute, &path.field("substitute"), violations);
    let years = HolidayRule::YEARS;
    let mut year = |value: Option<i32>, field: &str, absent: i16| {
        let Some(value) = value else { return absent };
        let year = i16::try_from(value).ok().filter(|year| years.contains(year));
        if year.is_none() {
            let (first, last) = (years.start(), years.end());
            violations.add(&path.field(field), format!("is {value}: expected {first} to {last}"));
        }
        year.unwrap_or(absent)
    };
    HolidayRule {
        first_year: year(wire.first_year, "first_year", *years.start()),
        last_year: year(wire.last_year, "last_year", *years.end()),
        name: name.unwrap_or_default(),
        on: on.unwrap_or(YearDay::Fixed { month: 1, day: 1 }),
        substitute: match substitute {
            Some(v1::HolidaySubstitute::Next) => Substitute::Next,
            Some(v1::HolidaySubstitute::Nearest) => Substitute::Nearest,
            Some(v1::HolidaySubstitute::None | v1::HolidaySubstitute::Unspecified) | None => Substitute::None,
        },
    }
}

pub(super) fn rule_to_wire(rule: &HolidayRule) -> v1::HolidayRule {
    let substitute = match rule.substitute {
        Substitute::None => v1::HolidaySubstitute::None,
        Substitute::Next => v1::HolidaySubstitute::Next,
        Substitute::Nearest => v1::HolidaySubstitute::Nearest,
    };
    let years = HolidayRule::YEARS;
    v1::HolidayRule {
        display_name: rule.name.clone(),
        on: rule.on.to_string(),
        substitute: substitute.into(),
        first_year: (rule.first_year > *years.start()).then(|| rule.first_year.into()),
        last_year: (rule.last_year < *years.end()).then(|| rule.last_year.into()),
    }
}

pub(super) fn openings(wire: &[v1::Opening], path: &Path<'_>, violations: &mut Violations) -> Vec<Opening> {
    if !fits(wire.len(), MAX_OPENINGS, path, violations) {
        return Vec::new();
    }
    let mut openings = Vec::with_capacity(wire.len());
    for (index, wire) in wire.iter().enumerate() {
        let path = path.item(index);
        let date = date(&wire.date, &path.field("date"), violations);
        let hours = hours::day(&wire.hours, &path.field("hours"), violations);
        // In the place of what can't be read: a date that no other has.
        let own = || Date::MIN.saturating_add(jiff::Span::new().days(i64::try_from(index).unwrap_or(0)));
        openings.push(Opening { date: date.unwrap_or_else(own), hours });
    }
    openings
}

pub(super) fn opening_to_wire(opening: &Opening) -> v1::Opening {
    v1::Opening { date: opening.date.to_string(), hours: opening.hours.iter().map(hours::interval_to_wire).collect() }
}
