//! `ListEscalations`: what was done because nobody answered.

use api::{Error, convert::timer::escalation_to_wire, names::LeadParent, page::Listing, v1};
use domain::ids::TenantId;
use store::EscalationKey;

use super::{Inner, name, store_error};

impl Inner {
    pub(super) async fn list_escalations(
        &self,
        tenant: TenantId,
        request: v1::ListEscalationsRequest,
    ) -> Result<v1::ListEscalationsResponse, Error> {
        let LeadParent(lead) = name("parent", &request.parent)?;
        let listing = Listing::new("ListEscalations", &[&request.parent]);
        let page = listing.page::<EscalationKey>(request.page_size, &request.page_token)?;
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
