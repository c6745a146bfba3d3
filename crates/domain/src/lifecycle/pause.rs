//! The clocks of a lead stand for a time: the lead has to do something first, or the law wants it so.
//!
//! A pause belongs to the assignment. Accepting leaves it alone; whatever stops the clocks, or begins the next assignment,
//! ends it: the next owner has clocks that run.

use jiff::Timestamp;

use super::{Command, Context, LeadCase, Refusal, decline::calendar_of, table::Presence};
use crate::{
    decide::chain_step_due,
    ids::RepId,
    ownership::{EventKind, LeadPause, PauseReason, Stood, TimerKind, pauses_of},
    sla::Pauses,
};

/// What a person says who stops the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standstill {
    /// Why.
    pub reason: PauseReason,
    /// When they run again by themselves; `None`: when somebody says so.
    pub until: Option<Timestamp>,
}

impl LeadCase {
    /// Stops the clocks. If they stand already, the pause ends and the next one begins, with its own reason and end.
    pub fn pause(&mut self, context: &Context<'_>, rep: Option<&RepId>, what: &Standstill) -> Result<(), Refusal> {
        self.permits(Command::Pause, rep)?;
        if what.until.is_some_and(|until| until <= context.now) {
            return Err(Refusal::Time { field: "resume_time", expected: "lie in the future" });
        }
        let stood = match self.end_pause(context.now) {
            Some(before) => before,
            None => self.stop_clocks(),
        };
        let number = self.pauses.last().map_or(1, |last| last.number.saturating_add(1));
        self.pauses.push(LeadPause {
            lead: self.lead.id,
            number,
            epoch: self.ownership.epoch,
            reason: what.reason,
            note: context.note.map(str::to_owned),
            actor: context.actor.to_owned(),
            started_at: context.now,
            until: what.until,
            ended_at: None,
            stood,
        });
        self.changes.pauses.insert(number);
        if let Some(until) = what.until {
            self.set_timer(TimerKind::Resume, until, context);
        }
        self.changes.dirty = true;
        self.tell(EventKind::Paused);
        if let Some(told) = self.changes.events.last_mut() {
            told.until = what.until;
        }
        Ok(())
    }

    /// Lets the clocks run again. If they run, nothing changes.
    pub fn resume(&mut self, context: &Context<'_>, rep: Option<&RepId>) -> Result<(), Refusal> {
        if self.permits(Command::Resume, rep)? {
            self.run_again(context);
        }
        Ok(())
    }

    /// Ends the pause, if there is one, and says so.
    pub(super) fn run_again(&mut self, context: &Context<'_>) {
        if self.start_clocks(context) {
            self.changes.dirty = true;
            self.tell(EventKind::Resumed);
        }
    }

    /// Ends the pause, if there is one: each clock that stood is due when it has run as long as it was to, by the hours of
    /// now. One for which the calendar knows no moment is put off by the length of the pause.
    pub(super) fn start_clocks(&mut self, context: &Context<'_>) -> bool {
        let Some(stood) = self.end_pause(context.now) else { return false };
        let length = self.pauses.last().and_then(|pause| Some(pause.ended_at?.duration_since(pause.started_at)));
        let put_off = |due: Timestamp| due.checked_add(length.unwrap_or_default()).unwrap_or(due);
        let (pauses, sla) = (self.pauses(), self.sla.clone());
        let calendar = calendar_of(context, &self.ownership.owner);
        let (since, chain_since) = (self.ownership.since, self.ownership.chain_since);
        if let Some(was) = stood.respond_by {
            let due = sla.as_ref().and_then(|sla| sla.respond.due(chain_since, calendar, &pauses));
            self.ownership.respond_by = Some(due.unwrap_or_else(|| put_off(was)));
        }
        let place = self.place();
        if let Some(was) = stood.accept_by.filter(|_| place.timer(TimerKind::Accept) != Presence::Never) {
            let due = sla.as_ref().and_then(|sla| sla.accept?.due(since, calendar, &pauses));
            let due = due.unwrap_or_else(|| put_off(was));
            self.ownership.accept_by = Some(due);
            self.set_timer(TimerKind::Accept, due, context);
        }
        if let Some(was) = stood.escalate_at.filter(|_| place.timer(TimerKind::Escalate) != Presence::Never) {
            let step = self.ownership.chain_step;
            let due = sla.as_ref().and_then(|sla| chain_step_due(sla, step, chain_since, calendar, &pauses));
            self.set_timer(TimerKind::Escalate, due.unwrap_or_else(|| put_off(was)), context);
        }
        true
    }

    /// The times during which its clocks stood.
    pub(super) fn pauses(&self) -> Pauses {
        pauses_of(&self.pauses)
    }

    /// Whether its clocks stand.
    pub fn is_paused(&self) -> bool {
        self.pauses.last().is_some_and(LeadPause::stands)
    }

    /// Takes the deadlines and timers of the clocks that run.
    fn stop_clocks(&mut self) -> Stood {
        let accept_by = self.timers.get(&TimerKind::Accept).map(|timer| timer.due_at);
        let escalate_at = self.timers.get(&TimerKind::Escalate).map(|timer| timer.due_at);
        self.clear_timer(TimerKind::Accept);
        self.clear_timer(TimerKind::Escalate);
        if accept_by.is_some() {
            self.ownership.accept_by = None;
        }
        Stood { respond_by: self.ownership.respond_by.take(), accept_by, escalate_at }
    }

    /// Ends the pause: when it was to, or now if that is earlier. What stands by it; `None`: there is none.
    fn end_pause(&mut self, now: Timestamp) -> Option<Stood> {
        let pause = self.pauses.last_mut().filter(|pause| pause.stands())?;
        let end = pause.until.map_or(now, |until| until.min(now));
        pause.ended_at = Some(end.max(pause.started_at));
        self.changes.pauses.insert(pause.number);
        let stood = pause.stood;
        self.clear_timer(TimerKind::Resume);
        Some(stood)
    }
}
