//! What others are told of: every change of a lead's ownership, as it was at its moment.

use jiff::Timestamp;

use super::{AssignmentState, Cause, CloseOutcome, Escalation, LeadState, Owner, Ownership};
use crate::ids::{Epoch, LeadId};

/// What kind of change it was. Each assignment begins with exactly one of [`Self::Assigned`], [`Self::Queued`],
/// [`Self::Returned`] and [`Self::Closed`]; all others happen within one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A rep has it: an assignment began.
    Assigned,
    /// A queue has it: an assignment began.
    Queued,
    /// A rep gave it back to marketing, whose queue has it: an assignment began.
    Returned,
    /// The owner said yes.
    Accepted,
    /// The owner answered the lead, which says yes too.
    Responded,
    /// The owner is to be reminded.
    Reminded,
    /// Another step of the chain was done, or the acceptance window ran out. If the lead went to another owner by it, the
    /// next event says so.
    Escalated,
    /// It was closed: by somebody, or because an assignment began that disqualified it.
    Closed,
    /// The date came on which it was to wake, and routing left it where it was; it has no date now.
    SleepsOn,
    /// Hours or the policy have changed, and a clock that runs is due at another moment: [`Event::respond_by`] and [`Event::until`] are those
    /// from then on.
    ClocksMoved,
    /// The clocks stand, until [`Event::until`] if that is told.
    Paused,
    /// They run again. (A pause that ends because the lead is answered or closed, or goes to somebody else, is not told.)
    Resumed,
    /// Somebody is on the step of the chain that was done last.
    Acknowledged,
    /// What tells of a person was erased.
    Erased,
}

/// One change. What the history keeps for ever of its assignment or escalation step is not repeated here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Whose.
    pub lead: LeadId,
    /// The assignment that it belongs to.
    pub epoch: Epoch,
    /// What happened.
    pub kind: EventKind,
    /// Where the lead stood after it; for a step of the chain, when the clock ran out.
    pub state: LeadState,
    /// The step of [`EventKind::Reminded`] and [`EventKind::Escalated`], as in [`super::Escalation`].
    pub step: Option<u16>,
    /// Until when the first response is due; `None` once that does not matter any more.
    pub respond_by: Option<Timestamp>,
    /// Of an offer, until when the owner must have accepted; of a queue, until when the lead waits or sleeps. Of
    /// [`EventKind::Paused`], until when the clocks stand.
    pub until: Option<Timestamp>,
}

impl Event {
    /// What has just happened to a lead that now stands like this.
    pub fn of(ownership: &Ownership, kind: EventKind) -> Self {
        let Ownership { lead, epoch, state, respond_by, accept_by, wake_at, .. } = *ownership;
        let (respond_by, until) = match state {
            LeadState::Offered => (respond_by, accept_by),
            LeadState::Accepted => (respond_by, None),
            LeadState::Queued => (respond_by, wake_at),
            LeadState::Working | LeadState::Closed => (None, None),
        };
        Self { lead, epoch, kind, state, step: None, respond_by, until }
    }
}

/// Up to where somebody knows what happened: a commit of the tenant, and how many of its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Number of the commit.
    pub commit: i64,
    /// Its events up to this place, from 1; [`Position::WHOLE`] and more than it has: all.
    pub place: i32,
}

impl Position {
    /// All events of a commit.
    pub const WHOLE: i32 = i32::MAX;
}

/// An event with what history keeps of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Where it stands.
    pub position: Position,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// Who had the lead after it; for a step of the chain, when the clock ran out.
    pub owner: Owner,
    /// Why the assignment began to which it belongs.
    pub cause: Cause,
    /// The assignment before, if one began with this event and it is not the first.
    pub before: Option<Before>,
    /// The step of the chain that was done.
    pub escalation: Option<Escalation>,
    /// How it was closed, with what it brought in whole US dollars.
    pub closed: Option<(CloseOutcome, Option<i64>)>,
}

/// The assignment before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// Who had the lead.
    pub owner: Owner,
    /// How it ended.
    pub state: AssignmentState,
    /// Why, as a word of the reason's own list.
    pub end_reason: Option<String>,
}
