//! When a response target can be met.

use std::time::Duration;

use domain::{
    ids::{PoolId, TeamId},
    policy::SlaPolicy,
    sla::Gap,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    fields,
    sla::{duration, local},
    time,
};
use crate::{
    Path, Violations,
    names::{self, Resource as _},
    v1,
};

const WEEK: Duration = Duration::from_hours(7 * 24);
const MIN_HORIZON: Duration = Duration::from_hours(1);
const MAX_HORIZON: Duration = Duration::from_hours(31 * 24);
/// How far ahead it may begin.
const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Whose reps answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The members of a pool.
    Pool(PoolId),
    /// The reps of a team.
    Team(TeamId),
}

impl Who {
    /// Its resource name.
    pub fn to_name(&self) -> String {
        match self {
            Self::Pool(pool) => pool.to_name(),
            Self::Team(team) => team.to_name(),
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Whose reps answer.
    pub who: Who,
    /// Name of the SLA policy.
    pub sla_policy: String,
    /// From when on.
    pub from: Timestamp,
    /// Up to when.
    pub to: Timestamp,
}

impl Asked {
    /// Reads a request.
    pub fn read(wire: &v1::GetSlaCoverageRequest, now: Timestamp) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let v = &mut violations;
        let path = Path::Request.field("parent");
        let team = || names::parse::<TeamId>(&wire.parent).map(Who::Team).ok();
        let who = names::parse::<PoolId>(&wire.parent).map(Who::Pool).ok().or_else(team);
        if who.is_none() {
            v.add(&path, "is not a name here: expected `pools/{pool}` or `teams/{team}`");
        }
        let path = Path::Request.field("sla_policy");
        let sla_policy = fields::required_text(wire.sla_policy.clone(), &path, v);
        let path = Path::Request.field("start_time");
        let from = time::optional(wire.start_time, &path, v).unwrap_or(now);
        if from > now.checked_add(MAX_AHEAD).unwrap_or(Timestamp::MAX) || from < now - SignedDuration::from_mins(1) {
            v.add(&path, "is out of bounds: expected a time from now to 366 days ahead");
        }
        let horizon = wire.horizon.map_or(Ok(WEEK), Duration::try_from).ok();
        let horizon = horizon.filter(|horizon| (MIN_HORIZON..=MAX_HORIZON).contains(horizon));
        if horizon.is_none() {
            v.add(&Path::Request.field("horizon"), "is out of bounds: expected 1 h to 31 days");
        }
        let to = horizon.and_then(|horizon| from.checked_add(horizon).ok());
        let read = who.zip(sla_policy).zip(to);
        violations.check_some(read.map(|((who, sla_policy), to)| Self { who, sla_policy, from, to }))
    }
}

/// The wire form of what was found.
pub fn to_wire(asked: &Asked, sla: &SlaPolicy, reps: usize, gaps: &[Gap], zone: &TimeZone) -> v1::SlaCoverage {
    let uncovered: SignedDuration = gaps.iter().map(|gap| gap.end.duration_since(gap.start)).sum();
    let gaps = gaps.iter().map(|gap| v1::CoverageGap {
        start_time: Some(time::to_wire(gap.start)),
        end_time: Some(time::to_wire(gap.end)),
        start_local: local(gap.start, zone),
        end_local: local(gap.end, zone),
    });
    v1::SlaCoverage {
        parent: asked.who.to_name(),
        sla_policy: sla.name.clone(),
        respond_within: sla.respond.to_string(),
        start_time: Some(time::to_wire(asked.from)),
        end_time: Some(time::to_wire(asked.to)),
        rep_count: i32::try_from(reps).unwrap_or(i32::MAX),
        gaps: gaps.collect(),
        uncovered: Some(duration(uncovered)),
        time_zone: zone.iana_name().unwrap_or("UTC").to_owned(),
    }
}
