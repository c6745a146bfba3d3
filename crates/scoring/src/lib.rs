//! The scoring service: scores leads by points models, explains scores, keeps the models. It never writes owners.
//!
//! Way of a `BatchScoreLeads`: `grpc.rs` (who asks) -> `score.rs` (each entry for itself) -> `models.rs` (what the tenant
//! scores by) -> `domain::score`.

mod error;
mod explain;
mod grpc;
mod kept;
mod manage;
mod models;
mod score;

use domain::{ids::TenantId, score::PointsModel};
use jiff::Timestamp;
use store::{Store, StoreError};

pub use grpc::ScoringApi;

/// Who stores what nobody asked for.
const SYSTEM: &str = "leadrouter";

/// Gives a tenant that has no active points model the one that the program ships, as a revision like any other: so every
/// score names a stored model, and revision 0 is left for leads that could not be scored. Call it before serving.
pub async fn ensure_default_model(store: &Store, tenant: TenantId, now: Timestamp) -> Result<(), StoreError> {
    if store.versions(tenant).await?.model.is_none() {
        store.ensure_model(tenant, PointsModel::default_source(), SYSTEM, now).await?;
    }
    Ok(())
}
