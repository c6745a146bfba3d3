//! Reading revisions of the policy.

use api::{
    Error, Precondition, Violations,
    names::{PolicyName, Resource as _},
    page::Listing,
    v1,
};

use super::{Inner, manage::stored};
use crate::{
    error::store_error,
    grpc::{Asker, read::required},
};

/// Revisions that are read at once for a list: each may be a megabyte of text.
const CHUNK: u32 = 16;

impl Inner {
    pub(super) async fn get_policy(
        &self,
        asker: &Asker,
        request: v1::GetPolicyRequest,
    ) -> Result<v1::GetPolicyResponse, Error> {
        let PolicyName(revision) = required("name", &request.name)?;
        let active = self.store.versions(asker.tenant).await.map_err(store_error)?.policy;
        let revision = revision.or(active).ok_or(Precondition::NoActivePolicy)?;
        let row = self.store.policy(asker.tenant, revision).await.map_err(store_error)?;
        let row = row.ok_or_else(|| Error::NotFound { resource: PolicyName(Some(revision)).to_name() })?;
        Ok(v1::GetPolicyResponse { policy: Some(stored(&row, active == Some(revision))) })
    }

    pub(super) async fn list_policies(
        &self,
        asker: &Asker,
        request: v1::ListPoliciesRequest,
    ) -> Result<v1::ListPoliciesResponse, Error> {
        let listing = Listing::new("ListPolicies", &[]);
        let mut violations = Violations::default();
        let page = listing.page::<i64>(request.page_size, &request.page_token, &mut violations);
        let page = violations.check(page)?;
        let active = self.store.versions(asker.tenant).await.map_err(store_error)?.policy;
        let (mut policies, mut before, mut left) = (Vec::new(), page.after, page.size);
        while left > 0 {
            let wanted = left.min(CHUNK);
            let rows = self.store.policies(asker.tenant, before, i64::from(wanted)).await.map_err(store_error)?;
            for row in &rows {
                let wire = stored(row, active == Some(row.revision));
                policies.push(v1::Policy { source: String::new(), ..wire });
                before = Some(row.revision);
            }
            if u32::try_from(rows.len()).is_ok_and(|found| found < wanted) {
                break;
            }
            left -= wanted;
        }
        // Revisions count from 1 and are never removed, so there is nothing behind the first.
        let next_page_token = match before {
            Some(last) if left == 0 && last > 1 => listing.token(&last)?,
            _ => String::new(),
        };
        Ok(v1::ListPoliciesResponse { policies, next_page_token })
    }
}
