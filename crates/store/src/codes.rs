//! The numbers by which the store knows the values of enums. A number never changes its meaning and is never used again.

use domain::{
    directory::EntityKind,
    identity::IdentityKind,
    ownership::{AssignmentState, Cause, CloseOutcome, EscalationAction, EventKind, LeadState, PauseReason, TimerKind},
    score::{FitLevel, Grade, IntentLevel},
};

use crate::subscriptions::SubscriptionState;

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
        Declined = 5, Expired = 6, Returned = 7, Reassigned = 8, Claimed = 9, Routed = 10, Closed = 11,
    }
    Cause {
        Routed = 1, Declined = 2, Expired = 3, Escalated = 4, Reassigned = 5,
        Claimed = 6, Returned = 7, Retried = 8, WaitedOut = 9, Woken = 10, Drained = 11, Rerouted = 12,
    }
    TimerKind { Accept = 1, Escalate = 2, Retry = 3, Wake = 4, Resume = 5 }
    PauseReason { WaitingForLead = 1, LegalHold = 2, Other = 3 }
    EscalationAction { Remind = 1, Offer = 2, Queue = 4, FellThrough = 5, Notify = 6, Skipped = 7, Reassign = 8 }
    EventKind {
        Assigned = 1, Queued = 2, Returned = 3, Accepted = 4, Responded = 5, Reminded = 6, Escalated = 7, Closed = 8,
        SleepsOn = 9, Erased = 10, ClocksMoved = 11, Paused = 12, Resumed = 13, Acknowledged = 14,
    }
    EntityKind { Calendar = 1, Territory = 2, Team = 3, Rep = 4, Pool = 5, Account = 6, Absence = 7 }
    IdentityKind { Email = 1, ExternalId = 2 }
    SubscriptionState { Active = 1, Paused = 2, Disabled = 3, Lost = 4 }
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

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    fn codes_of<T: Code + PartialEq + Debug>(values: &[T]) -> Vec<i16> {
        let codes = values.iter().map(|value| value.code()).collect::<Vec<_>>();
        for (value, code) in values.iter().zip(&codes) {
            assert_eq!(T::from_code(*code).as_ref(), Some(value));
        }
        assert_eq!((-1..200).filter(|code| T::from_code(*code).is_some()).count(), values.len());
        codes
    }

    /// The numbers as they lie in databases. If this fails, change the code, not the test.
    #[test]
    fn numbers_stay() {
        use {
            AssignmentState as S, Cause as C, EntityKind as E, EscalationAction as A, EventKind as K, LeadState as L,
            PauseReason as P, TimerKind as T,
        };
        assert_eq!(codes_of(&[L::Offered, L::Accepted, L::Working, L::Queued, L::Closed]), [1, 2, 3, 4, 5]);
        assert_eq!(codes_of(&[CloseOutcome::Won, CloseOutcome::Lost, CloseOutcome::Disqualified]), [1, 2, 3]);
        let states = [S::Offered, S::Accepted, S::Working, S::Queued, S::Declined];
        let more = [S::Expired, S::Returned, S::Reassigned, S::Claimed, S::Routed, S::Closed];
        assert_eq!(codes_of(&[&states[..], &more].concat()), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        let causes = [C::Routed, C::Declined, C::Expired, C::Escalated, C::Reassigned];
        let more = [C::Claimed, C::Returned, C::Retried, C::WaitedOut, C::Woken, C::Drained, C::Rerouted];
        assert_eq!(codes_of(&[&causes[..], &more].concat()), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        assert_eq!(codes_of(&[T::Accept, T::Escalate, T::Retry, T::Wake, T::Resume]), [1, 2, 3, 4, 5]);
        assert_eq!(codes_of(&[P::WaitingForLead, P::LegalHold, P::Other]), [1, 2, 3]);
        let actions = [A::Remind, A::Offer, A::Queue, A::FellThrough, A::Notify, A::Skipped, A::Reassign];
        assert_eq!(codes_of(&actions), [1, 2, 4, 5, 6, 7, 8]);
        let events = [K::Assigned, K::Queued, K::Returned, K::Accepted, K::Responded];
        let more = [K::Reminded, K::Escalated, K::Closed, K::SleepsOn, K::Erased];
        let clocks = [K::ClocksMoved, K::Paused, K::Resumed, K::Acknowledged];
        assert_eq!(codes_of(&[&events[..], &more, &clocks].concat()), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
        let kinds = [E::Calendar, E::Territory, E::Team, E::Rep, E::Pool, E::Account, E::Absence];
        assert_eq!(codes_of(&kinds), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(codes_of(&[IdentityKind::Email, IdentityKind::ExternalId]), [1, 2]);
        let states = [
            SubscriptionState::Active,
            SubscriptionState::Paused,
            SubscriptionState::Disabled,
            SubscriptionState::Lost,
        ];
        assert_eq!(codes_of(&states), [1, 2, 3, 4]);
        let grades = [FitLevel::A, FitLevel::B, FitLevel::C].into_iter().flat_map(|fit| {
            [IntentLevel::High, IntentLevel::Medium, IntentLevel::Low].map(|intent| Grade { fit, intent })
        });
        assert_eq!(codes_of(&grades.collect::<Vec<_>>()), [11, 12, 13, 21, 22, 23, 31, 32, 33]);
    }
}
