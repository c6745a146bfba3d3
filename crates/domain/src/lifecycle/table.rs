//! The life cycle as one table: what each command does to a lead in each place.
//!
//! Commands ask it before they do anything, and a lead has no timer that it does not name. `docs/data-model.md` shows it.

use crate::ownership::{LeadState, Owner, Queue, TimerKind};

/// Where a lead can be: its state, and if a queue has it, which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A rep has it and has not said yes yet.
    Offered,
    /// The rep said yes.
    Accepted,
    /// The rep answered.
    Working,
    /// Nobody was free.
    Waiting,
    /// A person decides.
    Review,
    /// Marketing has it.
    Nurture,
    /// The product serves it.
    SelfService,
    /// Closed by routing: not a customer.
    Disqualified,
    /// Closed by somebody who had it.
    Closed,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Offered,
        Self::Accepted,
        Self::Working,
        Self::Waiting,
        Self::Review,
        Self::Nurture,
        Self::SelfService,
        Self::Disqualified,
        Self::Closed,
    ];

    /// The places to which routing takes a lead. A new one begins in one of them.
    pub const ROUTED: &[Self] =
        &[Self::Offered, Self::Waiting, Self::Review, Self::Nurture, Self::SelfService, Self::Disqualified];

    /// The place of a lead that is in that state with that owner.
    pub const fn of(owner: &Owner, state: LeadState) -> Self {
        match (state, owner) {
            (LeadState::Closed, Owner::Queue(Queue::Disqualified)) => Self::Disqualified,
            (LeadState::Closed, _) => Self::Closed,
            (LeadState::Offered, _) => Self::Offered,
            (LeadState::Accepted, _) => Self::Accepted,
            (LeadState::Working, _) => Self::Working,
            (LeadState::Queued, Owner::Queue(queue)) => Self::of_queue(*queue),
            // Nobody writes this. Should it be read, a person looks at it.
            (LeadState::Queued, Owner::Rep(_)) => Self::Review,
        }
    }

    const fn of_queue(queue: Queue) -> Self {
        match queue {
            Queue::Waiting => Self::Waiting,
            Queue::Review => Self::Review,
            Queue::Nurture => Self::Nurture,
            Queue::SelfService => Self::SelfService,
            Queue::Disqualified => Self::Disqualified,
        }
    }

    /// When a lead here has a timer of that kind.
    pub const fn timer(self, kind: TimerKind) -> Presence {
        match (self, kind) {
            (Self::Offered, TimerKind::Accept) => {
                Presence::If("its SLA policy has an acceptance window and its clocks run")
            }
            (Self::Offered | Self::Accepted, TimerKind::Escalate) => {
                Presence::If("a step of its chain is left and its clocks run")
            }
            (Self::Review, TimerKind::Escalate) => {
                Presence::If("routing sent it here, a step of its chain is left and its clocks run")
            }
            (Self::Offered | Self::Accepted | Self::Review, TimerKind::Resume) => {
                Presence::If("its clocks stand until a time")
            }
            (Self::Waiting, TimerKind::Retry) => Presence::Always,
            (Self::Nurture, TimerKind::Wake) => Presence::If("it has a date"),
            _ => Presence::Never,
        }
    }
}

/// When a lead has a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It must have one, or nothing would ever happen to it.
    Always,
    /// It has one exactly if that is so.
    If(&'static str),
    /// It must not have one.
    Never,
}

/// What can be done to a lead, by somebody or by a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// The owner says yes.
    Accept,
    /// The owner says no.
    Decline,
    /// The owner answered the lead.
    Respond,
    /// The owner gives it back to marketing.
    Return,
    /// The owner closes it.
    Close,
    /// A rep takes it from a queue.
    Claim,
    /// A person gives it to somebody else. Giving it to whoever has it changes nothing.
    Reassign,
    /// A person gives it to a pool: to another of its members.
    ReassignToPool,
    /// A person asks for it to be routed again. Nothing changes if routing finds whoever has it.
    Reroute,
    /// A person stops its clocks. If they stand, the next pause begins.
    Pause,
    /// A person lets them run again. If they run, nothing changes.
    Resume,
    /// Somebody is on it: repetitions of the step of the chain that was done last are left out.
    Acknowledge,
    /// The next step of the chain is done before its time.
    Escalate,
    /// Its owner was deactivated.
    Drain,
    /// A timer is due.
    Fire(TimerKind),
}

impl Command {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Accept,
        Self::Decline,
        Self::Respond,
        Self::Return,
        Self::Close,
        Self::Claim,
        Self::Reassign,
        Self::ReassignToPool,
        Self::Reroute,
        Self::Pause,
        Self::Resume,
        Self::Acknowledge,
        Self::Escalate,
        Self::Drain,
        Self::Fire(TimerKind::Accept),
        Self::Fire(TimerKind::Escalate),
        Self::Fire(TimerKind::Retry),
        Self::Fire(TimerKind::Wake),
        Self::Fire(TimerKind::Resume),
    ];

    /// True when a rep who gives the command must have the lead.
    pub const fn is_the_owners(self) -> bool {
        matches!(
            self,
            Self::Accept
                | Self::Decline
                | Self::Respond
                | Self::Return
                | Self::Close
                | Self::Pause
                | Self::Resume
                | Self::Acknowledge
                | Self::Escalate
        )
    }

    /// What becomes of the lead, as a participle (`accepted`).
    pub const fn participle(self) -> &'static str {
        match self {
            Self::Accept => "accepted",
            Self::Decline => "declined",
            Self::Respond => "answered",
            Self::Return => "returned",
            Self::Close => "closed",
            Self::Claim => "claimed",
            Self::Reassign | Self::ReassignToPool => "reassigned",
            Self::Reroute => "routed again",
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Acknowledge => "acknowledged",
            Self::Escalate => "escalated",
            Self::Drain => "drained",
            Self::Fire(_) => "fired",
        }
    }
}

/// What a command does to a lead in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It moves on, to one of these.
    Moves {
        /// Places where the assignment goes on.
        keeps: &'static [Place],
        /// Places where the next assignment begins. A queue that has the lead never gets it again.
        passes: &'static [Place],
    },
    /// There is nothing to do: nothing changes.
    Nothing,
    /// A rep has it. Whoever else asks is refused; for that rep there is nothing to do.
    NotTheOwner,
    /// Refused: it makes no sense here.
    WrongState,
}

impl Outcome {
    /// Whether the next assignment may begin there.
    pub fn passes_to(self, place: Place) -> bool {
        matches!(self, Self::Moves { passes, .. } if passes.contains(&place))
    }

    /// Whether the assignment may go on there.
    pub fn keeps_to(self, place: Place) -> bool {
        matches!(self, Self::Moves { keeps, .. } if keeps.contains(&place))
    }
}

/// The table.
pub const fn outcome(command: Command, place: Place) -> Outcome {
    use Place::{Accepted, Closed, Disqualified, Nurture, Offered, Review, SelfService, Waiting, Working};
    const ANYBODY: &[Place] = &[Offered, Review, Nurture, SelfService];
    const ESCALATED: &[Place] = &[Offered, Accepted, Review, Nurture, SelfService];
    const ROUTED: Outcome = passes(Place::ROUTED);
    match command {
        Command::Accept => match place {
            Offered => keeps(&[Accepted]),
            Accepted | Working => Outcome::Nothing,
            Waiting | Review | Nurture | SelfService | Disqualified | Closed => Outcome::WrongState,
        },
        Command::Decline => match place {
            Offered => ROUTED,
            Accepted | Working | Waiting | Review | Nurture | SelfService | Disqualified | Closed => {
                Outcome::WrongState
            }
        },
        Command::Respond => match place {
            Offered | Accepted => keeps(&[Working]),
            Working => Outcome::Nothing,
            Waiting | Review | Nurture | SelfService | Disqualified | Closed => Outcome::WrongState,
        },
        Command::Return => match place {
            Offered | Accepted | Working => passes(&[Nurture]),
            Waiting | Review | Nurture | SelfService | Disqualified | Closed => Outcome::WrongState,
        },
        Command::Close => match place {
            Offered | Accepted | Working | Waiting | Review | Nurture | SelfService => keeps(&[Closed]),
            Disqualified | Closed => Outcome::WrongState,
        },
        Command::Claim => match place {
            Offered | Accepted | Working => Outcome::NotTheOwner,
            Waiting | Review | Nurture | SelfService => passes(&[Accepted]),
            Disqualified | Closed => Outcome::WrongState,
        },
        Command::Reassign => match place {
            Offered | Accepted | Working | Waiting | Review | Nurture | SelfService => passes(ANYBODY),
            Disqualified | Closed => Outcome::WrongState,
        },
        Command::ReassignToPool => match place {
            Offered | Accepted | Working | Waiting | Review | Nurture | SelfService => passes(&[Offered]),
            Disqualified | Closed => Outcome::WrongState,
        },
        Command::Reroute => match place {
            Offered | Accepted | Working | Waiting | Review | Nurture | SelfService => ROUTED,
            Disqualified | Closed => Outcome::WrongState,
        },
        Command::Pause => match place {
            Offered => keeps(&[Offered]),
            Accepted => keeps(&[Accepted]),
            Review => keeps(&[Review]),
            Working | Waiting | Nurture | SelfService | Disqualified | Closed => Outcome::WrongState,
        },
        Command::Resume => match place {
            Offered => keeps(&[Offered]),
            Accepted => keeps(&[Accepted]),
            Review => keeps(&[Review]),
            Working | Waiting | Nurture | SelfService => Outcome::Nothing,
            Disqualified | Closed => Outcome::WrongState,
        },
        Command::Acknowledge => match place {
            Offered => keeps(&[Offered]),
            Accepted => keeps(&[Accepted]),
            Review => keeps(&[Review]),
            Working | Waiting | Nurture | SelfService | Disqualified | Closed => Outcome::WrongState,
        },
        Command::Escalate => match place {
            Offered => Outcome::Moves { keeps: &[Offered], passes: ESCALATED },
            Accepted => Outcome::Moves { keeps: &[Accepted], passes: ESCALATED },
            Review => Outcome::Moves { keeps: &[Review], passes: ESCALATED },
            Working | Waiting | Nurture | SelfService | Disqualified | Closed => Outcome::WrongState,
        },
        Command::Drain => match place {
            Offered | Accepted | Working => ROUTED,
            Waiting | Review | Nurture | SelfService | Disqualified | Closed => Outcome::Nothing,
        },
        Command::Fire(TimerKind::Accept) => match place {
            Offered => ROUTED,
            Accepted | Working | Waiting | Review | Nurture | SelfService | Disqualified | Closed => Outcome::Nothing,
        },
        Command::Fire(TimerKind::Escalate) => match place {
            Offered => Outcome::Moves { keeps: &[Offered], passes: ESCALATED },
            Accepted => Outcome::Moves { keeps: &[Accepted], passes: ESCALATED },
            Review => Outcome::Moves { keeps: &[Review], passes: ESCALATED },
            Working | Waiting | Nurture | SelfService | Disqualified | Closed => Outcome::Nothing,
        },
        Command::Fire(TimerKind::Retry) => match place {
            Waiting => Outcome::Moves { keeps: &[Waiting], passes: Place::ROUTED },
            Offered | Accepted | Working | Review | Nurture | SelfService | Disqualified | Closed => Outcome::Nothing,
        },
        Command::Fire(TimerKind::Resume) => match place {
            Offered => keeps(&[Offered]),
            Accepted => keeps(&[Accepted]),
            Review => keeps(&[Review]),
            Working | Waiting | Nurture | SelfService | Disqualified | Closed => Outcome::Nothing,
        },
        Command::Fire(TimerKind::Wake) => match place {
            Nurture => Outcome::Moves { keeps: &[Nurture], passes: Place::ROUTED },
            Offered | Accepted | Working | Waiting | Review | SelfService | Disqualified | Closed => Outcome::Nothing,
        },
    }
}

const fn keeps(keeps: &'static [Place]) -> Outcome {
    Outcome::Moves { keeps, passes: &[] }
}

const fn passes(passes: &'static [Place]) -> Outcome {
    Outcome::Moves { keeps: &[], passes }
}
