//! Somebody says that he is on it.

use super::{Command, Context, LeadCase, Refusal};
use crate::{
    ids::RepId,
    ownership::{Acknowledgement, EventKind},
};

impl LeadCase {
    /// Somebody has seen the step that the chain did last: its repetitions are left out. The step behind them comes when it was to.
    pub fn acknowledge(&mut self, context: &Context<'_>, rep: Option<&RepId>) -> Result<(), Refusal> {
        self.permits(Command::Acknowledge, rep)?;
        self.expect_running()?;
        let Some(step) = self.ownership.chain_step.checked_sub(1) else {
            return Err(Refusal::NoStep { what: "no step of its chain was done yet" });
        };
        if self.leave_repetitions_out() {
            self.await_next_step(context);
        }
        let (lead, by) = (self.lead.id, context.actor.to_owned());
        match self.changes.escalations.iter_mut().rfind(|done| done.step == step) {
            // Not written yet.
            Some(done) => done.acknowledged = Some((context.now, by)),
            None => self.changes.acknowledged = Some(Acknowledgement { lead, step, at: context.now, by }),
        }
        self.changes.dirty = true;
        self.tell(EventKind::Acknowledged);
        Ok(())
    }

    fn leave_repetitions_out(&mut self) -> bool {
        let Some(sla) = &self.sla else { return false };
        let next = usize::from(self.ownership.chain_step);
        let left_out = sla.steps.iter().skip(next).take_while(|step| step.repetition).count();
        self.ownership.chain_step += u16::try_from(left_out).unwrap_or(0);
        left_out > 0
    }

    /// Refuses while the clocks stand: of what does not run nothing comes next.
    pub(super) fn expect_running(&self) -> Result<(), Refusal> {
        if self.is_paused() { Err(Refusal::NoStep { what: "its clocks stand" }) } else { Ok(()) }
    }
}
