//! `EraseLead`: what tells of a person goes, the history stays.

use api::{Error, Precondition, convert, names::Resource as _, v1};
use domain::{identity::IdentityKey, ids::LeadId, lead::Lead};

use super::{Asker, Inner, read::required};
use crate::error::store_error;

impl Inner {
    pub(super) async fn erase_lead(
        &self,
        asker: &Asker,
        request: v1::EraseLeadRequest,
    ) -> Result<v1::EraseLeadResponse, Error> {
        let id: LeadId = required("name", &request.name)?;
        let mut tx = self.store.begin("erase_lead").await.map_err(store_error)?;
        // No batch that was decided on what is erased now can be written after it.
        tx.hold_tenant(asker.tenant).await.map_err(store_error)?;
        let found = tx.leads(asker.tenant, &[id]).await.map_err(store_error)?.pop();
        let found = found.ok_or_else(|| Error::NotFound { resource: id.to_name() })?;
        let state = found.ownership.state;
        if found.ownership.is_open() {
            return Err(Precondition::WrongLeadState { lead: id, state, command: "erased" }.into());
        }
        let keys = IdentityKey::of(&found.lead.profile);
        let lead = Lead { profile: found.lead.profile.erased(self.clock.now()), ..found.lead };
        tx.erase(asker.tenant, id, &lead.profile, &keys).await.map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        Ok(v1::EraseLeadResponse { lead: Some(convert::lead::to_wire(lead, &found.ownership)) })
    }
}
