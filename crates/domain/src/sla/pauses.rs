//! Times during which a clock stood still.

use jiff::Timestamp;

/// From one moment up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// The clock stood from then.
    pub start: Timestamp,
    /// It ran again from then; `None`: it stands.
    pub end: Option<Timestamp>,
}

/// A pause that ends before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a pause starts at {} and ends at {end}: expected an end that is not before its start", pause.start)]
pub struct InvalidPause {
    /// Which one.
    pub pause: Pause,
    /// Its end.
    pub end: Timestamp,
}

/// The pauses of a clock, in order and apart.
///
/// Pauses that overlap or touch are one: a lead that is on hold for two reasons is not on hold twice. One that ends where it
/// starts is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pauses(Vec<Pause>);

impl Pauses {
    /// Pauses in any order.
    pub fn new(pauses: impl IntoIterator<Item = Pause>) -> Result<Self, InvalidPause> {
        let mut pauses: Vec<Pause> = pauses.into_iter().collect();
        for pause in &pauses {
            if let Some(end) = pause.end.filter(|end| *end < pause.start) {
                return Err(InvalidPause { pause: *pause, end });
            }
        }
        pauses.retain(|pause| pause.end != Some(pause.start));
        pauses.sort_by_key(|pause| pause.start);
        let mut apart: Vec<Pause> = Vec::with_capacity(pauses.len());
        for pause in pauses {
            match apart.last_mut() {
                Some(last) if last.end.is_none_or(|end| pause.start <= end) => {
                    last.end = last.end.zip(pause.end).map(|(a, b)| a.max(b));
                }
                _ => apart.push(pause),
            }
        }
        Ok(Self(apart))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other; only the last one can be without an end.
    pub fn iter(&self) -> impl Iterator<Item = &Pause> {
        self.0.iter()
    }

    /// Whether the clock stands at that moment.
    pub fn covers(&self, at: Timestamp) -> bool {
        let started = self.0.partition_point(|pause| pause.start <= at);
        let last = started.checked_sub(1).and_then(|last| self.0.get(last));
        last.is_some_and(|pause| pause.end.is_none_or(|end| at < end))
    }
}
