//! `ListEscalations`: what was done because nobody answered.

use api::{
    Error, Path, Violations,
    convert::{fields, timer::escalation_to_wire},
    names::LeadParent,
    page::Listing,
    v1,
};
use domain::ids::TenantId;
use store::EscalationKey;

use super::{Inner, store_error};

impl Inner {
    pub(super) async fn list_escalations(
        &self,
        tenant: TenantId,
        request: v1::ListEscalationsRequest,
    ) -> Result<v1::ListEscalationsResponse, Error> {
        let listing = Listing::new("ListEscalations", &[&request.parent]);
        let mut violations = Violations::default();
        let parent = fields::name(&request.parent, &Path::Request.field("parent"), &mut violations);
        let page = listing.page::<EscalationKey>(request.page_size, &request.page_token, &mut violations);
        let LeadParent(lead) = violations.check_some(parent)?;
        let found =
            self.store.escalations(tenant, lead, page.after, i64::from(page.size)).await.map_err(store_error)?;
        let next_page_token = match found.last() {
            Some(last) if u32::try_from(found.len()) == Ok(page.size) => {
                let key: EscalationKey = (last.lead, last.epoch, last.step);
                listing.token(&key)?
            }
            _ => String::new(),
        };
        let escalations = found.iter().map(escalation_to_wire).collect();
        Ok(v1::ListEscalationsResponse { escalations, next_page_token })
    }
}
