//! `EraseLead`: what tells of a person goes, the history stays.

use api::{
    Error,
    convert::{self, command::Erasure},
    names::Resource as _,
    v1,
};
use domain::{
    identity::IdentityKey,
    lead::Lead,
    lifecycle::Refusal,
    ownership::{Event, EventKind},
};
use prost::Message as _;
use store::Happened;

use super::{Asker, Inner, request_key};
use crate::{
    command::RequestKey,
    error::overloaded,
    kept,
    standing::{Failed, MAX_RACES, rejected},
};

impl Inner {
    pub(super) async fn erase_lead(
        &self,
        asker: &Asker,
        request: v1::EraseLeadRequest,
    ) -> Result<v1::EraseLeadResponse, Error> {
        let erasure = Erasure::try_from(&request)?;
        let key = erasure.request_id.map(|id| request_key(id, "erase_lead", &request.encode_to_vec()));
        for _ in 0..MAX_RACES {
            match self.erase(asker, &erasure, key).await {
                Err(Failed::Raced) => {}
                Err(Failed::Refused(error)) => return Err(error),
                Ok(lead) => return Ok(v1::EraseLeadResponse { lead: Some(lead) }),
            }
        }
        Err(overloaded())
    }

    async fn erase(&self, asker: &Asker, erasure: &Erasure, key: Option<RequestKey>) -> Result<v1::Lead, Failed> {
        let Erasure { lead: id, seen, .. } = *erasure;
        let mut tx = self.store.begin("erase_lead").await.map_err(rejected)?;
        // No batch that was decided on what is erased now can be written after it.
        tx.hold_tenant(asker.tenant).await.map_err(rejected)?;
        if let (_, Some(kept)) = kept::find(&mut tx, asker.tenant, key).await? {
            return Ok(kept);
        }
        let found = tx.leads(asker.tenant, &[id]).await.map_err(rejected)?.pop();
        let found = found.ok_or_else(|| Error::NotFound { resource: id.to_name() })?;
        let (now, owner, state) = (found.ownership.epoch, &found.ownership.owner, found.ownership.state);
        if seen != now {
            return Err(Error::refused(id, Refusal::EpochMoved { seen, now, owner: owner.clone() }).into());
        }
        if found.ownership.is_open() {
            return Err(Error::refused(id, Refusal::WrongState { state, command: "erased" }).into());
        }
        let keys = IdentityKey::of(&found.lead.profile);
        let first = found.lead.profile.erased_at.is_none();
        let lead = Lead { profile: found.lead.profile.erased(self.clock.now()), ..found.lead };
        tx.erase(asker.tenant, id, &lead.profile, &keys).await.map_err(rejected)?;
        if first {
            let events = vec![Event::of(&found.ownership, EventKind::Erased)];
            tx.tell(asker.tenant, &Happened { at: self.clock.now(), events }).await.map_err(rejected)?;
        }
        let answer = convert::lead::to_wire(lead, &found.ownership);
        kept::keep(&mut tx, asker.tenant, key, &answer).await?;
        tx.commit().await.map_err(rejected)?;
        Ok(answer)
    }
}
