//! `google.longrunning.Operations`: how operations stand.

use std::{sync::Arc, time::Duration};

use api::{
    Error, Path, Precondition, Violations,
    convert::fields,
    longrunning::{
        CancelOperationRequest, DeleteOperationRequest, GetOperationRequest, ListOperationsRequest,
        ListOperationsResponse, Operation, WaitOperationRequest, operations_server::Operations,
    },
    names::{OperationName, Resource as _},
    page::Listing,
};
use tokio::time::Instant;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::wire;
use crate::{
    error::store_error,
    grpc::{Asker, Inner, read::required},
};

/// Longest wait of one call: shorter than callers wait for any.
const MAX_WAIT: Duration = Duration::from_secs(20);
/// Time between two looks at an operation that another replica may do.
const LOOK: Duration = Duration::from_millis(500);
/// Most operations of a page: each tells all that it came to.
const MAX_PAGE: u32 = 100;

/// Serves `google.longrunning.Operations`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OperationsApi(pub(crate) Arc<Inner>);

#[tonic::async_trait]
impl Operations for OperationsApi {
    async fn list_operations(
        &self,
        request: Request<ListOperationsRequest>,
    ) -> Result<Response<ListOperationsResponse>, Status> {
        let (asker, request) = self.0.open(request).await?;
        Ok(Response::new(self.0.list_operations(&asker, &request).await?))
    }

    async fn get_operation(&self, request: Request<GetOperationRequest>) -> Result<Response<Operation>, Status> {
        let (asker, request) = self.0.open(request).await?;
        let OperationName(id) = required("name", &request.name)?;
        Ok(Response::new(self.0.operation(&asker, id).await?))
    }

    async fn delete_operation(&self, request: Request<DeleteOperationRequest>) -> Result<Response<()>, Status> {
        let (asker, request) = self.0.open(request).await?;
        let OperationName(id) = required("name", &request.name)?;
        Ok(Response::new(self.0.delete_operation(&asker, id).await?))
    }

    async fn cancel_operation(&self, request: Request<CancelOperationRequest>) -> Result<Response<()>, Status> {
        let (asker, request) = self.0.open(request).await?;
        let OperationName(id) = required("name", &request.name)?;
        Ok(Response::new(self.0.cancel_operation(&asker, id).await?))
    }

    async fn wait_operation(&self, request: Request<WaitOperationRequest>) -> Result<Response<Operation>, Status> {
        let (asker, request) = self.0.open(request).await?;
        Ok(Response::new(self.0.wait_operation(&asker, &request).await?))
    }
}

impl Inner {
    /// An operation as it stands.
    pub(super) async fn operation(&self, asker: &Asker, id: Uuid) -> Result<Operation, Error> {
        let found = self.store.operation((asker.tenant, id)).await.map_err(store_error)?;
        let operation = found.ok_or_else(|| Error::NotFound { resource: OperationName(id).to_name() })?;
        Ok(wire::operation(&operation, self.clock.now()))
    }

    async fn list_operations(
        &self,
        asker: &Asker,
        request: &ListOperationsRequest,
    ) -> Result<ListOperationsResponse, Error> {
        let listing = Listing::new("ListOperations", &[&request.name, &request.filter]);
        let mut violations = Violations::default();
        if !matches!(request.name.as_str(), "" | "operations") {
            violations.add(&Path::Request.field("name"), "is no parent of operations here: expected `operations`");
        }
        let ended = fields::noted(ended(&request.filter), &Path::Request.field("filter"), &mut violations);
        let page = listing.page::<Uuid>(request.page_size, &request.page_token, &mut violations);
        let ended = violations.check_some(ended)?;
        let size = page.size.min(MAX_PAGE);
        let found = self.store.operations(asker.tenant, ended, page.after, size.into()).await.map_err(store_error)?;
        let next_page_token = match found.last() {
            Some(last) if found.len() == size as usize => listing.token(&last.id)?,
            _ => String::new(),
        };
        let now = self.clock.now();
        let operations = found.iter().map(|operation| wire::operation(operation, now)).collect();
        Ok(ListOperationsResponse { operations, next_page_token })
    }

    async fn delete_operation(&self, asker: &Asker, id: Uuid) -> Result<(), Error> {
        if self.store.delete_operation((asker.tenant, id)).await.map_err(store_error)? {
            return Ok(());
        }
        let found = self.store.operation((asker.tenant, id)).await.map_err(store_error)?;
        let name = OperationName(id).to_name();
        match found {
            Some(_) => Err(Precondition::OperationRuns { operation: name }.into()),
            None => Err(Error::NotFound { resource: name }),
        }
    }

    /// One that has ended stays as it is.
    async fn cancel_operation(&self, asker: &Asker, id: Uuid) -> Result<(), Error> {
        self.operation(asker, id).await?;
        let now = self.store_time().await?;
        self.store.cancel_operation((asker.tenant, id), now).await.map_err(store_error)?;
        self.operations.begun.notify_one();
        Ok(())
    }

    async fn wait_operation(&self, asker: &Asker, request: &WaitOperationRequest) -> Result<Operation, Error> {
        let mut violations = Violations::default();
        let name = fields::name::<OperationName>(&request.name, &Path::Request.field("name"), &mut violations);
        let most = request.timeout.map_or(Some(MAX_WAIT), |timeout| Duration::try_from(timeout).ok());
        if most.is_none() {
            violations.add(&Path::Request.field("timeout"), "is negative: expected how long to wait at most");
        }
        let (OperationName(id), most) = violations.check_some(name.zip(most))?;
        let until = Instant::now() + most.min(MAX_WAIT);
        loop {
            // From here on no end is missed, also one that comes during the look.
            let ended = self.operations.ended.notified();
            let operation = self.operation(asker, id).await?;
            let now = Instant::now();
            if operation.done || now >= until || self.stopping.is_cancelled() {
                return Ok(operation);
            }
            tokio::select! {
                () = ended => {}
                () = self.stopping.cancelled() => {}
                () = tokio::time::sleep_until(until.min(now + LOOK)) => {}
            }
        }
    }
}

/// Reads the filter of a listing: all operations, or those that are done or not.
fn ended(filter: &str) -> Result<Option<bool>, String> {
    match filter.split_whitespace().collect::<String>().as_str() {
        "" => Ok(None),
        "done=true" => Ok(Some(true)),
        "done=false" => Ok(Some(false)),
        _ => Err("can't be read: expected `done = true`, `done = false` or nothing".to_owned()),
    }
}
