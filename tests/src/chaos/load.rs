//! Callers who want all kinds of things of both replicas at once, hang up now and then, and ask again until they know.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use api::v1::{CloseOutcome, DeclineReason, ErrorReason, LeadState, ReturnReason, RouteOutcome};
use cli::Clients;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use super::history::{Answer, Attempt, Kind, Operation, Outcome, Wish};
use crate::{
    company,
    requests::{self, Request},
};

/// Who can be given a lead. `cem` and `dot` may have few at a time.
pub(super) const REPS: [&str; 4] = ["ana", "ben", "cem", "dot"];

/// Most open leads of those who have a cap.
pub(super) const CAPS: [(&str, i32); 2] = [("cem", 30), ("dot", 8)];

/// How long a caller waits for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// After how long a caller takes it that there is no answer to be had.
const LOST: Duration = Duration::from_mins(5);

/// One sending in so many is hung up on while it is under way.
const HANG_UPS: u32 = 20;

/// One acknowledged request in so many is sent once more.
const REPEATS: u32 = 20;

/// Leads that callers have in mind.
const KNOWN: usize = 200;

/// Pause between two wishes of one caller, so that what is tried is faults and not the machine.
const PAUSE: Duration = Duration::from_millis(5);

/// Running callers.
#[derive(Debug)]
pub(super) struct Load {
    shared: Arc<Shared>,
    callers: JoinSet<Vec<Operation>>,
    stop: CancellationToken,
}

#[derive(Debug)]
struct Shared {
    clients: Vec<Clients>,
    began: Instant,
    people: AtomicUsize,
    known: Mutex<VecDeque<api::v1::Lead>>,
    /// When each replica last acknowledged something.
    pulses: Vec<watch::Sender<Instant>>,
}

impl Load {
    /// Starts callers of replicas.
    pub(super) fn start(clients: Vec<Clients>, callers: usize, seed: u64) -> Self {
        let began = Instant::now();
        let pulses = clients.iter().map(|_| watch::Sender::new(began)).collect();
        let (people, known) = (AtomicUsize::new(0), Mutex::default());
        let shared = Arc::new(Shared { clients, began, people, known, pulses });
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for caller in 0..callers {
            let (shared, stop) = (Arc::clone(&shared), stop.clone());
            let rng = StdRng::seed_from_u64(seed.wrapping_add(caller as u64));
            tasks.spawn(Caller { shared, rng, operations: Vec::new() }.live(stop));
        }
        Self { shared, callers: tasks, stop }
    }

    /// How long after `since` the last replica acknowledged something again; `None` if that takes longer than `patience`.
    pub(super) async fn recovery(&self, since: Instant, patience: Duration) -> Option<Duration> {
        let mut latest = Duration::ZERO;
        for pulse in &self.shared.pulses {
            let mut pulse = pulse.subscribe();
            let back = timeout(patience, pulse.wait_for(|last| *last > since)).await;
            latest = latest.max(back.ok()?.ok()?.duration_since(since));
        }
        Some(latest)
    }

    /// Has everybody finish what they are at, and tells what was sent and received.
    pub(super) async fn stop(mut self) -> Result<Vec<Operation>> {
        self.stop.cancel();
        let mut operations = Vec::new();
        while let Some(caller) = self.callers.join_next().await {
            operations.extend(caller?);
        }
        Ok(operations)
    }
}

struct Caller {
    shared: Arc<Shared>,
    rng: StdRng,
    operations: Vec<Operation>,
}

impl Caller {
    async fn live(mut self, stop: CancellationToken) -> Vec<Operation> {
        while !stop.is_cancelled() {
            let (wish, request) = self.wish();
            let operation = self.carry_out(wish, &request).await;
            self.operations.push(operation);
            sleep(PAUSE).await;
        }
        self.operations
    }

    /// Sends a request until its outcome is known, or it has long been lost.
    async fn carry_out(&mut self, wish: Wish, request: &Request) -> Operation {
        let mut operation = Operation { request: request.id().to_owned(), wish, attempts: Vec::new() };
        let end = Instant::now() + LOST;
        while operation.end().is_none() && Instant::now() < end {
            if !operation.attempts.is_empty() {
                sleep(Duration::from_millis(self.rng.random_range(10..200))).await;
            }
            let attempt = self.attempt(request).await;
            operation.attempts.push(attempt);
        }
        if operation.answer().is_some() && self.rng.random_ratio(1, REPEATS) {
            let again = self.attempt(request).await;
            operation.attempts.push(again);
        }
        operation
    }

    async fn attempt(&mut self, request: &Request) -> Attempt {
        let replica = self.rng.random_range(0..self.shared.clients.len());
        let hangs_up = self.rng.random_ratio(1, HANG_UPS);
        let wait = if hangs_up { Duration::from_micros(self.rng.random_range(0..20_000)) } else { PATIENCE };
        let began = self.shared.began.elapsed();
        let answer = timeout(wait, request.send(&self.shared.clients[replica])).await;
        let outcome = match answer {
            Ok(Ok(answer)) => {
                self.shared.pulses[replica].send_replace(Instant::now());
                self.remember(&answer);
                Outcome::Acknowledged(said(answer))
            }
            Ok(Err(status)) => refused(&status),
            Err(_) => Outcome::Unknown(format!("hung up after {wait:?}")),
        };
        Attempt { replica, began, ended: self.shared.began.elapsed(), outcome }
    }

    fn remember(&self, answer: &requests::Answer) {
        let mut known = self.shared.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|lead| lead.name != answer.lead.name);
        if answer.lead.state() != LeadState::Closed {
            known.push_back(answer.lead.clone());
        }
        while known.len() > KNOWN {
            known.pop_front();
        }
    }

    fn wish(&mut self) -> (Wish, Request) {
        let known: Vec<_> = self.shared.known.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        let lead = known.choose(&mut self.rng).filter(|_| self.rng.random_bool(0.6));
        let Some(lead) = lead else { return self.route() };
        let (kind, request) = self.change(lead);
        (Wish::Change { lead: lead.name.clone(), kind, seen: lead.epoch }, request)
    }

    /// Most come for the first time.
    fn route(&mut self) -> (Wish, Request) {
        let people = self.shared.people.load(Ordering::Relaxed);
        let person = if people > 0 && self.rng.random_bool(0.2) {
            self.rng.random_range(0..people)
        } else {
            self.shared.people.fetch_add(1, Ordering::Relaxed)
        };
        let lead = company::lead(person);
        (Wish::Route { person: lead.email.clone().unwrap_or_default() }, Request::route(lead))
    }

    fn change(&mut self, lead: &api::v1::Lead) -> (Kind, Request) {
        use Kind::{Accept, Claim, Close, Decline, Reassign, Respond, Return};
        let kinds: &[Kind] = match lead.state() {
            LeadState::Offered => &[Accept, Accept, Decline, Decline, Respond, Reassign, Return, Close],
            LeadState::Accepted => &[Respond, Respond, Reassign, Return, Close],
            LeadState::Working => &[Close, Close, Reassign, Return],
            LeadState::Queued => &[Claim, Claim, Reassign, Close],
            LeadState::Closed | LeadState::Unspecified => &[Accept, Close],
        };
        let kind = kinds.choose(&mut self.rng).copied().unwrap_or(Accept);
        let rep = format!("reps/{}", REPS.choose(&mut self.rng).unwrap_or(&"ana"));
        let (name, etag) = (lead.name.as_str(), lead.etag.clone());
        let request = match kind {
            Accept => Request::accept(name, etag, ""),
            Decline => Request::decline(name, etag, "", DeclineReason::NoCapacity),
            Respond => Request::respond(name, etag, ""),
            Reassign => Request::reassign(name, etag, &rep),
            Claim => Request::claim(name, etag, &rep),
            Return => Request::give_back(name, etag, "", ReturnReason::TooEarly, None),
            Close => Request::close(name, etag, "", CloseOutcome::Lost),
        };
        (kind, request)
    }
}

fn said(answer: requests::Answer) -> Answer {
    let requests::Answer { lead, whole, outcome } = answer;
    // Only a route has an outcome.
    let is_new = outcome.is_some_and(|outcome| outcome != RouteOutcome::Duplicate);
    Answer { lead: lead.name, owner: lead.owner, epoch: lead.epoch, is_new, whole }
}

/// Which errors say that nothing was done, and that nothing will be if the same is sent again.
fn refused(status: &Status) -> Outcome {
    let reason = api::reason_of(status);
    let is_final = match status.code() {
        Code::InvalidArgument | Code::NotFound | Code::AlreadyExists | Code::FailedPrecondition => true,
        Code::Aborted => reason == Some(ErrorReason::StaleEtag),
        _ => false,
    };
    if is_final {
        // What the message adds may differ: it tells what holds now.
        Outcome::Refused(reason.map_or_else(|| status.to_string(), |reason| reason.as_str_name().to_owned()))
    } else {
        Outcome::Unknown(format!("{:?}: {}", status.code(), status.message()))
    }
}
