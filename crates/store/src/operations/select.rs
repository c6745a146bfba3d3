//! Which leads an operation is about.

use domain::{
    ids::{Epoch, LeadId, TenantId},
    ownership::{LeadState, Owner},
};
use uuid::Uuid;

use crate::{error::StoreError, leads::LeadFilter, pool::Store, rows::Place};

/// A lead as it was selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Which.
    pub lead: LeadId,
    /// Its epoch by then: another one means that somebody has changed it since.
    pub epoch: Epoch,
    /// Who had it.
    pub owner: Owner,
}

/// States of leads that are not closed.
const OPEN: [LeadState; 4] = [LeadState::Offered, LeadState::Accepted, LeadState::Working, LeadState::Queued];

/// Leads that are read at once.
const CHUNK: u16 = 5_000;

impl Store {
    /// The open leads that a filter finds, ascending.
    pub async fn select_by_filter(&self, tenant: TenantId, filter: &LeadFilter) -> Result<Vec<Selected>, StoreError> {
        let mut states = filter.states.clone().unwrap_or_else(|| OPEN.to_vec());
        states.retain(|state| OPEN.contains(state));
        let filter = LeadFilter { states: Some(states), ..filter.clone() };
        let mut selected: Vec<Selected> = Vec::new();
        loop {
            let after = selected.last().map(|last| last.lead);
            let page = self.leads(tenant, &filter, after, CHUNK.into()).await?;
            let is_last = page.len() < usize::from(CHUNK);
            selected.extend(page.into_iter().map(|(lead, ownership)| Selected {
                lead: lead.id,
                epoch: ownership.epoch,
                owner: ownership.owner,
            }));
            if is_last {
                return Ok(selected);
            }
        }
    }

    /// Those of the leads that exist and whether they are open, ascending.
    pub async fn select_by_id(&self, tenant: TenantId, leads: &[LeadId]) -> Result<Vec<(Selected, bool)>, StoreError> {
        let ids: Vec<Uuid> = leads.iter().map(|lead| lead.0).collect();
        let rows = sqlx::query!(
            r#"SELECT o.lead_id, o.epoch, o.owner, o.closed_at IS NULL AS "open!"
               FROM unnest($2::uuid[]) AS wanted (id)
               CROSS JOIN LATERAL (SELECT * FROM ownership WHERE tenant_id = $1 AND lead_id = wanted.id OFFSET 0) AS o
               ORDER BY o.lead_id"#,
            tenant.0,
            &ids,
        );
        let rows = rows.fetch_all(&self.pool).await?;
        rows.into_iter()
            .map(|row| {
                let place = Place { table: "ownership", row: &row.lead_id };
                let owner = place.text("owner", &row.owner)?;
                Ok((Selected { lead: LeadId(row.lead_id), epoch: Epoch(row.epoch), owner }, row.open))
            })
            .collect()
    }
}
