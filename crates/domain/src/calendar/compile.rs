//! From the hours of a week to intervals in UTC.

use std::{collections::BTreeSet, ops::RangeInclusive};

use jiff::{
    Timestamp, civil,
    tz::{Offset, TimeZone},
};

use super::{
    Calendar, Open, UnknownTimeZone,
    dates::{Dates, SECONDS_OF_DAY},
    time_zone, zone,
};
use crate::directory::CalendarSpec;

/// Most years that a calendar can be compiled for.
const MAX_YEARS: i16 = 100;

/// Why a calendar can't be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The time zone has no such name.
    #[error("time_zone: {0}")]
    TimeZone(#[from] UnknownTimeZone),
    /// Hours that end before they start, or start before the hours before them have ended.
    #[error(
        "{field}: {start}-{end} {fault}: expected intervals in ascending order that do not overlap, \
         each with its end after its start (00:00 as an end is midnight)"
    )]
    Hours {
        /// Where they stand: `hours.mon`.
        field: String,
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

impl Calendar {
    /// Compiles the calendar for those years (of its own time zone).
    pub fn compile(spec: &CalendarSpec, years: RangeInclusive<i16>) -> Result<Self, CalendarError> {
        let (first, last) = (*years.start(), *years.end());
        if first < 1_900 || last > 9_000 || first > last || last - first >= MAX_YEARS {
            return Err(CalendarError::Years { years });
        }
        build(time_zone(&spec.time_zone)?, &Dates::new(spec, years.clone())?, years)
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

fn build(zone: TimeZone, dates: &Dates, years: RangeInclusive<i16>) -> Result<Calendar, CalendarError> {
    let (first, last) = (*years.start(), *years.end());
    let first_date = civil::date(first, 1, 1);
    let begin = |date: civil::Date| zone::first_moment(&zone, date.to_datetime(civil::Time::midnight()));
    let (Some(from), Some(to)) = (begin(first_date), begin(civil::date(last + 1, 1, 1))) else {
        return Err(CalendarError::Years { years });
    };

    let mut intervals = Intervals { dates, open: Vec::new(), open_dates: BTreeSet::new() };
    let mut piece = from;
    for jump in zone.following(from).map(|transition| transition.timestamp()).take_while(|jump| *jump < to) {
        intervals.add_piece(piece, jump, zone.to_offset(piece));
        piece = jump;
    }
    intervals.add_piece(piece, to, zone.to_offset(piece));

    let (origin, length) = (from.as_second(), u32::try_from(to.as_second() - from.as_second()));
    let open_days = intervals.open_dates.iter().map(|date| days_between(first_date, *date)).collect::<Option<_>>();
    match (pack(&intervals.open, origin), length, open_days) {
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
    dates: &'a Dates,
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
            for (start, end) in self.dates.of(date) {
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
}

/// Joins what touches, counts from the origin, and sums up. `None` where that does not fit.
pub(super) fn pack(open: &[(i64, i64)], origin: i64) -> Option<Box<[Open]>> {
    let mut packed: Vec<Open> = Vec::with_capacity(open.len());
    for (start, end) in open {
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
