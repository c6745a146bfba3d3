//! From the hours of a week to intervals in UTC.

use std::{collections::BTreeSet, ops::RangeInclusive};

use jiff::{
    Timestamp, civil,
    tz::{Offset, TimeZone},
};

use super::{Calendar, Open, UnknownTimeZone, time_zone, zone};
use crate::directory::{CalendarSpec, OpenHours};

/// Most years that a calendar can be compiled for.
const MAX_YEARS: i16 = 100;

const SECONDS_OF_DAY: i64 = 86_400;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Why a calendar can't be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The time zone has no such name.
    #[error("time_zone: {0}")]
    TimeZone(#[from] UnknownTimeZone),
    /// Hours that end before they start, or start before the hours before them have ended.
    #[error(
        "hours.{day}: {start}-{end} {fault}: expected intervals in ascending order that do not overlap, \
         each with its end after its start (00:00 as an end is midnight)"
    )]
    Hours {
        /// Short name of the weekday.
        day: &'static str,
        /// As written.
        start: civil::Time,
        /// As written.
        end: civil::Time,
        /// What is wrong with them.
        fault: &'static str,
    },
    /// Not one open moment.
    #[error(
        "hours: nothing is open from {} to {}: expected at least one interval on a day that is not a holiday",
        years.start(),
        years.end()
    )]
    NeverOpen {
        /// The years that were asked for.
        years: RangeInclusive<i16>,
    },
    /// Years that can't be compiled.
    #[error(
        "years {} to {}: expected 1 to {MAX_YEARS} years between 1900 and 9000, in ascending order",
        years.start(),
        years.end()
    )]
    Years {
        /// The years that were asked for.
        years: RangeInclusive<i16>,
    },
}

/// Part of a day that is open: seconds from midnight.
type DayPart = (i64, i64);

impl Calendar {
    /// Compiles the calendar for those years (of its own time zone).
    pub fn compile(spec: &CalendarSpec, years: RangeInclusive<i16>) -> Result<Self, CalendarError> {
        let zone = time_zone(&spec.time_zone)?;
        let mut week: [Vec<DayPart>; 7] = Default::default();
        for ((parts, hours), day) in week.iter_mut().zip(&spec.week).zip(DAYS) {
            *parts = day_parts(hours, day)?;
        }
        build(zone, &week, &spec.holidays.iter().copied().collect(), years)
    }

    /// A calendar in UTC that is always open, for clocks that belong to nobody's working hours. Its window is the years
    /// 2000 to 2099.
    pub fn always_open() -> Self {
        const DAYS: u16 = 36_525;
        let length = u32::from(DAYS) * 86_400;
        Self {
            zone: TimeZone::UTC,
            // 2000-01-01T00:00:00Z
            origin: 946_684_800,
            length,
            open: [Open { start: 0, end: length, before: 0 }].into(),
            first_date: civil::date(2000, 1, 1),
            open_days: (0..DAYS).collect(),
        }
    }
}

/// Checks the hours of one weekday.
fn day_parts(hours: &[OpenHours], day: &'static str) -> Result<Vec<DayPart>, CalendarError> {
    let mut parts: Vec<DayPart> = Vec::with_capacity(hours.len());
    for &OpenHours { start, end } in hours {
        let from = second_of_day(start);
        let to = if end == civil::Time::midnight() { SECONDS_OF_DAY } else { second_of_day(end) };
        let fault = if to <= from {
            "ends before it starts"
        } else if parts.last().is_some_and(|(_, last)| from < *last) {
            "starts before the interval in front of it has ended"
        } else {
            parts.push((from, to));
            continue;
        };
        return Err(CalendarError::Hours { day, start, end, fault });
    }
    Ok(parts)
}

fn second_of_day(time: civil::Time) -> i64 {
    i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second())
}

fn build(
    zone: TimeZone,
    week: &[Vec<DayPart>; 7],
    holidays: &BTreeSet<civil::Date>,
    years: RangeInclusive<i16>,
) -> Result<Calendar, CalendarError> {
    let (first, last) = (*years.start(), *years.end());
    if first < 1_900 || last > 9_000 || first > last || last - first >= MAX_YEARS {
        return Err(CalendarError::Years { years });
    }
    let first_date = civil::date(first, 1, 1);
    let begin = |date: civil::Date| zone::first_moment(&zone, date.to_datetime(civil::Time::midnight()));
    let (Some(from), Some(to)) = (begin(first_date), begin(civil::date(last + 1, 1, 1))) else {
        return Err(CalendarError::Years { years });
    };

    let mut intervals = Intervals { week, holidays, open: Vec::new(), open_dates: BTreeSet::new() };
    let mut piece = from;
    for jump in zone.following(from).map(|transition| transition.timestamp()).take_while(|jump| *jump < to) {
        intervals.add_piece(piece, jump, zone.to_offset(piece));
        piece = jump;
    }
    intervals.add_piece(piece, to, zone.to_offset(piece));

    let (origin, length) = (from.as_second(), u32::try_from(to.as_second() - from.as_second()));
    let open_days = intervals.open_dates.iter().map(|date| days_between(first_date, *date)).collect::<Option<_>>();
    match (intervals.pack(origin), length, open_days) {
        (Some(open), _, _) if open.is_empty() => Err(CalendarError::NeverOpen { years }),
        (Some(open), Ok(length), Some(open_days)) => Ok(Calendar { zone, origin, length, open, first_date, open_days }),
        _ => Err(CalendarError::Years { years }),
    }
}

/// Days from the first date of a window; `None` if it lies before or too far behind.
pub(super) fn days_between(first: civil::Date, date: civil::Date) -> Option<u16> {
    u16::try_from((date - first).get_days()).ok()
}

/// Collects open intervals in the order of time.
struct Intervals<'a> {
    week: &'a [Vec<DayPart>; 7],
    holidays: &'a BTreeSet<civil::Date>,
    /// Seconds of the epoch.
    open: Vec<(i64, i64)>,
    open_dates: BTreeSet<civil::Date>,
}

impl Intervals<'_> {
    /// Adds what is open from `from` to `to`, between which the zone's offset does not change.
    fn add_piece(&mut self, from: Timestamp, to: Timestamp, offset: Offset) {
        let mut date = offset.to_datetime(from).date();
        let (from, to) = (from.as_second(), to.as_second());
        // Midnight, by the offset of this piece.
        let into_date = (from + i64::from(offset.seconds())).rem_euclid(SECONDS_OF_DAY);
        let mut midnight = from - into_date;
        while midnight < to {
            let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
            let parts = if self.holidays.contains(&date) { &[][..] } else { &self.week[weekday] };
            for (start, end) in parts {
                let (start, end) = ((midnight + start).max(from), (midnight + end).min(to));
                if start < end {
                    self.open.push((start, end));
                    self.open_dates.insert(date);
                }
            }
            midnight += SECONDS_OF_DAY;
            date = date.saturating_add(jiff::Span::new().days(1));
        }
    }

    /// Joins what touches, and sums up.
    fn pack(&self, origin: i64) -> Option<Box<[Open]>> {
        let mut packed: Vec<Open> = Vec::with_capacity(self.open.len());
        for (start, end) in &self.open {
            let (start, end) = (u32::try_from(start - origin).ok()?, u32::try_from(end - origin).ok()?);
            match packed.last_mut() {
                Some(last) if last.end == start => last.end = end,
                last => {
                    let before = last.map_or(0, |last| last.before + (last.end - last.start));
                    packed.push(Open { start, end, before });
                }
            }
        }
        Some(packed.into_boxed_slice())
    }
}
