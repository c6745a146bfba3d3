//! Which leads an operation is about.

use domain::{
    ids::{Epoch, LeadId, TenantId},
    ownership::{LeadState, Owner},
};
use uuid::Uuid;

use crate::{
    error::StoreError,
    filter::{FilterArguments, LeadFilter, filtered},
    pool::Store,
    rows::Place,
};

/// A lead as it was selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Which.
    pub lead: LeadId,
    /// Its epoch by then: another one means that somebody else has got it since.
    pub epoch: Epoch,
    /// Its state by then: another one means that its owner has done something since.
    pub state: LeadState,
    /// Who had it.
    pub owner: Owner,
}

/// The columns of a [`Selected`].
#[derive(Debug)]
struct SelectedRow {
    lead_id: Uuid,
    epoch: i32,
    state: i16,
    owner: String,
}

impl TryFrom<SelectedRow> for Selected {
    type Error = StoreError;

    fn try_from(row: SelectedRow) -> Result<Self, StoreError> {
        let place = Place { table: "ownership", row: &row.lead_id };
        Ok(Self {
            lead: LeadId(row.lead_id),
            epoch: Epoch(row.epoch),
            state: place.code("state", row.state)?,
            owner: place.text("owner", &row.owner)?,
        })
    }
}

/// `SELECT` of the columns of a [`SelectedRow`].
macro_rules! select_selected {
    ($from:literal $(+ $more:literal)*, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            SelectedRow,
            "SELECT o.lead_id, o.epoch, o.state, o.owner " + $from $(+ $more)*,
            $($argument),+
        )
    };
}

impl Store {
    /// The open leads of the filter's owners that it finds, ascending, at most `limit`: if there are more, any of them. It reads
    /// the open leads of those owners by an index; a filter that names none finds nothing.
    pub async fn select_by_filter(
        &self,
        tenant: TenantId,
        filter: &LeadFilter,
        limit: u32,
    ) -> Result<Vec<Selected>, StoreError> {
        let arguments = FilterArguments::from(filter);
        let rows = filtered!(
            select_selected(
                "FROM unnest($2::text[]) AS wanted (owner) CROSS JOIN LATERAL (SELECT * FROM ownership \
                     WHERE tenant_id = $1 AND owner = wanted.owner AND closed_at IS NULL OFFSET 0) AS o WHERE",
                "LIMIT $4"
            ),
            tenant,
            arguments,
            Uuid::nil(),
            i64::from(limit),
        );
        let mut selected = read(rows.fetch_all(&self.pool).await?)?;
        selected.sort_unstable_by_key(|selected| selected.lead);
        Ok(selected)
    }

    /// Those of the leads that exist, ascending, closed ones as well.
    pub async fn select_by_id(&self, tenant: TenantId, leads: &[LeadId]) -> Result<Vec<Selected>, StoreError> {
        let ids: Vec<Uuid> = leads.iter().map(|lead| lead.0).collect();
        let rows = select_selected!(
            "FROM unnest($2::uuid[]) AS wanted (id) \
             CROSS JOIN LATERAL (SELECT * FROM ownership WHERE tenant_id = $1 AND lead_id = wanted.id OFFSET 0) AS o \
             ORDER BY o.lead_id",
            tenant.0,
            &ids,
        );
        read(rows.fetch_all(&self.pool).await?)
    }
}

fn read(rows: Vec<SelectedRow>) -> Result<Vec<Selected>, StoreError> {
    rows.into_iter().map(TryInto::try_into).collect()
}
