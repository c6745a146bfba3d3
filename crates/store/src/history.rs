//! Reading what happened: assignments, escalations and pauses.

use domain::{
    ids::{Epoch, LeadId, TenantId},
    ownership::{Assignment, Escalation, LeadPause},
};
use uuid::Uuid;

use crate::{
    error::StoreError,
    pool::Store,
    rows::{EscalationRow, select_assignments, select_pauses},
};

/// Primary key of an escalation step: lead, epoch, step. A page ends with one and the next begins after it.
pub type EscalationKey = (LeadId, Epoch, u16);

impl Store {
    /// Assignments of a lead by epoch, at most `limit`, from the one after `after` (`Epoch(0)`: from the first).
    pub async fn assignments(
        &self,
        tenant: TenantId,
        lead: LeadId,
        after: Epoch,
        limit: i64,
    ) -> Result<Vec<Assignment>, StoreError> {
        let rows = select_assignments!(
            "FROM assignment AS a WHERE a.tenant_id = $1 AND a.lead_id = $2 AND a.epoch > $3 ORDER BY a.epoch LIMIT $4",
            tenant.0,
            lead.0,
            after.0,
            limit,
        );
        rows.fetch_all(&self.pool).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// One assignment of a lead.
    pub async fn assignment(
        &self,
        tenant: TenantId,
        lead: LeadId,
        epoch: Epoch,
    ) -> Result<Option<Assignment>, StoreError> {
        let row = select_assignments!(
            "FROM assignment AS a WHERE a.tenant_id = $1 AND a.lead_id = $2 AND a.epoch = $3",
            tenant.0,
            lead.0,
            epoch.0,
        );
        row.fetch_optional(&self.pool).await?.map(TryInto::try_into).transpose()
    }

    /// The latest assignment of a lead that a decision began, rather than a person's choice or the escalation chain.
    pub async fn latest_decided(&self, tenant: TenantId, lead: LeadId) -> Result<Option<Assignment>, StoreError> {
        let row = select_assignments!(
            "FROM assignment AS a WHERE a.tenant_id = $1 AND a.lead_id = $2 AND a.decision IS NOT NULL \
             ORDER BY a.epoch DESC LIMIT 1",
            tenant.0,
            lead.0,
        );
        row.fetch_optional(&self.pool).await?.map(TryInto::try_into).transpose()
    }

    /// The pauses of a lead, in order.
    pub async fn pauses_of(&self, tenant: TenantId, lead: LeadId) -> Result<Vec<LeadPause>, StoreError> {
        let rows = select_pauses!("FROM pause WHERE tenant_id = $1 AND lead_id = $2 ORDER BY number", tenant.0, lead.0);
        rows.fetch_all(&self.pool).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// Escalation steps that were done, of one lead or of all, by lead, epoch and step; at most `limit`, from the one after `after`.
    pub async fn escalations(
        &self,
        tenant: TenantId,
        lead: Option<LeadId>,
        after: Option<EscalationKey>,
        limit: i64,
    ) -> Result<Vec<Escalation>, StoreError> {
        let (after_lead, after_epoch, after_step) =
            after.map_or((Uuid::nil(), 0, 0), |(lead, epoch, step)| (lead.0, epoch.0, i32::from(step)));
        // A range of one lead or of all: the same plan by primary key for both.
        let (from, to) = lead.map_or((Uuid::nil(), Uuid::max()), |lead| (lead.0, lead.0));
        let rows = sqlx::query_as!(
            EscalationRow,
            r#"SELECT lead_id, epoch, step, action, target, due_at AS "due_at: _", done_at AS "done_at: _",
                      acknowledged_at AS "acknowledged_at: _", acknowledged_by
               FROM escalation
               WHERE tenant_id = $1 AND lead_id BETWEEN $2 AND $3 AND (lead_id, epoch, step) > ($4, $5, $6)
               ORDER BY lead_id, epoch, step LIMIT $7"#,
            tenant.0,
            from,
            to,
            after_lead,
            after_epoch,
            after_step,
            limit,
        );
        rows.fetch_all(&self.pool).await?.into_iter().map(TryInto::try_into).collect()
    }
}
