//! How well response targets were kept, and which leads wait for an answer.

use domain::{
    ownership::Ownership,
    sla::{Report, Tally},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{fields, sla::duration, time};
use crate::{Path, Violations, names::Resource as _, v1};

/// The longest period of a report.
const MAX_PERIOD: SignedDuration = SignedDuration::from_hours(92 * 24);

/// Which report is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Clocks that began from then on.
    pub from: Timestamp,
    /// Up to then.
    pub to: Timestamp,
    /// By what the rows are told apart.
    pub group: v1::SlaReportGroup,
}

impl Asked {
    /// Reads a request.
    pub fn read(wire: &v1::GetSlaReportRequest, now: Timestamp) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        let v = &mut violations;
        let from = time::required(wire.start_time, &Path::Request.field("start_time"), v);
        let path = Path::Request.field("end_time");
        let to = time::optional(wire.end_time, &path, v).unwrap_or(now);
        if let Some(from) = from
            && (to <= from || to.duration_since(from) > MAX_PERIOD)
        {
            v.add(&path, "is out of bounds: expected a time after `start_time`, at most 92 days");
        }
        let path = Path::Request.field("group_by");
        let group = fields::known::<v1::SlaReportGroup>(wire.group_by, &path, v);
        if group == Some(v1::SlaReportGroup::Unspecified) {
            v.add(&path, "is missing: expected by what the rows are told apart");
        }
        violations.check_some(from.zip(group).map(|(from, group)| Self { from, to, group }))
    }
}

/// The wire form of a report.
pub fn to_wire(asked: &Asked, report: &Report, zone: &TimeZone) -> v1::SlaReport {
    v1::SlaReport {
        start_time: Some(time::to_wire(asked.from)),
        end_time: Some(time::to_wire(asked.to)),
        group_by: asked.group.into(),
        rows: report.rows.iter().map(|(key, tally)| row(key.clone(), tally)).collect(),
        total: Some(row(String::new(), &report.total)),
        time_zone: zone.iana_name().unwrap_or("UTC").to_owned(),
    }
}

fn row(key: String, tally: &Tally) -> v1::SlaReportRow {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let time = |percent| {
        let time = SignedDuration::try_from(tally.time(percent)?).ok()?;
        Some(duration(time))
    };
    v1::SlaReportRow {
        key,
        kept_count: count(tally.kept),
        missed_count: count(tally.missed),
        running_count: count(tally.running),
        overdue_count: count(tally.overdue),
        withdrawn_count: count(tally.withdrawn),
        kept_share: tally.share(),
        response_time_p50: time(50),
        response_time_p90: time(90),
        response_time_p99: time(99),
    }
}

/// A lead whose clock of the first response runs; `None`: it does not.
pub fn due_lead(ownership: &Ownership, now: Timestamp) -> Option<v1::DueLead> {
    let respond_by = ownership.respond_by?;
    let state = if now > respond_by { v1::LeadSlaState::Overdue } else { v1::LeadSlaState::Running };
    Some(v1::DueLead {
        lead: ownership.lead.to_name(),
        owner: ownership.owner.to_name(),
        epoch: ownership.epoch.0,
        state: state.into(),
        sla_policy: ownership.sla.clone().unwrap_or_default(),
        respond_by: Some(time::to_wire(respond_by)),
        remaining: Some(duration(respond_by.duration_since(now))),
        start_time: Some(time::to_wire(ownership.chain_since)),
    })
}
