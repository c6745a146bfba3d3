//! One step of an escalation chain: what is done while nobody answers, for whom, and when not.

use crate::{
    expr::{ConditionId, Facts, Program},
    ids::TeamId,
    ownership::Queue,
    sla::Span,
};

/// One escalation step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub after: Span,
    /// What.
    pub action: StepAction,
    /// Only if that holds for the lead when the step is due; `None`: always.
    pub when: Option<Condition>,
    /// Whoever it is for is called at any hour. A step that is not urgent waits for the hours of whom it is for, if those begin
    /// before the step behind it is due.
    pub urgent: bool,
    /// It does once more what the step ahead of it does. Somebody who acknowledges that is spared this one.
    pub repetition: bool,
}

/// What an escalation step does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StepAction {
    /// Reminds the owner.
    Remind,
    /// Tells somebody else; the owner keeps the lead.
    Notify(Recipient),
    /// Hands the lead on: who gets it is to accept it.
    Offer(Recipient),
    /// Hands it on as accepted.
    Reassign(Recipient),
    /// Moves it to a queue; always the last step.
    Queue(Queue),
}

/// Whom a step is for, seen from who has the lead when it is due.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// The owner's backup; if it has none that is free, [`Self::Another`].
    Backup,
    /// Another rep whom routing would find.
    Another,
    /// The manager of the owner's team.
    Manager,
    /// Whoever of a team is on duty and has the fewest open leads.
    Team(TeamId),
}

/// A condition of a step, by itself: a chain that runs outlives the policy that it came from.
#[derive(Debug, Clone)]
pub struct Condition {
    program: Program,
    id: ConditionId,
}

impl Step {
    /// A step that is always done, within hours.
    pub const fn new(after: Span, action: StepAction) -> Self {
        Self { after, action, when: None, urgent: false, repetition: false }
    }
}

impl StepAction {
    /// Whether somebody else has the lead after it.
    pub const fn hands_on(&self) -> bool {
        match self {
            Self::Remind | Self::Notify(_) => false,
            Self::Offer(_) | Self::Reassign(_) | Self::Queue(_) => true,
        }
    }

    /// Whom it is for, besides the owner and queues.
    pub const fn recipient(&self) -> Option<&Recipient> {
        match self {
            Self::Notify(recipient) | Self::Offer(recipient) | Self::Reassign(recipient) => Some(recipient),
            Self::Remind | Self::Queue(_) => None,
        }
    }
}

impl Condition {
    /// A condition of that program.
    pub(super) const fn new(program: Program, id: ConditionId) -> Self {
        Self { program, id }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        self.program.text(self.id)
    }

    /// Whether it holds; what is not known does not.
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        self.program.eval(self.id, &self.program.bind(facts)).is_true()
    }
}

impl PartialEq for Condition {
    /// Of what is written: it is all that a condition is made of.
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Condition {}
