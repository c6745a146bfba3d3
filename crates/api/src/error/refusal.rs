//! Commands that the life cycle refuses.

use domain::{ids::LeadId, lifecycle::Refusal, ownership::LeadState};

use super::{Error, Precondition};
use crate::{Path, Violations, etag, names::Resource as _};

impl Error {
    /// Why a command to that lead changed nothing.
    pub fn refused(lead: LeadId, refusal: Refusal) -> Self {
        match refusal {
            Refusal::EpochMoved { now, owner, .. } | Refusal::StateMoved { epoch: now, owner, .. } => {
                Self::Aborted { resource: lead.to_name(), etag: etag::of_lead(now), owner: Some(owner) }
            }
            Refusal::NotTheOwner { rep, owner } => Precondition::NotTheOwner { lead, rep, owner }.into(),
            Refusal::WrongState { state: LeadState::Closed, .. } => Precondition::LeadClosed { lead }.into(),
            Refusal::WrongState { command, state } => Precondition::WrongLeadState { lead, state, command }.into(),
            Refusal::NoSuchRep(rep) => Precondition::RepInactive { rep }.into(),
            Refusal::AtCapacity { rep, cap } => Precondition::RepAtCap { rep, cap }.into(),
            Refusal::NoSuchPool(pool) => Self::NotFound { resource: pool.to_name() },
            Refusal::NobodyFree(pool) => Precondition::NobodyFree { pool }.into(),
            Refusal::NoStep { what } => Precondition::NoEscalationStep { lead, what }.into(),
            Refusal::Time { field, expected } => {
                let mut violations = Violations::default();
                violations.add(&Path::Request.field(field), format!("must {expected}"));
                violations.into()
            }
        }
    }
}
