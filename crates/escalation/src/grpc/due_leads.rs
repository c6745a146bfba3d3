//! `ListDueLeads`: who waits for an answer.

use api::{
    Error, Path, Violations,
    convert::{fields, report::due_lead, time},
    page::Listing,
    v1,
};
use domain::{ids::TenantId, ownership::Owner};
use store::DueKey;

use super::{Inner, store_error};

impl Inner {
    pub(super) async fn list_due_leads(
        &self,
        tenant: TenantId,
        request: v1::ListDueLeadsRequest,
    ) -> Result<v1::ListDueLeadsResponse, Error> {
        let now = self.clock.now();
        let listing = listing(&request);
        let mut violations = Violations::default();
        let v = &mut violations;
        let owner: Option<Owner> = fields::optional_name(&request.owner, &Path::Request.field("owner"), v);
        let page = listing.page::<DueKey>(request.page_size, &request.page_token, v);
        let before = time::optional(request.due_before, &Path::Request.field("due_before"), v);
        let before = violations.check(before)?;
        let before = [before, request.overdue.then_some(now)].into_iter().flatten().min();
        let found = self.store.due_leads(tenant, owner.as_ref(), before, page.after, i64::from(page.size));
        let found = found.await.map_err(store_error)?;
        let next_page_token = match found.last() {
            Some(last) if u32::try_from(found.len()) == Ok(page.size) => {
                let key: Option<DueKey> = last.respond_by.map(|due| (due, last.lead));
                key.map(|key| listing.token(&key)).transpose()?.unwrap_or_default()
            }
            _ => String::new(),
        };
        let due_leads = found.iter().filter_map(|ownership| due_lead(ownership, now)).collect();
        Ok(v1::ListDueLeadsResponse { due_leads, next_page_token })
    }
}

/// A page belongs to all that is asked but its size.
fn listing(request: &v1::ListDueLeadsRequest) -> Listing {
    let due_before = request.due_before.map(|time| format!("{}.{:09}", time.seconds, time.nanos));
    let overdue = if request.overdue { "overdue" } else { "" };
    Listing::new("ListDueLeads", &[&request.owner, due_before.as_deref().unwrap_or_default(), overdue])
}
