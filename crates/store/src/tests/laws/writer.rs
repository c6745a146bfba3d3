//! One of those who write, in the way that all of the product's writers go: look up, read, decide, write if nobody came between.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use domain::{
    decide::{CounterKeys, Counters, RepLoad},
    directory::{Entity, Team},
    ids::{LeadId, RepId, TenantId},
    ownership::{AssignmentState, CloseOutcome, LeadState, Owner, Ownership, TimerKind},
};
use jiff::ToSpan as _;
use uuid::Uuid;

use super::{
    Action, Order, REPS,
    model::{CAP, Deed, Event},
};
use crate::{
    Changes, DirectoryChange, DirectoryError, LeadRow, MovedIdentity, Store, StoreError, StoredResponse, Tx,
    WriteError,
    tests::{cancel_after, fixtures::*, now},
};

/// What was done, by its place: a number drawn between looking up and writing. Nobody commits between these two, so the numbers of what was
/// committed are in the order of the commits. It is the response that the store keeps.
#[derive(Debug, Default)]
pub(super) struct Log {
    next: AtomicU64,
    /// What attempts were about to commit.
    drafts: Mutex<BTreeMap<u64, Event>>,
    committed: Mutex<BTreeMap<u64, Event>>,
}

impl Log {
    fn draw(&self, event: Option<Event>) -> u64 {
        let place = self.next.fetch_add(1, SeqCst);
        self.drafts.lock().unwrap().extend(event.map(|event| (place, event)));
        place
    }

    fn confirm(&self, place: u64) {
        let event = self.drafts.lock().unwrap().get(&place).cloned();
        self.committed.lock().unwrap().extend(event.map(|event| (place, event)));
    }

    pub(super) fn events(&self) -> BTreeMap<u64, Event> {
        self.committed.lock().unwrap().clone()
    }
}

#[derive(Debug)]
pub(super) struct Writer {
    pub(super) number: usize,
    pub(super) store: Store,
    pub(super) tenant: TenantId,
    pub(super) log: std::sync::Arc<Log>,
    /// Holds the tenant only to write, whatever has come since it read.
    pub(super) careless: bool,
}

enum Failure {
    LostRace,
    Broken(String),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if error.is_race() { Self::LostRace } else { Self::Broken(format!("{error:?}")) }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        if error.is_lost_race() { Self::LostRace } else { Self::Broken(format!("{error:?}")) }
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        Self::Broken(format!("{error:?}"))
    }
}

/// What is decided: the changes, and what they amount to (nothing, if it was about no lead).
type Decided = (Changes, Option<Deed>);

impl Writer {
    pub(super) async fn work(&self, orders: &[Order]) -> Result<(), String> {
        for (n, order) in orders.iter().enumerate() {
            let n = u32::try_from(self.number * 1_000 + n).unwrap();
            if let Some(polls) = order.hang_up {
                // Whether it was committed shows when it is sent again.
                drop(cancel_after(polls, self.attempt(n, order.action)).await);
            }
            let place = self.until_answered(n, order.action).await?;
            if order.again {
                let again = self.until_answered(n, order.action).await?;
                if again != place {
                    return Err(format!("request {n} was carried out at {place} and at {again}"));
                }
            }
        }
        Ok(())
    }

    async fn until_answered(&self, n: u32, action: Action) -> Result<u64, String> {
        for _ in 0..1_000 {
            match self.attempt(n, action).await {
                Ok(place) => {
                    self.log.confirm(place);
                    return Ok(place);
                }
                Err(Failure::LostRace) => {}
                Err(Failure::Broken(why)) => return Err(why),
            }
        }
        Err(format!("request {n} loses every race"))
    }

    async fn attempt(&self, n: u32, action: Action) -> Result<u64, Failure> {
        let mut tx = self.store.open("law").await?;
        // Some hold the tenant from the start.
        if matches!(action, Action::Reorganise) || (n.is_multiple_of(3) && !self.careless) {
            tx.hold_tenant(self.tenant).await?;
        }
        let email = match action {
            Action::Arrive { email, .. } | Action::Pass { email, .. } | Action::Close { email } => {
                vec![self::email(email)]
            }
            Action::Reorganise => vec![],
        };
        let lookup = tx.lookup(self.tenant, &[request(n).request_id], &email).await?;
        if let Some(kept) = lookup.responses.first() {
            return Ok(u64::from_be_bytes(kept.response.as_slice().try_into().unwrap()));
        }
        let known: Vec<LeadId> = lookup.identities.iter().map(|(_, lead)| *lead).collect();
        let row = tx.leads(self.tenant, &known).await?.pop();
        let (mut changes, deed) = self.decide(&mut tx, n, action, row.as_ref()).await?;
        let place = self.log.draw(deed.map(|deed| Event { directory: lookup.versions.directory, deed }));
        changes.responses =
            vec![StoredResponse { response: place.to_be_bytes().to_vec(), fingerprint: Uuid::nil(), ..request(n) }];
        if self.careless {
            tx.hold_tenant(self.tenant).await?;
        }
        tx.write(self.tenant, &changes).await?;
        tx.commit().await?;
        Ok(place)
    }

    async fn decide(&self, tx: &mut Tx, n: u32, action: Action, row: Option<&LeadRow>) -> Result<Decided, Failure> {
        let wanted = match action {
            Action::Arrive { rep, .. } | Action::Pass { rep, .. } => Some(self::rep(REPS[rep])),
            Action::Close { .. } => None,
            Action::Reorganise => return self.reorganise(tx, n).await,
        };
        let owner = row.and_then(|row| rep_of(&row.ownership));
        let reps = owner.into_iter().chain(wanted.clone()).collect();
        let counters = tx.counters(self.tenant, &CounterKeys { reps, ..CounterKeys::default() }).await?;
        let open = row.filter(|row| row.ownership.closed_at.is_none());
        Ok(match (action, wanted, row, open) {
            (Action::Arrive { email, .. }, _, _, Some(row)) => {
                (Changes::default(), Some(Deed::Known { lead: row.lead.id, email }))
            }
            (Action::Arrive { email, .. }, Some(wanted), row, None) => arrive(id(n), email, wanted, row, &counters),
            (Action::Pass { .. }, Some(to), Some(row), _) => pass(to, row, open.is_some(), &counters),
            (Action::Close { .. }, _, Some(row), _) => close(row, open.is_some(), &counters),
            _ => (Changes::default(), None),
        })
    }

    async fn reorganise(&self, tx: &mut Tx, n: u32) -> Result<Decided, Failure> {
        let team = Team {
            id: "east".parse().unwrap(),
            name: format!("East {n}"),
            manager: None,
            calendar: "ny".parse().unwrap(),
        };
        let change = DirectoryChange {
            expected_version: None,
            upserts: &[Entity::Team(team)],
            removals: &[],
            actor: "tests",
            now: now(),
        };
        let version = tx.change_directory(self.tenant, change).await?;
        Ok((Changes::default(), Some(Deed::Reorganised { version })))
    }
}

fn rep_of(ownership: &Ownership) -> Option<RepId> {
    if let Owner::Rep(rep) = &ownership.owner { Some(rep.clone()) } else { None }
}

fn arrive(lead: LeadId, email: u32, wanted: RepId, row: Option<&LeadRow>, counters: &Counters) -> Decided {
    let taken = counters.load(&wanted).open < CAP;
    let ownership = if taken { offered(lead, wanted.as_str()) } else { waiting(lead, "inside") };
    let mut changes = routed(ownership);
    if taken {
        changes.loads = more(counters, &wanted, 1).into();
    }
    let before = row.map(|row| row.lead.id);
    match before {
        Some(from) => changes.moved_identities = vec![MovedIdentity { key: self::email(email), from, to: lead }],
        None => changes.new_identities = vec![(self::email(email), lead)],
    }
    (changes, Some(Deed::Opened { lead, email, before, wanted, taken }))
}

fn pass(to: RepId, row: &LeadRow, is_open: bool, counters: &Counters) -> Decided {
    let (lead, before) = (row.lead.id, rep_of(&row.ownership));
    let taken = is_open && before.as_ref() != Some(&to) && counters.load(&to).open < CAP;
    let mut changes = Changes::default();
    if taken {
        let after = Ownership { epoch: row.ownership.epoch.next(), ..offered(lead, to.as_str()) };
        changes = routed(after.clone());
        changes.new_assignments = changes.new_leads.drain(..).map(|new| new.assignment).collect();
        changes.set_timers = std::mem::take(&mut changes.new_timers);
        for timer in &mut changes.set_timers {
            timer.epoch = after.epoch;
        }
        changes.cleared_timers = vec![(lead, TimerKind::Retry)];
        changes.ownerships = vec![(row.ownership.epoch, after)];
        changes.assignments = vec![row.assignment.clone()];
        changes.assignments[0].state = AssignmentState::Reassigned;
        changes.assignments[0].ended_at = Some(now() + 1.hour());
        changes.loads = more(counters, &to, 1).into();
        changes.loads.extend(before.map(|before| more(counters, &before, -1)).into_iter().flatten());
    }
    (changes, Some(Deed::Passed { lead, to, taken }))
}

fn close(row: &LeadRow, is_open: bool, counters: &Counters) -> Decided {
    let lead = row.lead.id;
    let mut changes = Changes::default();
    if is_open {
        let after = Ownership {
            state: LeadState::Closed,
            closed_at: Some(now() + 2.hours()),
            close_outcome: Some(CloseOutcome::Won),
            ..row.ownership.clone()
        };
        changes.cleared_timers = row.timers.iter().map(|timer| (lead, timer.kind)).collect();
        changes.assignments = vec![row.assignment.clone()];
        changes.assignments[0].state = AssignmentState::Closed;
        changes.assignments[0].ended_at = after.closed_at;
        changes.ownerships = vec![(after.epoch, after)];
        let owner = rep_of(&row.ownership);
        changes.loads = owner.map(|owner| more(counters, &owner, -1)).into_iter().flatten().collect();
    }
    (changes, Some(Deed::Closed { lead, now: is_open }))
}

/// The rep's counter with that many more.
fn more(counters: &Counters, rep: &RepId, more: i32) -> [(RepId, RepLoad); 1] {
    let load = counters.load(rep);
    // What was read may be of two moments; then nothing of this is written.
    let open = load.open.saturating_add_signed(more);
    [(rep.clone(), RepLoad { open, ..load })]
}
