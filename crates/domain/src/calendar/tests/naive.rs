//! The same questions answered minute by minute, from the definition.

use super::*;

/// Everything that the local clock of some days shows, a row a minute.
pub(crate) struct Minutes {
    rows: Vec<Row>,
}

#[derive(Clone, Copy)]
struct Row {
    at: Timestamp,
    /// The local time; while an hour runs for the second time, its end.
    shown: civil::DateTime,
    /// The latest minute that it has shown up to then.
    reached: civil::DateTime,
    date: civil::Date,
    open: bool,
}

impl Minutes {
    pub(crate) fn new(spec: &CalendarSpec, from: Timestamp, days: i64) -> Self {
        let zone = time_zone(&spec.time_zone).unwrap();
        let mut rows: Vec<Row> = Vec::new();
        let mut latest = civil::DateTime::MIN;
        for minute in 0..days * 24 * 60 {
            let at = Timestamp::from_second(from.as_second() + minute * 60).unwrap();
            let local = zone.to_datetime(at);
            latest = latest.max(local);
            let shown = match latest + jiff::Span::new().minutes(1) {
                _ if local == latest => local,
                end if end.date() == local.date() => end,
                // An hour before midnight runs twice: behind every time of its day.
                _ => local.date().to_datetime(civil::Time::MAX),
            };
            rows.push(Row { at, shown, reached: latest, date: local.date(), open: is_open(spec, local) });
        }
        Self { rows }
    }

    /// The moment at which that minute begins.
    pub(crate) fn moment(&self, minute: i64) -> Timestamp {
        Timestamp::from_second(self.rows[0].at.as_second() + minute * 60).unwrap()
    }

    /// The minute that begins at that moment.
    pub(crate) fn minute(&self, at: Timestamp) -> i64 {
        (at.as_second() - self.rows[0].at.as_second()) / 60
    }

    fn index(&self, at: Timestamp) -> usize {
        usize::try_from((at.as_second() - self.rows[0].at.as_second()) / 60).unwrap()
    }

    fn first(&self, from: usize, wanted: impl Fn(&Row) -> bool) -> Option<Timestamp> {
        self.rows[from..].iter().find(|row| wanted(row)).map(|row| row.at)
    }

    pub(crate) fn is_open(&self, at: Timestamp) -> bool {
        self.rows[self.index(at)].open
    }

    pub(crate) fn next_open(&self, at: Timestamp) -> Option<Timestamp> {
        self.first(self.index(at), |row| row.open)
    }

    pub(crate) fn next_close(&self, at: Timestamp) -> Option<Timestamp> {
        self.first(self.index(at), |row| !row.open)
    }

    pub(crate) fn open_minutes_between(&self, from: Timestamp, to: Timestamp) -> i64 {
        self.rows[self.index(from)..self.index(to)].iter().map(|row| i64::from(row.open)).sum()
    }

    pub(crate) fn add_open_minutes(&self, at: Timestamp, minutes: u32) -> Option<Timestamp> {
        let mut left = minutes;
        for row in &self.rows[self.index(at)..] {
            if left == 0 {
                return Some(row.at);
            }
            left -= u32::from(row.open);
        }
        None
    }

    pub(crate) fn add_open_days(&self, at: Timestamp, days: usize) -> Option<Timestamp> {
        let start = self.next_open(at)?;
        if days == 0 {
            return Some(start);
        }
        let mut open_dates: Vec<_> = self.rows.iter().filter(|row| row.open).map(|row| row.date).collect();
        open_dates.dedup();
        let shown = self.rows[self.index(start)].shown;
        let first = open_dates.iter().position(|date| *date == shown.date())?;
        let target = *open_dates.get(first + days)?;
        let of_day: Vec<_> = self.rows.iter().filter(|row| row.date == target).collect();
        // The day must lie within the rows to its end.
        self.rows.last().filter(|row| row.date > target)?;
        let wanted =
            of_day.iter().find(|row| row.open && row.reached >= target.to_datetime(shown.time())).map(|row| row.at);
        wanted.or_else(|| {
            let last_open = of_day.iter().rfind(|row| row.open)?;
            Timestamp::from_second(last_open.at.as_second() + 60).ok()
        })
    }
}

fn is_open(spec: &CalendarSpec, local: civil::DateTime) -> bool {
    let date = local.date();
    let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap();
    let within = |hours: &OpenHours| {
        hours.start <= local.time() && (local.time() < hours.end || hours.end == civil::Time::midnight())
    };
    if let Some(opening) = spec.openings.iter().find(|opening| opening.date == date) {
        return opening.hours.iter().any(within);
    }
    let week = spec.later_hours.iter().rev().find(|later| later.from <= date).map_or(&spec.week, |later| &later.week);
    !spec.holidays.contains(&date) && week[weekday].iter().any(within)
}
