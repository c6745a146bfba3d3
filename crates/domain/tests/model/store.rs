//! What is on disk.

use std::collections::{BTreeMap, BTreeSet};

use leadrouter_domain::{
    lifecycle::{Place, Presence},
    ownership::TimerKind,
};

use super::world::Response;

pub(crate) const KINDS: [TimerKind; 5] =
    [TimerKind::Accept, TimerKind::Escalate, TimerKind::Retry, TimerKind::Wake, TimerKind::Resume];

/// Steps of a chain, and how often a lead in the waiting queue is tried before its deadline.
pub(crate) const TURNS: u8 = 2;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Store {
    pub(crate) rows: Vec<Option<Row>>,
    pub(crate) history: Vec<Vec<Assignment>>,
    pub(crate) timers: BTreeSet<Timer>,
    pub(crate) responses: BTreeMap<u8, Response>,
    /// Effects of timers, each as often as it was done, in ascending order; those of the assignments that run. The others'
    /// timers are gone, or another law is broken.
    pub(crate) effects: Vec<Timer>,
}

/// The ownership of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Row {
    pub(crate) epoch: u8,
    pub(crate) place: Place,
    /// `None`: the queue that the place says.
    pub(crate) rep: Option<u8>,
    /// Its clocks stand, until a time.
    pub(crate) paused: bool,
    /// How many timers have fired in this assignment and left it as it was.
    pub(crate) turn: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Assignment {
    pub(crate) epoch: u8,
    pub(crate) rep: Option<u8>,
    pub(crate) ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Timer {
    pub(crate) lead: u8,
    pub(crate) kind: TimerKind,
    pub(crate) epoch: u8,
    /// Stands for the moment at which it is due: a chain reminds and hands on in one epoch.
    pub(crate) turn: u8,
}

/// A lead as callers are told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Seen {
    pub(crate) lead: u8,
    pub(crate) epoch: u8,
    pub(crate) place: Place,
    pub(crate) rep: Option<u8>,
}

impl Store {
    pub(crate) fn new(leads: u8) -> Self {
        let leads = usize::from(leads);
        Self {
            rows: vec![None; leads],
            history: vec![Vec::new(); leads],
            timers: BTreeSet::new(),
            responses: BTreeMap::new(),
            effects: Vec::new(),
        }
    }

    pub(crate) fn row(&self, lead: u8) -> Option<Row> {
        self.rows[usize::from(lead)]
    }

    pub(crate) fn timers_of(&self, lead: u8) -> Vec<Timer> {
        self.timers.iter().copied().filter(|timer| timer.lead == lead).collect()
    }

    /// Writes a lead as it is from now on.
    pub(crate) fn put(&mut self, lead: u8, row: Row, timers: &[Timer]) {
        let history = &mut self.history[usize::from(lead)];
        match history.last_mut() {
            Some(last)
                if last.epoch == row.epoch && last.epoch == self.rows[usize::from(lead)].map_or(0, |row| row.epoch) =>
            {
                *last = Assignment::of(row);
            }
            _ => {
                for before in history.iter_mut().filter(|before| before.epoch < row.epoch) {
                    before.ended = true;
                }
                history.push(Assignment::of(row));
                self.effects.retain(|timer| timer.lead != lead);
            }
        }
        self.rows[usize::from(lead)] = Some(row);
        self.timers.retain(|timer| timer.lead != lead);
        self.timers.extend(timers);
    }
}

impl Row {
    /// A new lead, offered to the first rep.
    pub(crate) fn new() -> Self {
        Self { epoch: 1, place: Place::Offered, rep: Some(0), paused: false, turn: 0 }
    }

    pub(crate) fn seen(self, lead: u8) -> Seen {
        Seen { lead, epoch: self.epoch, place: self.place, rep: self.rep }
    }

    pub(crate) fn is_open(self) -> bool {
        self.place != Place::Closed
    }

    /// The timers with which an assignment begins.
    pub(crate) fn fresh_timers(self, lead: u8) -> Vec<Timer> {
        let timers = KINDS.into_iter().filter(|kind| self.needs(*kind));
        timers.map(|kind| Timer { lead, kind, epoch: self.epoch, turn: self.turn }).collect()
    }

    /// Whether it has a timer of that kind.
    pub(crate) fn needs(self, kind: TimerKind) -> bool {
        match (self.place.timer(kind), kind) {
            (Presence::Never, _) => false,
            (_, TimerKind::Resume) => self.paused,
            _ if self.paused => false,
            (Presence::Always, _) | (Presence::If(_), TimerKind::Accept | TimerKind::Retry) => true,
            (Presence::If(_), TimerKind::Escalate) => self.turn < TURNS,
            (Presence::If(_), TimerKind::Wake) => self.turn == 0,
        }
    }
}

impl Assignment {
    pub(crate) fn of(row: Row) -> Self {
        Self { epoch: row.epoch, rep: row.rep, ended: !row.is_open() }
    }
}
