//! What happened to leads: who wants to know it, and how it is told.

use std::time::Duration;

use domain::{
    ids::TeamId,
    ownership::{Event, EventKind, LeadState, Owner, Position, Told},
};

use super::{assignment::end_reason, fields, lead::Unspecified, time, timer::escalation_to_wire};
use crate::{Path, Violations, names::Resource as _, resume, v1};

/// Silence after which a caller hears that the stream lives.
const HEARTBEAT: Duration = Duration::from_secs(10);
const MIN_HEARTBEAT: Duration = Duration::from_secs(1);
const MAX_HEARTBEAT: Duration = Duration::from_mins(1);

/// A request to be told what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// From where on; `None`: from now.
    pub after: Option<Position>,
    /// Of whose leads.
    pub of: Whose,
    /// Of what kinds; none: of all.
    pub kinds: Vec<EventKind>,
    /// Longest silence.
    pub heartbeat: Duration,
}

/// Whose leads are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's.
    All,
    /// Those of a rep or queue.
    Owner(Owner),
    /// Those of a team's reps.
    Team(TeamId),
}

impl Watch {
    /// Reads the request of a caller of that tenant.
    pub fn read(wire: &v1::WatchOwnershipRequest, tenant: &str) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let v = &mut violations;
        let read = (!wire.resume_token.is_empty()).then(|| resume::read(tenant, &wire.resume_token));
        let after = read.and_then(|read| fields::noted(read, &Path::Request.field("resume_token"), v));
        let owner = fields::optional_name(&wire.owner, &Path::Request.field("owner"), v);
        let team = fields::optional_name(&wire.team, &Path::Request.field("team"), v);
        if !wire.owner.is_empty() && !wire.team.is_empty() {
            v.add(&Path::Request.field("team"), "is given with `owner`: expected at most one of the two");
        }
        let heartbeat = wire.heartbeat.map_or(Ok(HEARTBEAT), Duration::try_from);
        let heartbeat = heartbeat.ok().filter(|silence| (MIN_HEARTBEAT..=MAX_HEARTBEAT).contains(silence));
        if heartbeat.is_none() {
            v.add(&Path::Request.field("heartbeat"), "is out of bounds: expected 1 s to 60 s");
        }
        let kinds = kinds(&wire.kinds, &Path::Request.field("kinds"), v);
        let of = owner.map(Whose::Owner).or(team.map(Whose::Team)).unwrap_or(Whose::All);
        violations.check_some(heartbeat.map(|heartbeat| Self { after, of, kinds, heartbeat }))
    }
}

/// Kinds of changes that are asked for, each at most once.
pub fn kinds(wire: &[i32], path: &Path<'_>, violations: &mut Violations) -> Vec<EventKind> {
    let mut kinds = Vec::with_capacity(wire.len());
    for (place, number) in wire.iter().enumerate() {
        let item = path.item(place);
        let kind = fields::known::<v1::OwnershipChangeKind>(*number, &item, violations);
        match kind.map(EventKind::try_from) {
            Some(Ok(kind)) if kinds.contains(&kind) => violations.add(&item, "is there twice"),
            Some(Ok(kind)) => kinds.push(kind),
            Some(Err(Unspecified)) => violations.add(&item, "is unspecified: expected a kind of change"),
            None => {}
        }
    }
    kinds
}

/// The name of an event: the same however often it is told.
pub fn id(position: Position) -> String {
    format!("{}-{}", position.commit, position.place)
}

/// What happened.
pub fn to_wire(told: &Told) -> v1::OwnershipChange {
    let Told { position, at, event, owner, cause, before, escalation, closed } = told;
    let Event { lead, epoch, kind, state, respond_by, until, .. } = event;
    let paused = *kind == EventKind::Paused;
    let until_in = |wanted: LeadState| until.filter(|_| *state == wanted && !paused).map(time::to_wire);
    v1::OwnershipChange {
        id: id(*position),
        kind: v1::OwnershipChangeKind::from(*kind).into(),
        lead: lead.to_name(),
        epoch: epoch.0,
        change_time: Some(time::to_wire(*at)),
        owner: owner.to_name(),
        state: v1::LeadState::from(*state).into(),
        cause: v1::AssignmentCause::from(*cause).into(),
        previous_owner: before.as_ref().map(|before| before.owner.to_name()).unwrap_or_default(),
        end_reason: end_reason(before.as_ref().and_then(|before| before.end_reason.as_deref())),
        respond_by: respond_by.map(time::to_wire),
        accept_by: until_in(LeadState::Offered),
        wait_until: until_in(LeadState::Queued),
        escalation: escalation.as_ref().map(escalation_to_wire),
        close_outcome: closed.map_or(v1::CloseOutcome::Unspecified, |(outcome, _)| outcome.into()).into(),
        close_value: closed.and_then(|(_, value)| value),
        resume_time: until.filter(|_| paused).map(time::to_wire),
    }
}

impl From<EventKind> for v1::OwnershipChangeKind {
    fn from(kind: EventKind) -> Self {
        match kind {
            EventKind::Assigned => Self::Assigned,
            EventKind::Queued => Self::Queued,
            EventKind::Returned => Self::Returned,
            EventKind::Accepted => Self::Accepted,
            EventKind::Responded => Self::Responded,
            EventKind::Reminded => Self::Reminded,
            EventKind::Escalated => Self::Escalated,
            EventKind::Closed => Self::Closed,
            EventKind::SleepsOn => Self::SleepsOn,
            EventKind::Erased => Self::Erased,
            EventKind::ClocksMoved => Self::ClocksMoved,
            EventKind::Paused => Self::Paused,
            EventKind::Resumed => Self::Resumed,
            EventKind::Acknowledged => Self::Acknowledged,
        }
    }
}
