//! What there is: the store, the processes, the requests under way.

use leadrouter_domain::lifecycle::Command;

use super::store::{Assignment, Row, Seen, Store, Timer};

/// One model: who may want what, within which bounds, and which guard is off.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) twin: Option<Twin>,
    pub(crate) leads: u8,
    /// The leads are there from the start.
    pub(crate) known: bool,
    /// What each request may be about.
    pub(crate) wishes: Vec<Vec<(u8, Wish)>>,
    /// How often one request is sent at most.
    pub(crate) sends: u8,
    /// How many committers, and how many schedulers there are. Which of them does something makes no difference.
    pub(crate) replicas: usize,
    /// Nobody takes a lead beyond this epoch.
    pub(crate) last_epoch: u8,
    /// How many processes die.
    pub(crate) crashes: u8,
}

/// A guard that is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Twin {
    /// A write takes effect whoever has come between.
    ComparesNothing,
    /// A timer's effect is one transaction, its removal the next.
    EffectApart,
    /// Responses are not stored.
    ForgetsResponse,
    /// Whoever gets a lead gets no timers with it.
    ForgetsTimer,
    /// Whose clocks run again gets no timers for them.
    ForgetsClocks,
    /// The scheduler removes a timer, then has its effect done.
    RemovesTimerFirst,
    /// A caller is answered before the commit.
    AcknowledgesFirst,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Wish {
    Route,
    Change(Command),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) requests: Vec<Request>,
    /// What the committers are at, in order: committers have no names.
    pub(crate) jobs: Vec<Job>,
    /// Due timers that the schedulers have read and not yet handed in.
    pub(crate) held: Vec<Timer>,
    /// Crashes that are left.
    pub(crate) crashes: u8,
}

/// A request and what its client knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Request {
    pub(crate) asked: Option<Asked>,
    pub(crate) sends: u8,
    /// Copies that no committer has taken yet.
    pub(crate) waiting: u8,
    /// In ascending order: when each came makes no difference.
    pub(crate) answers: Vec<Response>,
}

/// What is sent, the same each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Asked {
    pub(crate) lead: u8,
    pub(crate) wish: Wish,
    /// The epoch that the client saw.
    pub(crate) seen: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Response {
    Routed(Seen),
    /// It is known already.
    Duplicate(Seen),
    Changed(Seen),
    Refused,
}

/// What a committer is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ask {
    Request(u8),
    Fire(Timer),
}

/// Where a committer is with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Job {
    Decided {
        ask: Ask,
        plan: Plan,
        acknowledged: bool,
    },
    Answering {
        request: u8,
        response: Response,
    },
    /// What `EffectApart` leaves for later.
    Removing(Timer),
}

/// What a decision comes to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Plan {
    pub(crate) lead: u8,
    /// The lead as it will be; `None`: it stays as it is.
    pub(crate) after: Option<Row>,
    /// All timers that it will have.
    pub(crate) timers: Vec<Timer>,
    pub(crate) response: Option<Response>,
}

impl World {
    pub(crate) fn is(&self, twin: Twin) -> bool {
        self.twin == Some(twin)
    }

    pub(crate) fn start(&self) -> State {
        let mut store = Store::new(self.leads);
        if self.known {
            for lead in 0..self.leads {
                let row = Row::new();
                store.history[usize::from(lead)].push(Assignment::of(row));
                store.timers.extend(row.fresh_timers(lead));
                store.rows[usize::from(lead)] = Some(row);
            }
        }
        let requests = vec![Request::default(); self.wishes.len()];
        State { store, requests, jobs: Vec::new(), held: Vec::new(), crashes: self.crashes }
    }
}
