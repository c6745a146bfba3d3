//! How spans are written.

use std::{fmt, str::FromStr};

use super::{Clock, Span, Unit};
use crate::yaml::did_you_mean;

const UNITS: [(&str, Unit); 4] = [("s", Unit::Seconds), ("m", Unit::Minutes), ("h", Unit::Hours), ("d", Unit::Days)];
const CLOCKS: [(&str, Clock); 2] = [("wall", Clock::Wall), ("business", Clock::Business)];

/// Why a text is not a span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a span of time: {fault}")]
pub struct InvalidSpan {
    text: String,
    fault: String,
}

impl FromStr for Span {
    type Err = InvalidSpan;

    fn from_str(text: &str) -> Result<Self, InvalidSpan> {
        parse(text).map_err(|fault| InvalidSpan { text: text.to_owned(), fault })
    }
}

impl TryFrom<String> for Span {
    type Error = InvalidSpan;

    fn try_from(text: String) -> Result<Self, InvalidSpan> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.iter().find(|(_, unit)| *unit == self.unit).map_or("", |(name, _)| name);
        let clock = CLOCKS.iter().find(|(_, clock)| *clock == self.clock).map_or("", |(name, _)| name);
        write!(f, "{}{unit}@{clock}", self.amount)
    }
}

fn parse(text: &str) -> Result<Span, String> {
    let Some((length, clock)) = text.split_once('@') else {
        return Err(no_clock(text));
    };
    let (number, unit) = split_number(length);
    let unit = named(&UNITS, unit).ok_or_else(|| {
        format!("its unit is `{unit}`, expected `s`, `m`, `h` or `d` right behind the number, as in `15m@wall`")
    })?;
    let clock = named(&CLOCKS, clock).ok_or_else(|| {
        let hint = did_you_mean(clock, CLOCKS.map(|(name, _)| name));
        format!("its clock is `{clock}`, expected `wall` (all time counts) or `business` (opening hours only){hint}")
    })?;
    if number.is_empty() {
        return Err("expected a whole number in front of the unit, as in `15m@wall`".to_owned());
    }
    // Digits only: what fails to parse is too large.
    let amount = number.parse().unwrap_or(u32::MAX);
    let span = Span::new(amount, unit, clock);
    if span.amount() != amount {
        let longest = Span::new(u32::MAX, unit, clock);
        return Err(format!("expected an amount from 1 to {} ({longest})", longest.amount()));
    }
    Ok(span)
}

/// Tells what the text would be with a clock, if that is all it lacks.
fn no_clock(text: &str) -> String {
    let example = if parse(&format!("{text}@wall")).is_ok() { text } else { "15m" };
    format!(
        "it names no clock, expected `{example}@wall` (all time counts) or `{example}@business` (opening hours only)"
    )
}

fn split_number(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

fn named<T: Copy>(names: &[(&str, T)], name: &str) -> Option<T> {
    names.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}
