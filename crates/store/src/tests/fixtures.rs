//! Leads, owners and changes for tests.

use domain::{
    decide::CounterKeys,
    identity::{IdentityKey, IdentityKind},
    ids::{Epoch, LeadId, PoolId, RepId},
    lead::{AttributeValue, Lead, LeadType, Profile, Signal},
    ownership::{
        Assignment, AssignmentState, Cause, Event, EventKind, LeadState, Owner, Ownership, Queue, Timer, TimerKind,
    },
    score::{FitLevel, Grade, IntentLevel},
};
use jiff::{Timestamp, ToSpan as _};
use uuid::{Builder, Uuid};

use super::{Base, now};
use crate::{Changes, Happened, NewLead, StoredResponse, Tx};

pub(super) const A1: Grade = Grade { fit: FitLevel::A, intent: IntentLevel::High };

pub(super) fn rep(id: &str) -> RepId {
    id.parse().unwrap()
}

pub(super) fn pool(id: &str) -> PoolId {
    id.parse().unwrap()
}

/// The lead that arrives that many milliseconds after [`now`].
pub(super) fn id(n: u32) -> LeadId {
    arrived(now() + i64::from(n).milliseconds(), n)
}

pub(super) fn arrived(at: Timestamp, n: u32) -> LeadId {
    let mut tail = [0; 10];
    tail[6..].copy_from_slice(&n.to_be_bytes());
    LeadId(Builder::from_unix_timestamp_millis(at.as_millisecond().try_into().unwrap(), &tail).into_uuid())
}

pub(super) fn email(n: u32) -> IdentityKey {
    let mut digest = [0; 16];
    digest[..4].copy_from_slice(&n.to_le_bytes());
    IdentityKey { kind: IdentityKind::Email, digest }
}

pub(super) fn request(n: u32) -> StoredResponse {
    StoredResponse { request_id: Uuid::from_u128(n.into()), fingerprint: Uuid::from_u128(7), response: vec![1, 2, 3] }
}

pub(super) fn lead(lead: LeadId) -> Lead {
    let profile = Profile {
        email: Some("ana@example.com".to_owned()),
        employees: Some(250),
        lead_type: LeadType::DemoRequest,
        technologies: vec!["postgres".to_owned()],
        attributes: [("visits".to_owned(), AttributeValue::Number(2.5))].into(),
        signals: vec![Signal { kind: "pricing_page".to_owned(), at: now() }],
        ..Profile::default()
    };
    Lead { id: lead, created_at: now(), profile }
}

/// The keys of those counters.
pub(super) fn counters_of(reps: &[&str], rotations: &[(PoolId, Option<Grade>)]) -> CounterKeys {
    CounterKeys { reps: reps.iter().map(|name| rep(name)).collect(), rotations: rotations.iter().cloned().collect() }
}

/// Offered to a rep, respond within 15 minutes, accept within 10.
pub(super) fn offered(lead: LeadId, owner: &str) -> Ownership {
    Ownership {
        lead,
        epoch: Epoch::FIRST,
        state: LeadState::Offered,
        owner: Owner::Rep(rep(owner)),
        since: now(),
        chain_since: now(),
        chain_step: 0,
        sla: Some("demo-request".to_owned()),
        respond_by: Some(now() + 15.minutes()),
        accept_by: Some(now() + 10.minutes()),
        wake_at: None,
        waiting_pool: None,
        accepted_at: None,
        first_response_at: None,
        closed_at: None,
        close_outcome: None,
        close_value: None,
        grade: A1,
        rule: Some("large-deals".to_owned()),
        policy_revision: 3,
        tried: Vec::new(),
    }
}

/// In the waiting queue for a pool.
pub(super) fn waiting(lead: LeadId, for_pool: &str) -> Ownership {
    Ownership {
        state: LeadState::Queued,
        owner: Owner::Queue(Queue::Waiting),
        sla: None,
        respond_by: None,
        accept_by: None,
        wake_at: Some(now() + 8.hours()),
        waiting_pool: Some(pool(for_pool)),
        ..offered(lead, "nobody")
    }
}

/// The assignment that goes with an ownership.
pub(super) fn begun(ownership: &Ownership) -> Assignment {
    let state = match ownership.state {
        LeadState::Queued => AssignmentState::Queued,
        _ => AssignmentState::Offered,
    };
    Assignment {
        lead: ownership.lead,
        epoch: ownership.epoch,
        owner: ownership.owner.clone(),
        state,
        cause: Cause::Routed,
        started_at: ownership.since,
        ended_at: None,
        accepted_at: None,
        first_response_at: None,
        actor: "tests".to_owned(),
        note: Some("a note".to_owned()),
        end_reason: None,
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        decision: Some(vec![9; 100]),
    }
}

pub(super) fn timer(lead: LeadId, kind: TimerKind, due_at: Timestamp) -> Timer {
    Timer { lead, kind, epoch: Epoch::FIRST, due_at, traceparent: None }
}

/// All that routing one new lead writes: offered leads get an acceptance and an escalation timer, waiting ones a retry.
pub(super) fn routed(ownership: Ownership) -> Changes {
    let id = ownership.lead;
    let kind = if ownership.state == LeadState::Queued { EventKind::Queued } else { EventKind::Assigned };
    let timers = match ownership.state {
        LeadState::Queued => vec![timer(id, TimerKind::Retry, now() + 5.minutes())],
        _ => vec![
            timer(id, TimerKind::Accept, now() + 10.minutes()),
            timer(id, TimerKind::Escalate, now() + 15.minutes()),
        ],
    };
    Changes {
        new_timers: timers,
        happened: Some(Happened { at: ownership.since, events: vec![Event::of(&ownership, kind)] }),
        new_leads: vec![NewLead { lead: lead(id), assignment: begun(&ownership), ownership }],
        ..Changes::default()
    }
}

/// Puts several changes into one.
pub(super) fn together(all: impl IntoIterator<Item = Changes>) -> Changes {
    let mut sum = Changes::default();
    for one in all {
        sum.new_leads.extend(one.new_leads);
        sum.new_timers.extend(one.new_timers);
        sum.new_identities.extend(one.new_identities);
        sum.responses.extend(one.responses);
        match (&mut sum.happened, one.happened) {
            (Some(sum), Some(one)) => sum.events.extend(one.events),
            (sum, one) => *sum = sum.take().or(one),
        }
    }
    sum
}

impl Base {
    /// A transaction that holds the tenant.
    pub(super) async fn held(&self) -> Tx {
        let mut tx = self.store.begin("test").await.unwrap();
        tx.hold_tenant(self.tenant).await.unwrap();
        tx
    }

    /// Writes in a transaction of its own, whatever stands.
    pub(super) async fn write(&self, changes: &Changes) {
        let mut tx = self.held().await;
        tx.write(self.tenant, changes).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Routes new leads to reps, one each.
    pub(super) async fn route(&self, ids: impl IntoIterator<Item = (LeadId, &str)>) {
        self.write(&together(ids.into_iter().map(|(lead, owner)| routed(offered(lead, owner))))).await;
    }
}
