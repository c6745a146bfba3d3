//! What the store needs before the first request and every few hours after it: schema, tenants, partitions.

use std::time::Duration;

use jiff::{SignedDuration, ToSpan as _};
use kit::clock::Clock;
use store::{Store, StoreError};

use crate::{
    app::StartError,
    config::{Config, DatabaseConfig},
    roles::Shared,
};

/// Partitions are made days ahead, so that several rounds may fail before one is missed.
const EVERY: Duration = Duration::from_hours(6);
/// Operations that have ended are kept so long.
const KEEP_OPERATIONS: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Messages that could not be delivered are kept so long after they were given up.
const KEEP_DEAD_LETTERS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Makes the store ready for requests. Several processes may do so at once.
pub(crate) async fn prepare(store: &Store, config: &Config, clock: &Clock) -> Result<(), StartError> {
    if config.database.migrate {
        store.migrate().await?;
    } else {
        store.check_schema().await?;
    }
    partitions(store, clock, &config.database).await?;
    let now = clock.now();
    for slug in &config.tenants.0 {
        let tenant = store.ensure_tenant(slug, now).await?;
        scoring::ensure_default_model(store, tenant, now).await?;
    }
    Ok(())
}

/// Goes on doing what has to be done again and again, until the process ends.
pub(crate) fn start(shared: &Shared, config: &Config) {
    let (shared, keep) = (shared.clone(), config.database.clone());
    let lifecycle = shared.lifecycle.clone();
    lifecycle.spawn(async move {
        let stopping = shared.lifecycle.stopping().clone();
        while stopping.run_until_cancelled(shared.clock.sleep(EVERY)).await.is_some() {
            if let Err(error) = partitions(&shared.store, &shared.clock, &keep).await {
                tracing::error!(%error, "partitions could not be kept up; it is tried again in six hours");
            }
        }
    });
}

async fn partitions(store: &Store, clock: &Clock, keep: &DatabaseConfig) -> Result<(), StoreError> {
    let now = clock.now();
    store.ensure_partitions(now).await?;
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let before = |days: u16| today.saturating_sub(i64::from(days).days());
    let dropped = store.drop_requests_before(before(keep.keep_answers_days)).await?;
    if dropped > 0 {
        tracing::info!(days = dropped, "old answers were dropped");
    }
    let dropped = store.drop_events_before(before(keep.keep_events_days)).await?;
    if dropped > 0 {
        tracing::info!(days = dropped, "old events were dropped");
    }
    let forgotten = store.drop_operations_before(now - KEEP_OPERATIONS).await?;
    if forgotten > 0 {
        tracing::info!(operations = forgotten, "operations that ended long ago were dropped");
    }
    let forgotten = store.drop_dead_letters_before(now - KEEP_DEAD_LETTERS).await?;
    if forgotten > 0 {
        tracing::warn!(messages = forgotten, "messages that were given up long ago were dropped");
    }
    Ok(())
}
