//! Who has a lead now, and in which state of its life cycle.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::ids::RepId;

/// A named owner that is not a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// Nobody of the pool was free; routed again when a shift or capacity opens.
    Waiting,
    /// A person decides; reps claim from here.
    Review,
    /// Given (back) to marketing until something happens.
    Nurture,
    /// Served by the product itself; no rep is wanted.
    SelfService,
    /// Not a customer, ever. Leads here are closed.
    Disqualified,
}

impl Queue {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Review, Self::Nurture, Self::SelfService, Self::Disqualified];

    /// Its name in policies and resource names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Review => "review",
            Self::Nurture => "nurture",
            Self::SelfService => "self-service",
            Self::Disqualified => "disqualified",
        }
    }

    /// The queue of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.name() == name)
    }
}

/// The rep or queue that has a lead. There is no third case: "unowned" can't be written down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Owner {
    /// A person.
    Rep(RepId),
    /// A named queue.
    Queue(Queue),
}

impl fmt::Display for Owner {
    /// As a resource name: `reps/anna`, `queues/review`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rep(rep) => write!(f, "reps/{rep}"),
            Self::Queue(queue) => write!(f, "queues/{}", queue.name()),
        }
    }
}

/// Why a text is not an owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an owner: expected `reps/ID` or `queues/NAME` (waiting, review, nurture, self-service, disqualified)"
)]
pub struct InvalidOwner(pub String);

impl FromStr for Owner {
    type Err = InvalidOwner;

    fn from_str(text: &str) -> Result<Self, InvalidOwner> {
        let invalid = || InvalidOwner(text.to_owned());
        match text.split_once('/') {
            Some(("reps", id)) => id.parse().map(Self::Rep).map_err(|_| invalid()),
            Some(("queues", name)) => Queue::from_name(name).map(Self::Queue).ok_or_else(invalid),
            _ => Err(invalid()),
        }
    }
}

/// Where a lead stands in its life cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadState {
    /// A rep has it and has not said yes yet.
    Offered,
    /// The rep said yes; the first response is due.
    Accepted,
    /// The rep answered.
    Working,
    /// A queue has it.
    Queued,
    /// Won, lost or disqualified: no clock runs.
    Closed,
}

/// How a lead was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseOutcome {
    /// Bought.
    Won,
    /// Did not.
    Lost,
    /// Never could have.
    Disqualified,
}

mod assignment;
mod event;
mod pause;
mod response;
mod timer;

pub use assignment::{Assignment, AssignmentState, Cause};
pub use event::{Before, Event, EventKind, Position, Told};
pub use pause::{LeadPause, PauseReason, Stood, pauses_of};
pub use response::ResponseClock;
pub use timer::{Acknowledgement, Escalation, EscalationAction, Timer, TimerKind};

use jiff::Timestamp;

use crate::{
    ids::{Epoch, LeadId, PoolId},
    score::Grade,
};

/// The ownership of one lead as it stands: one row of the store, written by nothing but the committer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ownership {
    /// Whose.
    pub lead: LeadId,
    /// The number of the current assignment.
    pub epoch: Epoch,
    /// Where it stands.
    pub state: LeadState,
    /// Who has it.
    pub owner: Owner,
    /// When the current assignment began.
    pub since: Timestamp,
    /// When the escalation chain that runs now began; a hand-over by the chain itself keeps it.
    pub chain_since: Timestamp,
    /// The next step of the chain, from 0; counts up to the number of steps.
    pub chain_step: u16,
    /// Name of the SLA policy whose clocks run.
    pub sla: Option<String>,
    /// First response is due; `None` also while the clocks stand.
    pub respond_by: Option<Timestamp>,
    /// Acceptance is due; `None` also while the clocks stand.
    pub accept_by: Option<Timestamp>,
    /// A waiting lead leaves the waiting queue by then; a nurtured lead wakes then.
    pub wake_at: Option<Timestamp>,
    /// The pool that a waiting lead waits for.
    pub waiting_pool: Option<PoolId>,
    /// When the owner said yes.
    pub accepted_at: Option<Timestamp>,
    /// When the owner first answered the lead.
    pub first_response_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// How it was closed.
    pub close_outcome: Option<CloseOutcome>,
    /// What a won lead brought, whole US dollars.
    pub close_value: Option<i64>,
    /// Grade at the last routing.
    pub grade: Grade,
    /// Name of the rule that routed it last; `None`: the policy's default, or a person.
    pub rule: Option<String>,
    /// Revision of the policy in force at the last routing, or by which the clocks were dated anew since.
    pub policy_revision: i64,
    /// Reps who had this lead and let it go; they are not offered it again by the same chain.
    pub tried: Vec<RepId>,
}

impl Ownership {
    /// True until the lead is closed.
    pub fn is_open(&self) -> bool {
        self.state != LeadState::Closed
    }
}
