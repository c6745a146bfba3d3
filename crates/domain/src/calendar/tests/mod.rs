#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod examples;
mod holidays;
pub(crate) mod naive;
pub(crate) mod properties;
mod special_days;

use jiff::{
    Timestamp,
    civil::{self, date, time},
};

use super::*;
use crate::directory::{CalendarSpec, OpenHours, saturday_and_sunday};

pub(crate) fn spec(time_zone: &str, week: [&str; 7], holidays: &[civil::Date]) -> CalendarSpec {
    CalendarSpec {
        id: "test".parse().unwrap(),
        name: "Test".to_owned(),
        time_zone: time_zone.to_owned(),
        week: week.map(hours),
        later_hours: Vec::new(),
        holidays: holidays.to_vec(),
        holiday_rules: Vec::new(),
        weekend: saturday_and_sunday(),
        openings: Vec::new(),
    }
}

/// `9:00-12:30 13:30-18:00`
pub(crate) fn hours(text: &str) -> Vec<OpenHours> {
    let clock = |text: &str| {
        let (hour, minute) = text.split_once(':').unwrap();
        time(hour.parse().unwrap(), minute.parse().unwrap(), 0, 0)
    };
    let part = |text: &str| {
        let (start, end) = text.split_once('-').unwrap();
        OpenHours { start: clock(start), end: clock(end) }
    };
    text.split_whitespace().map(part).collect()
}

pub(crate) const OFFICE: [&str; 7] = ["9:00-17:30", "9:00-17:30", "9:00-17:30", "9:00-17:30", "9:00-17:30", "", ""];
pub(crate) const ALWAYS: [&str; 7] = ["0:00-0:00"; 7];

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Whole seconds, for what is asked of seconds.
trait Seconds {
    fn add_open_seconds(&self, at: Timestamp, seconds: u32) -> Option<Timestamp>;
    fn open_seconds_between(&self, from: Timestamp, to: Timestamp) -> i64;
}

impl Seconds for Calendar {
    fn add_open_seconds(&self, at: Timestamp, seconds: u32) -> Option<Timestamp> {
        self.add_open(at, SignedDuration::from_secs(i64::from(seconds)))
    }

    fn open_seconds_between(&self, from: Timestamp, to: Timestamp) -> i64 {
        let open = self.open_between(from, to);
        assert_eq!(open.subsec_nanos(), 0, "{from} to {to}");
        open.as_secs()
    }
}
