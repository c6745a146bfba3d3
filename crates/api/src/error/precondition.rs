//! States of things that do not allow what was asked.

use domain::{
    ids::{LeadId, PoolId, RepId},
    ownership::{LeadState, Owner},
    yaml::Problem,
};

use crate::violations::Violation;

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// The lead is closed.
    LeadClosed {
        /// Which.
        lead: LeadId,
    },
    /// What is asked for has been erased.
    LeadErased {
        /// Which.
        lead: LeadId,
    },
    /// The command makes no sense in the lead's state.
    WrongLeadState {
        /// Which.
        lead: LeadId,
        /// Its state.
        state: LeadState,
        /// What was tried, as a participle (`accepted`).
        command: &'static str,
    },
    /// The rep who acts does not have the lead.
    NotTheOwner {
        /// Which.
        lead: LeadId,
        /// Who acts.
        rep: RepId,
        /// Who has it.
        owner: Owner,
    },
    /// There is no such rep, or it has left.
    RepInactive {
        /// Who.
        rep: RepId,
    },
    /// The rep has as many leads as it may have.
    RepAtCap {
        /// Who.
        rep: RepId,
        /// `20 open leads` or `5 new leads a day`.
        cap: String,
    },
    /// The rep owns leads that nobody asked to hand on.
    RepHasOpenLeads {
        /// Who.
        rep: RepId,
        /// How many.
        open_leads: u64,
    },
    /// No member of the pool can take a lead, but perhaps whoever has it.
    NobodyFree {
        /// Which pool.
        pool: PoolId,
    },
    /// There is no step of the escalation chain to which it could be done.
    NoEscalationStep {
        /// Whose chain.
        lead: LeadId,
        /// Why (`no step of its chain is left`).
        what: &'static str,
    },
    /// The tenant has as many subscriptions as it may have.
    TooManySubscriptions {
        /// How many.
        most: i64,
    },
    /// The operation has not ended.
    OperationRuns {
        /// Its name.
        operation: String,
    },
    /// Others refer to the resource.
    ResourceInUse {
        /// Its name.
        resource: String,
        /// Who does, with the field and what it says: `reps/anna.team`.
        users: Vec<Violation>,
    },
    /// No policy was ever activated.
    NoActivePolicy,
    /// No points model was ever activated.
    NoActiveScoringModel,
    /// The policy was written for another directory than there is now.
    PolicyDoesNotFit {
        /// Its revision.
        revision: i64,
        /// Every place that does not fit.
        problems: Vec<Problem>,
    },
}
