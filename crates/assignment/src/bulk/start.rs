//! `BulkReassign`: which leads, and to whom.

use std::collections::BTreeSet;

use api::{
    Error, Precondition,
    convert::bulk::{BulkReassign, Target, Which},
    longrunning::Operation,
    names::{OperationName, Resource as _},
    v1,
};
use domain::{ids::LeadId, ownership::Owner};
use jiff::Timestamp;
use kit::telemetry::current_traceparent;
use prost::Message as _;
use store::{NewOperation, Selected};
use uuid::Uuid;

use super::part::Order;
use crate::{
    error::{snapshot_error, store_error},
    grpc::{Asker, Inner, request_key},
};

impl Inner {
    pub(crate) async fn bulk_reassign(
        &self,
        asker: &Asker,
        request: v1::BulkReassignRequest,
    ) -> Result<Operation, Error> {
        let encoded = request.encode_to_vec();
        let bulk = BulkReassign::try_from(request.clone())?;
        let id = bulk.request_id.unwrap_or_else(|| self.clock.new_uuid_v7());
        let fingerprint = request_key(id, "bulk_reassign", &encoded).fingerprint;
        if !bulk.preview
            && bulk.request_id.is_some()
            && let Some(operation) = self.started(asker, id, fingerprint).await?
        {
            return Ok(operation);
        }
        self.check_target(asker, &bulk.target).await?;
        let leads = self.select(asker, &bulk.which).await?;
        let now = self.store_time().await?;
        let operation = NewOperation {
            id,
            fingerprint,
            request: v1::BulkReassignRequest { leads: Vec::new(), ..request }.encode_to_vec(),
            actor: asker.caller.actor.to_string(),
            traceparent: current_traceparent(),
            now,
        };
        if bulk.preview {
            return self.preview(&order(asker, bulk), operation, &leads).await;
        }
        if self.store.start_operation(asker.tenant, &operation, &leads).await.map_err(store_error)? {
            self.operations.begun.notify_one();
        }
        // If the same request came twice at once, the one that was faster started it.
        let started = self.started(asker, id, fingerprint).await?;
        started.ok_or_else(|| Error::NotFound { resource: OperationName(id).to_name() })
    }

    /// The operation of that id, if it was started by the same request.
    async fn started(&self, asker: &Asker, id: Uuid, fingerprint: Uuid) -> Result<Option<Operation>, Error> {
        let kept = self.store.operation_fingerprint((asker.tenant, id)).await.map_err(store_error)?;
        match kept {
            None => Ok(None),
            Some(kept) if kept != fingerprint => Err(Error::RequestIdReused { request_id: id }),
            Some(_) => self.operation(asker, id).await.map(Some),
        }
    }

    /// The time by the clock that all replicas share.
    pub(super) async fn store_time(&self) -> Result<Timestamp, Error> {
        match self.clock.manual_now() {
            Some(now) => Ok(now),
            None => self.store.now().await.map_err(store_error),
        }
    }

    /// Refuses at once what would be refused for each lead.
    async fn check_target(&self, asker: &Asker, target: &Target) -> Result<(), Error> {
        let versions = self.store.versions(asker.tenant).await.map_err(store_error)?;
        if versions.policy.is_none() {
            return Err(Precondition::NoActivePolicy.into());
        }
        let directory = self.snapshots.directory(asker.tenant, versions.directory, self.clock.now()).await;
        let directory = directory.map_err(|error| snapshot_error(&error))?;
        match target {
            Target::Owner(Owner::Rep(rep)) if directory.rep(rep).is_none_or(|entry| !entry.rep.active) => {
                Err(Precondition::RepInactive { rep: rep.clone() }.into())
            }
            Target::Pool(pool) if directory.pool(pool).is_none() => Err(Error::NotFound { resource: pool.to_name() }),
            Target::Owner(_) | Target::Pool(_) | Target::RouteAgain => Ok(()),
        }
    }

    async fn select(&self, asker: &Asker, which: &Which) -> Result<Vec<Selected>, Error> {
        let leads = match which {
            Which::Filter(filter) => {
                let filter = self.resolve(asker, filter).await?;
                return self.store.select_by_filter(asker.tenant, &filter).await.map_err(store_error);
            }
            Which::Leads(leads) => leads,
        };
        let wanted: BTreeSet<LeadId> = leads.iter().copied().collect();
        let wanted: Vec<LeadId> = wanted.into_iter().collect();
        let found = self.store.select_by_id(asker.tenant, &wanted).await.map_err(store_error)?;
        let known: BTreeSet<LeadId> = found.iter().map(|(selected, _)| selected.lead).collect();
        if let Some(unknown) = leads.iter().find(|lead| !known.contains(lead)) {
            return Err(Error::NotFound { resource: unknown.to_name() });
        }
        Ok(found.into_iter().filter(|(_, open)| *open).map(|(selected, _)| selected).collect())
    }
}

fn order(asker: &Asker, bulk: BulkReassign) -> Order {
    Order {
        tenant: asker.tenant,
        slug: asker.caller.tenant.clone(),
        target: bulk.target,
        operation: None,
        actor: asker.caller.actor.clone(),
        note: bulk.note,
        traceparent: None,
    }
}
