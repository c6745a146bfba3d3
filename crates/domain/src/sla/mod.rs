//! Spans of time that say by which clock they run, and the deadlines that follow from them.

mod coverage;
mod pauses;
mod report;
mod running;
#[cfg(test)]
mod tests;
mod text;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;

pub use coverage::{Gap, Shift, uncovered};
pub use pauses::{InvalidPause, Pause, Pauses};
pub use report::{Clocked, Kept, Report, Tally};
pub use running::RunningClock;
pub use text::InvalidSpan;

/// Which time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Clock {
    /// All of it, day and night.
    Wall,
    /// Opening hours only, by the calendar of whoever has to answer.
    Business,
}

/// What an amount of time is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// 60 seconds.
    Minutes,
    /// 3,600 seconds.
    Hours,
    /// By the wall 86,400 seconds, also where clocks change; in business time open days (see [`Calendar::add_open_days`]).
    Days,
}

impl Unit {
    /// Seconds of one; of a day by the wall.
    const fn seconds(self) -> u32 {
        match self {
            Self::Seconds => 1,
            Self::Minutes => 60,
            Self::Hours => 3_600,
            Self::Days => 86_400,
        }
    }
}

/// An amount of time and its clock, as policies write it: `15m@wall`, `4h@business`, `5d@business`.
///
/// The clock is never left out, as "one day" is ambiguous. The amount is 1 at least and not longer than
/// [`Span::MAX_DAYS`] days (as hours: 24 for each).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    amount: u32,
    unit: Unit,
    clock: Clock,
}

impl Span {
    /// The longest span, in days.
    pub const MAX_DAYS: u32 = 1_000;

    /// A span; an amount out of bounds becomes the nearest one within.
    pub const fn new(amount: u32, unit: Unit, clock: Clock) -> Self {
        let most = Self::MAX_DAYS * (86_400 / unit.seconds());
        let amount = match amount {
            0 => 1,
            amount if amount > most => most,
            amount => amount,
        };
        Self { amount, unit, clock }
    }

    /// How many units.
    pub const fn amount(self) -> u32 {
        self.amount
    }

    /// What is counted.
    pub const fn unit(self) -> Unit {
        self.unit
    }

    /// Which time counts.
    pub const fn clock(self) -> Clock {
        self.clock
    }

    /// When the span has run out that starts at `from`: always later than `from`; a later start or a larger amount never
    /// gives an earlier deadline.
    ///
    /// - `@wall`: that many seconds later.
    /// - `@business` in s, m, h: when that many open seconds have passed. What runs out just when hours close is due then,
    ///   not at the next opening.
    /// - `@business` in d: that many open days later at the same local time, moved into the hours of that day; a closed
    ///   moment counts as the next opening. Friday 17:00 and `1d@business` is Monday 17:00 in a week of 9:00 to 17:30;
    ///   from a Saturday it is Tuesday 9:00.
    ///
    /// [`RunningClock`] answers the same with pauses, and what else there is to ask.
    ///
    /// `None` when the calendar ends before, or time itself does.
    pub fn deadline(self, from: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        match (self.clock, self.unit) {
            (Clock::Wall, _) => from.checked_add(self.duration()).ok(),
            (Clock::Business, Unit::Days) => calendar.add_open_days(from, self.amount),
            (Clock::Business, _) => calendar.add_open(from, self.duration()),
        }
    }

    /// The same on a clock that stood in those pauses: what [`RunningClock::deadline`] says.
    pub fn due(self, from: Timestamp, calendar: &Calendar, pauses: &Pauses) -> Option<Timestamp> {
        if pauses.is_empty() {
            return self.deadline(from, calendar);
        }
        RunningClock::new(self, from, calendar, pauses)?.deadline()
    }

    /// The span that ends when the other has run behind this one; `None` for another clock, for days and hours together in
    /// business time, and for what is longer than [`Span::MAX_DAYS`].
    pub fn and(self, other: Self) -> Option<Self> {
        let open_days = |span: Self| span.clock == Clock::Business && span.unit == Unit::Days;
        if self.clock != other.clock || open_days(self) != open_days(other) {
            return None;
        }
        let unit = if self.unit.seconds() <= other.unit.seconds() { self.unit } else { other.unit };
        let seconds = self.seconds() + other.seconds();
        let whole = seconds <= Self::MAX_DAYS * 86_400;
        whole.then(|| Self::new(seconds / unit.seconds(), unit, self.clock))
    }

    /// Whether this span ends later than the other from any start and by any calendar. Of different clocks, or open days and
    /// open hours, nothing can be said.
    pub fn is_longer_than(self, other: Self) -> bool {
        let open_days = |span: Self| span.clock == Clock::Business && span.unit == Unit::Days;
        self.clock == other.clock && open_days(self) == open_days(other) && self.seconds() > other.seconds()
    }

    /// Its length; that of a day is 24 hours.
    const fn duration(self) -> SignedDuration {
        SignedDuration::from_secs(self.seconds() as i64)
    }

    /// At most 86,400,000, as a span is made.
    const fn seconds(self) -> u32 {
        self.amount * self.unit.seconds()
    }
}
