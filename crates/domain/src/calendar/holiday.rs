//! Holidays that come each year by a rule.

use std::{collections::BTreeSet, fmt, ops::RangeInclusive, str::FromStr};

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use super::weekday::{weekday_name, weekday_named};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// How far a substitute is looked for, in days.
const NEXT_WITHIN: i64 = 30;
const NEAREST_WITHIN: i64 = 7;

/// A day that is closed each year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolidayRule {
    /// Its name.
    pub name: String,
    /// When it is.
    pub on: YearDay,
    /// What a weekend makes of it.
    pub substitute: Substitute,
    /// The first year in which it is one; within [`HolidayRule::YEARS`].
    pub first_year: i16,
    /// The last year in which it is one; not before the first.
    pub last_year: i16,
}

impl HolidayRule {
    /// Bounds of the years; a rule from the first to the last always holds.
    pub const YEARS: RangeInclusive<i16> = 1..=9_000;

    fn in_year(&self, year: i16) -> Option<Date> {
        (self.first_year..=self.last_year).contains(&year).then(|| self.on.in_year(year))?
    }
}

/// Whether a holiday that falls on the weekend closes another day as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Substitute {
    /// It does not.
    #[default]
    None,
    /// The first day behind it, within 30 days, that is neither weekend nor holiday. Of several holidays in a row the
    /// earlier one takes the earlier day: Christmas Day on a Saturday is made up for on Monday, the day behind it on Tuesday.
    Next,
    /// The nearest such day within 7 days, of two the earlier one: Friday for a Saturday, Monday for a Sunday.
    Nearest,
}

impl Substitute {
    /// All of them, with the names that documents use.
    pub const ALL: [(Self, &'static str); 3] = [(Self::None, "none"), (Self::Next, "next"), (Self::Nearest, "nearest")];

    fn for_day(self, date: Date, is_free: impl Fn(Date) -> bool) -> Option<Date> {
        let day = |days: i64| date.checked_add(jiff::Span::new().days(days)).ok();
        match self {
            Self::None => None,
            Self::Next => (1..=NEXT_WITHIN).filter_map(day).find(|day| is_free(*day)),
            Self::Nearest => {
                (1..=NEAREST_WITHIN).flat_map(|days| [-days, days]).filter_map(day).find(|day| is_free(*day))
            }
        }
    }
}

/// A day of any year, as documents write it: `12-25`, `4th thu of nov`, `last mon of may`, `easter-2`, `orthodox easter+1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum YearDay {
    /// The same date each year; 29 February in leap years only.
    Fixed {
        /// 1 to 12.
        month: i8,
        /// A day that the month has in a leap year.
        day: i8,
    },
    /// The first to fifth weekday of a month (the fifth only where there is one), or the last.
    Nth {
        /// 1 to 5, or -1 for the last.
        nth: i8,
        /// Which day.
        weekday: Weekday,
        /// 1 to 12.
        month: i8,
    },
    /// Days from Easter Sunday, by the Gregorian reckoning.
    Easter {
        /// Within [`YearDay::FROM_EASTER`].
        days: i16,
    },
    /// Days from Easter Sunday of the Orthodox churches, by the Julian reckoning.
    OrthodoxEaster {
        /// Within [`YearDay::FROM_EASTER`].
        days: i16,
    },
}

/// Why a text is not a day of the year.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a day of the year: expected a month and day such as `12-25`, a weekday such as `4th thu of nov` or \
     `last mon of may`, or days from Easter, -80 to 200, such as `easter-2` or `orthodox easter+1`"
)]
pub struct InvalidYearDay(String);

impl YearDay {
    /// Days from Easter that stay within its year.
    pub const FROM_EASTER: RangeInclusive<i16> = -80..=200;

    /// The date in that year; `None` where the year has no such day.
    pub fn in_year(self, year: i16) -> Option<Date> {
        let from_easter = |easter: Option<Date>, days: i16| easter?.checked_add(jiff::Span::new().days(days)).ok();
        match self {
            Self::Fixed { month, day } => Date::new(year, month, day).ok(),
            Self::Nth { nth, weekday, month } => {
                Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()
            }
            Self::Easter { days } => from_easter(easter(year), days),
            Self::OrthodoxEaster { days } => from_easter(orthodox_easter(year), days),
        }
    }
}

/// Easter Sunday by the anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, chapter 8).
fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let (golden, century, rest) = (year % 19, year / 100, year % 100);
    let skipped = (century + 8) / 25;
    let epact = (19 * golden + century - century / 4 - (century - skipped + 1) / 3 + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    from_march(year, epact + weekday - 7 * late + 22)
}

/// Easter Sunday by the Julian reckoning (Meeus, ibid.), as a date of our calendar.
fn orthodox_easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let moon = (19 * (year % 19) + 15) % 30;
    let weekday = (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7;
    let behind = year / 100 - year / 400 - 2;
    from_march(year, moon + weekday + 22 + behind)
}

/// Day `day` of March, counted on into the months behind it.
fn from_march(year: i32, day: i32) -> Option<Date> {
    let first = Date::new(i16::try_from(year).ok()?, 3, 1).ok()?;
    first.checked_add(jiff::Span::new().days(day - 1)).ok()
}

/// The dates that are closed in those years: `dated`, what the rules say, and substitutes.
pub(super) fn closed_dates(
    dated: &[Date],
    rules: &[HolidayRule],
    weekend: &[Weekday],
    years: RangeInclusive<i16>,
) -> BTreeSet<Date> {
    // A substitute may lie in the year before or behind.
    let around = years.start().saturating_sub(1)..=years.end().saturating_add(1);
    let by_rule = rules.iter().flat_map(|rule| {
        let substitute = rule.substitute;
        around.clone().filter_map(move |year| Some((rule.in_year(year)?, substitute)))
    });
    let mut by_rule: Vec<(Date, Substitute)> = by_rule.collect();
    by_rule.sort_by_key(|(date, _)| *date);
    let mut closed: BTreeSet<Date> = dated.iter().copied().chain(by_rule.iter().map(|(date, _)| *date)).collect();
    for (date, substitute) in by_rule.into_iter().filter(|(date, _)| weekend.contains(&date.weekday())) {
        let found = substitute.for_day(date, |day| !weekend.contains(&day.weekday()) && !closed.contains(&day));
        closed.extend(found);
    }
    closed
}

impl FromStr for YearDay {
    type Err = InvalidYearDay;

    fn from_str(text: &str) -> Result<Self, InvalidYearDay> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let day = match words.as_slice() {
            [day] if day.starts_with("easter") => from_easter(day).map(|days| Self::Easter { days }),
            ["orthodox", day] => from_easter(day).map(|days| Self::OrthodoxEaster { days }),
            [nth, weekday, "of", month] => nth_weekday(nth, weekday, month),
            [date] => fixed(date),
            _ => None,
        };
        day.ok_or_else(|| InvalidYearDay(text.chars().take(60).collect()))
    }
}

/// `easter`, `easter-2`, `easter+39`.
fn from_easter(text: &str) -> Option<i16> {
    let days = text.strip_prefix("easter")?;
    if days.is_empty() {
        return Some(0);
    }
    let days = if days.starts_with(['+', '-']) { days.parse().ok() } else { None };
    days.filter(|days| YearDay::FROM_EASTER.contains(days))
}

fn nth_weekday(nth: &str, weekday: &str, month: &str) -> Option<YearDay> {
    let nth = match nth {
        "last" => -1,
        _ => NTH.iter().position(|known| *known == nth).and_then(|index| i8::try_from(index + 1).ok())?,
    };
    let month = MONTHS.iter().position(|known| *known == month).and_then(|index| i8::try_from(index + 1).ok())?;
    Some(YearDay::Nth { nth, weekday: weekday_named(weekday)?, month })
}

const NTH: [&str; 5] = ["1st", "2nd", "3rd", "4th", "5th"];

/// `12-25`.
fn fixed(text: &str) -> Option<YearDay> {
    let two_digits = |text: &str| -> Option<i8> {
        if text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
    };
    let (month, day) = text.split_once('-')?;
    let (month, day) = (two_digits(month)?, two_digits(day)?);
    // A leap year has all days.
    Date::new(2000, month, day).ok().map(|_| YearDay::Fixed { month, day })
}

impl fmt::Display for YearDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = |days: i16| if days == 0 { String::new() } else { format!("{days:+}") };
        match *self {
            Self::Fixed { month, day } => write!(f, "{month:02}-{day:02}"),
            Self::Nth { nth, weekday, month } => {
                let name = |names: &[&'static str], number: i8| {
                    usize::try_from(number - 1).ok().and_then(|index| names.get(index).copied())
                };
                let (nth, month) = (name(&NTH, nth).unwrap_or("last"), name(&MONTHS, month).unwrap_or_default());
                write!(f, "{nth} {} of {month}", weekday_name(weekday))
            }
            Self::Easter { days } => write!(f, "easter{}", offset(days)),
            Self::OrthodoxEaster { days } => write!(f, "orthodox easter{}", offset(days)),
        }
    }
}

impl TryFrom<String> for YearDay {
    type Error = InvalidYearDay;

    fn try_from(text: String) -> Result<Self, InvalidYearDay> {
        text.parse()
    }
}

impl From<YearDay> for String {
    fn from(day: YearDay) -> Self {
        day.to_string()
    }
}
