//! One lead with everything that a command may change.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::{Command, Outcome, Place, Refusal, outcome, recipient::may_be, table::Presence};
use crate::{
    decide::CounterKey,
    ids::{Epoch, LeadId, RepId},
    lead::Lead,
    ownership::{
        Acknowledgement, Assignment, Escalation, Event, EventKind, LeadPause, LeadState, Owner, Ownership,
        ResponseClock, Timer, TimerKind,
    },
    policy::SlaPolicy,
    snapshot::Snapshot,
};

/// What surrounds a command.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Directory and policy.
    pub snapshot: &'a Snapshot,
    /// Now.
    pub now: Timestamp,
    /// Who acts.
    pub actor: &'a str,
    /// What the actor added.
    pub note: Option<&'a str>,
    /// W3C traceparent of the request.
    pub traceparent: Option<&'a str>,
}

/// One lead and its ownership, as it was read and as commands have changed it since.
#[derive(Debug, Clone)]
pub struct LeadCase {
    /// The lead.
    pub lead: Arc<Lead>,
    /// Who has it.
    pub ownership: Ownership,
    /// The current assignment.
    pub assignment: Assignment,
    /// Timers that are set.
    pub timers: BTreeMap<TimerKind, Timer>,
    /// Times during which its clocks stood, in order; the last one may last.
    pub pauses: Vec<LeadPause>,
    /// The SLA policy of the running chain, from the policy revision that set it: a newer policy leaves running clocks alone.
    pub sla: Option<Arc<SlaPolicy>>,
    /// What has changed since it was read.
    pub changes: CaseChanges,
}

/// What commands changed in a case.
#[derive(Debug, Clone, Default)]
pub struct CaseChanges {
    /// The epoch at which the case was read; `None`: the lead is new.
    pub read_at: Option<Epoch>,
    /// True once anything changed.
    pub dirty: bool,
    /// Assignments that ended since, each begun since or not; the current one is in the case.
    pub ended: Vec<Assignment>,
    /// Timers that were removed.
    pub cleared: BTreeSet<TimerKind>,
    /// Timers that were set.
    pub set: BTreeSet<TimerKind>,
    /// Pauses that began or ended.
    pub pauses: BTreeSet<u32>,
    /// Escalation steps that were done.
    pub escalations: Vec<Escalation>,
    /// Clocks of first responses that ended.
    pub response_clocks: Vec<ResponseClock>,
    /// Somebody is on the step that the chain did last.
    pub acknowledged: Option<Acknowledgement>,
    /// What others are told of, as it came about; see [`CaseChanges::told`].
    pub events: Vec<Event>,
    /// Reps who have fewer open leads than before: somebody who waits may get a place.
    pub freed: Vec<RepId>,
}

impl CaseChanges {
    /// What others are told of, in order. A step of the chain comes before the assignment that it began, though it is noted
    /// after it, when its target is known.
    pub fn told(&mut self) -> Vec<Event> {
        let mut events = std::mem::take(&mut self.events);
        events.sort_by_key(|event| event.epoch);
        events
    }
}

impl LeadCase {
    /// A case as it was read from the store.
    pub fn read(
        lead: Lead,
        ownership: Ownership,
        assignment: Assignment,
        timers: Vec<Timer>,
        pauses: Vec<LeadPause>,
    ) -> Self {
        let changes = CaseChanges { read_at: Some(ownership.epoch), ..CaseChanges::default() };
        let timers = timers.into_iter().map(|timer| (timer.kind, timer)).collect();
        Self { lead: Arc::new(lead), ownership, assignment, timers, pauses, sla: None, changes }
    }

    /// The lead's id.
    pub fn id(&self) -> LeadId {
        self.lead.id
    }

    /// Refuses when the caller saw another epoch.
    pub fn expect_epoch(&self, seen: Epoch) -> Result<(), Refusal> {
        if seen == self.ownership.epoch {
            return Ok(());
        }
        Err(Refusal::EpochMoved { seen, now: self.ownership.epoch, owner: self.ownership.owner.clone() })
    }

    /// Refuses when the caller saw the lead in another state.
    pub fn expect_state(&self, seen: LeadState) -> Result<(), Refusal> {
        let Ownership { epoch, state: now, ref owner, .. } = self.ownership;
        if seen == now { Ok(()) } else { Err(Refusal::StateMoved { seen, now, epoch, owner: owner.clone() }) }
    }

    /// Refuses when the rep who acts does not have the lead. `None`: somebody acts for the owner.
    pub(super) fn expect_owner(&self, rep: Option<&RepId>) -> Result<(), Refusal> {
        match rep {
            Some(rep) if self.ownership.owner != Owner::Rep(rep.clone()) => {
                Err(Refusal::NotTheOwner { rep: rep.clone(), owner: self.ownership.owner.clone() })
            }
            _ => Ok(()),
        }
    }

    /// The counters that any command on this case may read or change, besides those of a rep that the command names and those of
    /// a routing that it causes: the owner's, its backup's and its manager's, and those of whoever else the steps name that
    /// are left of its chain.
    pub fn counter_keys<'a>(&'a self, snapshot: &'a Snapshot) -> impl Iterator<Item = CounterKey<'a>> {
        let owner = match &self.ownership.owner {
            Owner::Rep(owner) => Some(owner),
            Owner::Queue(_) => None,
        };
        let entry = owner.and_then(|owner| snapshot.directory.rep(owner));
        let others = entry.into_iter().flat_map(|entry| entry.rep.backup.iter().chain(&entry.manager));
        let left = self.sla.iter().flat_map(|sla| sla.steps.iter().skip(usize::from(self.ownership.chain_step)));
        let named = left.filter_map(|step| step.action.recipient());
        let named = named.flat_map(|recipient| may_be(&snapshot.directory, recipient));
        owner.into_iter().chain(others).chain(named).map(CounterKey::Load)
    }

    /// Where the lead is.
    pub fn place(&self) -> Place {
        Place::of(&self.ownership.owner, self.ownership.state)
    }

    /// Whether there is anything to do for a command that the rep gives: what the table says of it.
    pub(super) fn permits(&self, command: Command, rep: Option<&RepId>) -> Result<bool, Refusal> {
        if command.is_the_owners() {
            self.expect_owner(rep)?;
        }
        match outcome(command, self.place()) {
            Outcome::Moves { .. } => Ok(true),
            Outcome::Nothing => Ok(false),
            Outcome::NotTheOwner => self.expect_owner(rep).map(|()| false),
            Outcome::WrongState => Err(self.wrong_state(command.participle())),
        }
    }

    /// Has others told of what has just happened.
    pub(super) fn tell(&mut self, kind: EventKind) {
        self.changes.events.push(Event::of(&self.ownership, kind));
    }

    /// The clock of the first response, if one runs, ends.
    pub(super) fn end_response_clock(&mut self, now: Timestamp, answered_at: Option<Timestamp>) {
        let Ownership { lead, epoch, chain_since, first_response_at, .. } = self.ownership;
        if let Some(respond_by) = self.ownership.respond_by.filter(|_| first_response_at.is_none()) {
            self.changes.response_clocks.push(ResponseClock {
                lead,
                epoch,
                owner: self.ownership.owner.clone(),
                sla: self.ownership.sla.clone(),
                began_at: chain_since,
                respond_by,
                answered_at,
                ended_at: now,
            });
        }
    }

    pub(super) fn wrong_state(&self, command: &'static str) -> Refusal {
        Refusal::WrongState { command, state: self.ownership.state }
    }

    pub(super) fn set_timer(&mut self, kind: TimerKind, due_at: Timestamp, context: &Context<'_>) {
        let traceparent = context.traceparent.map(str::to_owned);
        let timer = Timer { lead: self.lead.id, kind, epoch: self.ownership.epoch, due_at, traceparent };
        self.timers.insert(kind, timer);
        self.changes.cleared.remove(&kind);
        self.changes.set.insert(kind);
    }

    /// Removes the timers that a lead in this place does not have.
    pub(super) fn clear_dead_timers(&mut self) {
        let place = self.place();
        let dead: Vec<TimerKind> =
            self.timers.keys().copied().filter(|kind| place.timer(*kind) == Presence::Never).collect();
        for kind in dead {
            self.clear_timer(kind);
        }
    }

    pub(super) fn clear_timer(&mut self, kind: TimerKind) {
        if self.timers.remove(&kind).is_some() {
            self.changes.set.remove(&kind);
            self.changes.cleared.insert(kind);
        }
    }
}
