//! Rules by which an event of an iCalendar file comes again: yearly ones.

use domain::calendar::{HolidayRule, YearDay, weekday_named};
use jiff::civil::Date;

/// What there is in a rule of this kind.
const EXPECTED: &str =
    "expected FREQ=YEARLY with at most BYMONTH, BYMONTHDAY or BYDAY (as `4TH` or `-1MO`), and COUNT or UNTIL";

/// A day each year, and the last year if there is one.
///
/// Errors: what is not read of the rule, which begins on `first`.
pub(super) fn yearly(rule: &str, first: Date) -> Result<(YearDay, Option<i16>), String> {
    let (mut month, mut day, mut nth) = (None, None, None);
    let (mut yearly, mut count, mut until) = (false, None, None);
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let unread = || format!("RRULE: `{part}` is not read: {EXPECTED}");
        let (name, value) = part.split_once('=').ok_or_else(unread)?;
        let number = |range: std::ops::RangeInclusive<i8>| {
            value.parse::<i8>().ok().filter(|number| range.contains(number)).ok_or_else(unread)
        };
        match (name, value) {
            ("FREQ", "YEARLY") => yearly = true,
            // Weeks begin where they begin: nothing here depends on it.
            ("INTERVAL", "1") | ("WKST", _) => {}
            ("BYMONTH", _) => month = Some(number(1..=12)?),
            ("BYMONTHDAY", _) => day = Some(number(1..=31)?),
            ("BYDAY", _) => nth = Some(weekday_of_month(value).ok_or_else(unread)?),
            ("COUNT", _) => {
                count = Some(value.parse::<usize>().ok().filter(|count| *count > 0).ok_or_else(unread)?);
            }
            ("UNTIL", _) => {
                let date = value.get(..8).and_then(|date| Date::strptime("%Y%m%d", date).ok());
                until = Some(date.filter(|date| *date >= first).ok_or_else(unread)?);
            }
            _ => return Err(unread()),
        }
    }
    if !yearly {
        return Err(format!("RRULE: has no FREQ=YEARLY: {EXPECTED}"));
    }
    let on = match (nth, day, month) {
        (Some((nth, weekday)), None, Some(month)) => YearDay::Nth { nth, weekday, month },
        (None, day, month) => YearDay::Fixed { month: month.unwrap_or(first.month()), day: day.unwrap_or(first.day()) },
        // The fourth Thursday of the year is meant then.
        (Some(_), None, None) => return Err(format!("RRULE: has BYDAY without BYMONTH: {EXPECTED}")),
        (Some(_), Some(_), _) => return Err(format!("RRULE: has both BYDAY and BYMONTHDAY: {EXPECTED}")),
    };
    if on.in_year(first.year()) != Some(first) {
        return Err(format!("RRULE: the event begins on {first}, which is not a day of its rule, `{on}`"));
    }
    // Years that have no such day do not count.
    let mut days = (first.year()..=*HolidayRule::YEARS.end()).filter_map(|year| on.in_year(year));
    let last = match (count, until) {
        (None, None) => None,
        (Some(count), None) => days.nth(count - 1),
        (None, Some(until)) => days.take_while(|day| *day <= until).last(),
        (Some(_), Some(_)) => return Err(format!("RRULE: has both COUNT and UNTIL: {EXPECTED}")),
    };
    Ok((on, last.map(Date::year)))
}

/// `4TH`, `-1MO`.
fn weekday_of_month(text: &str) -> Option<(i8, jiff::civil::Weekday)> {
    let (nth, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let name = match day {
        "MO" => "mon",
        "TU" => "tue",
        "WE" => "wed",
        "TH" => "thu",
        "FR" => "fri",
        "SA" => "sat",
        "SU" => "sun",
        _ => return None,
    };
    let nth: i8 = nth.trim_start_matches('+').parse().ok()?;
    ((1..=5).contains(&nth) || nth == -1).then_some((nth, weekday_named(name)?))
}
