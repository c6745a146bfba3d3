//! Which hours a local date has.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use jiff::civil::{Date, Time};

use super::{CalendarError, WEEKDAYS, holiday::closed_dates};
use crate::directory::{CalendarSpec, OpenHours};

pub(super) const SECONDS_OF_DAY: i64 = 86_400;

/// Part of a day that is open: seconds from midnight.
pub(super) type DayPart = (i64, i64);

type Week = [Vec<DayPart>; 7];

/// The hours of every local date of some years.
pub(super) struct Dates {
    /// The first hours, and those that follow, each with the date from which they hold.
    weeks: Vec<(Date, Week)>,
    closed: BTreeSet<Date>,
    openings: BTreeMap<Date, Vec<DayPart>>,
}

impl Dates {
    pub(super) fn new(spec: &CalendarSpec, years: RangeInclusive<i16>) -> Result<Self, CalendarError> {
        let mut weeks = vec![(Date::MIN, week(&spec.week, "hours")?)];
        for (index, later) in spec.later_hours.iter().enumerate() {
            weeks.push((later.from, week(&later.week, &format!("later_hours[{index}].hours"))?));
        }
        // In a calendar that was checked they are in order already.
        weeks.sort_by_key(|(from, _)| *from);
        let mut openings = BTreeMap::new();
        for (index, opening) in spec.openings.iter().enumerate() {
            openings.insert(opening.date, day_parts(&opening.hours, &format!("openings[{index}].hours"))?);
        }
        let closed = closed_dates(&spec.holidays, &spec.holiday_rules, &spec.weekend, years);
        Ok(Self { weeks, closed, openings })
    }

    /// What is open on that date.
    pub(super) fn of(&self, date: Date) -> &[DayPart] {
        if let Some(hours) = self.openings.get(&date) {
            return hours;
        }
        if self.closed.contains(&date) {
            return &[];
        }
        let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        let started = self.weeks.partition_point(|(from, _)| *from <= date);
        started.checked_sub(1).and_then(|last| self.weeks.get(last)).map_or(&[], |(_, week)| &week[weekday])
    }
}

fn week(week: &[Vec<OpenHours>; 7], field: &str) -> Result<Week, CalendarError> {
    let mut parts: Week = Default::default();
    for ((parts, hours), day) in parts.iter_mut().zip(week).zip(WEEKDAYS) {
        *parts = day_parts(hours, &format!("{field}.{day}"))?;
    }
    Ok(parts)
}

/// Checks the hours of one day.
fn day_parts(hours: &[OpenHours], field: &str) -> Result<Vec<DayPart>, CalendarError> {
    let mut parts: Vec<DayPart> = Vec::with_capacity(hours.len());
    for &OpenHours { start, end } in hours {
        let from = second_of_day(start);
        let to = if end == Time::midnight() { SECONDS_OF_DAY } else { second_of_day(end) };
        let fault = if to <= from {
            "ends before it starts"
        } else if parts.last().is_some_and(|(_, last)| from < *last) {
            "starts before the interval in front of it has ended"
        } else {
            parts.push((from, to));
            continue;
        };
        return Err(CalendarError::Hours { field: field.to_owned(), start, end, fault });
    }
    Ok(parts)
}

fn second_of_day(time: Time) -> i64 {
    i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second())
}
