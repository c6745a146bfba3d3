//! What a run left behind: what callers sent and were answered, and what was found at the end. The checker knows nothing else.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

/// One wish of one caller, sent under one request id until it was answered for good.
#[derive(Debug, Clone, Serialize)]
pub struct Operation {
    /// The request id.
    pub request: String,
    /// What was wanted.
    pub wish: Wish,
    /// Each time that it was sent, in order.
    pub attempts: Vec<Attempt>,
}

/// What an operation is meant to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Wish {
    /// To have a lead of this person routed.
    Route {
        /// An e-mail address.
        person: String,
    },
    /// To change a lead.
    Change {
        /// Its name.
        lead: String,
        /// How.
        kind: Kind,
        /// The epoch that its caller had seen.
        seen: i32,
    },
}

/// What is done to a lead by people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Kind {
    /// The rep says yes.
    Accept,
    /// The rep says no.
    Decline,
    /// The rep has answered the lead.
    Respond,
    /// Somebody gives the lead to another owner.
    Reassign,
    /// A rep takes it from a queue.
    Claim,
    /// The rep gives it back to marketing.
    Return,
    /// It is over.
    Close,
}

/// One sending of a request. Times are since the start of the run, by one clock.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// Which replica was asked.
    pub replica: usize,
    /// When it was sent.
    pub began: Duration,
    /// When its outcome was known, or its caller hung up.
    pub ended: Duration,
    /// What came back.
    pub outcome: Outcome,
}

/// What came back from one sending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Outcome {
    /// It was done.
    Acknowledged(Answer),
    /// It was not done, and never will be: the reason.
    Refused(String),
    /// Nobody knows: the connection broke, the time was over, the caller hung up.
    Unknown(String),
}

/// What an acknowledgement says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The lead that it is about.
    pub lead: String,
    /// Who has it.
    pub owner: String,
    /// Since which assignment.
    pub epoch: i32,
    /// Of a route: the lead was not known before.
    pub is_new: bool,
    /// The whole answer, as text.
    pub whole: String,
}

/// What was found at the end, when nothing moved any more.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Export {
    /// All leads.
    pub leads: Vec<Lead>,
    /// Open leads of each rep as the services count them.
    pub counted: BTreeMap<String, i32>,
    /// The most open leads that a rep may have, for those who have such a cap.
    pub caps: BTreeMap<String, i32>,
}

/// One lead at the end.
#[derive(Debug, Clone, Serialize)]
pub struct Lead {
    /// Its name.
    pub name: String,
    /// Whose lead it is: an e-mail address.
    pub person: String,
    /// Who has it.
    pub owner: String,
    /// Since which assignment.
    pub epoch: i32,
    /// Whether it is closed.
    pub is_closed: bool,
    /// Its assignments, as they were listed.
    pub history: Vec<Assignment>,
}

/// One assignment of a lead.
#[derive(Debug, Clone, Serialize)]
pub struct Assignment {
    /// Its number.
    pub epoch: i32,
    /// Who had the lead.
    pub owner: String,
    /// What began it.
    pub cause: Cause,
    /// When it began, microseconds since 1970.
    pub start: i64,
    /// When it ended.
    pub end: Option<i64>,
    /// Whether the owner has accepted.
    pub is_accepted: bool,
    /// Whether the owner has answered the lead.
    pub is_answered: bool,
    /// Whether it ended because the lead was closed.
    pub is_closed: bool,
}

/// What began an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Cause {
    /// The lead came in.
    Arrival,
    /// A person wanted it.
    Person(Kind),
    /// Time went by.
    Time,
}

impl Operation {
    /// The first sending whose outcome is known.
    pub fn end(&self) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| !matches!(attempt.outcome, Outcome::Unknown(_)))
    }

    /// What its acknowledgement says, if it ended with one.
    pub fn answer(&self) -> Option<&Answer> {
        match &self.end()?.outcome {
            Outcome::Acknowledged(answer) => Some(answer),
            Outcome::Refused(_) | Outcome::Unknown(_) => None,
        }
    }
}
