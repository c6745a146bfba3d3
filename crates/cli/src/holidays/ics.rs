//! Events of an iCalendar file (RFC 5545): whole days, hours, and days that come each year.
//!
//! Not read, and refused rather than left out: events that come again in other ways than each year, those with exceptions
//! (`EXDATE`, `RDATE`, `RECURRENCE-ID`), and hours that come again. Events that were cancelled are left out, as are
//! components that are no events.

use domain::calendar::time_zone;
use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

use super::{Holiday, When, rule::yearly};

type Problems = Vec<(u64, String)>;

/// Reads all events. Times without a zone are meant in `zone`, and all others are told by its clock.
///
/// Errors: lines with what is wrong there.
pub fn read_ics(text: &str, zone: &TimeZone) -> Result<Vec<Holiday>, Problems> {
    let (mut found, mut problems) = (Vec::new(), Problems::new());
    let mut open: Vec<String> = Vec::new();
    let mut event: Option<(u64, Vec<Property>)> = None;
    let mut calendars = 0;
    for (line, content) in unfold(text) {
        let Some(property) = property(line, &content) else {
            problems.push((line, "expected NAME:VALUE".to_owned()));
            continue;
        };
        match (property.name.as_str(), property.value.as_str()) {
            ("BEGIN", component) => {
                calendars += usize::from(open.is_empty() && component == "VCALENDAR");
                if component == "VEVENT" {
                    event = Some((line, Vec::new()));
                }
                open.push(component.to_owned());
            }
            ("END", component) => {
                if open.pop().as_deref() != Some(component) {
                    problems.push((line, format!("END:{component} has no BEGIN:{component} that it ends")));
                    break;
                }
                if let Some((line, properties)) = event.take_if(|_| component == "VEVENT") {
                    match holiday(&properties, zone) {
                        Ok(holiday) => found.extend(holiday),
                        Err((at, problem)) => problems.push((at.unwrap_or(line), problem)),
                    }
                }
            }
            // Not those of an alarm within the event.
            _ if open.last().is_some_and(|component| component == "VEVENT") => {
                if let Some((_, properties)) = &mut event {
                    properties.push(property.clone());
                }
            }
            _ => {}
        }
    }
    if let Some(component) = open.pop().filter(|_| problems.is_empty()) {
        problems.push((1, format!("BEGIN:{component} has no END:{component}")));
    } else if calendars == 0 && problems.is_empty() {
        problems.push((1, "there is no BEGIN:VCALENDAR: expected an iCalendar file".to_owned()));
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// `NAME;PARAMETER=VALUE:VALUE`.
#[derive(Debug, Clone)]
struct Property {
    line: u64,
    name: String,
    parameters: Vec<(String, String)>,
    value: String,
}

impl Property {
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Lines as they were before they were folded, each with where it began; blank ones are left out.
fn unfold(text: &str) -> Vec<(u64, String)> {
    let mut lines: Vec<(u64, String)> = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, last))) => last.push_str(rest),
            _ => lines.push((number, line.to_owned())),
        }
    }
    lines.retain(|(_, line)| !line.trim().is_empty());
    lines
}

fn property(line: u64, content: &str) -> Option<Property> {
    let mut quoted = false;
    let colon = content.find(|c: char| {
        quoted ^= c == '"';
        c == ':' && !quoted
    })?;
    let (head, value) = (&content[..colon], &content[colon + 1..]);
    let mut parts = head.split(';');
    let name = parts.next().filter(|name| !name.is_empty())?.to_uppercase();
    let parameter = |part: &str| {
        let (name, value) = part.split_once('=')?;
        Some((name.to_uppercase(), value.trim_matches('"').to_owned()))
    };
    Some(Property { line, name, parameters: parts.filter_map(parameter).collect(), value: value.to_owned() })
}

/// What the properties of an event say; `None`: it was cancelled.
///
/// Errors: what is wrong, with the line of the property that is.
fn holiday(properties: &[Property], zone: &TimeZone) -> Result<Option<Holiday>, (Option<u64>, String)> {
    let named = |name: &str| properties.iter().find(|property| property.name == name);
    if named("STATUS").is_some_and(|status| status.value == "CANCELLED") {
        return Ok(None);
    }
    for name in ["RECURRENCE-ID", "RDATE", "EXDATE", "EXRULE"] {
        if let Some(found) = named(name) {
            return Err((Some(found.line), format!("{name}: days that are left out or moved are not read")));
        }
    }
    let start = named("DTSTART").ok_or((None, "the event has no DTSTART".to_owned()))?;
    let (end, length) = (named("DTEND"), named("DURATION"));
    let name = named("SUMMARY").map_or_else(|| "nameless".to_owned(), |summary| unescape(&summary.value));
    let rule = named("RRULE");
    let wrong = |property: &Property, problem: String| (Some(property.line), problem);

    let when = if let Some(first) = whole_day(start) {
        let first = first.map_err(|problem| wrong(start, problem))?;
        let behind = match (end, length) {
            (Some(end), _) => match whole_day(end) {
                Some(behind) => behind.map_err(|problem| wrong(end, problem))?,
                None => return Err(wrong(end, "DTEND: is a time: expected a day, as DTSTART is".to_owned())),
            },
            (None, Some(length)) => {
                days(&length.value).and_then(|days| first.checked_add(days.days()).ok()).ok_or_else(|| {
                    wrong(length, format!("DURATION: `{}` is not read: expected days such as P1D", length.value))
                })?
            }
            (None, None) => first.saturating_add(1.day()),
        };
        let last = behind.saturating_sub(1.day());
        if last < first {
            return Err(wrong(end.unwrap_or(start), "DTEND: is not later than DTSTART".to_owned()));
        }
        match rule {
            None => When::Days { first, last },
            Some(rule) if last > first => {
                return Err(wrong(rule, "RRULE: several days that come again are not read: expected one".to_owned()));
            }
            Some(rule) => {
                let (on, last_year) = yearly(&rule.value, first).map_err(|problem| wrong(rule, problem))?;
                When::Yearly { on, first_year: first.year(), last_year }
            }
        }
    } else {
        if let Some(rule) = rule {
            return Err(wrong(rule, "RRULE: hours that come again are not read: expected a whole day".to_owned()));
        }
        let from = moment(start, zone).map_err(|problem| wrong(start, problem))?;
        let to = match (end, length) {
            (Some(end), _) => moment(end, zone).map_err(|problem| wrong(end, problem))?,
            (None, Some(length)) => {
                let duration: Option<SignedDuration> = length.value.parse().ok();
                duration.and_then(|duration| from.checked_add(duration).ok()).ok_or_else(|| {
                    wrong(length, format!("DURATION: `{}` is not read: expected hours such as PT4H", length.value))
                })?
            }
            (None, None) => return Err(wrong(start, "DTSTART: is a time, and there is no DTEND".to_owned())),
        };
        if to <= from {
            return Err(wrong(end.or(length).unwrap_or(start), "the event ends before it begins".to_owned()));
        }
        When::Hours { start: zone.to_datetime(from), end: zone.to_datetime(to) }
    };
    Ok(Some(Holiday { name, when }))
}

/// `None`: it is a time.
fn whole_day(property: &Property) -> Option<Result<Date, String>> {
    let (name, value) = (&property.name, &property.value);
    if property.parameter("VALUE") != Some("DATE") && value.contains('T') {
        return None;
    }
    let date = Date::strptime("%Y%m%d", value);
    Some(date.map_err(|_| format!("{name}: `{value}` is not a day: expected one such as 20261225")))
}

/// Of whole days.
fn days(text: &str) -> Option<i64> {
    let (number, unit) =
        text.trim_start_matches('+').strip_prefix('P')?.split_at_checked(text.len().checked_sub(2)?)?;
    let number: i64 = number.parse().ok().filter(|number| (1..=3_660).contains(number))?;
    match unit {
        "D" => Some(number),
        "W" => Some(number * 7),
        _ => None,
    }
}

fn moment(property: &Property, zone: &TimeZone) -> Result<Timestamp, String> {
    let Property { name, value, .. } = property;
    let wrong = || format!("{name}: `{value}` is not a time: expected one such as 20261224T120000");
    let (text, utc) = value.strip_suffix('Z').map_or((value.as_str(), false), |text| (text, true));
    let local = DateTime::strptime("%Y%m%dT%H%M%S", text).map_err(|_| wrong())?;
    let zone = match property.parameter("TZID") {
        _ if utc => TimeZone::UTC,
        Some(name) => time_zone(name).map_err(|error| format!("TZID: {error}"))?,
        None => zone.clone(),
    };
    local.to_zoned(zone).map(|zoned| zoned.timestamp()).map_err(|_| wrong())
}

/// What a text is without the signs by which iCalendar writes it.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n' | 'N') => plain.push(' '),
                other => plain.extend(other),
            },
            _ => plain.push(c),
        }
    }
    plain.trim().to_owned()
}

/// The parts of local dates between two local times.
pub(super) fn by_date(start: DateTime, end: DateTime) -> impl Iterator<Item = (Date, Time, Option<Time>)> {
    let dates = start.date().series(1.day()).take_while(move |date| date.to_datetime(Time::midnight()) < end);
    dates.map(move |date| {
        let from = if date == start.date() { start.time() } else { Time::midnight() };
        // `None`: to the end of the day.
        (date, from, (date == end.date()).then(|| end.time()))
    })
}
