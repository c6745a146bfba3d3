//! Calendars that are closed for too long, and time that is cut out of them.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil, civil::Time, tz::TimeZone};

use super::{Calendar, Open, compile::days_between, compile::pack, dates::Dates, time_zone, zone};
use crate::directory::CalendarSpec;

/// Fewer rules than that can't close every day of a weekday: each closes two days a year at most, itself and a substitute,
/// and one more that stands in for the year before or behind.
const FEW_RULES: usize = 16;
/// After so many years all dates fall on the same weekdays again.
const YEARS_OF_CYCLE: i16 = 28;

/// A year in which the calendar has no open hour, if there is one that its dates and rules can make.
///
/// Calendars without such a year can be compiled for any years.
pub fn closed_year(spec: &CalendarSpec) -> Option<i16> {
    let zone = time_zone(&spec.time_zone).ok()?;
    let dated = spec.holidays.iter().map(|date| date.year());
    let changes: BTreeSet<i16> = spec.later_hours.iter().map(|later| later.from.year()).collect();
    let mut years: BTreeSet<i16> = dated.chain(changes.iter().copied()).collect();
    if spec.holiday_rules.len() >= FEW_RULES {
        let firsts = spec.holiday_rules.iter().map(|rule| rule.first_year.max(2_000));
        let starts: BTreeSet<i16> = changes.into_iter().chain(firsts).chain([2_000]).collect();
        years.extend(starts.into_iter().flat_map(|year| year..year.saturating_add(YEARS_OF_CYCLE)));
    }
    // Others can't be compiled.
    years.retain(|year| (1_900..9_000).contains(year));
    years.into_iter().find(|year| !has_open_hour(spec, &zone, *year))
}

fn has_open_hour(spec: &CalendarSpec, zone: &TimeZone, year: i16) -> bool {
    let Ok(dates) = Dates::new(spec, year..=year) else { return true };
    let is_open = |date: civil::Date| {
        let moment = |second: i64| {
            let midnight = date.to_datetime(Time::midnight());
            zone::first_moment(zone, midnight.checked_add(jiff::Span::new().seconds(second)).ok()?)
        };
        // Hours that the clock skips are none.
        dates.of(date).iter().any(|(start, end)| moment(*start) < moment(*end))
    };
    civil::date(year, 1, 1).series(jiff::Span::new().days(1)).take_while(|date| date.year() == year).any(is_open)
}

impl Calendar {
    /// The calendar without those intervals `[start, end)`, in any order, in whole seconds (outwards). `None` if that leaves
    /// nothing open.
    #[must_use]
    pub fn without(&self, closed: &[(Timestamp, Timestamp)]) -> Option<Self> {
        let length = i64::from(self.length);
        let mut cuts: Vec<(i64, i64)> = closed
            .iter()
            .map(|(start, end)| {
                let (to, fraction) = self.position(*end);
                (self.position(*start).0.clamp(0, length), (to + i64::from(fraction > 0)).clamp(0, length))
            })
            .filter(|(from, to)| from < to)
            .collect();
        cuts.sort_unstable();

        let mut left: Vec<(i64, i64)> = Vec::with_capacity(self.open.len() + cuts.len());
        let mut cuts_ahead = cuts.as_slice();
        for &Open { start, end, .. } in &self.open {
            let (mut start, end) = (i64::from(start), i64::from(end));
            for (from, to) in cuts_ahead.iter().take_while(|(from, _)| *from < end) {
                if start < *from {
                    left.push((start, *from));
                }
                start = start.max(*to);
            }
            if start < end {
                left.push((start, end));
            }
            let done = cuts_ahead.iter().take_while(|(_, to)| *to <= end).count();
            cuts_ahead = &cuts_ahead[done..];
        }
        let open = pack(&left, 0).filter(|open| !open.is_empty())?;
        let mut cut = Self { open, ..self.clone() };
        let touched: BTreeSet<u16> = cuts.iter().flat_map(|(from, to)| self.days_within(*from, *to)).collect();
        let keeps = |day: &&u16| !touched.contains(day) || cut.has_open_moment(**day);
        cut.open_days = self.open_days.iter().filter(keeps).copied().collect();
        Some(cut)
    }

    /// The local dates between two seconds of the window, in days from the first.
    fn days_within(&self, from: i64, to: i64) -> std::ops::RangeInclusive<u16> {
        let day = |second: i64| {
            let date = self.moment(second, 0).map(|at| self.day_of(at))?;
            days_between(self.first_date, date)
        };
        day(from).unwrap_or(0)..=day(to).unwrap_or(u16::MAX)
    }

    fn has_open_moment(&self, day: u16) -> bool {
        let midnight = |days: u16| {
            let date = self.first_date.checked_add(jiff::Span::new().days(days)).ok()?;
            zone::first_moment(&self.zone, date.to_datetime(Time::midnight()))
        };
        let (Some(from), Some(to)) = (midnight(day), midnight(day.saturating_add(1))) else { return false };
        self.next_open(from).is_some_and(|open| open < to)
    }
}
