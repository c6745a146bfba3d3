//! Calendars.

use domain::{
    directory::{CalendarSpec, OpenHours},
    ids::CalendarId,
};
use jiff::civil::{Date, Time};

use super::{Itemised, mask::maskable};
use crate::{
    Path, Violations,
    convert::fields::{fits, known, required_text},
    etag,
    names::{Resource as _, shorten},
    v1,
};

maskable!(v1::Calendar { display_name, time_zone, hours, holidays });

/// Most open intervals of a week: 20 a day.
const MAX_HOURS: usize = 140;
/// Most holidays.
const MAX_HOLIDAYS: usize = 1_000;

impl Itemised for v1::Calendar {
    fn items(&self, list: &str) -> Vec<&str> {
        if list == "holidays" { self.holidays.iter().map(String::as_str).collect() } else { Vec::new() }
    }

    /// Also of `hours.mon`, whose items are counted in the order of the day.
    fn index_of(&self, list: &str, item: &str) -> Option<usize> {
        let Some(day) = list.strip_prefix("hours.") else {
            return self.items(list).iter().rposition(|text| text.trim() == item);
        };
        let of_day = |hours: &v1::OpenHours| hours.weekday().as_str_name().to_lowercase().contains(day);
        let mut hours: Vec<_> = self.hours.iter().enumerate().filter(|(_, hours)| of_day(hours)).collect();
        hours.sort_by_key(|(_, hours)| Time::strptime("%H:%M", &hours.start).ok());
        Some(hours.get(item.parse::<usize>().ok()?)?.0)
    }
}

/// Reads a calendar. The intervals of a day are put in order.
pub fn read(wire: v1::Calendar, id: CalendarId, path: &Path<'_>, violations: &mut Violations) -> Option<CalendarSpec> {
    let v = violations;
    let display_name = required_text(wire.display_name, &path.field("display_name"), v);
    let time_zone = required_text(wire.time_zone, &path.field("time_zone"), v);
    let week = week(&wire.hours, &path.field("hours"), v);
    let holidays = holidays(&wire.holidays, &path.field("holidays"), v);
    Some(CalendarSpec {
        id,
        week,
        holidays,
        name: display_name.unwrap_or_default(),
        time_zone: time_zone.unwrap_or_else(|| "UTC".to_owned()),
    })
}

fn week(wire: &[v1::OpenHours], path: &Path<'_>, violations: &mut Violations) -> [Vec<OpenHours>; 7] {
    let mut week: [Vec<OpenHours>; 7] = Default::default();
    if !fits(wire.len(), MAX_HOURS, path, violations) {
        return week;
    }
    for (index, hours) in wire.iter().enumerate() {
        let path = path.item(index);
        let day = known::<v1::Weekday>(hours.weekday, &path.field("weekday"), violations);
        if day == Some(v1::Weekday::Unspecified) {
            violations.add(&path.field("weekday"), "is absent: expected a day");
        }
        let start = time_of_day(&hours.start, &path.field("start"), violations);
        let end_path = path.field("end");
        // The domain writes the end of the day as the midnight that follows.
        let end =
            if hours.end == "24:00" { Some(Time::midnight()) } else { time_of_day(&hours.end, &end_path, violations) };
        let day = day.and_then(|day| week.get_mut(usize::try_from(day as i32 - 1).ok()?));
        if let (Some(day), Some(start), Some(end)) = (day, start, end) {
            if end <= start && end != Time::midnight() {
                violations.add(&end_path, format!("is not after `start`: expected later than {}", hours.start));
            }
            day.push(OpenHours { start, end });
        }
    }
    for day in &mut week {
        day.sort_by_key(|hours| hours.start);
    }
    week
}

fn time_of_day(text: &str, path: &Path<'_>, violations: &mut Violations) -> Option<Time> {
    let time = Time::strptime("%H:%M", text).ok();
    if time.is_none() {
        violations.add(path, format!("`{}` is not a time of day: expected one such as 09:30", shorten(text)));
    }
    time
}

fn holidays(wire: &[String], path: &Path<'_>, violations: &mut Violations) -> Vec<Date> {
    if !fits(wire.len(), MAX_HOLIDAYS, path, violations) {
        return Vec::new();
    }
    let mut holidays = Vec::with_capacity(wire.len());
    for (index, text) in wire.iter().enumerate() {
        if let Ok(date) = Date::strptime("%Y-%m-%d", text) {
            holidays.push(date);
        } else {
            let found = shorten(text);
            violations.add(&path.item(index), format!("`{found}` is not a day: expected one such as 2026-12-25"));
        }
    }
    holidays
}

/// The wire form of a calendar that was last changed at that version.
pub fn to_wire(calendar: &CalendarSpec, version: i64) -> v1::Calendar {
    let days = calendar.week.iter().zip(WEEKDAYS);
    let hours = days.flat_map(|(hours, weekday)| {
        hours.iter().map(move |open| v1::OpenHours {
            weekday: weekday.into(),
            start: open.start.strftime("%H:%M").to_string(),
            end: if open.end == Time::midnight() { "24:00".to_owned() } else { open.end.strftime("%H:%M").to_string() },
        })
    });
    v1::Calendar {
        name: calendar.id.to_name(),
        display_name: calendar.name.clone(),
        time_zone: calendar.time_zone.clone(),
        hours: hours.collect(),
        holidays: calendar.holidays.iter().map(ToString::to_string).collect(),
        etag: etag::of_entry(version),
    }
}

const WEEKDAYS: [v1::Weekday; 7] = [
    v1::Weekday::Monday,
    v1::Weekday::Tuesday,
    v1::Weekday::Wednesday,
    v1::Weekday::Thursday,
    v1::Weekday::Friday,
    v1::Weekday::Saturday,
    v1::Weekday::Sunday,
];
