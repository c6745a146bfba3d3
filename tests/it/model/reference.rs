//! A lead as the documentation has it, for a company of three reps who are always there.

use std::collections::BTreeSet;

use api::v1::{self, ErrorReason, LeadState};

/// How many reps there are: a lead that all of them let go waits.
const REPS: usize = 3;
/// Minutes until an offer must be accepted.
const ACCEPT: i64 = 10;
/// Minutes until the first response is due.
const RESPOND: i64 = 15;
/// Minutes until the chain reminds, and until it moves the lead to review.
const CHAIN: [i64; 2] = [15, 30];
/// Minutes that a lead waits.
const WAIT: i64 = 120;
/// Some rep; which one, the answer tells.
const SOMEBODY: &str = "reps/?";

/// What somebody does to a lead.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Accept,
    Decline,
    Respond,
    /// To be woken after so many minutes.
    Return(Option<i64>),
    Close,
    /// For so many minutes, or until somebody lets it run.
    Pause(Option<i64>),
    Resume,
    Claim(&'static str),
    Reassign(&'static str),
}

/// What is known of a lead over gRPC.
#[derive(Debug)]
pub(super) struct Known {
    pub lead: v1::Lead,
    /// Owners, the first one first.
    pub history: Vec<String>,
    /// Minutes from the beginning until the first response is due.
    pub respond_by: Option<i64>,
}

#[derive(Debug)]
pub(super) struct Lead {
    pub name: String,
    pub owner: String,
    pub etag: String,
    /// That of the epoch before the last comparison, when it was another one.
    pub etag_before: Option<String>,
    state: LeadState,
    epoch: i32,
    /// The epoch of the etag.
    compared: i32,
    /// Reps who let it go.
    tried: BTreeSet<String>,
    /// An SLA policy is in force. A queue ends it, but for one that a person chose.
    sla: bool,
    chain_since: i64,
    chain_step: usize,
    accept_by: Option<i64>,
    next_step: Option<i64>,
    waits_until: Option<i64>,
    wakes_at: Option<i64>,
    /// Its clocks stand since then ...
    paused_at: Option<i64>,
    /// ... and until then, if that is set.
    resumes_at: Option<i64>,
    /// Of the chain: when its next step is due had been put off so far, in minutes.
    put_off: i64,
    /// Until when the first response is due.
    respond_by: Option<i64>,
}

impl Lead {
    pub(super) fn routed(name: &str, spam: bool, now: i64) -> Self {
        let mut lead = Self {
            name: name.to_owned(),
            owner: String::new(),
            etag: String::new(),
            etag_before: None,
            state: LeadState::Closed,
            epoch: 0,
            compared: 0,
            tried: BTreeSet::new(),
            sla: false,
            chain_since: now,
            chain_step: 0,
            accept_by: None,
            next_step: None,
            waits_until: None,
            wakes_at: None,
            paused_at: None,
            resumes_at: None,
            put_off: 0,
            respond_by: None,
        };
        if spam {
            lead.pass("queues/disqualified", LeadState::Closed);
        } else {
            lead.route(now);
        }
        lead
    }

    pub(super) fn is_open(&self) -> bool {
        self.state != LeadState::Closed
    }

    /// Does what is asked, or says why not. `rep`: who says to do it; blank: nobody.
    pub(super) fn change(&mut self, act: &Act, rep: &str, now: i64) -> Result<(), ErrorReason> {
        use LeadState::{Accepted, Offered, Queued, Working};
        let is_owners = !matches!(act, Act::Claim(_) | Act::Reassign(_));
        if is_owners && !rep.is_empty() && rep != self.owner {
            return Err(ErrorReason::NotTheOwner);
        }
        match (act, self.state) {
            (_, LeadState::Closed) => return Err(ErrorReason::LeadClosed),
            (Act::Accept, Offered) => (self.state, self.accept_by) = (Accepted, None),
            (Act::Accept, Accepted | Working) | (Act::Respond, Working) => {}
            (Act::Decline, Offered) => self.let_go(now),
            (Act::Respond, Offered | Accepted) => {
                self.resume(now);
                (self.state, self.accept_by, self.next_step) = (Working, None, None);
            }
            (Act::Pause(after), Offered | Accepted) => self.pause(*after, now),
            (Act::Pause(after), Queued) if self.owner == "queues/review" => self.pause(*after, now),
            (Act::Resume, _) => self.resume(now),
            (Act::Return(after), Offered | Accepted | Working) => {
                self.pass("queues/nurture", Queued);
                self.sla = false;
                self.tried.clear();
                self.wakes_at = after.map(|after| now + after);
            }
            (Act::Close, _) => {
                self.resume(now);
                self.state = LeadState::Closed;
                self.stop();
            }
            (Act::Claim(rep), Queued) => {
                self.pass(rep, Accepted);
                self.start_chain(now);
            }
            (Act::Claim(rep), _) if self.owner == *rep => {}
            (Act::Claim(_), _) => return Err(ErrorReason::NotTheOwner),
            (Act::Reassign(to), _) if self.owner == *to => {}
            (Act::Reassign(to), _) => {
                self.tried.clear();
                if to.starts_with("queues/") {
                    self.pass(to, Queued);
                } else {
                    self.pass(to, Offered);
                    self.start_chain(now);
                    self.accept_by = self.sla.then_some(now + ACCEPT);
                }
            }
            _ => return Err(ErrorReason::WrongLeadState),
        }
        Ok(())
    }

    /// What happens by itself until then, all of it then: whoever fires is late.
    pub(super) fn wait_until(&mut self, now: i64) {
        loop {
            if self.paused_at.is_some() && self.resumes_at.is_some_and(|end| end <= now) {
                self.resume(now);
            }
            if self.paused_at.is_some() {
                return;
            }
            let dues = [self.accept_by, self.next_step, self.waits_until, self.wakes_at];
            let Some(due) = dues.into_iter().flatten().min().filter(|due| *due <= now) else { return };
            if self.accept_by == Some(due) {
                self.let_go(now);
            } else if self.next_step == Some(due) {
                self.chain_step += 1;
                if self.chain_step == CHAIN.len() {
                    self.pass("queues/review", LeadState::Queued);
                    self.sla = false;
                } else {
                    self.next_step = Some(self.chain_since + CHAIN[self.chain_step] + self.put_off);
                }
            } else if self.waits_until == Some(due) {
                self.pass("queues/review", LeadState::Queued);
            } else {
                self.route(now);
            }
        }
    }

    /// Compares, and learns which rep it is.
    pub(super) fn is_as_found(&mut self, found: &Known) -> Result<(), String> {
        let Known { lead, history, respond_by } = found;
        let awaits = matches!(self.state, LeadState::Offered | LeadState::Accepted);
        let is_due = !awaits || *respond_by == self.respond_by.filter(|_| self.paused_at.is_none());
        let is_owner = if self.owner == SOMEBODY {
            lead.owner.starts_with("reps/") && !self.tried.contains(&lead.owner)
        } else {
            lead.owner == self.owner
        };
        let is_etag = (lead.etag == self.etag) == (self.epoch == self.compared);
        let length = usize::try_from(self.epoch).unwrap_or(0);
        let is_same = (lead.state(), lead.epoch, history.len()) == (self.state, self.epoch, length);
        if !is_owner || !is_etag || !is_same || !is_due || history.last() != Some(&lead.owner) {
            return Err(format!("expected {self:?}, found {found:?}"));
        }
        if self.epoch != self.compared {
            self.etag_before =
                Some(std::mem::replace(&mut self.etag, lead.etag.clone())).filter(|etag| !etag.is_empty());
            self.compared = self.epoch;
        }
        self.owner.clone_from(&lead.owner);
        Ok(())
    }

    /// The owner lets it go: to somebody who has not had it, on the clock that runs; else it waits.
    fn let_go(&mut self, now: i64) {
        self.resume(now);
        self.tried.insert(self.owner.clone());
        let (sla, since, step, put_off) = (self.sla, self.chain_since, self.chain_step, self.put_off);
        let respond_by = self.respond_by;
        self.route(now);
        if sla && self.state == LeadState::Offered {
            (self.chain_since, self.chain_step, self.put_off) = (since, step, put_off);
            self.next_step = CHAIN.get(step).map(|after| since + after + put_off);
            self.respond_by = respond_by;
        }
    }

    fn route(&mut self, now: i64) {
        if self.tried.len() == REPS {
            self.pass("queues/waiting", LeadState::Queued);
            self.sla = false;
            self.waits_until = Some(now + WAIT);
        } else {
            self.pass(SOMEBODY, LeadState::Offered);
            self.sla = true;
            self.start_chain(now);
            self.accept_by = Some(now + ACCEPT);
        }
    }

    /// The next assignment begins. No clock runs yet.
    fn pass(&mut self, owner: &str, state: LeadState) {
        self.stop();
        (self.paused_at, self.resumes_at, self.put_off, self.respond_by) = (None, None, 0, None);
        self.epoch += 1;
        owner.clone_into(&mut self.owner);
        self.state = state;
    }

    fn start_chain(&mut self, now: i64) {
        (self.chain_since, self.chain_step, self.put_off) = (now, 0, 0);
        self.next_step = self.sla.then_some(now + CHAIN[0]);
        self.respond_by = self.sla.then_some(now + RESPOND);
    }

    /// Its clocks stand. What they still have to run stays as it is.
    fn pause(&mut self, minutes: Option<i64>, now: i64) {
        self.resume(now);
        self.paused_at = Some(now);
        self.resumes_at = minutes.map(|minutes| now + minutes);
    }

    /// They run again, each from where it stood, since its end if that was before.
    fn resume(&mut self, now: i64) {
        let Some(start) = self.paused_at.take() else { return };
        let end = self.resumes_at.take().unwrap_or(now).min(now);
        let length = end - start;
        // What was due by then was due: it is later by nothing.
        for due in [&mut self.accept_by, &mut self.next_step, &mut self.respond_by].into_iter().flatten() {
            if *due > start {
                *due += length;
            }
        }
        self.put_off += length;
    }

    fn stop(&mut self) {
        (self.accept_by, self.next_step, self.waits_until, self.wakes_at) = (None, None, None, None);
    }
}
