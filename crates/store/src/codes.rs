//! The numbers by which the store knows the values of enums. A number never changes its meaning and is never used again.

use domain::{
    directory::EntityKind,
    identity::IdentityKind,
    ownership::{AssignmentState, Cause, CloseOutcome, EscalationAction, LeadState, TimerKind},
    score::{FitLevel, Grade, IntentLevel},
};

/// An enum that a `smallint` column holds.
pub(crate) trait Code: Sized + Copy {
    /// Its number.
    fn code(self) -> i16;
    /// The value of that number.
    fn from_code(code: i16) -> Option<Self>;
}

macro_rules! codes {
    ($($name:ident { $($variant:ident = $code:literal),+ $(,)? })+) => {$(
        impl Code for $name {
            fn code(self) -> i16 {
                match self { $(Self::$variant => $code),+ }
            }

            fn from_code(code: i16) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}

codes! {
    LeadState { Offered = 1, Accepted = 2, Working = 3, Queued = 4, Closed = 5 }
    CloseOutcome { Won = 1, Lost = 2, Disqualified = 3 }
    AssignmentState {
        Offered = 1, Accepted = 2, Working = 3, Queued = 4,
        Declined = 5, Expired = 6, Returned = 7, Reassigned = 8, Claimed = 9, Closed = 10,
    }
    Cause {
        Routed = 1, Declined = 2, NotAccepted = 3, Escalated = 4, Woken = 5,
        Reassigned = 6, Claimed = 7, Returned = 8, WaitingExpired = 9,
    }
    TimerKind { Accept = 1, Escalate = 2, Retry = 3, Wake = 4 }
    EscalationAction { Remind = 1, Backup = 2, Manager = 3, Queue = 4, FellThrough = 5 }
    EntityKind { Calendar = 1, Territory = 2, Team = 3, Rep = 4, Pool = 5, Account = 6, Absence = 7 }
    IdentityKind { Email = 1, ExternalId = 2 }
}

/// Ten times the fit level (A is 1) plus the intent level (high is 1): `A1` is 11, `C3` is 33.
impl Code for Grade {
    fn code(self) -> i16 {
        let fit = match self.fit {
            FitLevel::A => 1,
            FitLevel::B => 2,
            FitLevel::C => 3,
        };
        let intent = match self.intent {
            IntentLevel::High => 1,
            IntentLevel::Medium => 2,
            IntentLevel::Low => 3,
        };
        fit * 10 + intent
    }

    fn from_code(code: i16) -> Option<Self> {
        let fit = match code / 10 {
            1 => FitLevel::A,
            2 => FitLevel::B,
            3 => FitLevel::C,
            _ => return None,
        };
        let intent = match code % 10 {
            1 => IntentLevel::High,
            2 => IntentLevel::Medium,
            3 => IntentLevel::Low,
            _ => return None,
        };
        Some(Self { fit, intent })
    }
}
