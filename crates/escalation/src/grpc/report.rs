//! `GetSlaReport`: how well targets were kept.

use api::{
    Error,
    convert::report::{Asked, to_wire},
    names::Resource as _,
    v1::{self, SlaReportGroup as Group},
};
use domain::{ids::TenantId, ownership::Owner, sla::Report, snapshot::Snapshot};
use futures::TryStreamExt as _;
use store::{Period, Response};

use super::{Inner, snapshot_error, store_error};

impl Inner {
    /// Counted as the rows come, so that a period of a million clocks takes a few bytes each.
    pub(super) async fn get_sla_report(
        &self,
        tenant: TenantId,
        request: v1::GetSlaReportRequest,
    ) -> Result<v1::GetSlaReportResponse, Error> {
        let now = self.clock.now();
        let asked = Asked::read(&request, now)?;
        let versions = self.store.versions(tenant).await.map_err(store_error)?;
        let snapshot = self.snapshots.of(tenant, &versions, now).await.map_err(snapshot_error)?;
        let profiles = matches!(asked.group, Group::Territory | Group::LeadType);
        let period = Period { from: asked.from, to: asked.to, now, profiles };
        let mut report = Report::default();
        let mut responses = std::pin::pin!(self.store.responses(tenant, period));
        while let Some(response) = responses.try_next().await.map_err(store_error)? {
            report.add(keys(asked.group, &response, &snapshot), &response.clock, now);
        }
        let report = to_wire(&asked, &report.finish(), &snapshot.policy.time_zone);
        Ok(v1::GetSlaReportResponse { report: Some(report) })
    }
}

/// The rows in which a clock counts. Blank: that of what is not known.
fn keys(group: Group, response: &Response, snapshot: &Snapshot) -> Vec<String> {
    let one = match group {
        Group::Owner | Group::Unspecified => response.owner.to_name(),
        Group::Team => {
            let rep = match &response.owner {
                Owner::Rep(rep) => snapshot.directory.rep(rep),
                Owner::Queue(_) => None,
            };
            rep.map(|entry| entry.rep.team.to_name()).unwrap_or_default()
        }
        Group::Territory => {
            let lead = response.profile.as_ref();
            let territories = snapshot.directory.document.territories.values();
            let keys: Vec<String> = territories
                .filter(|territory| lead.is_some_and(|lead| territory.contains(lead)))
                .map(|territory| territory.id.to_name())
                .collect();
            return if keys.is_empty() { vec![String::new()] } else { keys };
        }
        Group::LeadType => response.profile.as_ref().map(|lead| lead.lead_type.name().to_owned()).unwrap_or_default(),
        Group::SlaPolicy => response.sla.clone().unwrap_or_default(),
        Group::Hour => {
            let began = response.clock.began_at.to_zoned(snapshot.policy.time_zone.clone());
            format!("{:02}", began.hour())
        }
    };
    vec![one]
}
