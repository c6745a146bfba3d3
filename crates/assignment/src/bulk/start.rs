//! `BulkReassign`: which leads, and to whom.

use std::collections::BTreeSet;

use api::{
    Error, Path, Precondition, Violations,
    convert::bulk::{BulkReassign, Target, Which},
    filter::LeadFilter,
    longrunning::Operation,
    names::{OperationName, Resource as _},
    v1,
};
use domain::{
    ids::LeadId,
    ownership::{LeadState, Owner, Queue},
};
use jiff::Timestamp;
use kit::telemetry::current_traceparent;
use prost::Message as _;
use store::{NewOperation, Selected};
use uuid::Uuid;

use super::part::Order;
use crate::{
    error::store_error,
    grpc::{Asker, Inner, request_key},
};

/// Most leads that a filter may find: what one call selects, keeps in memory and writes in a few seconds.
const MAX_FOUND: u32 = 100_000;

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
        let directory = self.directory(asker).await?;
        match target {
            Target::Owner(Owner::Rep(rep)) if directory.rep(rep).is_none_or(|entry| !entry.rep.active) => {
                Err(Precondition::RepInactive { rep: rep.clone() }.into())
            }
            Target::Pool(pool) if directory.pool(pool).is_none() => Err(Error::NotFound { resource: pool.to_name() }),
            Target::Owner(_) | Target::Pool(_) | Target::RouteAgain => Ok(()),
        }
    }

    async fn select(&self, asker: &Asker, which: &Which) -> Result<Vec<Selected>, Error> {
        match which {
            Which::Filter(filter) => self.select_found(asker, filter).await,
            Which::Leads(leads) => self.select_named(asker, leads).await,
        }
    }

    async fn select_found(&self, asker: &Asker, filter: &LeadFilter) -> Result<Vec<Selected>, Error> {
        let mut filter = self.resolve(asker, filter).await?;
        if filter.owners.is_none() {
            // All whom a lead can have: reps stay in the directory when they leave.
            let directory = self.directory(asker).await?;
            let reps = directory.document.reps.keys().cloned().map(Owner::Rep);
            filter.owners = Some(reps.chain(Queue::ALL.map(Owner::Queue)).collect());
        }
        let found = self.store.select_by_filter(asker.tenant, &filter, MAX_FOUND + 1).await.map_err(store_error)?;
        if found.len() > MAX_FOUND as usize {
            let mut violations = Violations::default();
            let most = format!("finds more than {MAX_FOUND} open leads: expected fewer, see `arrived_before`");
            violations.add(&Path::Request.field("filter"), most);
            return Err(violations.into());
        }
        Ok(found)
    }

    async fn select_named(&self, asker: &Asker, leads: &[LeadId]) -> Result<Vec<Selected>, Error> {
        let wanted: BTreeSet<LeadId> = leads.iter().copied().collect();
        let wanted: Vec<LeadId> = wanted.into_iter().collect();
        let mut found = self.store.select_by_id(asker.tenant, &wanted).await.map_err(store_error)?;
        let is_known = |lead: &LeadId| found.binary_search_by_key(lead, |selected| selected.lead).is_ok();
        if let Some(unknown) = leads.iter().find(|lead| !is_known(lead)) {
            return Err(Error::NotFound { resource: unknown.to_name() });
        }
        found.retain(|selected| selected.state != LeadState::Closed);
        Ok(found)
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
