//! `ListBulkReassignResults`: what came of each lead.

use api::{
    Error, Path, Violations,
    convert::fields,
    names::{OperationName, Resource as _},
    page::Listing,
    v1,
};
use domain::ids::LeadId;
use uuid::Uuid;

use super::wire;
use crate::{
    error::store_error,
    grpc::{Asker, Inner},
};

impl Inner {
    pub(crate) async fn list_bulk_reassign_results(
        &self,
        asker: &Asker,
        request: v1::ListBulkReassignResultsRequest,
    ) -> Result<v1::ListBulkReassignResultsResponse, Error> {
        let listing = Listing::new("ListBulkReassignResults", &[&request.parent]);
        let mut violations = Violations::default();
        let parent = fields::name::<OperationName>(&request.parent, &Path::Request.field("parent"), &mut violations);
        let page = listing.page::<LeadId>(request.page_size, &request.page_token, &mut violations);
        let OperationName(id) = violations.check_some(parent)?;
        let key = (asker.tenant, id);
        let operation = self.store.operation(key).await.map_err(store_error)?;
        let operation = operation.ok_or_else(|| Error::NotFound { resource: OperationName(id).to_name() })?;
        let after = page.after.unwrap_or(LeadId(Uuid::nil()));
        let leads = self.store.operation_part(key, after, page.size.into()).await.map_err(store_error)?;
        let next_page_token = match leads.last() {
            Some(last) if leads.len() == page.size as usize => listing.token(&last.selected.lead)?,
            _ => String::new(),
        };
        let results = leads.into_iter().map(|lead| wire::result(&operation, lead)).collect();
        Ok(v1::ListBulkReassignResultsResponse { results, next_page_token })
    }
}
