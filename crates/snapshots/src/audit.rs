//! The audit of the store, with the policies at hand.

use jiff::Timestamp;
use store::{Audit, Unwatched};

use crate::{SnapshotError, Snapshots};
use domain::ids::TenantId;

impl Snapshots {
    /// Recounts everything that the write path keeps right, of all tenants. It reads all leads: not for every second.
    ///
    /// [`store::Store::audit`] does not know how many steps an SLA policy has; here it is looked up, so that a lead is
    /// missed whose escalation chain goes on without a timer.
    pub async fn audit_all(&self, now: Timestamp) -> Result<Audit, SnapshotError> {
        let mut sum = Audit::default();
        for (tenant, _) in self.store.tenants().await? {
            let (audit, unwatched) = self.store.audit_rows(tenant).await?;
            sum += audit;
            for chain in unwatched {
                if self.goes_on(tenant, &chain, now).await? {
                    sum.missing_timers += chain.leads;
                }
            }
        }
        Ok(sum)
    }

    /// Whether the chain has a step left; true if that can't be told.
    async fn goes_on(&self, tenant: TenantId, chain: &Unwatched, now: Timestamp) -> Result<bool, SnapshotError> {
        let policy = match self.policy(tenant, chain.policy_revision, now).await {
            Ok(policy) => policy,
            Err(SnapshotError::Unknown { .. } | SnapshotError::Unusable { .. }) => return Ok(true),
            Err(error) => return Err(error),
        };
        Ok(policy.slas.get(&chain.sla).is_none_or(|sla| usize::from(chain.step) < sla.steps.len()))
    }
}
