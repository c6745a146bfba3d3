//! A lead as the documentation has it, for a company of three reps who are always there.

use std::collections::BTreeSet;

use api::v1::{self, ErrorReason, LeadState};

/// How many reps there are: a lead that all of them let go waits.
const REPS: usize = 3;
/// Minutes until an offer must be accepted.
const ACCEPT: i64 = 10;
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
    Claim(&'static str),
    Reassign(&'static str),
}

/// What is known of a lead over gRPC.
#[derive(Debug)]
pub(super) struct Known {
    pub lead: v1::Lead,
    /// Owners, the first one first.
    pub history: Vec<String>,
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
                (self.state, self.accept_by, self.next_step) = (Working, None, None);
            }
            (Act::Return(after), Offered | Accepted | Working) => {
                self.pass("queues/nurture", Queued);
                self.sla = false;
                self.tried.clear();
                self.wakes_at = after.map(|after| now + after);
            }
            (Act::Close, _) => {
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
                    self.next_step = Some(self.chain_since + CHAIN[self.chain_step]);
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
        let Known { lead, history } = found;
        let is_owner = if self.owner == SOMEBODY {
            lead.owner.starts_with("reps/") && !self.tried.contains(&lead.owner)
        } else {
            lead.owner == self.owner
        };
        let is_etag = (lead.etag == self.etag) == (self.epoch == self.compared);
        let length = usize::try_from(self.epoch).unwrap_or(0);
        let is_same = (lead.state(), lead.epoch, history.len()) == (self.state, self.epoch, length);
        if !is_owner || !is_etag || !is_same || history.last() != Some(&lead.owner) {
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
        self.tried.insert(self.owner.clone());
        let (sla, since, step) = (self.sla, self.chain_since, self.chain_step);
        self.route(now);
        if sla && self.state == LeadState::Offered {
            (self.chain_since, self.chain_step) = (since, step);
            self.next_step = CHAIN.get(step).map(|after| since + after);
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
        self.epoch += 1;
        owner.clone_into(&mut self.owner);
        self.state = state;
    }

    fn start_chain(&mut self, now: i64) {
        (self.chain_since, self.chain_step) = (now, 0);
        self.next_step = self.sla.then_some(now + CHAIN[0]);
    }

    fn stop(&mut self) {
        (self.accept_by, self.next_step, self.waits_until, self.wakes_at) = (None, None, None, None);
    }
}
