//! Why a command changes nothing.

use crate::{
    ids::{Epoch, PoolId, RepId},
    ownership::{LeadState, Owner},
};

/// Why a command was refused. The lead is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody changed the lead since the caller looked at it.
    #[error("the lead has moved on: epoch {seen:?} was seen, now it is {now:?} and {owner} has it")]
    EpochMoved {
        /// The epoch that the caller saw.
        seen: Epoch,
        /// The epoch now.
        now: Epoch,
        /// Who has it now.
        owner: Owner,
    },
    /// Its owner did something with the lead since the caller looked at it.
    #[error("the lead has moved on: {seen:?} was seen, now it is {now:?} and {owner} has it")]
    StateMoved {
        /// The state that the caller saw.
        seen: LeadState,
        /// The state now.
        now: LeadState,
        /// The epoch, which is the one that the caller saw.
        epoch: Epoch,
        /// Who has it.
        owner: Owner,
    },
    /// The rep who acts is not the one who has the lead.
    #[error("reps/{rep} can't do this: {owner} has the lead")]
    NotTheOwner {
        /// Who acted.
        rep: RepId,
        /// Who has it.
        owner: Owner,
    },
    /// The command makes no sense in this state.
    #[error("a lead that is {state:?} can't be {command}")]
    WrongState {
        /// What was tried, as a participle (`accepted`).
        command: &'static str,
        /// Where the lead stands.
        state: LeadState,
    },
    /// The rep is unknown, has left, or may not take leads.
    #[error("reps/{0} is not an active rep")]
    NoSuchRep(RepId),
    /// The rep has as many leads as it may have.
    #[error("reps/{rep} has reached the cap of {cap}")]
    AtCapacity {
        /// Who.
        rep: RepId,
        /// `20 open leads` or `5 new leads a day`.
        cap: String,
    },
    /// There is no such pool.
    #[error("there is no pools/{0}")]
    NoSuchPool(PoolId),
    /// No member of the pool can take the lead, but perhaps whoever has it.
    #[error("pools/{0} has nobody who can take the lead now")]
    NobodyFree(PoolId),
    /// There is no step of the escalation chain to which it could be done.
    #[error("{what}")]
    NoStep {
        /// Why (`no step of its chain is left`).
        what: &'static str,
    },
    /// A moment that should lie ahead has passed, or the other way round.
    #[error("{field} must {expected}")]
    Time {
        /// The field of the request.
        field: &'static str,
        /// What was expected (`lie in the future`).
        expected: &'static str,
    },
}
