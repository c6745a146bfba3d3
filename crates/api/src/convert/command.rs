//! What can be done to a lead that has an owner.

use domain::{
    ids::{Epoch, LeadId, PoolId, RepId},
    ownership::{CloseOutcome, LeadState, Owner, PauseReason, Queue},
};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    fields::{self, MAX_DOLLARS, MAX_TEXT},
    time,
};
use crate::{Path, Violations, etag, v1};

/// A command to one lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadCommand {
    /// Which lead.
    pub lead: LeadId,
    /// The epoch that the caller saw.
    pub seen: Epoch,
    /// The state that the caller saw, if it must be the same still.
    pub seen_state: Option<LeadState>,
    /// The caller's id of the call.
    pub request_id: Option<Uuid>,
    /// The rep who acts.
    pub rep: Option<RepId>,
    /// What the caller adds.
    pub note: Option<String>,
    /// What is to be done.
    pub action: LeadAction,
}

/// Which lead is to be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// Which lead.
    pub lead: LeadId,
    /// The epoch that the caller saw.
    pub seen: Epoch,
    /// The caller's id of the call.
    pub request_id: Option<Uuid>,
}

/// What is to be done to a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeadAction {
    /// The owner says yes.
    Accept,
    /// The owner says no.
    Decline {
        /// A word of the contract's list (`no_capacity`).
        reason: String,
    },
    /// The owner answered the lead.
    RecordFirstResponse {
        /// When; `None`: now.
        at: Option<Timestamp>,
    },
    /// A person chose another owner.
    Reassign {
        /// Whom.
        to: Owner,
        /// Also if that exceeds the rep's caps.
        ignore_caps: bool,
    },
    /// A person chose a pool.
    ReassignToPool {
        /// Which.
        pool: PoolId,
    },
    /// A person asked for it to be routed again.
    Reroute,
    /// A rep takes it from a queue.
    Claim {
        /// Who.
        rep: RepId,
    },
    /// The owner gives it back to marketing.
    Return {
        /// A word of the contract's list (`too_early`).
        reason: String,
        /// When it is to be routed again; `None`: when somebody acts.
        wake_at: Option<Timestamp>,
    },
    /// Its clocks stop.
    Pause {
        /// Why.
        reason: PauseReason,
        /// When they run again by themselves; `None`: when somebody says so.
        until: Option<Timestamp>,
    },
    /// Its clocks run again.
    Resume,
    /// Somebody is on the step of its chain that was done last.
    Acknowledge,
    /// The next step of its chain is done now.
    Escalate,
    /// Its life cycle ends.
    Close {
        /// How.
        outcome: CloseOutcome,
        /// Whole US dollars, of a won lead.
        value: Option<i64>,
    },
}

/// The fields that all commands share, as they came.
struct Common {
    name: String,
    etag: String,
    request_id: String,
    rep: String,
    note: String,
}

const ROOT: Path<'static> = Path::Request;

impl Common {
    fn read(self, mut violations: Violations, action: Option<LeadAction>) -> Result<LeadCommand, Violations> {
        let v = &mut violations;
        let lead = fields::name(&self.name, &ROOT.field("name"), v);
        let seen = read_etag(&self.etag, v);
        let request_id = fields::request_id(&self.request_id, &ROOT.field("request_id"), v);
        let rep = fields::optional_name(&self.rep, &ROOT.field("rep"), v);
        let note = fields::text(self.note, MAX_TEXT, &ROOT.field("note"), v);
        let command = lead.zip(seen).zip(action).map(|((lead, seen), action)| LeadCommand {
            lead,
            seen,
            seen_state: None,
            request_id,
            rep,
            note,
            action,
        });
        violations.check_some(command)
    }
}

fn read_etag(text: &str, violations: &mut Violations) -> Option<Epoch> {
    let seen = etag::parse_lead(text);
    if seen.is_none() {
        let found = if text.is_empty() { "is blank" } else { "is not an etag of a lead" };
        violations.add(&ROOT.field("etag"), format!("{found}: expected `Lead.etag` as it was read"));
    }
    seen
}

/// The shared fields of a request message.
macro_rules! common {
    ($wire:ident) => {
        Common { name: $wire.name, etag: $wire.etag, request_id: $wire.request_id, rep: $wire.rep, note: $wire.note }
    };
}

impl TryFrom<&v1::EraseLeadRequest> for Erasure {
    type Error = Violations;

    fn try_from(wire: &v1::EraseLeadRequest) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let lead = fields::name(&wire.name, &ROOT.field("name"), &mut violations);
        let seen = read_etag(&wire.etag, &mut violations);
        let request_id = fields::request_id(&wire.request_id, &ROOT.field("request_id"), &mut violations);
        violations.check_some(lead.zip(seen).map(|(lead, seen)| Self { lead, seen, request_id }))
    }
}

impl TryFrom<v1::AcceptLeadRequest> for LeadCommand {
    type Error = Violations;

    fn try_from(wire: v1::AcceptLeadRequest) -> Result<Self, Violations> {
        common!(wire).read(Violations::default(), Some(LeadAction::Accept))
    }
}

impl TryFrom<v1::DeclineLeadRequest> for LeadCommand {
    type Error = Violations;

    fn try_from(wire: v1::DeclineLeadRequest) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let known: Option<v1::DeclineReason> = fields::known(wire.reason, &ROOT.field("reason"), &mut violations);
        let reason = known.map(|reason| reason.as_str_name());
        let reason = word(reason, "DECLINE_REASON_", &wire.note, &mut violations);
        common!(wire).read(violations, reason.map(|reason| LeadAction::Decline { reason }))
    }
}

impl TryFrom<v1::RecordFirstResponseRequest> for LeadCommand {
    type Error = Violations;

    fn try_from(wire: v1::RecordFirstResponseRequest) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let at = time::optional(wire.first_response_time, &ROOT.field("first_response_time"), &mut violations);
        common!(wire).read(violations, Some(LeadAction::RecordFirstResponse { at }))
    }
}

impl TryFrom<v1::ReassignLeadRequest> for LeadCommand {
    type Error = Violations;

    fn try_from(wire: v1::ReassignLeadRequest) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let to = new_owner(&wire.owner, &ROOT.field("owner"), &mut violations);
        let ignore_caps = wire.ignore_caps;
        common!(wire).read(violations, to.map(|to| LeadAction::Reassign { to, ignore_caps }))
    }
}

impl TryFrom<v1::ClaimLeadRequest> for LeadCommand {
    type Error = Violations;

    fn try_from(wire: v1::ClaimLeadRequest) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let rep = if wire.rep.is_empty() {
            violations.add(&ROOT.field("rep"), "is blank: expected who claims the lead, `reps/{rep}`");
            None
        } else {
            // What is wrong with it is noted with the shared fields.
            crate::names::parse::<RepId>(&wire.rep).ok()
        };
        common!(wire).read(violations, rep.map(|rep| LeadAction::Claim { rep }))
    }
}

impl TryFrom<v1::ReturnLeadRequest> for LeadCommand {
    type Error = Violations;

    fn try_from(wire: v1::ReturnLeadRequest) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let known: Option<v1::ReturnReason> = fields::known(wire.reason, &ROOT.field("reason"), &mut violations);
        let reason = known.map(|reason| reason.as_str_name());
        let reason = word(reason, "RETURN_REASON_", &wire.note, &mut violations);
        let wake_at = time::optional(wire.wake_time, &ROOT.field("wake_time"), &mut violations);
        common!(wire).read(violations, reason.map(|reason| LeadAction::Return { reason, wake_at }))
    }
}

impl TryFrom<v1::CloseLeadRequest> for LeadCommand {
    type Error = Violations;

    fn try_from(wire: v1::CloseLeadRequest) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let value = fields::amount(wire.value, MAX_DOLLARS, &ROOT.field("value"), &mut violations);
        let path = ROOT.field("outcome");
        let known: Option<v1::CloseOutcome> = fields::known(wire.outcome, &path, &mut violations);
        let outcome = known.and_then(|outcome| {
            let told = CloseOutcome::try_from(outcome).ok();
            if told.is_none() {
                violations.add(&path, "is absent: expected how the lead ended");
            }
            told
        });
        if value.is_some() && outcome.is_some_and(|outcome| outcome != CloseOutcome::Won) {
            violations.add(&ROOT.field("value"), "belongs to outcome WON only");
        }
        common!(wire).read(violations, outcome.map(|outcome| LeadAction::Close { outcome, value }))
    }
}

impl TryFrom<v1::PauseSlaRequest> for LeadCommand {
    type Error = Violations;

    fn try_from(wire: v1::PauseSlaRequest) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let known: Option<v1::PauseReason> = fields::known(wire.reason, &ROOT.field("reason"), &mut violations);
        let reason = word(known.map(|reason| reason.as_str_name()), "PAUSE_REASON_", &wire.note, &mut violations);
        let reason = reason.and(known).and_then(|known| PauseReason::try_from(known).ok());
        let until = time::optional(wire.resume_time, &ROOT.field("resume_time"), &mut violations);
        common!(wire).read(violations, reason.map(|reason| LeadAction::Pause { reason, until }))
    }
}

impl TryFrom<v1::ResumeSlaRequest> for LeadCommand {
    type Error = Violations;

    fn try_from(wire: v1::ResumeSlaRequest) -> Result<Self, Violations> {
        let v1::ResumeSlaRequest { name, etag, request_id, rep } = wire;
        let common = Common { name, etag, request_id, rep, note: String::new() };
        common.read(Violations::default(), Some(LeadAction::Resume))
    }
}

impl TryFrom<v1::AcknowledgeEscalationRequest> for LeadCommand {
    type Error = Violations;

    fn try_from(wire: v1::AcknowledgeEscalationRequest) -> Result<Self, Violations> {
        let v1::AcknowledgeEscalationRequest { name, etag, request_id, rep } = wire;
        let common = Common { name, etag, request_id, rep, note: String::new() };
        common.read(Violations::default(), Some(LeadAction::Acknowledge))
    }
}

impl TryFrom<v1::EscalateLeadRequest> for LeadCommand {
    type Error = Violations;

    fn try_from(wire: v1::EscalateLeadRequest) -> Result<Self, Violations> {
        let v1::EscalateLeadRequest { name, etag, request_id, rep, note } = wire;
        let common = Common { name, etag, request_id, rep, note };
        common.read(Violations::default(), Some(LeadAction::Escalate))
    }
}

/// An owner whom a person may choose.
pub(super) fn new_owner(name: &str, path: &Path<'_>, violations: &mut Violations) -> Option<Owner> {
    let owner = fields::name(name, path, violations);
    match owner {
        Some(Owner::Queue(Queue::Waiting)) => {
            violations.add(path, "only routing puts leads into the waiting queue: expected another owner");
        }
        Some(Owner::Queue(Queue::Disqualified)) => {
            violations.add(path, "a lead is disqualified by CloseLead: expected another owner");
        }
        _ => {}
    }
    owner
}

/// The domain's word for a reason of the contract; `OTHER` needs a note.
fn word(name: Option<&'static str>, prefix: &str, note: &str, violations: &mut Violations) -> Option<String> {
    let word = name?.strip_prefix(prefix)?;
    match word {
        "UNSPECIFIED" => {
            violations.add(&ROOT.field("reason"), "is absent: expected why");
            return None;
        }
        "OTHER" if note.trim().is_empty() => {
            violations.add(&ROOT.field("note"), "is blank: reason OTHER needs words");
        }
        _ => {}
    }
    Some(word.to_lowercase())
}
