//! Hours of days and weeks.

use domain::{
    calendar::WEEKDAYS,
    directory::{OpenHours, saturday_and_sunday},
};
use jiff::civil::{Time, Weekday};

use crate::{
    Path, Violations,
    convert::fields::{fits, known},
    names::shorten,
    v1,
};

/// Most open intervals of a week: 20 a day.
const MAX_HOURS: usize = 140;
/// Most open intervals of a day.
const MAX_HOURS_OF_DAY: usize = 20;

/// Reads the hours of a week; the intervals of a day are put in order.
pub(super) fn week(wire: &[v1::OpenHours], path: &Path<'_>, violations: &mut Violations) -> [Vec<OpenHours>; 7] {
    let mut week: [Vec<OpenHours>; 7] = Default::default();
    if !fits(wire.len(), MAX_HOURS, path, violations) {
        return week;
    }
    for (index, hours) in wire.iter().enumerate() {
        let path = path.item(index);
        let day = weekday(hours.weekday, &path.field("weekday"), violations);
        let open = interval(&hours.start, &hours.end, &path, violations);
        let day = day.and_then(|day| week.get_mut(usize::from(day.to_monday_zero_offset().unsigned_abs())));
        if let (Some(day), Some(open)) = (day, open) {
            day.push(open);
        }
    }
    for day in &mut week {
        day.sort_by_key(|hours| hours.start);
    }
    week
}

/// Reads the hours of one date, and puts them in order.
pub(super) fn day(wire: &[v1::TimeRange], path: &Path<'_>, violations: &mut Violations) -> Vec<OpenHours> {
    if !fits(wire.len(), MAX_HOURS_OF_DAY, path, violations) {
        return Vec::new();
    }
    let read =
        |(index, hours): (usize, &v1::TimeRange)| interval(&hours.start, &hours.end, &path.item(index), violations);
    let mut day: Vec<OpenHours> = wire.iter().enumerate().filter_map(read).collect();
    day.sort_by_key(|hours| hours.start);
    day
}

/// Reads a weekend; none is the usual one.
pub(super) fn weekend(wire: &[i32], path: &Path<'_>, violations: &mut Violations) -> Vec<Weekday> {
    if wire.is_empty() || !fits(wire.len(), WEEKDAYS.len(), path, violations) {
        return saturday_and_sunday();
    }
    wire.iter().enumerate().filter_map(|(index, day)| weekday(*day, &path.item(index), violations)).collect()
}

fn interval(start: &str, end: &str, path: &Path<'_>, violations: &mut Violations) -> Option<OpenHours> {
    let from = time_of_day(start, &path.field("start"), violations);
    let path = path.field("end");
    // The domain writes the end of the day as the midnight that follows.
    let to = if end == "24:00" { Some(Time::midnight()) } else { time_of_day(end, &path, violations) };
    let (from, to) = from.zip(to)?;
    if to <= from && to != Time::midnight() {
        violations.add(&path, format!("is not after `start`: expected later than {start}"));
    }
    Some(OpenHours { start: from, end: to })
}

fn time_of_day(text: &str, path: &Path<'_>, violations: &mut Violations) -> Option<Time> {
    let time = Time::strptime("%H:%M", text).ok();
    if time.is_none() {
        violations.add(path, format!("`{}` is not a time of day: expected one such as 09:30", shorten(text)));
    }
    time
}

fn weekday(wire: i32, path: &Path<'_>, violations: &mut Violations) -> Option<Weekday> {
    let day = known::<v1::Weekday>(wire, path, violations)?;
    if day == v1::Weekday::Unspecified {
        violations.add(path, "is absent: expected a day");
    }
    Weekday::from_monday_one_offset(i8::try_from(day as i32).ok()?).ok()
}

pub(super) fn week_to_wire(week: &[Vec<OpenHours>; 7]) -> Vec<v1::OpenHours> {
    let days = week.iter().zip(ALL);
    let hours = days.flat_map(|(hours, weekday)| {
        hours.iter().map(move |open| {
            let v1::TimeRange { start, end } = interval_to_wire(open);
            v1::OpenHours { weekday: weekday.into(), start, end }
        })
    });
    hours.collect()
}

pub(super) fn interval_to_wire(open: &OpenHours) -> v1::TimeRange {
    let text = |time: Time| time.strftime("%H:%M").to_string();
    let end = if open.end == Time::midnight() { "24:00".to_owned() } else { text(open.end) };
    v1::TimeRange { start: text(open.start), end }
}

pub(super) fn weekday_to_wire(day: Weekday) -> v1::Weekday {
    ALL[usize::from(day.to_monday_zero_offset().unsigned_abs())]
}

/// What documents call that day.
pub(super) fn name_of(day: v1::Weekday) -> &'static str {
    ALL.iter().position(|known| *known == day).map_or("", |index| WEEKDAYS[index])
}

/// Where the message has the interval of that day which is the `item`th in its order.
pub(super) fn index_in_week(wire: &[v1::OpenHours], day: &str, item: &str) -> Option<usize> {
    let of_day = wire.iter().enumerate().filter(|(_, hours)| name_of(hours.weekday()) == day);
    nth(of_day.map(|(index, hours)| (index, hours.start.as_str())), item)
}

/// The same among the intervals of one date.
pub(super) fn index_in_day(wire: &[v1::TimeRange], item: &str) -> Option<usize> {
    nth(wire.iter().enumerate().map(|(index, hours)| (index, hours.start.as_str())), item)
}

fn nth<'w>(hours: impl Iterator<Item = (usize, &'w str)>, item: &str) -> Option<usize> {
    let mut hours: Vec<_> = hours.collect();
    hours.sort_by_key(|(_, start)| Time::strptime("%H:%M", start).ok());
    Some(hours.get(item.parse::<usize>().ok()?)?.0)
}

const ALL: [v1::Weekday; 7] = [
    v1::Weekday::Monday,
    v1::Weekday::Tuesday,
    v1::Weekday::Wednesday,
    v1::Weekday::Thursday,
    v1::Weekday::Friday,
    v1::Weekday::Saturday,
    v1::Weekday::Sunday,
];
