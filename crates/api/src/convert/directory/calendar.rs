//! Calendars.

mod hours;
mod rules;

use domain::{directory::CalendarSpec, ids::CalendarId};
use jiff::civil::Date;

use super::{Itemised, mask::maskable};
use crate::{
    Path, Violations,
    convert::fields::{fits, required_text},
    etag,
    names::{Resource as _, shorten},
    v1,
};

maskable!(v1::Calendar { display_name, time_zone, hours, holidays, later_hours, holiday_rules, weekend, openings });

/// Most holidays.
const MAX_HOLIDAYS: usize = 1_000;

impl Itemised for v1::Calendar {
    fn items(&self, list: &str) -> Vec<&str> {
        match list {
            "holidays" => self.holidays.iter().map(String::as_str).collect(),
            // Also those that are no day, so that the others keep their places.
            "weekend" => {
                self.weekend.iter().map(|day| v1::Weekday::try_from(*day).map_or("", hours::name_of)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Also of `hours.mon`, whose items are counted in the order of the day.
    fn index_of(&self, list: &str, item: &str) -> Option<usize> {
        if let Some(day) = list.strip_prefix("hours.") {
            return hours::index_in_week(&self.hours, day, item);
        }
        match list {
            "later_hours" | "holiday_rules" | "openings" => item.parse().ok(),
            _ => self.items(list).iter().rposition(|text| text.trim() == item),
        }
    }

    fn within(&self, list: &str, index: usize, rest: &str) -> Option<String> {
        match (list, rest.split_once('[')) {
            ("later_hours", _) if rest == ".from" => Some(".from_date".to_owned()),
            ("holiday_rules", _) if rest == ".name" => Some(".display_name".to_owned()),
            ("later_hours", Some((day, item))) => {
                let hours = &self.later_hours.get(index)?.hours;
                let day = day.strip_prefix(".hours.")?;
                Some(format!(".hours[{}]", hours::index_in_week(hours, day, item.strip_suffix(']')?)?))
            }
            ("openings", Some((".hours", item))) => {
                let hours = &self.openings.get(index)?.hours;
                Some(format!(".hours[{}]", hours::index_in_day(hours, item.strip_suffix(']')?)?))
            }
            _ => None,
        }
    }
}

/// Reads a calendar. The intervals of a day are put in order.
pub fn read(wire: v1::Calendar, id: CalendarId, path: &Path<'_>, violations: &mut Violations) -> Option<CalendarSpec> {
    let v = violations;
    let display_name = required_text(wire.display_name, &path.field("display_name"), v);
    let time_zone = required_text(wire.time_zone, &path.field("time_zone"), v);
    let week = hours::week(&wire.hours, &path.field("hours"), v);
    let later_hours = rules::later_hours(&wire.later_hours, &path.field("later_hours"), v);
    let holidays = holidays(&wire.holidays, &path.field("holidays"), v);
    let holiday_rules = rules::holiday_rules(&wire.holiday_rules, &path.field("holiday_rules"), v);
    let weekend = hours::weekend(&wire.weekend, &path.field("weekend"), v);
    let openings = rules::openings(&wire.openings, &path.field("openings"), v);
    Some(CalendarSpec {
        id,
        week,
        later_hours,
        holidays,
        holiday_rules,
        weekend,
        openings,
        name: display_name.unwrap_or_default(),
        time_zone: time_zone.unwrap_or_else(|| "UTC".to_owned()),
    })
}

fn holidays(wire: &[String], path: &Path<'_>, violations: &mut Violations) -> Vec<Date> {
    if !fits(wire.len(), MAX_HOLIDAYS, path, violations) {
        return Vec::new();
    }
    let mut holidays = Vec::with_capacity(wire.len());
    for (index, text) in wire.iter().enumerate() {
        holidays.extend(date(text, &path.item(index), violations));
    }
    holidays
}

fn date(text: &str, path: &Path<'_>, violations: &mut Violations) -> Option<Date> {
    let date = Date::strptime("%Y-%m-%d", text).ok();
    if date.is_none() {
        violations.add(path, format!("`{}` is not a day: expected one such as 2026-12-25", shorten(text)));
    }
    date
}

/// The wire form of a calendar that was last changed at that version.
pub fn to_wire(calendar: &CalendarSpec, version: i64) -> v1::Calendar {
    v1::Calendar {
        name: calendar.id.to_name(),
        display_name: calendar.name.clone(),
        time_zone: calendar.time_zone.clone(),
        hours: hours::week_to_wire(&calendar.week),
        holidays: calendar.holidays.iter().map(ToString::to_string).collect(),
        etag: etag::of_entry(version),
        later_hours: calendar.later_hours.iter().map(rules::later_hours_to_wire).collect(),
        holiday_rules: calendar.holiday_rules.iter().map(rules::rule_to_wire).collect(),
        weekend: calendar.weekend.iter().map(|day| hours::weekday_to_wire(*day).into()).collect(),
        openings: calendar.openings.iter().map(rules::opening_to_wire).collect(),
    }
}
