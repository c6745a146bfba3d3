//! Working hours, compiled so that every question about them is a binary search.
//!
//! # What is open
//!
//! The clock on the wall decides: a moment is open when the local clock shows a time within the hours of the local date, and
//! [`CalendarSpec`](crate::directory::CalendarSpec) says which hours that date has. So when clocks are put forward, hours that the clock skips are never open; when they are put back
//! and an hour runs twice, it is open both times. Hours that no such change touches keep their local times all year, and a day that is
//! open from midnight to midnight has 23, 24 or 25 open hours.
//!
//! # Window
//!
//! A calendar is compiled for a range of years and knows nothing outside of them: nothing is open there, and an answer
//! that would lie behind the last year is `None`. In memory an open interval takes 12 bytes and an open day 2: a
//! nine-to-five week takes about 4 KB a year, two intervals on all seven days about 10 KB.

mod closed;
mod compile;
mod dates;
mod days;
mod holiday;
#[cfg(test)]
pub(crate) mod tests;
mod weekday;
mod zone;

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

pub use closed::closed_year;
pub use compile::CalendarError;
pub use holiday::{HolidayRule, InvalidYearDay, Substitute, YearDay};
pub(crate) use weekday::weekdays;
pub use weekday::{WEEKDAYS, weekday_name, weekday_named};
pub use zone::{UnknownTimeZone, time_zone};

/// A compiled calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    zone: TimeZone,
    /// The window: seconds of the epoch at which it starts, and how many it lasts.
    origin: i64,
    length: u32,
    /// Open intervals, ascending, not touching, in seconds from `origin`.
    open: Box<[Open]>,
    first_date: civil::Date,
    /// Dates with an open moment, ascending, in days from `first_date`.
    open_days: Box<[u16]>,
}

/// An interval that is open: seconds from the origin, `start` inclusive, `end` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    start: u32,
    end: u32,
    /// Open seconds in the window before `start`.
    before: u32,
}

impl Calendar {
    /// The time zone of the calendar.
    pub fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The window: its first moment, and the first moment behind it.
    pub fn window(&self) -> (Timestamp, Timestamp) {
        let end = self.origin + i64::from(self.length);
        (timestamp(self.origin, 0).unwrap_or(Timestamp::MIN), timestamp(end, 0).unwrap_or(Timestamp::MAX))
    }

    /// What the local clock shows at that moment.
    pub fn local(&self, at: Timestamp) -> civil::DateTime {
        self.zone.to_datetime(at)
    }

    /// The local date at that moment: the day to which a lead counts that was assigned then.
    pub fn day_of(&self, at: Timestamp) -> civil::Date {
        self.local(at).date()
    }

    /// Whether that moment is within opening hours.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.interval_at(at).is_some()
    }

    /// The first open moment from `at` on: `at` itself if it is open.
    pub fn next_open(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_open(at) {
            return Some(at);
        }
        let (second, _) = self.position(at);
        let next = self.open.partition_point(|open| i64::from(open.start) <= second);
        self.moment(i64::from(self.open.get(next)?.start), 0)
    }

    /// The first closed moment from `at` on: `at` itself if it is closed. `None` if the calendar is open to the end of its window.
    pub fn next_close(&self, at: Timestamp) -> Option<Timestamp> {
        let Some(open) = self.interval_at(at) else { return Some(at) };
        if open.end == self.length { None } else { self.moment(i64::from(open.end), 0) }
    }

    /// The earliest moment by which that much open time has passed since `at`: a span that runs out just when hours
    /// close ends then, not at the next opening. With 0 (or less) it is `at`, open or not. `None` if the window ends before.
    pub fn add_open(&self, at: Timestamp, duration: SignedDuration) -> Option<Timestamp> {
        if duration <= SignedDuration::ZERO {
            return Some(at);
        }
        let target = self.open_before(at).checked_add(i64::try_from(duration.as_nanos()).ok()?)?;
        let started = self.open.partition_point(|open| nanos(open.before) < target);
        let open = self.open.get(started.checked_sub(1)?)?;
        let end = nanos(open.start) + (target - nanos(open.before));
        if end > nanos(open.end) { None } else { self.moment(end / SECOND, i32::try_from(end % SECOND).ok()?) }
    }

    /// Open time from `from` to `to`, to the nanosecond; negative when `to` is earlier.
    pub fn open_between(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        SignedDuration::from_nanos(self.open_before(to) - self.open_before(from))
    }

    /// Open nanoseconds of the window before that moment.
    fn open_before(&self, at: Timestamp) -> i64 {
        let (second, nanosecond) = self.position(at);
        let Ok(second) = u32::try_from(second.min(i64::from(self.length))) else { return 0 };
        let started = self.open.partition_point(|open| open.start <= second);
        started.checked_sub(1).and_then(|last| self.open.get(last)).map_or(0, |open| {
            let into = nanos(second.min(open.end) - open.start);
            nanos(open.before) + into + if second < open.end { i64::from(nanosecond) } else { 0 }
        })
    }

    fn interval_at(&self, at: Timestamp) -> Option<&Open> {
        let (second, _) = self.position(at);
        let started = self.open.partition_point(|open| i64::from(open.start) <= second);
        self.open.get(started.checked_sub(1)?).filter(|open| second < i64::from(open.end))
    }

    /// Whole seconds from the origin (rounded down) and the nanoseconds that are left.
    fn position(&self, at: Timestamp) -> (i64, i32) {
        let (second, nanosecond) = (at.as_second(), at.subsec_nanosecond());
        // Before 1970 the fraction is negative.
        let borrow = i64::from(nanosecond < 0);
        (second - borrow - self.origin, nanosecond + if nanosecond < 0 { 1_000_000_000 } else { 0 })
    }

    fn moment(&self, second: i64, nanosecond: i32) -> Option<Timestamp> {
        timestamp(self.origin + second, nanosecond)
    }
}

const SECOND: i64 = 1_000_000_000;

/// As nanoseconds. A window has less than 2^32 seconds, so any two of its lengths add up to less than 2^63 nanoseconds.
fn nanos(seconds: u32) -> i64 {
    i64::from(seconds) * SECOND
}

fn timestamp(second: i64, nanosecond: i32) -> Option<Timestamp> {
    Timestamp::new(second, nanosecond).ok()
}
