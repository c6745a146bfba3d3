//! What a calendar must keep.

use jiff::civil::Time;

use super::{Check, MAX_VIOLATIONS};
use crate::{
    calendar::{WEEKDAYS, closed_year, time_zone, weekday_name},
    directory::{CalendarSpec, OpenHours},
};

impl Check<'_> {
    pub(super) fn calendar(&mut self, calendar: &CalendarSpec) {
        let before = self.violations.len();
        self.name(&calendar.name);
        if self.violations.len() < MAX_VIOLATIONS
            && let Err(error) = time_zone(&calendar.time_zone)
        {
            self.wrong("time_zone", error.to_string());
        }
        self.week("hours", &calendar.week);
        for (index, later) in calendar.later_hours.iter().enumerate() {
            let field = format!("later_hours[{index}]");
            self.week(&format!("{field}.hours"), &later.week);
            if index > 0 && later.from <= calendar.later_hours[index - 1].from {
                self.wrong(format!("{field}.from"), "must be later than the one ahead of it");
            }
        }
        self.distinct("holidays", &calendar.holidays);
        for (index, rule) in calendar.holiday_rules.iter().enumerate() {
            let field = format!("holiday_rules[{index}]");
            if rule.name.trim().is_empty() {
                self.wrong(format!("{field}.name"), "must not be blank");
            }
            if rule.last_year < rule.first_year {
                self.wrong(format!("{field}.last_year"), "is ahead of `first_year`: the day would never come");
            }
        }
        let weekend: Vec<_> = calendar.weekend.iter().map(|day| weekday_name(*day)).collect();
        self.distinct("weekend", &weekend);
        if !(1..WEEKDAYS.len()).contains(&weekend.len()) {
            self.wrong("weekend", format!("has {} days: expected 1 to 6", weekend.len()));
        }
        for (index, opening) in calendar.openings.iter().enumerate() {
            let field = format!("openings[{index}]");
            if opening.hours.is_empty() {
                self.wrong(format!("{field}.hours"), "is empty: expected hours; a day that is closed is a holiday");
            }
            self.hours_of_day(&format!("{field}.hours"), &opening.hours);
            if calendar.openings[..index].iter().any(|other| other.date == opening.date) {
                self.wrong(format!("{field}.date"), format!("{} has an opening already", opening.date));
            }
        }
        // Of a calendar that can be read.
        if self.violations.len() == before
            && let Some(year) = closed_year(calendar)
        {
            let message = format!("holidays leave no open hour in all of {year}: expected one at least in every year");
            self.wrong("hours", message);
        }
    }

    fn week(&mut self, field: &str, week: &[Vec<OpenHours>; 7]) {
        for (day, hours) in WEEKDAYS.iter().zip(week) {
            self.hours_of_day(&format!("{field}.{day}"), hours);
        }
        if week.iter().all(Vec::is_empty) {
            self.wrong(field, "is never open: whoever works by it would never get a lead");
        }
    }

    fn hours_of_day(&mut self, field: &str, hours: &[OpenHours]) {
        let end_of = |hours: &OpenHours| (hours.end != Time::midnight()).then_some(hours.end);
        for (index, open) in hours.iter().enumerate() {
            if end_of(open).is_some_and(|end| end <= open.start) {
                self.wrong(format!("{field}[{index}]"), "ends before it starts; 00:00 is the end of the day");
            }
        }
        for (index, pair) in hours.windows(2).enumerate() {
            if end_of(&pair[0]).is_none_or(|end| pair[1].start < end) {
                self.wrong(format!("{field}[{}]", index + 1), "starts before the interval ahead of it ends");
            }
        }
    }
}
