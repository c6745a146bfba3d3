//! The one place that reads the wall clock.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

/// Where `now` comes from. Cheap to clone; clones of a manual clock show the same time.
///
/// Times have whole microseconds, which is what Postgres keeps: what was decided with and what was stored are the same.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(Arc<Manual>),
}

#[derive(Debug)]
struct Manual {
    /// Microseconds since the epoch.
    micros: watch::Sender<i64>,
    /// State of the generator behind the ids: with the same seed come the same ids.
    ids: std::sync::Mutex<u64>,
}

impl Clock {
    /// The machine's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until it is moved. Its ids repeat from run to run.
    pub fn manual(start: Timestamp) -> Self {
        Self::manual_seeded(start, 0)
    }

    /// As [`Clock::manual`]; clocks with different seeds make different ids, so that both may write to one store.
    pub fn manual_seeded(start: Timestamp, seed: u64) -> Self {
        let (micros, _) = watch::channel(start.as_microsecond());
        Self(Source::Manual(Arc::new(Manual { micros, ids: std::sync::Mutex::new(seed) })))
    }

    /// The time now, cut to whole microseconds.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => from_micros(system_now().as_microsecond()),
            Source::Manual(manual) => from_micros(*manual.micros.borrow()),
        }
    }

    /// The time of a manual clock; `None` for the system's. What is due by the database's clock is due by this one in tests.
    pub fn manual_now(&self) -> Option<Timestamp> {
        matches!(self.0, Source::Manual(_)).then(|| self.now())
    }

    /// Moves a manual clock forward and wakes whoever sleeps on it. Does nothing to the system's clock.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(manual) = &self.0 {
            let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            manual.micros.send_modify(|micros| *micros = micros.saturating_add(by));
        }
    }

    /// Waits until this clock shows `duration` more than now; on a manual clock, until it has been moved that far.
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Source::System => tokio::time::sleep(duration).await,
            Source::Manual(manual) => {
                let mut micros = manual.micros.subscribe();
                let by = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
                let until = micros.borrow().saturating_add(by);
                // The sender lives as long as `self`, so this can only end by time.
                let _ = micros.wait_for(|now| *now >= until).await;
            }
        }
    }

    /// A new UUID version 7 (RFC 9562): ordered by this clock's time, ids of one process also within a millisecond.
    pub fn new_uuid_v7(&self) -> Uuid {
        let now = self.now();
        match &self.0 {
            Source::System => {
                let seconds = u64::try_from(now.as_second()).unwrap_or(0);
                let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
                Uuid::new_v7(uuid::Timestamp::from_unix(&CONTEXT, seconds, nanos))
            }
            Source::Manual(manual) => {
                let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
                uuid::Builder::from_unix_timestamp_millis(millis, &manual.random_bytes()).into_uuid()
            }
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl Manual {
    /// Ten bytes: a counter first, so that ids made within one millisecond keep their order, then mixed bits.
    fn random_bytes(&self) -> [u8; 10] {
        let mut state = self.ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *state = state.wrapping_add(1 << 32);
        let counter = (*state >> 32).to_be_bytes();
        let mixed = mix(*state).to_be_bytes();
        let mut bytes = [0; 10];
        // Bytes 0 and 2 lose bits to the version and variant fields, so the counter stands between and after them.
        bytes[3..6].copy_from_slice(&counter[5..8]);
        bytes[6..10].copy_from_slice(&mixed[0..4]);
        bytes
    }
}

/// The finalizer of `SplitMix64` (Steele, Lea, Flood 2014): every bit of the input moves about half of the output's.
const fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Shared by the process: its counter keeps ids in order within a millisecond.
static CONTEXT: std::sync::Mutex<uuid::ContextV7> = std::sync::Mutex::new(uuid::ContextV7::new());

#[expect(clippy::disallowed_methods, reason = "this is the home of the wall clock")]
fn system_now() -> Timestamp {
    Timestamp::now()
}

fn from_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

#[cfg(test)]
mod tests;
