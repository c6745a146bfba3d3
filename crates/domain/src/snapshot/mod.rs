//! What decisions are made on: the directory and the policy as they were at one version, indexed for look-up.
//!
//! A snapshot never changes. A newer version is a new snapshot; every decision record names the versions it used.

mod directory;

use std::sync::Arc;

pub use directory::{CompileError, DirectoryIndex, PoolEntry, RepEntry};

use crate::{calendar::Calendar, policy::Policy};

/// The directory and the active policy of one tenant.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Reps, pools, accounts, calendars.
    pub directory: Arc<DirectoryIndex>,
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// Its revision.
    pub policy_revision: i64,
    /// Business time of queues, which belong to nobody: the policy's calendar.
    pub queue_calendar: Arc<Calendar>,
}

impl Snapshot {
    /// Joins a directory and a policy. A policy that names no calendar, or one that is gone, lets its queues run on wall time.
    pub fn new(directory: Arc<DirectoryIndex>, policy: Arc<Policy>, policy_revision: i64) -> Self {
        let named = policy.calendar.as_ref().and_then(|id| directory.calendar(id)).cloned();
        let queue_calendar = named.unwrap_or_else(|| Arc::new(Calendar::always_open()));
        Self { directory, policy, policy_revision, queue_calendar }
    }
}
