//! Every SQL statement, migrations, transactions.
//!
//! The way of one batch of commands: [`Store::begin`], [`Tx::lookup`] (versions, stored responses, known identities),
//! [`Tx::lock_leads`], [`Tx::lock_counters`], the decision (elsewhere, pure), [`Tx::write`], [`Tx::commit`]. Locks are taken in
//! one order by everybody: tenant, leads ascending, counters ascending, so that no two batches wait for each other.

mod audit;
mod changes;
mod codes;
mod directory;
mod documents;
mod error;
mod history;
mod leads;
mod partitions;
mod pool;
mod rows;
mod schema;
mod tenant;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod time;
mod timers;
mod tx;

pub use audit::{Audit, Unwatched};
pub use changes::{Changes, MovedIdentity, NewLead, StoredResponse};
pub use directory::{DirectoryChange, DirectoryError, EntityVersion};
pub use documents::{PolicyRevision, ScoringModelRevision};
pub use error::{StoreError, WriteError};
pub use history::EscalationKey;
pub use leads::LeadFilter;
pub use pool::{Store, StoreOptions};
pub use tenant::{TenantVersions, Tenants};
pub use timers::TimerKey;
pub use tx::{LeadRow, Lookup, Tx};
