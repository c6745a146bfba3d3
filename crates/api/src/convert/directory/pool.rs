//! Pools.

use domain::{
    directory::{Hours, Member, Pool, Strategy},
    ids::PoolId,
};

use super::{Itemised, bound, bound_to_wire, mask::maskable};
use crate::{
    Path, Violations,
    convert::fields::{fits, known, name, required_text},
    etag,
    names::Resource as _,
    v1,
};

maskable!(v1::Pool { display_name, strategy, hours, rotate_per_grade, partner, backlog_pace, members });

/// Most members of a pool.
const MAX_MEMBERS: usize = 10_000;
/// Largest weight.
const MAX_WEIGHT: u32 = 10_000;

impl Itemised for v1::Pool {
    fn items(&self, list: &str) -> Vec<&str> {
        match list {
            "members" => self.members.iter().map(|member| member.rep.as_str()).collect(),
            _ => Vec::new(),
        }
    }
}

/// Reads a pool.
pub fn read(wire: v1::Pool, id: PoolId, path: &Path<'_>, violations: &mut Violations) -> Option<Pool> {
    let v = violations;
    let display_name = required_text(wire.display_name, &path.field("display_name"), v);
    let strategy = known(wire.strategy, &path.field("strategy"), v).unwrap_or(v1::PoolStrategy::Unspecified);
    let hours = known(wire.hours, &path.field("hours"), v).unwrap_or(v1::PoolHours::Unspecified);
    let backlog_pace = bound(wire.backlog_pace, &path.field("backlog_pace"), v);
    let members = members(&wire.members, &path.field("members"), v);
    Some(Pool {
        id,
        strategy: strategy.into(),
        hours: hours.into(),
        rotate_per_grade: wire.rotate_per_grade,
        partner: wire.partner,
        backlog_pace,
        members,
        name: display_name.unwrap_or_default(),
    })
}

fn members(wire: &[v1::PoolMember], path: &Path<'_>, violations: &mut Violations) -> Vec<Member> {
    if !fits(wire.len(), MAX_MEMBERS, path, violations) {
        return Vec::new();
    }
    let mut members = Vec::with_capacity(wire.len());
    for (index, member) in wire.iter().enumerate() {
        let path = path.item(index);
        let given = member.weight.unwrap_or(1);
        let weight = u32::try_from(given).ok().filter(|weight| (1..=MAX_WEIGHT).contains(weight));
        if weight.is_none() {
            violations.add(&path.field("weight"), format!("is {given}: expected 1 to {MAX_WEIGHT}"));
        }
        let rep = name(&member.rep, &path.field("rep"), violations);
        members.extend(rep.map(|rep| Member { rep, weight: weight.unwrap_or(1) }));
    }
    members.sort_by(|a, b| a.rep.cmp(&b.rep));
    members
}

/// The wire form of a pool that was last changed at that version.
pub fn to_wire(pool: &Pool, version: i64) -> v1::Pool {
    let member = |member: &Member| v1::PoolMember {
        rep: member.rep.to_name(),
        weight: Some(i32::try_from(member.weight).unwrap_or(i32::MAX)),
    };
    v1::Pool {
        name: pool.id.to_name(),
        display_name: pool.name.clone(),
        strategy: v1::PoolStrategy::from(pool.strategy).into(),
        hours: v1::PoolHours::from(pool.hours).into(),
        rotate_per_grade: pool.rotate_per_grade,
        partner: pool.partner,
        backlog_pace: bound_to_wire(pool.backlog_pace),
        members: pool.members.iter().map(member).collect(),
        etag: etag::of_entry(version),
    }
}

impl From<v1::PoolStrategy> for Strategy {
    fn from(strategy: v1::PoolStrategy) -> Self {
        match strategy {
            v1::PoolStrategy::Unspecified | v1::PoolStrategy::RoundRobin => Self::RoundRobin,
            v1::PoolStrategy::LeastLoaded => Self::LeastLoaded,
        }
    }
}

impl From<Strategy> for v1::PoolStrategy {
    fn from(strategy: Strategy) -> Self {
        match strategy {
            Strategy::RoundRobin => Self::RoundRobin,
            Strategy::LeastLoaded => Self::LeastLoaded,
        }
    }
}

impl From<v1::PoolHours> for Hours {
    fn from(hours: v1::PoolHours) -> Self {
        match hours {
            v1::PoolHours::Unspecified | v1::PoolHours::Required => Self::Required,
            v1::PoolHours::Preferred => Self::Preferred,
            v1::PoolHours::Ignored => Self::Ignored,
        }
    }
}

impl From<Hours> for v1::PoolHours {
    fn from(hours: Hours) -> Self {
        match hours {
            Hours::Required => Self::Required,
            Hours::Preferred => Self::Preferred,
            Hours::Ignored => Self::Ignored,
        }
    }
}
