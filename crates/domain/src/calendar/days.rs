//! Open days later.

use jiff::{Timestamp, civil};

use super::{Calendar, compile::days_between, zone};

impl Calendar {
    /// Whether any moment of that local date is open.
    pub fn is_open_day(&self, date: civil::Date) -> bool {
        days_between(self.first_date, date).is_some_and(|day| self.open_days.binary_search(&day).is_ok())
    }

    /// The same local time `days` open days later. An open day is a date with any open moment.
    ///
    /// - A closed moment counts as the next opening: from a weekend, from an evening or from a lunch break, counting starts
    ///   there. With 0 days that is the answer.
    /// - Where the local time is outside the hours of the day that is reached, the answer moves into them: on to the next
    ///   opening of that day or, when there is none, back to its last close. (Friday 17:00 and one day, in a week of 9:00
    ///   to 17:30: Monday 17:00. If Monday is a half day: its close at 13:00.)
    /// - A local time that the clock of that day skips is the moment of the jump; one that it shows twice is the first.
    ///   From within an hour that runs twice, counting starts at its end during the second run.
    ///
    /// A later `at` never gives an earlier answer (where clocks don't go back to an earlier date; the last that did were
    /// Newfoundland's in 2011). `None` if the window ends before.
    pub fn add_open_days(&self, at: Timestamp, days: u32) -> Option<Timestamp> {
        let start = self.next_open(at)?;
        if days == 0 {
            return Some(start);
        }
        let from = self.counting_from(start);
        let today = days_between(self.first_date, from.date())?;
        let first = self.open_days.partition_point(|day| *day < today);
        let target = *self.open_days.get(first.checked_add(usize::try_from(days).ok()?)?)?;
        let days_on = jiff::Span::new().days(i64::from(target) - i64::from(today));
        self.moved_into_hours(from.date().checked_add(days_on).ok()?, from.time())
    }

    /// The local time from which open days are counted. While an hour before midnight runs twice, the clock has been at the
    /// end of the day already, but the day is not over: then it is the day's last moment.
    fn counting_from(&self, start: Timestamp) -> civil::DateTime {
        let shown = zone::latest_shown(&self.zone, start);
        let today = self.day_of(start);
        if shown.date() > today { today.to_datetime(civil::Time::MAX) } else { shown }
    }

    fn moved_into_hours(&self, date: civil::Date, time: civil::Time) -> Option<Timestamp> {
        let end_of_day = zone::first_moment(&self.zone, date.tomorrow().ok()?.to_datetime(civil::Time::midnight()))?;
        let moment = match time {
            civil::Time::MAX => end_of_day,
            _ => zone::first_moment(&self.zone, date.to_datetime(time))?,
        };
        if let Some(open) = self.next_open(moment).filter(|open| *open < end_of_day) {
            return Some(open);
        }
        let (end, _) = self.position(end_of_day);
        let started = self.open.partition_point(|open| i64::from(open.start) < end);
        let last = self.open.get(started.checked_sub(1)?)?;
        self.moment(i64::from(last.end).min(end), 0)
    }
}
