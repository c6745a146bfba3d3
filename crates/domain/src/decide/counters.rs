//! What reps have in hand and whose turn it is, as the decisions of one commit see and change it.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil};

use crate::{
    ids::{PoolId, RepId},
    rotation::RotationState,
    score::Grade,
};

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

/// The counter rows that a commit has locked. A rep or rotation that is not in here has not been used yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// By rep.
    pub loads: BTreeMap<RepId, RepLoad>,
    /// By pool, and grade where the pool rotates per grade.
    pub rotations: BTreeMap<(PoolId, Option<Grade>), RotationState>,
}

impl Counters {
    /// The rep's load; that of a rep who never had a lead if there is no row.
    pub fn load(&self, rep: &RepId) -> RepLoad {
        self.loads.get(rep).copied().unwrap_or_default()
    }
}
