//! Writing what a batch decided.

use domain::ids::TenantId;
use sqlx::PgConnection;
use tracing::Instrument as _;

use super::{Tx, existing, insert};
use crate::{changes::Changes, error::WriteError};

impl Tx {
    /// Writes all changes: one round trip for what is new (with counters and responses) and one for what existed; none for
    /// what is empty. A batch that only routes new leads takes one.
    ///
    /// The rows that existed must be locked by this transaction ([`Self::lock_leads`], [`Self::lock_counters`]).
    pub async fn write(&mut self, tenant: TenantId, changes: &Changes) -> Result<(), WriteError> {
        self.enter()?;
        let statement = self.statement("write");
        let written = write(&mut self.connection, tenant, changes).instrument(statement).await;
        self.leave(written)
    }
}

/// What existed comes first: whoever waits for an identity key that is moved holds none that it inserted.
async fn write(connection: &mut PgConnection, tenant: TenantId, changes: &Changes) -> Result<(), WriteError> {
    if !existing::is_empty(changes) {
        existing::change(connection, tenant, changes).await?;
    }
    if !insert::is_empty(changes) {
        insert::insert(connection, tenant, changes).await?;
    }
    Ok(())
}
