//! The same questions answered minute by minute, from the definition.

use super::*;

/// Everything that the local clock of some days shows, a row a minute.
pub(super) struct Minutes {
    rows: Vec<Row>,
}

#[derive(Clone, Copy)]
struct Row {
    at: Timestamp,
    /// The local time; while an hour runs for the second time, its end.
    shown: civil::DateTime,
    date: civil::Date,
    open: bool,
}

impl Minutes {
    pub(super) fn new(spec: &CalendarSpec, from: Timestamp, days: i64) -> Self {
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
            rows.push(Row { at, shown, date: local.date(), open: is_open(spec, local) });
        }
        Self { rows }
    }

    fn index(&self, at: Timestamp) -> usize {
        usize::try_from((at.as_second() - self.rows[0].at.as_second()) / 60).unwrap()
    }

    fn first(&self, from: usize, wanted: impl Fn(&Row) -> bool) -> Option<Timestamp> {
        self.rows[from..].iter().find(|row| wanted(row)).map(|row| row.at)
    }

    pub(super) fn is_open(&self, at: Timestamp) -> bool {
        self.rows[self.index(at)].open
    }

    pub(super) fn next_open(&self, at: Timestamp) -> Option<Timestamp> {
        self.first(self.index(at), |row| row.open)
    }

    pub(super) fn next_close(&self, at: Timestamp) -> Option<Timestamp> {
        self.first(self.index(at), |row| !row.open)
    }

    pub(super) fn open_minutes_between(&self, from: Timestamp, to: Timestamp) -> i64 {
        self.rows[self.index(from)..self.index(to)].iter().map(|row| i64::from(row.open)).sum()
    }

    pub(super) fn add_open_minutes(&self, at: Timestamp, minutes: u32) -> Option<Timestamp> {
        let mut left = minutes;
        for row in &self.rows[self.index(at)..] {
            if left == 0 {
                return Some(row.at);
            }
            left -= u32::from(row.open);
        }
        None
    }

    pub(super) fn add_open_days(&self, at: Timestamp, days: usize) -> Option<Timestamp> {
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
            of_day.iter().find(|row| row.open && row.shown >= target.to_datetime(shown.time())).map(|row| row.at);
        wanted.or_else(|| {
            let last_open = of_day.iter().rfind(|row| row.open)?;
            Timestamp::from_second(last_open.at.as_second() + 60).ok()
        })
    }
}

fn is_open(spec: &CalendarSpec, local: civil::DateTime) -> bool {
    let hours = &spec.week[usize::try_from(local.weekday().to_monday_zero_offset()).unwrap()];
    let within = |hours: &OpenHours| {
        hours.start <= local.time() && (local.time() < hours.end || hours.end == civil::Time::midnight())
    };
    !spec.holidays.contains(&local.date()) && hours.iter().any(within)
}
