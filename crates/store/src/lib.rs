//! Every SQL statement, migrations, transactions.
//!
//! The way of one batch of commands: [`Store::begin`], [`Tx::lookup`] (versions, stored responses, known identities),
//! [`Tx::lock_leads`], [`Tx::lock_counters`], the decision (elsewhere, pure), [`Tx::write`], [`Tx::commit`]. Locks are taken in
//! one order by everybody: tenant, leads ascending, counters ascending, so that no two batches wait for each other.
//! While a transaction is open it waits for no other one of the same tenant, except for those locks.
//!
//! Round trips of a batch, however large: begin 1, lookup 1, leads 2 (none if there are no ids), counters 1 (2 where this
//! process has not seen one of the keys), write 1 for what is new and 1 for what existed, commit 1. So new leads cost 5,
//! a change of those that exist costs 8, a request that was answered before costs 3 (`tests/round_trips.rs` counts).
//! When a connection comes back the pool asks once more, which nobody waits for.

mod audit;
mod changes;
mod codes;
mod directory;
mod error;
mod history;
mod leads;
mod models;
mod partitions;
mod policies;
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
pub use directory::{DirectoryChange, DirectoryError, DirectorySummary, EntityVersion};
pub use error::{StoreError, WriteError};
pub use history::EscalationKey;
pub use leads::LeadFilter;
pub use models::ScoringModelRevision;
pub use policies::PolicyRevision;
pub use pool::{Store, StoreOptions};
pub use tenant::{TenantVersions, Tenants};
pub use timers::TimerKey;
pub use tx::{LeadRow, Lookup, Tx};
