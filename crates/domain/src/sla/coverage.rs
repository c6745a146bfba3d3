//! When a target can't be met: from the arrival of a lead to its deadline nobody is there.

use jiff::{SignedDuration, Timestamp};

use super::Span;
use crate::calendar::Calendar;

/// When somebody is there: in open hours, but for the absences, `[start, end)`, ascending.
#[derive(Debug, Clone, Copy)]
pub struct Shift<'a> {
    /// Working hours, by which business time runs too.
    pub hours: &'a Calendar,
    /// Times away, whether or not the clocks stand then.
    pub absences: &'a [(Timestamp, Timestamp)],
}

/// From one moment up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first moment in it.
    pub start: Timestamp,
    /// The first moment behind it.
    pub end: Timestamp,
}

/// The arrivals from `from` up to `to` that none of them could answer in time: whoever got such a lead would not be there
/// up to its deadline. To the second, ascending and apart.
///
/// Each person takes a few look-ups for each interval of the hours, whatever lies between them.
pub fn uncovered(span: Span, shifts: &[Shift<'_>], from: Timestamp, to: Timestamp) -> Vec<Gap> {
    let mut gaps = if from < to { vec![Gap { start: from, end: to }] } else { Vec::new() };
    for shift in shifts {
        if gaps.is_empty() {
            break;
        }
        gaps = both(&gaps, &of_one(span, *shift, from, to));
    }
    gaps
}

/// The same of one person.
fn of_one(span: Span, shift: Shift<'_>, from: Timestamp, to: Timestamp) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut at = from;
    while at < to {
        let back = shift.next_there(at);
        if back == Some(at) {
            let Some(leaves) = shift.leaves(at) else { break };
            at = leaves;
            continue;
        }
        let end = back.map_or(to, |back| back.min(to));
        // The later the arrival, the later the deadline: those that are too early come first.
        let late = |arrival: Timestamp| {
            let due = span.deadline(arrival, shift.hours);
            due.is_some_and(|due| back.is_none_or(|back| due < back))
        };
        let until = first_not(at, end, late);
        if until > at {
            gaps.push(Gap { start: at, end: until });
        }
        at = end;
    }
    gaps
}

impl Shift<'_> {
    /// The first moment from `at` on at which the person is there.
    fn next_there(self, at: Timestamp) -> Option<Timestamp> {
        let mut at = self.hours.next_open(at)?;
        for (start, end) in self.absences {
            if *start <= at && at < *end {
                at = self.hours.next_open(*end)?;
            }
        }
        Some(at)
    }

    /// The end of the time during which the person is there, who is there at `at`. `None`: there is none.
    fn leaves(self, at: Timestamp) -> Option<Timestamp> {
        let away = self.absences.iter().map(|(start, _)| *start).find(|start| *start > at);
        let closes = self.hours.next_close(at);
        match (closes, away) {
            (Some(closes), Some(away)) => Some(closes.min(away)),
            (closes, away) => closes.or(away),
        }
    }
}

/// The first moment from `from` on, in whole seconds from there, for which it does not hold; `to` if it holds up to there. Where it
/// does not hold, it does not hold later either.
fn first_not(from: Timestamp, to: Timestamp, holds: impl Fn(Timestamp) -> bool) -> Timestamp {
    let at = |seconds: i64| from.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(to).min(to);
    let length = to.duration_since(from);
    let (mut low, mut high) = (0, length.as_secs() + i64::from(length.subsec_nanos() > 0));
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(at(middle)) { low = middle + 1 } else { high = middle }
    }
    at(low)
}

/// What is in both.
fn both(mut left: &[Gap], mut right: &[Gap]) -> Vec<Gap> {
    let mut found = Vec::new();
    while let ([one, others @ ..], [other, rest @ ..]) = (left, right) {
        let (start, end) = (one.start.max(other.start), one.end.min(other.end));
        if start < end {
            found.push(Gap { start, end });
        }
        if one.end < other.end {
            left = others;
        } else {
            right = rest;
        }
    }
    found
}
