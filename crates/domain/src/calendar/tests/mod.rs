#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod examples;
mod naive;
mod properties;

use jiff::{
    Timestamp,
    civil::{self, date, time},
};

use super::*;
use crate::directory::{CalendarSpec, OpenHours};

fn spec(time_zone: &str, week: [&str; 7], holidays: &[civil::Date]) -> CalendarSpec {
    CalendarSpec {
        id: "test".parse().unwrap(),
        name: "Test".to_owned(),
        time_zone: time_zone.to_owned(),
        week: week.map(hours),
        holidays: holidays.to_vec(),
    }
}

/// `9:00-12:30 13:30-18:00`
fn hours(text: &str) -> Vec<OpenHours> {
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

const OFFICE: [&str; 7] = ["9:00-17:30", "9:00-17:30", "9:00-17:30", "9:00-17:30", "9:00-17:30", "", ""];
const ALWAYS: [&str; 7] = ["0:00-0:00"; 7];

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
