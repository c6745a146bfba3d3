//! A span that runs from a moment on, and stands still in its pauses.
//!
//! # What counts
//!
//! Time passes on the clock while it is open (always, by the wall) and not paused. The span is used up once so much time has
//! passed as the span takes without pauses: for `5d@business` that is the open time from its start to where five open days
//! later lie. So a pause puts the deadline off by just the open time within it, wherever it lies; one in the night does
//! nothing.
//!
//! Elapsed and remaining time always add up to the whole, also behind the deadline, where less than nothing remains.
//!
//! # Cost
//!
//! Making one takes two look-ups a pause. Each question is then a binary search among its pauses, and one among the open
//! intervals of the calendar.

use jiff::{SignedDuration, Timestamp};

use super::{Clock, Pauses, Span, Unit};
use crate::calendar::Calendar;

/// A clock that was started.
#[derive(Debug, Clone)]
pub struct RunningClock<'c> {
    time: Time<'c>,
    /// What passes on the clock until the deadline.
    total: SignedDuration,
    /// The deadline is an opening: the span is used up when hours close, and due when they open again.
    due_at_opening: bool,
    /// What lies between pauses, ascending; the first begins with the clock.
    stretches: Vec<Stretch>,
}

/// Time between two pauses.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: Timestamp,
    /// `None`: no pause follows.
    until: Option<Timestamp>,
    /// What had passed when it began.
    before: SignedDuration,
}

/// Which time passes on a clock.
#[derive(Debug, Clone, Copy)]
enum Time<'c> {
    Wall,
    Open(&'c Calendar),
}

impl Time<'_> {
    fn between(self, from: Timestamp, to: Timestamp) -> SignedDuration {
        match self {
            Self::Wall => to.duration_since(from),
            Self::Open(calendar) => calendar.open_between(from, to),
        }
    }

    fn add(self, from: Timestamp, duration: SignedDuration) -> Option<Timestamp> {
        match self {
            Self::Wall => from.checked_add(duration).ok(),
            Self::Open(calendar) => calendar.add_open(from, duration),
        }
    }
}

impl<'c> RunningClock<'c> {
    /// The clock of that span, started at `since`. Pauses before that do nothing.
    ///
    /// `None` when the calendar ends before the span does.
    pub fn new(span: Span, since: Timestamp, calendar: &'c Calendar, pauses: &Pauses) -> Option<Self> {
        let time = match span.clock() {
            Clock::Wall => Time::Wall,
            Clock::Business => Time::Open(calendar),
        };
        let (total, due_at_opening) = match (span.clock(), span.unit()) {
            (Clock::Business, Unit::Days) => {
                let due = calendar.add_open_days(since, span.amount())?;
                let total = calendar.open_between(since, due);
                (total, calendar.add_open(since, total)? < due)
            }
            _ => (span.duration(), false),
        };
        Some(Self { time, total, due_at_opening, stretches: stretches(time, since, pauses) })
    }

    /// When it is due. `None` while it stands, unless it was due before; and when the calendar ends before.
    pub fn deadline(&self) -> Option<Timestamp> {
        if self.due_at_opening { self.first_behind(self.total) } else { self.first_with(self.total) }
    }

    /// What passes on it until its deadline.
    pub fn total(&self) -> SignedDuration {
        self.total
    }

    /// What has passed on it up to `at`; nothing before its start.
    pub fn elapsed(&self, at: Timestamp) -> SignedDuration {
        let begun = self.stretches.partition_point(|stretch| stretch.from <= at);
        let Some(stretch) = begun.checked_sub(1).and_then(|last| self.stretches.get(last)) else {
            return SignedDuration::ZERO;
        };
        let to = stretch.until.map_or(at, |until| until.min(at));
        stretch.before + self.time.between(stretch.from, to)
    }

    /// What is left of it at `at`: the whole before its start, negative once more has passed.
    pub fn remaining(&self, at: Timestamp) -> SignedDuration {
        self.total - self.elapsed(at)
    }

    /// When `percent` (1 to 100, others count as the nearest) of it have passed, in whole microseconds, rounded up. `None`
    /// as for [`Self::deadline`].
    pub fn warning(&self, percent: u8) -> Option<Timestamp> {
        const HUNDREDTHS_OF_MICROSECOND: i128 = 100_000;
        let hundredths = self.total.as_nanos() * i128::from(percent.clamp(1, 100));
        let micros = hundredths / HUNDREDTHS_OF_MICROSECOND + i128::from(hundredths % HUNDREDTHS_OF_MICROSECOND > 0);
        self.first_with(SignedDuration::from_micros(i64::try_from(micros).ok()?).min(self.total))
    }

    /// The first moment at which that much has passed.
    fn first_with(&self, passed: SignedDuration) -> Option<Timestamp> {
        // The first stretch has 0 before it, and 0 has passed at its very start.
        let begun = self.stretches.partition_point(|stretch| stretch.before < passed).max(1);
        let stretch = self.stretches.get(begun - 1)?;
        let moment = self.time.add(stretch.from, passed - stretch.before)?;
        if stretch.until.is_some_and(|until| moment > until) { None } else { Some(moment) }
    }

    /// The first moment behind which more than that has passed: where hours open, and no pause lies.
    fn first_behind(&self, passed: SignedDuration) -> Option<Timestamp> {
        let begun = self.stretches.partition_point(|stretch| stretch.before <= passed);
        let stretch = self.stretches.get(begun.checked_sub(1)?)?;
        let used_up = self.time.add(stretch.from, passed - stretch.before)?;
        let moment = match self.time {
            Time::Wall => used_up,
            Time::Open(calendar) => calendar.next_open(used_up)?,
        };
        if stretch.until.is_some_and(|until| moment >= until) { None } else { Some(moment) }
    }
}

fn stretches(time: Time<'_>, since: Timestamp, pauses: &Pauses) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let (mut from, mut before) = (Some(since), SignedDuration::ZERO);
    for pause in pauses.iter() {
        let Some(start) = from.filter(|_| pause.end.is_none_or(|end| end > since)) else { continue };
        let until = pause.start.max(start);
        stretches.push(Stretch { from: start, until: Some(until), before });
        before += time.between(start, until);
        from = pause.end;
    }
    stretches.extend(from.map(|from| Stretch { from, until: None, before }));
    stretches
}
