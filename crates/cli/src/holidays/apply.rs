//! What holidays make of a calendar.

use std::ops::RangeInclusive;

use domain::{
    calendar::{HolidayRule, Substitute},
    directory::{CalendarSpec, OpenHours, Opening},
};
use jiff::{
    ToSpan as _,
    civil::{Date, Time},
};

use super::{Holiday, When, ics::by_date};

/// What was added to a calendar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Added {
    /// Days that are closed now, with their names.
    pub days: Vec<(Date, String)>,
    /// Days that are closed each year now.
    pub rules: Vec<HolidayRule>,
    /// Dates with fewer hours than before.
    pub openings: Vec<(Opening, String)>,
    /// Holidays that the calendar had already.
    pub known: usize,
}

/// Adds the holidays of those years. What the calendar has stays: nothing is opened, and what it has already is not added
/// again.
pub fn apply(calendar: &mut CalendarSpec, holidays: &[Holiday], years: &RangeInclusive<i16>) -> Added {
    let mut added = Added::default();
    for Holiday { name, when } in holidays {
        let before = added.len();
        match when {
            When::Days { first, last } => {
                let days = first.series(1.day()).take_while(|day| day <= last);
                days.filter(|day| years.contains(&day.year())).for_each(|day| close(calendar, day, name, &mut added));
            }
            When::Hours { start, end } => {
                for (date, from, to) in by_date(*start, *end).filter(|(date, ..)| years.contains(&date.year())) {
                    shorten(calendar, date, (from, to), name, &mut added);
                }
            }
            When::Yearly { on, first_year, last_year } => {
                let last_year = last_year.unwrap_or(*HolidayRule::YEARS.end());
                let rule = HolidayRule {
                    name: name.clone(),
                    on: *on,
                    substitute: Substitute::None,
                    first_year: *first_year.max(years.start()),
                    last_year: last_year.min(*years.end()),
                };
                let covers = |known: &HolidayRule| {
                    known.on == rule.on && known.first_year <= rule.first_year && known.last_year >= rule.last_year
                };
                if rule.first_year <= rule.last_year && !calendar.holiday_rules.iter().any(covers) {
                    calendar.holiday_rules.push(rule.clone());
                    added.rules.push(rule);
                }
            }
        }
        added.known += usize::from(added.len() == before);
    }
    calendar.holidays.sort_unstable();
    calendar.openings.sort_by_key(|opening| opening.date);
    added
}

impl Added {
    fn len(&self) -> usize {
        self.days.len() + self.rules.len() + self.openings.len()
    }
}

fn close(calendar: &mut CalendarSpec, date: Date, name: &str, added: &mut Added) {
    // An opening stays: somebody has said that this date is worked on.
    if !calendar.holidays.contains(&date) {
        calendar.holidays.push(date);
        added.days.push((date, name.to_owned()));
    }
}

/// Takes hours away from a date.
fn shorten(calendar: &mut CalendarSpec, date: Date, away: (Time, Option<Time>), name: &str, added: &mut Added) {
    let index = calendar.openings.iter().position(|opening| opening.date == date);
    let hours = match index {
        Some(index) => calendar.openings[index].hours.clone(),
        None if is_holiday(calendar, date) => return,
        None => hours_of_week(calendar, date).to_vec(),
    };
    let left: Vec<OpenHours> = hours.iter().flat_map(|open| without(*open, away)).collect();
    if left == hours {
        return;
    }
    if let Some(index) = index {
        calendar.openings.remove(index);
    }
    if left.is_empty() {
        close(calendar, date, name, added);
    } else {
        let opening = Opening { date, hours: left };
        calendar.openings.push(opening.clone());
        added.openings.push((opening, name.to_owned()));
    }
}

fn is_holiday(calendar: &CalendarSpec, date: Date) -> bool {
    let by_rule = |rule: &HolidayRule| {
        (rule.first_year..=rule.last_year).contains(&date.year()) && rule.on.in_year(date.year()) == Some(date)
    };
    calendar.holidays.contains(&date) || calendar.holiday_rules.iter().any(by_rule)
}

fn hours_of_week(calendar: &CalendarSpec, date: Date) -> &[OpenHours] {
    let later = calendar.later_hours.iter().rev().find(|later| later.from <= date);
    let week = later.map_or(&calendar.week, |later| &later.week);
    &week[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())]
}

/// What is left of hours, to the minute, without a part of the day; `None` and 00:00 as an end are the end of the day.
fn without(open: OpenHours, (from, to): (Time, Option<Time>)) -> impl Iterator<Item = OpenHours> {
    const END: i32 = 24 * 60;
    let minutes = |time: Time| i32::from(time.hour()) * 60 + i32::from(time.minute());
    let end_of = |time: Time| if time == Time::midnight() { END } else { minutes(time) };
    let (start, end) = (minutes(open.start), end_of(open.end));
    // Outwards, for hours are kept by the minute.
    let to = to.map_or(END, |to| minutes(to) + i32::from(to.second() > 0));
    let (from, to) = (minutes(from).clamp(start, end), to.clamp(start, end));
    let parts = if from < to { [(start, from), (to, end)] } else { [(start, end), (end, end)] };
    let time = |minute: i32| {
        let clock = |number: i32| i8::try_from(number).unwrap_or(0);
        Time::new(clock(minute / 60 % 24), clock(minute % 60), 0, 0).unwrap_or(Time::midnight())
    };
    parts
        .into_iter()
        .filter(|(start, end)| start < end)
        .map(move |(start, end)| OpenHours { start: time(start), end: time(end) })
}
