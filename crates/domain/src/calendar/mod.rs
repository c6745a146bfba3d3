//! Working hours, compiled so that every question about them is a binary search.
//!
//! # What is open
//!
//! The clock on the wall decides: a moment is open when the local clock shows a time within the hours of that weekday, and the
//! local date is not a holiday. So when clocks are put forward, hours that the clock skips are never open; when they are put back
//! and an hour runs twice, it is open both times. Hours that no such change touches keep their local times all year, and a day that is
//! open from midnight to midnight has 23, 24 or 25 open hours.
//!
//! # Window
//!
//! A calendar is compiled for a range of years and knows nothing outside of them: nothing is open there, and an answer
//! that would lie behind the last year is `None`. In memory an open interval takes 12 bytes and an open day 2: a
//! nine-to-five week takes about 4 KB a year, two intervals on all seven days about 10 KB.

mod compile;
mod days;
#[cfg(test)]
mod tests;
mod zone;

use jiff::{Timestamp, civil, tz::TimeZone};

pub use compile::CalendarError;
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

    /// The earliest moment by which `seconds` open seconds have passed since `at`: a span that runs out just when hours
    /// close ends then, not at the next opening. With 0 it is `at`, open or not. `None` if the window ends before.
    pub fn add_open_seconds(&self, at: Timestamp, seconds: u32) -> Option<Timestamp> {
        if seconds == 0 {
            return Some(at);
        }
        let (second, nanosecond) = self.position(self.next_open(at)?);
        let target = self.open_before(second) + i64::from(seconds);
        // A started second must still fit in: then a span can't end just when hours close, but only behind it.
        let fits = |open: &Open| i64::from(open.before) + i64::from(nanosecond == 0) <= target;
        let open = self.open.get(self.open.partition_point(fits).checked_sub(1)?)?;
        let second = i64::from(open.start) + target - i64::from(open.before);
        if second + i64::from(nanosecond > 0) > i64::from(open.end) { None } else { self.moment(second, nanosecond) }
    }

    /// Open seconds from `from` to `to`, negative when `to` is earlier. Parts of a second are dropped at both ends.
    pub fn open_seconds_between(&self, from: Timestamp, to: Timestamp) -> i64 {
        self.open_before(self.position(to).0) - self.open_before(self.position(from).0)
    }

    /// Open seconds of the window before its second `second`.
    fn open_before(&self, second: i64) -> i64 {
        let started = self.open.partition_point(|open| i64::from(open.start) <= second);
        started
            .checked_sub(1)
            .and_then(|last| self.open.get(last))
            .map_or(0, |open| i64::from(open.before) + second.min(i64::from(open.end)) - i64::from(open.start))
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

fn timestamp(second: i64, nanosecond: i32) -> Option<Timestamp> {
    Timestamp::new(second, nanosecond).ok()
}
