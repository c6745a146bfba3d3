//! `GetLeadSla`: how a lead stands.

use api::{
    Error,
    convert::sla::{Hours, lead_to_wire},
    names::Resource as _,
    v1,
};
use domain::ids::{LeadId, TenantId};

use super::{Inner, name, snapshot_error, store_error};

impl Inner {
    /// The steps of the chain are those of the policy revision that started it; their times are told by the hours that
    /// its owner has now.
    pub(super) async fn get_lead_sla(
        &self,
        tenant: TenantId,
        request: v1::GetLeadSlaRequest,
    ) -> Result<v1::GetLeadSlaResponse, Error> {
        let lead: LeadId = name("name", &request.name)?;
        let found = self.store.lead(tenant, lead).await.map_err(store_error)?;
        let (_, ownership) = found.ok_or_else(|| Error::NotFound { resource: lead.to_name() })?;
        let timers = self.store.timers_of(tenant, lead).await.map_err(store_error)?;
        let pauses = self.store.pauses_of(tenant, lead).await.map_err(store_error)?;
        let versions = self.store.versions(tenant).await.map_err(store_error)?;

        let now = self.clock.now();
        let snapshot = self.snapshots.of(tenant, &versions, now).await.map_err(snapshot_error)?;
        let policy = self.snapshots.sla_of(tenant, &ownership, now).await.map_err(snapshot_error)?;
        let hours = Hours::of(&ownership.owner, &snapshot);
        let lead_sla = lead_to_wire(&ownership, policy.as_deref(), &timers, &pauses, hours, now);
        Ok(v1::GetLeadSlaResponse { lead_sla: Some(lead_sla) })
    }
}
