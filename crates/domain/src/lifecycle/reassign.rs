//! A person gives the lead to somebody.

use super::{Command, Context, LeadCase, Place, Refusal, decline::calendar_of, hand_over::Successor, outcome};
use crate::{
    decide::{Clocks, Counters},
    ids::RepId,
    ownership::{AssignmentState, Cause, LeadState, Owner},
};

impl LeadCase {
    /// Gives the lead to a rep or queue. The clocks start anew. Caps hold unless `ignore_caps`.
    pub fn reassign(
        &mut self,
        context: &Context<'_>,
        to: &Owner,
        ignore_caps: bool,
        counters: &mut Counters,
    ) -> Result<(), Refusal> {
        self.permits(Command::Reassign, None)?;
        if self.ownership.owner == *to {
            return Ok(());
        }
        let state = match to {
            Owner::Rep(_) => LeadState::Offered,
            Owner::Queue(_) => LeadState::Queued,
        };
        if !outcome(Command::Reassign, self.place()).passes_to(Place::of(to, state)) {
            return Err(self.wrong_state("sent to that queue"));
        }
        let clocks = match to {
            Owner::Rep(rep) => {
                give_to(context, rep, ignore_caps, counters)?;
                let calendar = calendar_of(context, to);
                let start = |sla| Clocks::start(sla, context.now, calendar);
                self.sla.as_deref().map_or_else(Clocks::default, start)
            }
            Owner::Queue(_) => Clocks::default(),
        };
        let sla = self.sla.clone();
        let next = Successor {
            owner: to.clone(),
            state,
            cause: Cause::Reassigned,
            keep_chain: false,
            sla,
            clocks,
            decision: None,
        };
        self.hand_over(context, counters, AssignmentState::Reassigned, None, next);
        self.ownership.tried.clear();
        Ok(())
    }
}

/// Counts the lead on a rep whom a person chose.
pub(super) fn give_to(
    context: &Context<'_>,
    rep: &RepId,
    ignore_caps: bool,
    counters: &mut Counters,
) -> Result<(), Refusal> {
    let known = context.snapshot.directory.rep(rep).filter(|entry| entry.rep.active);
    let entry = known.ok_or_else(|| Refusal::NoSuchRep(rep.clone()))?;
    let today = entry.calendar.day_of(context.now);
    let load = counters.load(rep);
    if !ignore_caps {
        let over = |count: u32, max: Option<u32>, what: &str| {
            max.filter(|max| count >= *max).map(|max| format!("{max} {what}"))
        };
        let cap = over(load.open, entry.rep.max_open, "open leads")
            .or_else(|| over(load.on(today), entry.rep.max_per_day, "new leads a day"));
        if let Some(cap) = cap {
            return Err(Refusal::AtCapacity { rep: rep.clone(), cap });
        }
    }
    counters.load_mut(rep).take(today, context.now, false);
    Ok(())
}
