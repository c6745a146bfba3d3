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
