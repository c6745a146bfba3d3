//! What must hold, whatever happens.

use std::collections::BTreeMap;

use leadrouter_domain::{lifecycle::Place, ownership::TimerKind};
use stateright::{Model as _, Property};

use super::{
    store::{KINDS, Row, Store},
    world::{Job, Response, State, World},
};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Law {
    OneOwner,
    EpochsWithoutGaps,
    TimersOfPlace,
    EffectOnce,
    SameAnswer,
    AcknowledgedIsKept,
    MovesOn,
}

impl Law {
    pub(crate) const ALL: [Self; 7] = [
        Self::OneOwner,
        Self::EpochsWithoutGaps,
        Self::TimersOfPlace,
        Self::EffectOnce,
        Self::SameAnswer,
        Self::AcknowledgedIsKept,
        Self::MovesOn,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OneOwner => "a lead has one owner",
            Self::EpochsWithoutGaps => "the epochs of its history have no gaps",
            Self::TimersOfPlace => "it has the timers of its place and no others",
            Self::EffectOnce => "a timer's effect is done at most once",
            Self::SameAnswer => "the same request gets the same answer",
            Self::AcknowledgedIsKept => "what was acknowledged is kept",
            Self::MovesOn => "nobody is left offered or waiting",
        }
    }

    pub(crate) fn property(self) -> Property<World> {
        let always = Property::always;
        match self {
            Self::OneOwner => always(self.name(), |_, state: &State| every_lead(&state.store, has_one_owner)),
            Self::EpochsWithoutGaps => always(self.name(), |_, state: &State| every_lead(&state.store, has_no_gaps)),
            Self::TimersOfPlace => always(self.name(), |_, state: &State| every_lead(&state.store, has_its_timers)),
            Self::EffectOnce => {
                always(self.name(), |_, state: &State| state.store.effects.is_sorted_by(|one, next| one < next))
            }
            Self::SameAnswer => always(self.name(), |_, state: &State| {
                state.requests.iter().all(|request| request.answers.iter().all(|answer| *answer == request.answers[0]))
            }),
            Self::AcknowledgedIsKept => always(self.name(), acknowledged_is_kept),
            // At the end, when nothing can happen any more: what holds on the way may be lost again.
            Self::MovesOn => Property::eventually(self.name(), |world: &World, state: &State| {
                let is_left = |_: &Store, _: u8, row: Row| {
                    !matches!(row.place, Place::Offered | Place::Waiting) || row.epoch == world.last_epoch
                };
                let mut steps = Vec::new();
                world.actions(state, &mut steps);
                steps.is_empty() && every_lead(&state.store, is_left)
            }),
        }
    }
}

/// What must come about somewhere, or the laws would hold for want of trouble.
pub(crate) fn happens() -> [Property<World>; 4] {
    [
        Property::sometimes("two committers decide on the same", |_, state: &State| {
            matches!(state.jobs.as_slice(), [Job::Decided { .. }, Job::Decided { .. }])
        }),
        Property::sometimes(
            "two schedulers hold the same timer",
            |_, state: &State| matches!(state.held.as_slice(), [one, other] if one == other),
        ),
        Property::sometimes("a request that is sent twice is answered twice", |world: &World, state: &State| {
            world.sends == 1 || state.requests.iter().any(|request| request.answers.len() == 2)
        }),
        Property::sometimes("a lead comes to the last epoch", |world: &World, state: &State| {
            state.store.rows.iter().flatten().any(|row| row.epoch == world.last_epoch)
        }),
    ]
}

fn every_lead(store: &Store, law: impl Fn(&Store, u8, Row) -> bool) -> bool {
    store.rows.iter().zip(0..).all(|(row, lead)| row.is_none_or(|row| law(store, lead, row)))
}

fn has_one_owner(store: &Store, lead: u8, row: Row) -> bool {
    let running: Vec<_> = store.history[usize::from(lead)].iter().filter(|assignment| !assignment.ended).collect();
    match running.as_slice() {
        [] => !row.is_open(),
        [one] => row.is_open() && (one.epoch, one.rep) == (row.epoch, row.rep),
        _ => false,
    }
}

fn has_no_gaps(store: &Store, lead: u8, row: Row) -> bool {
    store.history[usize::from(lead)].iter().map(|assignment| assignment.epoch).eq(1..=row.epoch)
}

fn has_its_timers(store: &Store, lead: u8, row: Row) -> bool {
    let timers = store.timers_of(lead);
    let set: BTreeMap<TimerKind, u8> = timers.iter().map(|timer| (timer.kind, timer.epoch)).collect();
    set.len() == timers.len()
        && KINDS.into_iter().all(|kind| set.get(&kind).copied() == row.needs(kind).then_some(row.epoch))
}

/// An acknowledged assignment is in the history, and came at least as far.
fn acknowledged_is_kept(_: &World, state: &State) -> bool {
    let answers = state.requests.iter().flat_map(|request| &request.answers);
    answers.into_iter().all(|answer| match answer {
        Response::Routed(seen) | Response::Duplicate(seen) | Response::Changed(seen) => {
            let mut kept = state.store.history[usize::from(seen.lead)].iter();
            let is_as_far = |row: Row| row.epoch > seen.epoch || row.place >= seen.place;
            kept.any(|kept| (kept.epoch, kept.rep) == (seen.epoch, seen.rep))
                && state.store.row(seen.lead).is_some_and(is_as_far)
        }
        Response::Refused => true,
    })
}
