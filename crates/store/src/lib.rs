//! Every SQL statement, migrations, transactions.
//!
//! The way of one batch of commands: [`Session::open`], [`Tx::lookup`] (versions, stored responses, known identities),
//! [`Tx::leads`], [`Tx::counters`], the decision (elsewhere, pure), [`Tx::write`], [`Tx::commit`]. Reading locks nothing. The write
//! locks the tenant's row, before anything else, and takes effect only if no other commit of the tenant came since the
//! lookup; so the commits of a tenant are as if made one after the other, and nobody waits in a circle.
//!
//! Round trips of a batch, however large: lookup 1, leads 2 (none if there are no ids; 3 if clocks of one stood), counters 1 (none if the caller knows
//! them), write 1. A write that changes what existed takes begin, 2 and commit. So new leads cost 2, a change of those that
//! exist costs 7. A request that was answered before costs 3, of which 2 read the lead that its answer tells of
//! (`tests/round_trips.rs` counts).

mod audit;
mod changes;
mod codes;
mod directory;
mod due;
mod error;
mod events;
mod filter;
mod history;
mod leads;
mod models;
mod operations;
mod partitions;
mod patience;
mod policies;
mod pool;
mod responses;
mod rows;
mod schema;
mod subscriptions;
mod tenant;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod time;
mod timers;
mod tx;

pub use audit::{Audit, Unwatched};
pub use changes::{Changes, Happened, MovedIdentity, NewLead, StoredResponse};
pub use directory::{DirectoryChange, DirectoryError, DirectorySummary, EntityVersion};
pub use due::{Due, Look, Share};
pub use error::{StoreError, WriteError};
pub use events::Read;
pub use filter::LeadFilter;
pub use history::EscalationKey;
pub use models::ScoringModelRevision;
pub use operations::{
    Claim, Counts, Effect, NewOperation, Operation, OperationKey, OperationLead, Outcome, Part, Selected, Why,
};
pub use policies::PolicyRevision;
pub use pool::{Store, StoreOptions};
pub use responses::{DueKey, Period, Response};
pub use subscriptions::{
    Claimed, DeadLetter, Held, Lag, Made, NewSubscription, Ready, Subscription, SubscriptionChange, SubscriptionKey,
    SubscriptionState,
};
pub use tenant::{TenantVersions, Tenants};
pub use timers::TimerKey;
pub use tx::{LeadRow, Lookup, Session, Tx};
