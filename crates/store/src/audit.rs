//! The auditor: counts what must not be. Every figure but the first three must be 0.

use std::ops::AddAssign;

use domain::{
    ids::TenantId,
    ownership::{LeadState, Queue, TimerKind},
};
use sqlx::PgConnection;

use crate::{codes::Code as _, error::StoreError, pool::Store, rows::Place};

/// What an audit of one tenant found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Audit {
    /// Leads.
    pub leads: i64,
    /// Leads that are not closed.
    pub open: i64,
    /// Leads that are closed.
    pub closed: i64,
    /// Leads without ownership, or whose owner is neither a rep nor a known queue.
    pub without_owner: i64,
    /// Open leads whose history names more than one owner, or another one, for now: not exactly one assignment without an
    /// end, or one whose epoch or owner is not that of the ownership.
    pub with_two_owners: i64,
    /// Leads whose assignments are not numbered 1, 2, 3 ... up to the ownership's epoch.
    pub epoch_gaps: i64,
    /// Timers that open leads should have and don't; see [`Store::audit`].
    pub missing_timers: i64,
    /// Timers that must not be: of another epoch than the lead's, of a closed lead, of no lead; of clocks that stand, or of the
    /// end of a pause where none is.
    pub stale_timers: i64,
    /// Pauses that last, though their assignment has ended.
    pub stale_pauses: i64,
    /// Reps whose count of open leads is not what they own.
    pub load_mismatches: i64,
}

impl Audit {
    /// How many rows break each law, by its name.
    pub fn by_law(&self) -> [(&'static str, i64); 7] {
        [
            ("without_owner", self.without_owner),
            ("with_two_owners", self.with_two_owners),
            ("epoch_gaps", self.epoch_gaps),
            ("missing_timers", self.missing_timers),
            ("stale_timers", self.stale_timers),
            ("stale_pauses", self.stale_pauses),
            ("load_mismatches", self.load_mismatches),
        ]
    }

    /// How many rows break a law: what an alert watches.
    pub fn violations(&self) -> i64 {
        self.by_law().iter().map(|(_, rows)| rows).sum()
    }
}

impl AddAssign for Audit {
    fn add_assign(&mut self, other: Self) {
        self.leads += other.leads;
        self.open += other.open;
        self.closed += other.closed;
        self.without_owner += other.without_owner;
        self.with_two_owners += other.with_two_owners;
        self.epoch_gaps += other.epoch_gaps;
        self.missing_timers += other.missing_timers;
        self.stale_timers += other.stale_timers;
        self.stale_pauses += other.stale_pauses;
        self.load_mismatches += other.load_mismatches;
    }
}

/// Open leads of a rep under an SLA policy that have no `Escalate` timer: right if the chain has no step left, which only
/// the policy tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwatched {
    /// Revision of the policy that started the chain.
    pub policy_revision: i64,
    /// Name of the SLA policy in it.
    pub sla: String,
    /// The next step, from 0.
    pub step: u16,
    /// How many leads.
    pub leads: i64,
}

impl Store {
    /// Recounts everything of a tenant that the write path keeps right, from one snapshot. It reads all leads: not for every minute.
    ///
    /// A lead must have
    /// - `Accept`: offered, with a time to accept by;
    /// - `Escalate`: offered or accepted, with an SLA policy whose chain has a step left. `steps` tells how many steps the
    ///   SLA policy of that name has in that revision of the policy; `None` (it can't be told) counts as a step left;
    /// - `Retry`: in the waiting queue;
    /// - `Wake`: in nurture, with a time to wake at;
    /// - `Resume`, and no other: its clocks stand until a time. None at all: they stand until somebody acts.
    pub async fn audit(
        &self,
        tenant: TenantId,
        steps: impl Fn(i64, &str) -> Option<u16> + Send,
    ) -> Result<Audit, StoreError> {
        let (mut audit, unwatched) = self.audit_rows(tenant).await?;
        let unfinished = unwatched
            .into_iter()
            .filter(|chain| steps(chain.policy_revision, &chain.sla).is_none_or(|steps| chain.step < steps));
        audit.missing_timers += unfinished.map(|chain| chain.leads).sum::<i64>();
        Ok(audit)
    }

    /// The sum over all tenants of what the rows alone can tell. Not counted: `Escalate` timers that are missing, for
    /// which the policies must be asked ([`Self::audit_rows`]).
    pub async fn audit_all(&self) -> Result<Audit, StoreError> {
        let mut sum = Audit::default();
        for (tenant, _) in self.tenants().await? {
            sum += self.audit_rows(tenant).await?.0;
        }
        Ok(sum)
    }

    /// [`Self::audit`] without the last step: the leads without an `Escalate` timer are not judged but listed.
    pub async fn audit_rows(&self, tenant: TenantId) -> Result<(Audit, Vec<Unwatched>), StoreError> {
        let mut tx = self.begin_report("audit").await?;
        let statement = tx.statement("audit");
        let counted = statement.run(count(tx.enter()?, tenant)).await;
        let counted = tx.leave(counted)?;
        tx.commit().await?;
        Ok(counted)
    }
}

async fn count(connection: &mut PgConnection, tenant: TenantId) -> Result<(Audit, Vec<Unwatched>), StoreError> {
    let mut audit = count_ownership(connection, tenant).await?;
    count_history(connection, tenant, &mut audit).await?;
    count_timers(connection, tenant, &mut audit).await?;
    audit.load_mismatches = count_loads(connection, tenant).await?;
    let chains = unwatched_chains(connection, tenant).await?;
    Ok((audit, chains))
}

async fn count_ownership(connection: &mut PgConnection, tenant: TenantId) -> Result<Audit, StoreError> {
    let queues: Vec<String> = Queue::ALL.iter().map(|queue| format!("queues/{}", queue.name())).collect();
    let row = sqlx::query!(
        r#"
        SELECT count(*) AS "leads!", count(*) FILTER (WHERE o.lead_id IS NOT NULL AND o.closed_at IS NULL) AS "open!",
               count(*) FILTER (WHERE o.closed_at IS NOT NULL) AS "closed!",
               count(*) FILTER (WHERE o.lead_id IS NULL
                                   OR NOT (o.owner ~ '^reps/[a-z0-9][a-z0-9-]*$' OR o.owner = ANY ($2))) AS "without_owner!"
        FROM lead AS l LEFT JOIN ownership AS o ON o.tenant_id = l.tenant_id AND o.lead_id = l.lead_id
        WHERE l.tenant_id = $1
        "#,
        tenant.0,
        &queues,
    )
    .fetch_one(connection)
    .await?;
    let (leads, open, closed, without_owner) = (row.leads, row.open, row.closed, row.without_owner);
    Ok(Audit { leads, open, closed, without_owner, ..Audit::default() })
}

async fn count_history(connection: &mut PgConnection, tenant: TenantId, audit: &mut Audit) -> Result<(), StoreError> {
    let row = sqlx::query!(
        r#"
        SELECT count(*) FILTER (WHERE o.closed_at IS NULL
                                  AND (h.running IS DISTINCT FROM 1 OR h.running_epoch <> o.epoch
                                       OR h.running_owner <> o.owner)) AS "with_two_owners!",
               count(*) FILTER (WHERE h.epochs IS DISTINCT FROM o.epoch OR h.first <> 1 OR h.last <> o.epoch)
                   AS "epoch_gaps!"
        FROM ownership AS o
        LEFT JOIN (
            SELECT lead_id, count(*) AS epochs, min(epoch) AS first, max(epoch) AS last,
                   count(*) FILTER (WHERE ended_at IS NULL) AS running,
                   max(epoch) FILTER (WHERE ended_at IS NULL) AS running_epoch,
                   max(owner) FILTER (WHERE ended_at IS NULL) AS running_owner
            FROM assignment WHERE tenant_id = $1 GROUP BY lead_id
        ) AS h ON h.lead_id = o.lead_id
        WHERE o.tenant_id = $1
        "#,
        tenant.0,
    )
    .fetch_one(connection)
    .await?;
    (audit.with_two_owners, audit.epoch_gaps) = (row.with_two_owners, row.epoch_gaps);
    Ok(())
}

async fn count_timers(connection: &mut PgConnection, tenant: TenantId, audit: &mut Audit) -> Result<(), StoreError> {
    audit.stale_timers = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
        FROM timer AS t LEFT JOIN ownership AS o ON o.tenant_id = t.tenant_id AND o.lead_id = t.lead_id
        LEFT JOIN pause AS p ON p.tenant_id = t.tenant_id AND p.lead_id = t.lead_id AND p.ended_at IS NULL
        WHERE t.tenant_id = $1 AND (o.lead_id IS NULL OR o.closed_at IS NOT NULL OR o.epoch <> t.epoch
                                    OR (p.lead_id IS NULL) = (t.kind = $2))
        "#,
        tenant.0,
        TimerKind::Resume.code(),
    )
    .fetch_one(&mut *connection)
    .await?;
    audit.missing_timers = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
        FROM ownership AS o
        CROSS JOIN LATERAL (
            SELECT CASE WHEN o.state = $2 AND o.accept_by IS NOT NULL AND o.accepted_at IS NULL THEN $3::smallint END
            UNION ALL SELECT CASE WHEN o.owner = $4 THEN $5::smallint END
            UNION ALL SELECT CASE WHEN o.owner = $6 AND o.wake_at IS NOT NULL THEN $7::smallint END
            UNION ALL SELECT $8::smallint FROM pause AS p
                      WHERE p.tenant_id = o.tenant_id AND p.lead_id = o.lead_id AND p.ended_at IS NULL AND p.until IS NOT NULL
        ) AS needed (kind)
        LEFT JOIN timer AS t
          ON t.tenant_id = o.tenant_id AND t.lead_id = o.lead_id AND t.kind = needed.kind AND t.epoch = o.epoch
        WHERE o.tenant_id = $1 AND o.closed_at IS NULL AND needed.kind IS NOT NULL AND t.lead_id IS NULL
        "#,
        tenant.0,
        LeadState::Offered.code(),
        TimerKind::Accept.code(),
        format!("queues/{}", Queue::Waiting.name()),
        TimerKind::Retry.code(),
        format!("queues/{}", Queue::Nurture.name()),
        TimerKind::Wake.code(),
        TimerKind::Resume.code(),
    )
    .fetch_one(&mut *connection)
    .await?;
    audit.stale_pauses = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
        FROM pause AS p LEFT JOIN ownership AS o ON o.tenant_id = p.tenant_id AND o.lead_id = p.lead_id
        WHERE p.tenant_id = $1 AND p.ended_at IS NULL
          AND (o.lead_id IS NULL OR o.closed_at IS NOT NULL OR o.epoch <> p.epoch)
        "#,
        tenant.0,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

async fn unwatched_chains(connection: &mut PgConnection, tenant: TenantId) -> Result<Vec<Unwatched>, StoreError> {
    let rows = sqlx::query!(
        r#"
        SELECT o.policy_revision, o.sla AS "sla!", o.chain_step AS step, count(*) AS "leads!"
        FROM ownership AS o
        LEFT JOIN timer AS t
          ON t.tenant_id = o.tenant_id AND t.lead_id = o.lead_id AND t.kind = $2 AND t.epoch = o.epoch
        LEFT JOIN pause AS p ON p.tenant_id = o.tenant_id AND p.lead_id = o.lead_id AND p.ended_at IS NULL
        WHERE o.tenant_id = $1 AND o.state = ANY ($3) AND o.closed_at IS NULL AND o.sla IS NOT NULL AND t.lead_id IS NULL
          AND p.lead_id IS NULL
        GROUP BY o.policy_revision, o.sla, o.chain_step
        "#,
        tenant.0,
        TimerKind::Escalate.code(),
        &[LeadState::Offered.code(), LeadState::Accepted.code()],
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| {
        let place = Place { table: "ownership", row: &row.sla };
        let step = place.number("chain_step", row.step)?;
        Ok(Unwatched { policy_revision: row.policy_revision, sla: row.sla, step, leads: row.leads })
    })
    .collect()
}

async fn count_loads(connection: &mut PgConnection, tenant: TenantId) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
        FROM (SELECT rep_id, open_leads FROM rep_load WHERE tenant_id = $1) AS l
        FULL JOIN (
            SELECT substr(owner, 6) AS rep_id, count(*) AS open_leads FROM ownership
            WHERE tenant_id = $1 AND closed_at IS NULL AND owner LIKE 'reps/%' GROUP BY owner
        ) AS o ON o.rep_id = l.rep_id
        WHERE coalesce(l.open_leads, 0) <> coalesce(o.open_leads, 0)
        "#,
        tenant.0,
    );
    Ok(count.fetch_one(connection).await?)
}
