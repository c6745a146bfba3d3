//! What reps have in hand and whose turn it is, as the decisions of one commit see and change it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, civil};

use crate::{
    ids::{PoolId, RepId},
    rotation::RotationState,
    score::Grade,
};

/// The interval in which [`crate::directory::Pool::backlog_pace`] counts.
const PACE_INTERVAL: SignedDuration = SignedDuration::from_mins(10);

/// What one rep has in hand and got lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepLoad {
    /// Open leads that the rep owns.
    pub open: u32,
    /// The day that `day_leads` counts, in the rep's own zone.
    pub day: civil::Date,
    /// Leads given to the rep on `day`.
    pub day_leads: u32,
    /// Start of the ten minutes that `pace_leads` counts.
    pub pace_since: Timestamp,
    /// Leads that came to the rep from the waiting queue since `pace_since`.
    pub pace_leads: u32,
}

impl Default for RepLoad {
    fn default() -> Self {
        Self { open: 0, day: civil::Date::MIN, day_leads: 0, pace_since: Timestamp::UNIX_EPOCH, pace_leads: 0 }
    }
}

impl RepLoad {
    /// Leads given to the rep on `today`.
    pub fn on(&self, today: civil::Date) -> u32 {
        if self.day == today { self.day_leads } else { 0 }
    }

    /// Leads from the waiting queue in the ten minutes that `now` falls into.
    pub fn paced(&self, now: Timestamp) -> u32 {
        if self.pace_runs(now) { self.pace_leads } else { 0 }
    }

    /// Counts one lead given to the rep.
    pub(crate) fn take(&mut self, today: civil::Date, now: Timestamp, from_waiting: bool) {
        self.open += 1;
        self.day_leads = self.on(today) + 1;
        self.day = today;
        if from_waiting {
            if !self.pace_runs(now) {
                self.pace_since = now;
                self.pace_leads = 0;
            }
            self.pace_leads += 1;
        }
    }

    /// Counts one lead that left the rep, or was closed.
    pub(crate) fn release(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    fn pace_runs(&self, now: Timestamp) -> bool {
        self.pace_since <= now && now < self.pace_since + PACE_INTERVAL
    }
}

/// One counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CounterKey<'a> {
    /// What a rep has in hand.
    Load(&'a RepId),
    /// A pool's rotation, of one grade where the pool rotates per grade.
    Rotation(&'a PoolId, Option<Grade>),
}

/// Counters that have to be there before a decision is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CounterKeys {
    /// Reps whose load it may read.
    pub reps: BTreeSet<RepId>,
    /// Rotations: by pool, and grade where the pool rotates per grade.
    pub rotations: BTreeSet<(PoolId, Option<Grade>)>,
}

impl CounterKeys {
    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.reps.is_empty() && self.rotations.is_empty()
    }
}

impl<'a> Extend<CounterKey<'a>> for CounterKeys {
    fn extend<I: IntoIterator<Item = CounterKey<'a>>>(&mut self, keys: I) {
        for key in keys {
            match key {
                CounterKey::Load(rep) => self.reps.insert(rep.clone()),
                CounterKey::Rotation(pool, grade) => self.rotations.insert((pool.clone(), grade)),
            };
        }
    }
}

impl<'a> FromIterator<CounterKey<'a>> for CounterKeys {
    fn from_iter<I: IntoIterator<Item = CounterKey<'a>>>(keys: I) -> Self {
        let mut all = Self::default();
        all.extend(keys);
        all
    }
}

/// The counters that decisions read and change. A rep or rotation that is not in here has not been used yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// By rep.
    pub loads: BTreeMap<RepId, RepLoad>,
    /// By pool, and grade where the pool rotates per grade.
    pub rotations: BTreeMap<(PoolId, Option<Grade>), RotationState>,
    changed: CounterKeys,
}

impl Counters {
    /// The rep's load; that of a rep who never had a lead if there is no row.
    pub fn load(&self, rep: &RepId) -> RepLoad {
        self.loads.get(rep).copied().unwrap_or_default()
    }

    /// The rep's load, to be changed.
    pub(crate) fn load_mut(&mut self, rep: &RepId) -> &mut RepLoad {
        self.changed.reps.insert(rep.clone());
        self.loads.entry(rep.clone()).or_default()
    }

    /// A rotation, to be changed.
    pub(crate) fn rotation_mut(&mut self, key: &(PoolId, Option<Grade>)) -> &mut RotationState {
        self.changed.rotations.insert(key.clone());
        self.rotations.entry(key.clone()).or_default()
    }

    /// Whether the counter is in here.
    pub fn has(&self, key: CounterKey<'_>) -> bool {
        match key {
            CounterKey::Load(rep) => self.loads.contains_key(rep),
            CounterKey::Rotation(pool, grade) => self.rotations.contains_key(&(pool.clone(), grade)),
        }
    }

    /// A copy of the counters of those keys.
    #[must_use]
    pub fn only(&self, keys: &CounterKeys) -> Self {
        let of = |rep: &RepId| Some((rep.clone(), *self.loads.get(rep)?));
        let turn = |key: &(PoolId, Option<Grade>)| Some((key.clone(), self.rotations.get(key)?.clone()));
        Self {
            loads: keys.reps.iter().filter_map(of).collect(),
            rotations: keys.rotations.iter().filter_map(turn).collect(),
            changed: CounterKeys::default(),
        }
    }

    /// Adds the other's counters.
    pub fn extend(&mut self, other: Self) {
        self.loads.extend(other.loads);
        self.rotations.extend(other.rotations);
    }

    /// Takes over what was tried out on a copy of some of them.
    pub(crate) fn adopt(&mut self, tried: Self) {
        self.changed.reps.extend(tried.changed.reps.iter().cloned());
        self.changed.rotations.extend(tried.changed.rotations.iter().cloned());
        self.extend(tried);
    }

    /// The counters that were changed since this was last asked.
    #[must_use]
    pub fn take_changed(&mut self) -> Self {
        let changed = std::mem::take(&mut self.changed);
        self.only(&changed)
    }
}
